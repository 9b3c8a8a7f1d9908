import type { Estimate } from '../../result/bench/types.ts';

/** Milliseconds of each run within one slice of time, of the yardstick and of the benchmark beside it. */
export interface Slice {
  yardstick: readonly number[];
  bench: readonly number[];
}

/** Value below which a share of the values lies, by linear interpolation; NaN of none. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  if (sorted.length === 0) return Number.NaN;
  const at = q * (sorted.length - 1);
  const below = Math.floor(at);
  const low = sorted[below]!;
  return low + (at - below) * ((sorted[below + 1] ?? low) - low);
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

const LEVEL = 0.95;
const RESAMPLES = 1000;

/**
 * How many times as long as the yardstick a run takes: the median over slices of median over median, with its bootstrap
 * interval over slices. Slices, not runs, are drawn again: what disturbs a machine disturbs both sides of a slice.
 * @param random in [0, 1)
 */
export function ratioOf(slices: readonly Slice[], random: () => number = seeded(1)): Estimate {
  const ratios = slices.map(({ bench, yardstick }) => median(bench) / median(yardstick));
  const draws = Array.from({ length: RESAMPLES }, () =>
    median(ratios.map(() => ratios[Math.floor(random() * ratios.length)]!)),
  );
  const tail = (1 - LEVEL) / 2;
  return { value: median(ratios), low: quantile(draws, tail), high: quantile(draws, 1 - tail), level: LEVEL };
}

/** The same numbers every time: a result is told by its slices alone. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
