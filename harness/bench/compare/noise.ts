import type { ComparisonRow, Estimate } from '../../result/bench/types.ts';
import { mean, studentQuantile, welchInterval } from '../../upgrade/statistics.ts';

/** How much of a difference may be noise: derived from what was measured, never chosen. */
export interface Judgement {
  says: ComparisonRow['says'];
  /** In the unit of what is compared, how much b may be off a without being different; null: nothing tells. */
  noise: number | null;
  why: string;
}

export interface Test {
  /** Whether chance may call it different: such tests share the probability of one wrong call. */
  byChance: boolean;
  /** @param level of confidence, e.g. 0.95 */
  judge(level: number): Judgement;
}

/** So many degrees of freedom are the normal distribution. */
const NORMAL = 1e7;

/** Two-sided: what a normal variable keeps within, in standard deviations, with this probability. */
export function normalWithin(level: number): number {
  return studentQuantile(0.5 + level / 2, NORMAL);
}

/** What would be the same every time. */
export function exact(a: number, b: number, why: string): Test {
  return { byChance: false, judge: () => ({ says: a === b ? 'same' : 'differs', noise: 0, why }) };
}

/** What nothing tells the noise of. */
export function unknown(why: string): Test {
  return { byChance: false, judge: () => ({ says: 'unknown', noise: null, why }) };
}

/** Estimates with their intervals: they differ when the interval of their difference excludes zero. */
export function ofEstimates(a: Estimate, b: Estimate): Test {
  const [lower, upper] = a.value <= b.value ? [a, b] : [b, a];
  // Only the ends that face each other matter.
  const halves = [
    { half: Math.max(0, lower.high - lower.value), level: lower.level },
    { half: Math.max(0, upper.value - upper.low), level: upper.level },
  ];
  if (!halves.every(({ half }) => Number.isFinite(half))) return unknown('an interval is open at its end');
  if (!halves.every(({ level }) => level > 0 && level < 1)) return unknown('an interval does not say how sure it is');
  return {
    byChance: true,
    judge(level) {
      const noise = Math.hypot(...halves.map((h) => (h.half * normalWithin(level)) / normalWithin(h.level)));
      return decided(b.value - a.value, noise, `both intervals, at ${percent(level)}`);
    },
  };
}

/**
 * Values of repeats, one a run, by Welch.
 * @param step what a value is a multiple of, as far as it was measured. Repeats that are equal to the last digit vary by less
 * than that, which is not by nothing; where the step is not known, nothing tells.
 */
export function ofRepeats(a: readonly number[], b: readonly number[], step = 0): Test {
  if (a.length < 2 || b.length < 2) return unknown('it was not repeated');
  if (step === 0 && isConstant(a) && isConstant(b)) return unknown(CONSTANT);
  return {
    byChance: true,
    judge(level) {
      const { low, high } = welchInterval(a, b, level)!;
      const rounding = studentQuantile(0.5 + level / 2, a.length + b.length - 2) * roundingOf(step, a.length, b.length);
      const why = `${a.length} and ${b.length} repeats (Welch), at ${percent(level)}`;
      return decided(mean(b) - mean(a), Math.max((high - low) / 2, rounding), why);
    },
  };
}

const CONSTANT = 'its repeats are all alike: they do not show by how much it varies';

const isConstant = (values: readonly number[]) => values.every((value) => value === values[0]);

/** The standard deviation that rounding to steps gives the difference of two means. */
export function roundingOf(step: number, a: number, b: number): number {
  return step * Math.sqrt((1 / a + 1 / b) / 12);
}

/**
 * A test of which no difference up to `least` is one, whatever its repeats say.
 * @param difference b - a
 */
export function beyond(least: number, difference: number, test: Test, why: string): Test {
  return {
    byChance: test.byChance,
    judge(level) {
      const judgement = test.judge(level);
      const size = Math.abs(difference);
      if (size <= least) return { says: 'same', noise: Math.max(least, judgement.noise ?? 0), why };
      return judgement.noise === null || judgement.noise >= least ? judgement : { ...judgement, noise: least };
    },
  };
}

/** The same things on both sides, one pair each: by how much the differences of the pairs vary. */
export function ofPairs(a: readonly number[], b: readonly number[]): Test {
  if (a.length !== b.length || a.length < 2) return unknown('there are too few pairs');
  const differences = b.map((value, i) => value - a[i]!);
  const middle = mean(differences);
  const squares = differences.reduce((sum, difference) => sum + (difference - middle) ** 2, 0);
  const freedom = a.length - 1;
  const deviation = Math.sqrt(squares / freedom / a.length);
  return ofSpread(mean(a), mean(b), { deviation, freedom, from: `${a.length} pairs` });
}

/**
 * How much repeats vary, relative to their mean, pooled over groups of them: of what varies alike everywhere.
 * @returns null: nothing was repeated
 */
export function pooledSpread(groups: readonly (readonly number[])[]): { deviation: number; freedom: number } | null {
  const repeated = groups.filter((group) => group.length > 1 && mean(group) !== 0);
  const freedom = repeated.reduce((sum, group) => sum + group.length - 1, 0);
  if (freedom === 0) return null;
  const squares = repeated.flatMap((group) => group.map((value) => (value / mean(group) - 1) ** 2));
  return { deviation: Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / freedom), freedom };
}

/** A standard deviation that was had elsewhere. */
export interface Spread {
  /** Of a - b, in its unit. */
  deviation: number;
  /** Degrees of freedom that it was had with. */
  freedom: number;
  /** Where it is from. */
  from: string;
}

export function ofSpread(a: number, b: number, { deviation, freedom, from }: Spread): Test {
  if (!(freedom > 0) || !Number.isFinite(deviation)) return unknown('it was not repeated');
  if (deviation === 0) return unknown(CONSTANT);
  return {
    byChance: true,
    judge(level) {
      const noise = studentQuantile(0.5 + level / 2, freedom) * deviation;
      return decided(b - a, noise, `${from}, at ${percent(level)}`);
    },
  };
}

export function decided(difference: number, noise: number, why: string): Judgement {
  return { says: Math.abs(difference) > noise ? 'differs' : 'same', noise, why };
}

/** `95%`, `99.86%`: with as many digits as tell it from 100 %. */
export function percent(level: number): string {
  const digits = Math.max(0, Math.ceil(-Math.log10(1 - level)) - 1);
  return `${(100 * level).toFixed(digits).replace(/\.0+$/, '')}%`;
}
