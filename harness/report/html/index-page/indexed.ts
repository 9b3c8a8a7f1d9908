import type { FaultsRecord } from '../../../matrix/record.ts';
import type { CapacityResult, ScrapeResult } from '../../../result/bench/types.ts';
import type { Timeline } from '../../../result/timeline/types.ts';
import type { Result } from '../../../result/types.ts';
import type { UpgradeResult } from '../../../result/upgrade/types.ts';
import { capacityHeadline } from '../../bench/capacity.ts';
import { scrapeHeadline } from '../../bench/scrape.ts';
import { formatRate } from '../../bench/units.ts';
import { DECISION } from '../../upgrade/summary.ts';
import { capacityMeasures, faultsMeasures, runMeasures, scrapeMeasures, upgradeMeasures } from './measures.ts';
import type { IndexedRun } from './types.ts';

export type AnyRecord = Result | UpgradeResult | CapacityResult | ScrapeResult | FaultsRecord;

const MOOD = {
  pass: 'good',
  go: 'good',
  fail: 'bad',
  'no-go': 'bad',
  inconclusive: 'unsure',
  undecided: 'unsure',
} as const;
const BENCH_MOOD = { good: 'good', bad: 'bad', open: 'unsure' } as const;

/**
 * What an index tells of a run.
 * @param place the folder's name, and the link to its page from where the index lies
 * @param timelines of a run, by scenario, as far as there are any: the number of series comes from them
 */
export function indexedRun(
  place: { name: string; href: string },
  record: AnyRecord,
  timelines: ReadonlyMap<string, Timeline> = new Map(),
): IndexedRun {
  const { startedAt, durationMs } = record;
  return { ...place, startedAt, durationMs, ...of(record, timelines) };
}

type Rest = Omit<IndexedRun, 'name' | 'href' | 'startedAt' | 'durationMs'>;

function of(record: AnyRecord, timelines: ReadonlyMap<string, Timeline>): Rest {
  switch (record.kind) {
    case 'Result':
      return {
        ...{ kind: 'run', verdict: record.verdict, mood: MOOD[record.verdict], ...meshOf(record.environment) },
        scenarios: record.scenarios.map(({ name }) => name),
        measures: runMeasures(record, timelines),
      };
    case 'UpgradeResult': {
      const { decision, environment, linkerd, scenarios } = record;
      return {
        ...{ kind: 'upgrade', verdict: DECISION[decision].toLowerCase(), mood: MOOD[decision], ...meshOf(environment) },
        ...(linkerd ? { meshVersion: `${linkerd.from} -> ${linkerd.to}` } : {}),
        scenarios: scenarios.map(({ name }) => name),
        measures: upgradeMeasures(record),
      };
    }
    case 'CapacityResult': {
      const [side] = record.sides.toSorted((a, b) => a.side.localeCompare(b.side));
      return {
        ...{ kind: 'capacity', mood: BENCH_MOOD[capacityHeadline(record, null).mood], ...meshOf(record.environment) },
        verdict: side?.capacity ? formatRate(side.capacity.value) : 'none found',
        scenarios: [record.scenario],
        measures: capacityMeasures(record),
      };
    }
    case 'ScrapeResult': {
      const { mood } = scrapeHeadline(record);
      return {
        ...{
          kind: 'scrape',
          mood: BENCH_MOOD[mood],
          verdict: { good: 'well', bad: 'scrapes lost', open: 'broken off' }[mood],
        },
        ...{ mesh: '', meshVersion: '', environment: `Prometheus ${record.prometheus.version}`, scenarios: [] },
        measures: scrapeMeasures(record),
      };
    }
    case 'FaultsResult':
      return {
        ...{ kind: 'faults', verdict: record.verdict, mood: MOOD[record.verdict], ...meshOf(record.environment) },
        scenarios: [...new Set(record.worlds.flatMap(({ cases }) => cases))],
        measures: faultsMeasures(record),
      };
  }
}

function meshOf({ name, mesh }: Result['environment'] | CapacityResult['environment']) {
  return { environment: name, mesh: mesh.kind, meshVersion: mesh.version };
}
