import type { CapacityPoint, Estimate } from '../../result/bench/types.ts';
import { roundedRate } from './load.ts';
import type { Side } from './options.ts';
import { type Move, nextMove, type SearchSettings } from './search.ts';

/** The points of each side, in the order in which they were measured. */
export type Points = ReadonlyMap<Side, readonly CapacityPoint[]>;

export interface ScheduleSettings extends SearchSettings {
  /** Whether there is a curve, and a price, besides the capacities. */
  curve: boolean;
}

export interface Planned {
  side: Side;
  ratePerSecond: number;
  step: CapacityPoint['step'];
}

/** Shares of the capacity at which the curve is known, and how near to one of them a point has to be for it. */
const CURVE = [0.25, 0.5, 0.75, 0.9, 1.1, 1.25];
const NEAR = 0.06;
/** Both sides are compared at this share of the lesser capacity, which both carry, so often each. */
const COMMON = 0.5;
export const REPEATS = 3;
/** How often more than that one is tried whose points do not count. */
const SPARE = 2;

/**
 * What is to be measured next; null: nothing. The sides search by turns, so that a machine that gets slower is in both alike;
 * then, by turns too, the rate at which they are compared; then the curve. A pure function of the points.
 */
export function nextPoint(points: Points, settings: ScheduleSettings): Planned | null {
  const sides = [...points.keys()];
  const moves = new Map(sides.map((side) => [side, searchOf(points.get(side)!, settings)]));
  const searching = sides.flatMap((side) => {
    const move = moves.get(side)!;
    return move.kind === 'measure' ? [{ side, ratePerSecond: move.ratePerSecond, step: move.step }] : [];
  });
  if (searching.length > 0) return leastMeasured(searching, points);
  if (!settings.curve) return null;
  const capacities = new Map(sides.map((side) => [side, capacityOf(moves.get(side)!)]));
  const common = commonRate([...capacities.values()]);
  const compared =
    common === null
      ? []
      : sides.filter((side) => lacks(points.get(side)!, common, REPEATS)).map((side) => knee(side, common));
  if (compared.length > 0) return leastMeasured(compared, points);
  const curve = sides.flatMap((side) => {
    const rate = nextOfCurve(points.get(side)!, capacities.get(side) ?? null, settings);
    return rate === null ? [] : [knee(side, rate)];
  });
  return curve.length > 0 ? leastMeasured(curve, points) : null;
}

/** Where the search of a side stands; points of the curve are none of it. */
export function searchOf(points: readonly CapacityPoint[], settings: SearchSettings): Move {
  return nextMove(
    points.filter(({ step }) => step !== 'knee'),
    settings,
  );
}

/** The rate at which sides are compared; null: the capacity of one is not known, or there is one side only. */
export function commonRate(capacities: readonly (Estimate | null)[]): number | null {
  const known = capacities.flatMap((capacity) => (capacity ? [capacity.value] : []));
  return known.length < 2 || known.length < capacities.length ? null : roundedRate(COMMON * Math.min(...known));
}

function capacityOf(move: Move): Estimate | null {
  return move.kind === 'end' ? move.capacity : null;
}

function leastMeasured(planned: readonly Planned[], points: Points): Planned {
  const count = ({ side }: Planned) => points.get(side)!.length;
  return planned.reduce((least, one) => (count(one) < count(least) ? one : least));
}

function knee(side: Side, ratePerSecond: number): Planned {
  return { side, ratePerSecond, step: 'knee' };
}

/** Too few points that count at that very rate, and not so many that do not that it is given up. */
function lacks(points: readonly CapacityPoint[], ratePerSecond: number, wanted: number): boolean {
  const its = points.filter((p) => p.step === 'knee' && p.offeredPerSecond === ratePerSecond);
  return its.filter(({ sustained }) => sustained !== null).length < wanted && its.length < wanted + SPARE;
}

function nextOfCurve(
  points: readonly CapacityPoint[],
  capacity: Estimate | null,
  settings: ScheduleSettings,
): number | null {
  if (!capacity) return null;
  for (const share of CURVE) {
    const rate = roundedRate(share * capacity.value);
    if (rate > settings.maxPerSecond) continue;
    const near = points.some((p) => p.sustained !== null && Math.abs(p.offeredPerSecond / rate - 1) <= NEAR);
    if (!near && lacks(points, rate, 1)) return rate;
  }
  return null;
}
