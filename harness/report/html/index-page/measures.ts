import type { FaultsRecord } from '../../../matrix/record.ts';
import type { CapacityResult, Estimate, ScrapeResult } from '../../../result/bench/types.ts';
import type { Timeline } from '../../../result/timeline/types.ts';
import type { Result, ScenarioResult } from '../../../result/types.ts';
import type { UpgradeResult } from '../../../result/upgrade/types.ts';
import { shortDuration } from '../../bench/scrape.ts';
import { goldenDeviations } from '../../deviation.ts';
import { plural } from '../../format.ts';
import type { Measure } from './types.ts';

/** What of each kind of record may be followed from run to run. */

/** Of the run and per scenario: how long it took, how far off Prometheus was at its worst, and the series of a proxy. */
export function runMeasures({ scenarios, durationMs }: Result, timelines: ReadonlyMap<string, Timeline>): Measure[] {
  const each = scenarios.map((scenario) => scenarioMeasures(scenario, timelines.get(scenario.name)));
  const names = [...new Set(each.flatMap((own) => own.map(({ name }) => name)))];
  // Of a suite of one there is nothing to sum up.
  const all = scenarios.length > 1 ? names.map((name) => worstOf(each.flat().filter((one) => one.name === name))) : [];
  return [...all.map((one) => (one.name === DURATION ? { ...one, value: durationMs } : one)), ...each.flat()];
}

const DURATION = 'duration';

function scenarioMeasures(scenario: ScenarioResult, timeline: Timeline | undefined): Measure[] {
  const subject = scenario.name;
  const { count, success, latency } = goldenDeviations(scenario);
  const worst = (what: string, unit: string, { state, value }: typeof count): Measure[] =>
    state === 'none' ? [] : [{ subject, name: `worst deviation of ${what}`, unit, value }];
  const series = seriesPerProxy(timeline);
  return [
    { subject, name: DURATION, unit: 'ms', value: scenario.durationMs },
    ...worst('counts', 'ratio', count),
    ...worst('success rates', 'ratio', success),
    ...worst('latency', 'ms', latency),
    ...(series === null ? [] : [{ subject, name: 'series per proxy', unit: '', value: series }]),
  ];
}

/** Of all scenarios that which is furthest from zero; where one has no data, there is none. */
function worstOf(measures: readonly Measure[]): Measure {
  const values = measures.map(({ value }) => value);
  const known = values.filter((value) => value !== null).sort((a, b) => Math.abs(b) - Math.abs(a));
  return { ...measures[0]!, subject: '', value: known.length < values.length ? null : (known[0] ?? null) };
}

/** The mean over pods that were scraped; null where none was. */
function seriesPerProxy(timeline: Timeline | undefined): number | null {
  const all = (timeline?.pods ?? []).flatMap(({ series }) => (series === null ? [] : [series]));
  return all.length > 0 ? mean(all) : null;
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

export function upgradeMeasures({ scenarios, schema, queries, durationMs }: UpgradeResult): Measure[] {
  const subject = '';
  const broken = queries.filter((query) => query.broken).length;
  const series = (name: string, value: number) =>
    value > 0 ? [{ subject, name: `series per proxy, ${name}`, unit: '', value }] : [];
  return [
    { subject, name: 'duration', unit: 'ms', value: durationMs },
    { subject, name: 'broken queries', unit: '', value: broken },
    ...series('before', schema.seriesPerProxy.before),
    ...series('after', schema.seriesPerProxy.after),
    ...scenarios.flatMap((scenario): Measure[] => [
      { subject: scenario.name, name: 'requests lost', unit: '', value: scenario.lost.lost.length },
      ...scenario.latency
        .filter(({ quantile }) => quantile === 0.99)
        .toSorted((a, b) => b.differenceMs - a.differenceMs)
        .slice(0, 1)
        .map(({ differenceMs, interval }) => ({
          ...{ subject: scenario.name, name: 'largest change of p99', unit: 'ms', value: differenceMs },
          ...(interval && { interval: { low: interval.lowMs, high: interval.highMs } }),
        })),
    ]),
  ];
}

/** Only searches of one scenario, kind of traffic and objectives are of one trend. */
export function capacityMeasures({ scenario, of, objectives, sides, price }: CapacityResult): Measure[] {
  const bounds = Object.entries({ p50: objectives.p50Ms, p95: objectives.p95Ms, p99: objectives.p99Ms }).flatMap(
    ([name, ms]) => (ms === null ? [] : [`${name} ${ms} ms`]),
  );
  const subject = [scenario, ...(of === '*' ? [] : [`to ${of}`]), ...bounds].join(', ');
  return [
    ...sides.map((side) => estimated(subject, `capacity, ${side.side}`, '/s', side.capacity)),
    ...(price
      ? [
          { subject, name: 'p99 added by the mesh', unit: 'ms', value: price.addedLatencyMs.p99 },
          { subject, name: 'CPU of proxies, 1,000 requests', unit: 's', value: price.proxyCpu },
          ...(price.capacityRatio
            ? [estimated(subject, 'capacity, meshed of unmeshed', 'ratio', price.capacityRatio)]
            : []),
        ]
      : []),
  ];
}

function estimated(subject: string, name: string, unit: string, estimate: Estimate | null): Measure {
  if (!estimate) return { subject, name, unit, value: null };
  return { subject, name, unit, value: estimate.value, interval: { low: estimate.low, high: estimate.high } };
}

export function scrapeMeasures({ points, model, predictions }: ScrapeResult): Measure[] {
  const subject = '';
  const missed = points.reduce((sum, point) => sum + point.missed.scrapes, 0);
  const coefficients = (model?.quantities ?? []).flatMap(({ name, worstHeldOut }) =>
    worstHeldOut === null
      ? []
      : [{ subject, name: `${name} of held-out points, off by`, unit: 'ratio', value: worstHeldOut }],
  );
  return [
    { subject, name: 'scrapes missed', unit: '', value: missed },
    ...coefficients,
    ...predictions.flatMap((one) => {
      const { pods, edges, intervalMs, version } = one.asked;
      const asked = `${plural(pods, 'pod')}, ${plural(edges, 'edge')}, every ${shortDuration(intervalMs)}, ${version}`;
      return [
        estimated(asked, 'CPU', 'cores', one.cpuCores),
        estimated(asked, 'memory', 'bytes', one.memoryBytes),
        { subject: asked, name: 'series per proxy', unit: '', value: one.seriesPerPod },
      ];
    }),
  ];
}

export function faultsMeasures({ worlds, durationMs }: FaultsRecord): Measure[] {
  const subject = '';
  const faults = worlds.filter(({ kind, outcome }) => kind !== 'clean' && outcome !== 'error');
  const times = faults.flatMap(({ faultToDiagnosisMs: ms }) => (ms === null ? [] : [ms])).sort((a, b) => a - b);
  return [
    { subject, name: 'duration', unit: 'ms', value: durationMs },
    { subject, name: 'worlds', unit: '', value: worlds.length },
    { subject, name: 'not right', unit: '', value: worlds.filter(({ outcome }) => outcome !== 'right').length },
    ...(times.length > 0
      ? [{ subject, name: 'fault to diagnosis, median', unit: 'ms', value: times[Math.floor((times.length - 1) / 2)]! }]
      : []),
  ];
}
