import type { Estimate } from '../../../result/bench/types.ts';
import type { LatencyChange, ScenarioUpgrade, UpgradeResult } from '../../../result/upgrade/types.ts';
import { environments, other, tools, unfinished } from '../caveats.ts';
import { ofShares, type Share } from '../counting.ts';
import { type Draft, matched, ofWords, rank } from '../draft.ts';
import { exact, ofEstimates, type Test, unknown } from '../noise.ts';

const DECISIONS = ['go', 'undecided', 'no-go'] as const;
/** Of the interval that upgrade.json has of a difference of latencies. */
const LEVEL = 0.95;
const AS_COUNTED = 'counted, not measured';

export function upgradeDrafts(a: UpgradeResult, b: UpgradeResult): Draft[] {
  const decisions = [rank(DECISIONS, a.decision), rank(DECISIONS, b.decision)] as const;
  const broken = ({ queries }: UpgradeResult) => queries.filter((query) => query.broken).length;
  return [
    row('', 'decision', 'decision', ...decisions, 'lower', ofWords(...decisions, 'what is undecided')),
    ...matched(a.scenarios, b.scenarios, ({ name }) => name).flatMap(([name, [x], [y]]) => scenarioDrafts(name, x, y)),
    plain('queries that break', '', broken(a), broken(b), 'lower'),
    plain('series per proxy after', '', a.schema.seriesPerProxy.after, b.schema.seriesPerProxy.after, 'neither'),
    plain(
      'bytes per scrape after',
      'bytes',
      a.schema.bytesPerScrape.after,
      b.schema.bytesPerScrape.after,
      'neither',
      false,
    ),
  ];
}

function row(
  group: string,
  what: string,
  unit: string,
  a: number | null,
  b: number | null,
  better: Draft['better'],
  test: Test,
): Draft {
  return { group, what, unit, a, b, better, test };
}

function plain(what: string, unit: string, a: number, b: number, better: Draft['better'], counted = true): Draft {
  return row(
    '',
    what,
    unit,
    a,
    b,
    better,
    counted ? exact(a, b, AS_COUNTED) : unknown('pages grow with what they count'),
  );
}

function scenarioDrafts(name: string, a: ScenarioUpgrade | undefined, b: ScenarioUpgrade | undefined): Draft[] {
  const lost = ({ lost: { lost, made } }: ScenarioUpgrade): Share => ({ hits: lost.length, of: made });
  const [x, y] = [a && lost(a), b && lost(b)];
  const ratio = (share: Share | undefined) => (share && share.of > 0 ? share.hits / share.of : null);
  const key = ({ source, destination, quantile }: LatencyChange) =>
    `p${+(quantile * 100).toFixed(4)} ${source} -> ${destination}`;
  return [
    row(name, 'lost in the roll-out', 'ratio', ratio(x), ratio(y), 'lower', x && y ? ofShares(x, y) : unknown('')),
    ...matched(a?.latency ?? [], b?.latency ?? [], key).map(([what, [p], [q]]) => {
      const [before, after] = [p && quotient(p), q && quotient(q)];
      return row(
        `${name}, latency after / before`,
        what,
        'x',
        before?.value ?? null,
        after?.value ?? null,
        'lower',
        latencyTest(before, after),
      );
    }),
  ];
}

/** What the upgrade makes of a latency, as a factor: what the machine does to both sides of it cancels out. */
function quotient({ beforeMs, afterMs, differenceMs, interval }: LatencyChange): Estimate | null {
  if (!(beforeMs > 0)) return null;
  const { lowMs, highMs } = interval ?? { lowMs: Number.NEGATIVE_INFINITY, highMs: Number.POSITIVE_INFINITY };
  const value = afterMs / beforeMs;
  const ends = { low: value + (lowMs - differenceMs) / beforeMs, high: value + (highMs - differenceMs) / beforeMs };
  return { value, ...ends, level: LEVEL };
}

function latencyTest(a: Estimate | null | undefined, b: Estimate | null | undefined): Test {
  if (!a || !b) return unknown('');
  return Number.isFinite(a.high) && Number.isFinite(b.high) ? ofEstimates(a, b) : unknown('it was not repeated');
}

export function upgradeCaveats(a: UpgradeResult, b: UpgradeResult): string[] {
  const change = (it: UpgradeResult['linkerd']) => (it ? `${it.fromFound || it.from} to ${it.toFound || it.to}` : '');
  const names = ({ scenarios }: UpgradeResult) => scenarios.map(({ name }) => name).join(', ');
  return [
    ...other('upgrade of Linkerd', change(a.linkerd), change(b.linkerd)),
    ...other('upgrade of Prometheus', change(a.prometheus), change(b.prometheus)),
    ...environments(a.environment, b.environment),
    ...tools(a.environment.tools, b.environment.tools),
    ...other('platform', a.environment.platform, b.environment.platform),
    ...other('set of scenarios', names(a), names(b)),
    ...unfinished(a, b),
  ];
}
