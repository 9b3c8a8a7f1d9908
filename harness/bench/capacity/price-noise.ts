import type { Estimate } from '../../result/bench/types.ts';
import { mean, studentQuantile } from '../../upgrade/statistics.ts';
import { ofRepeats } from '../compare/noise.ts';

/** How sure the price of the mesh is. */

const LEVEL = 0.95;
/** k6 stamps whole milliseconds. */
const STEP_MS = 1;

/**
 * A difference of latencies with the interval that its repeats give it.
 * @param value by which it is reported: of the medians
 * @returns null: one of the two was not repeated
 */
export function differenceOf(before: readonly number[], after: readonly number[], value: number): Estimate | null {
  const { noise } = ofRepeats(before, after, STEP_MS).judge(LEVEL);
  return noise === null ? null : { value, low: value - noise, high: value + noise, level: LEVEL };
}

/** Below so many points a line goes through all of them, or nearly. */
const FEWEST = 4;
/** A line over rates that are nearer to each other than that says nothing beyond them. */
const LEAST_RANGE = 1.5;

/**
 * By how much y grows with x: least squares, with the interval of the slope.
 * @returns null: there are too few points, or they are too near to each other
 */
export function slopeOf(points: readonly { x: number; y: number }[]): Estimate | null {
  const xs = points.map(({ x }) => x);
  if (points.length < FEWEST || !(Math.max(...xs) >= LEAST_RANGE * Math.min(...xs))) return null;
  const [mx, my] = [mean(xs), mean(points.map(({ y }) => y))];
  const sum = (of: (dx: number, dy: number) => number) =>
    points.reduce((total, { x, y }) => total + of(x - mx, y - my), 0);
  const squares = sum((dx) => dx * dx);
  if (!(squares > 0)) return null;
  const slope = sum((dx, dy) => dx * dy) / squares;
  const rest = sum((dx, dy) => (dy - slope * dx) ** 2) / (points.length - 2);
  const half = studentQuantile(0.5 + LEVEL / 2, points.length - 2) * Math.sqrt(rest / squares);
  return { value: slope, low: slope - half, high: slope + half, level: LEVEL };
}
