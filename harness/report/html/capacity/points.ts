import type { CapacityPoint, CapacitySide } from '../../../result/bench/types.ts';
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

/** One value a rate, the median of its dots, by rate: a line through repeats. */
export function lineThrough(of: readonly (readonly [number, number])[]): [number, number][] {
  const byRate = Map.groupBy(of, ([rate]) => rate);
  return [...byRate]
    .map(([rate, same]): [number, number] => [rate, median(same.map(([, value]) => value))])
    .sort(([a], [b]) => a - b);
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
