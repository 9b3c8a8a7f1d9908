import { tellsLatency } from '../../../report/bench/served.ts';
import type { CapacityPoint, CapacityResult, CapacitySide } from '../../../result/bench/types.ts';
import { pooledSpread } from '../noise.ts';

/** Points of a search, and what its repeats tell of how much a point varies. */

export type SideName = CapacitySide['side'];

/** Of a point: latency, CPU, ...; null: it has none. */
export type Metric = (point: CapacityPoint) => number | null;

/** Of a point whose latencies are of all that was due. */
export function latencyOf(p: 'p50' | 'p95' | 'p99'): Metric {
  return (point) => (point.latencyMs && tellsLatency(point) ? point.latencyMs[p] : null);
}

/** Rates that are this near are one. */
const SAME_RATE = 0.01;

export function sameRate(a: number, b: number): boolean {
  return Math.abs(a - b) <= SAME_RATE * Math.max(a, b);
}

export interface RateGroup {
  /** Requests per second, offered. */
  rate: number;
  points: CapacityPoint[];
}

/** Points that count, by rate, the lowest first. */
export function byRate(result: CapacityResult, side: SideName): RateGroup[] {
  const points = result.sides
    .filter((s) => s.side === side)
    .flatMap((s) => s.points)
    .filter((point) => point.sustained !== null && !point.error)
    .sort((x, y) => x.offeredPerSecond - y.offeredPerSecond);
  const groups: RateGroup[] = [];
  for (const point of points) {
    const last = groups.at(-1);
    if (last && sameRate(last.rate, point.offeredPerSecond)) last.points.push(point);
    else groups.push({ rate: point.offeredPerSecond, points: [point] });
  }
  return groups;
}

/** Groups of both at the same rate: the nearest of each other. */
export function atSameRates(a: RateGroup[], b: RateGroup[]): { a: RateGroup; b: RateGroup }[] {
  const nearest = (rate: number, groups: RateGroup[]) =>
    groups.reduce<RateGroup | undefined>(
      (best, group) => (best && Math.abs(best.rate - rate) <= Math.abs(group.rate - rate) ? best : group),
      undefined,
    );
  return a.flatMap((own) => {
    const other = nearest(own.rate, b);
    return other && sameRate(own.rate, other.rate) && nearest(other.rate, a) === own ? [{ a: own, b: other }] : [];
  });
}

export function values(points: readonly CapacityPoint[], metric: Metric): number[] {
  return points.map(metric).filter((value) => value !== null);
}

/**
 * How much repeats of a point vary, relative to their mean: pooled over every rate of a side that was repeated and
 * sustained each time (beyond the knee latency has no mean), of both records.
 * @returns null: nothing was repeated
 */
export function relativeSpread(
  records: readonly CapacityResult[],
  side: SideName,
  metric: Metric,
): { deviation: number; freedom: number } | null {
  const groups = records.flatMap((record) => byRate(record, side));
  const sustained = groups.filter(({ points }) => points.every((point) => point.sustained));
  return pooledSpread(sustained.map(({ points }) => values(points, metric)));
}
