import type { CapacityPoint, CapacitySide } from '../../../result/bench/types.ts';
import { tellsLatency } from '../../bench/served.ts';
import { formatRate } from '../../bench/units.ts';
import { formatPercent } from '../../format.ts';
import { bandAlongX, bandAlongY } from '../plots.ts';

/** Points of a search as charts want them. */

export const counts = ({ sustained }: CapacityPoint) => sustained !== null;

export const pointsCount = (points: readonly CapacityPoint[]) => points.some(counts);

/** `[rate, value]` of every point that counts and has one. */
export function dots(
  points: readonly CapacityPoint[],
  of: (point: CapacityPoint) => number | undefined,
): [number, number][] {
  return points.filter(counts).flatMap((point): [number, number][] => {
    const value = of(point);
    return value === undefined || !Number.isFinite(value) ? [] : [[point.offeredPerSecond, value]];
  });
}

/** Of a point whose latencies are of all that was due. */
export function latencyOf(quantile: 'p50' | 'p95' | 'p99'): (point: CapacityPoint) => number | undefined {
  return (point) => (tellsLatency(point) ? point.latencyMs?.[quantile] : undefined);
}

/** One value a rate, the median of its dots, by rate: a line through repeats. */
export function lineThrough(of: readonly (readonly [number, number])[]): [number, number][] {
  return throughBins(of, 0);
}

/** Rates that are no farther apart than this share of all that a chart shows are one: a search tries a dozen that are nearly equal. */
const SAME_RATE = 0.02;

/** As lineThrough, for eyes: almost equal rates are one, which would otherwise be joined by upright strokes. */
export function smoothLineThrough(of: readonly (readonly [number, number])[]): [number, number][] {
  const all = of.map(([rate]) => rate);
  return throughBins(of, all.length > 0 ? SAME_RATE * (Math.max(...all) - Math.min(...all)) : 0);
}

function throughBins(of: readonly (readonly [number, number])[], width: number): [number, number][] {
  const bins: (readonly [number, number])[][] = [];
  for (const dot of of.toSorted(([a], [b]) => a - b)) {
    const bin = bins.at(-1);
    // From the first of a bin, so that it can't grow on and on.
    if (bin && dot[0] - bin[0]![0] <= width) bin.push(dot);
    else bins.push([dot]);
  }
  return bins.map((bin) => [median(bin.map(([rate]) => rate)), median(bin.map(([, value]) => value))]);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)]! + sorted[Math.ceil((sorted.length - 1) / 2)]!) / 2;
}

const BEYOND = 1.2;

/** Rates that a side's chart shows: those of its points, and its capacity as far as it is known. */
export function rates({ points, capacity }: CapacitySide): number[] {
  if (!capacity) return points.map(({ offeredPerSecond }) => offeredPerSecond);
  // An end that the search has not found is somewhere beyond: there is room for the band.
  const interval = [capacity.low, Number.isFinite(capacity.high) ? capacity.high : capacity.low * BEYOND];
  return [...points.map(({ offeredPerSecond }) => offeredPerSecond), ...interval];
}

/** The interval of the capacity, open to above where the search found no end; nothing without one. */
export function capacityBand(side: CapacitySide, along: 'x' | 'y', named = true): Record<string, unknown> {
  const { capacity } = side;
  if (!capacity) return {};
  const most = Math.max(...rates(side));
  const high = Math.min(Number.isFinite(capacity.high) ? capacity.high : Number.POSITIVE_INFINITY, most);
  const name = named ? `${formatRate(capacity.value)} (${formatPercent(capacity.level, 0)})` : '';
  return { markArea: (along === 'x' ? bandAlongX : bandAlongY)(capacity.low, high, name) };
}
