import type { LatencyDistribution } from '../../result/timeline/types.ts';
import type { PairLatencies } from '../quantiles.ts';

/** Bins of each decade of the finer distribution. */
const PER_DECADE = 16;
/** What took less stands in the lowest bin. */
const LEAST_MS = 0.1;

/** The truth of an edge in the buckets of its histogram, and what the histogram says. */
export function distributionOf(pair: PairLatencies): LatencyDistribution {
  const { source, destination, direction } = pair;
  const truth = ownClock(pair);
  const buckets = [...pair.buckets].sort(([a], [b]) => a - b);
  const edges = buckets.map(([le]) => le);
  if (edges.at(-1) !== Number.POSITIVE_INFINITY) edges.push(Number.POSITIVE_INFINITY);
  // Proxies cut latencies to whole milliseconds: up to an edge is less than one more than it.
  const upTo = edges.map((le) => below(truth, le + 1));
  const observed = edges.map((_, i) => buckets[i]?.[1] ?? buckets.at(-1)?.[1] ?? 0);
  return {
    ...{ source, destination, direction },
    edgesMs: edges.map((le) => (Number.isFinite(le) ? le : null)),
    truth: differences(upTo),
    observed: differences(observed),
    fine: fineBins(truth),
  };
}

/** Latencies by the clock of the side that counts, ascending, ms; by the other's where that side has none. */
function ownClock({ direction, callee, caller }: PairLatencies): readonly number[] {
  const [own, other] = direction === 'inbound' ? [callee, caller] : [caller, callee];
  return own.length > 0 ? own : other;
}

/** How many of an ascending list are less. */
function below(values: readonly number[], limit: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const mid = (low + high) >>> 1;
    if (values[mid]! < limit) low = mid + 1;
    else high = mid;
  }
  return low;
}

function differences(cumulative: readonly number[]): number[] {
  return cumulative.map((n, i) => n - (cumulative[i - 1] ?? 0));
}

function fineBins(ascending: readonly number[]): LatencyDistribution['fine'] {
  const binOf = (ms: number): number => Math.floor(Math.log10(Math.max(LEAST_MS, ms)) * PER_DECADE);
  if (ascending.length === 0) return { upToMs: [], count: [] };
  const first = binOf(ascending[0]!);
  const count = new Array<number>(binOf(ascending.at(-1)!) - first + 1).fill(0);
  for (const ms of ascending) count[binOf(ms) - first]!++;
  return { upToMs: count.map((_, i) => Number((10 ** ((first + i + 1) / PER_DECADE)).toPrecision(4))), count };
}
