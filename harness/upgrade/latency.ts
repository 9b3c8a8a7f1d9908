import type { LatencyChange } from '../result/upgrade/types.ts';
import { sound } from './sound.ts';
import { type Interval, mean, welchInterval } from './statistics.ts';
import type { WorldRecord } from './types.ts';

const QUANTILES = [0.5, 0.95, 0.99] as const;
const CONFIDENCE = 0.95;
/**
 * Journals stamp before a write and after a read, on a machine that schedules in slices; and no proxy's histogram tells less
 * than this apart. What is steady but smaller is nobody's concern.
 */
export const NEGLIGIBLE_MS = 1;
/** A quantile of fewer requests is one of them, not a property of the flow. */
const MIN_SAMPLES = { 0.5: 5, 0.95: 40, 0.99: 200 } as const;

/** Of a run, what its latencies are told from. */
type Timed = Pick<WorldRecord, 'phase' | 'truth'> & { result: Pick<WorldRecord['result'], 'verdict'> };

/** A change of latency, and what a gate may go by. */
export interface MeasuredLatency {
  change: LatencyChange;
  /**
   * Zero is outside of the interval even when that is so wide that of all the comparisons made here not one in twenty times any
   * would be beyond it by chance (Bonferroni): a report may be wrong about one line in twenty, a gate about one upgrade in twenty.
   */
  beyondDoubt: boolean;
}

/**
 * Latency of each flow before and after, by the callers' journals: to the end of the answer, of requests that a service
 * answered. A run is one value of each quantile; the interval is over runs, since requests of a run share its weather.
 * A quantile that a run has too few requests for is left out, and so is a run without a verdict where its side has others.
 */
export function compareLatency(worlds: readonly Timed[]): MeasuredLatency[] {
  const of = (phase: WorldRecord['phase']) =>
    sound(worlds.filter((world) => world.phase === phase)).map(latenciesByFlow);
  const [before, after] = [of('before'), of('after')];
  const flows = new Set([...before, ...after].flatMap((run) => [...run.keys()]));
  const compared = [...flows].sort().flatMap((flow) =>
    QUANTILES.flatMap((quantile) => {
      const [a, b] = [sideOf(before, flow, quantile), sideOf(after, flow, quantile)];
      return a.values.length === 0 || b.values.length === 0 ? [] : [{ flow, quantile, a, b }];
    }),
  );
  return compared.map(({ flow, quantile, a, b }) => {
    const [source = '', destination = ''] = flow.split(ARROW);
    const change = {
      source,
      destination,
      quantile,
      ...differenceOf(a.values, b.values),
      samples: { before: a.requests, after: b.requests },
    };
    const wide = welchInterval(a.values, b.values, 1 - (1 - CONFIDENCE) / compared.length);
    return { change, beyondDoubt: change.significant && excludesZero(wide) };
  });
}

const ARROW = ' -> ';

/** Of one value a run on each side, at least one each. */
export function differenceOf(
  before: readonly number[],
  after: readonly number[],
): Pick<LatencyChange, 'beforeMs' | 'afterMs' | 'differenceMs' | 'interval' | 'significant'> {
  const [beforeMs, afterMs] = [mean(before), mean(after)];
  const differenceMs = afterMs - beforeMs;
  const interval = welchInterval(before, after, CONFIDENCE);
  return {
    beforeMs,
    afterMs,
    differenceMs,
    interval: interval && { lowMs: interval.low, highMs: interval.high },
    significant: excludesZero(interval) && Math.abs(differenceMs) > NEGLIGIBLE_MS,
  };
}

function excludesZero(interval: Interval | null): boolean {
  return interval !== null && (interval.low > 0 || interval.high < 0);
}

function sideOf(
  runs: readonly ReadonlyMap<string, number[]>[],
  flow: string,
  quantile: LatencyChange['quantile'],
): { values: number[]; requests: number } {
  const enough = runs
    .map((run) => run.get(flow) ?? [])
    .filter((latencies) => latencies.length >= MIN_SAMPLES[quantile]);
  return {
    values: enough.map((latencies) => nearestRank(latencies, quantile)),
    requests: enough.reduce((sum, latencies) => sum + latencies.length, 0),
  };
}

function latenciesByFlow({ truth }: Pick<WorldRecord, 'truth'>): Map<string, number[]> {
  const flows = new Map<string, number[]>();
  for (const { workload, made } of truth) {
    for (const { callee, outcome, startMs, endMs, pod } of made) {
      if (outcome !== 'completed' || endMs === null || pod === '') continue;
      const flow = `${workload}${ARROW}${callee}`;
      const known = flows.get(flow);
      if (known) known.push(endMs - startMs);
      else flows.set(flow, [endMs - startMs]);
    }
  }
  return flows;
}

function nearestRank(latencies: readonly number[], quantile: number): number {
  const ascending = latencies.toSorted((a, b) => a - b);
  return ascending[Math.max(0, Math.ceil(quantile * ascending.length) - 1)]!;
}
