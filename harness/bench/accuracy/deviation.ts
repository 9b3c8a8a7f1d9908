import type { AccuracyPoint } from '../../result/bench/types.ts';

/**
 * How far off answers are: the mean error with its sign, and the median, 95th percentile and largest of the errors without.
 * null: there is none.
 */
export function deviation(errors: readonly number[]): AccuracyPoint['error'] {
  if (errors.length === 0) return null;
  const sizes = errors.map(Math.abs).sort((a, b) => a - b);
  const at = (q: number) => sizes[Math.ceil(q * sizes.length) - 1]!;
  return {
    bias: errors.reduce((sum, error) => sum + error, 0) / errors.length,
    p50: at(0.5),
    p95: at(0.95),
    worst: sizes.at(-1)!,
  };
}
