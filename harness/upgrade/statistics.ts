/** What latency is compared with: Student's distribution and Welch's interval. No package at hand has them alone. */

export interface Interval {
  low: number;
  high: number;
}

/** How many times a continued fraction is expanded at most, and when it is near enough. */
const MAX_TERMS = 300;
const NEAR = 1e-14;
const TINY = 1e-300;

/** Lanczos' approximation, g = 7: good to about 1e-15. */
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

function logGamma(x: number): number {
  const z = x - 1;
  const sum = LANCZOS.slice(1).reduce((total, c, i) => total + c / (z + i + 1), LANCZOS[0]!);
  const t = z + 7.5;
  return 0.5 * Math.log(2 * Math.PI) + (z + 0.5) * Math.log(t) - t + Math.log(sum);
}

/** The regularized incomplete beta function I_x(a, b), by Lentz' continued fraction. */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // The fraction converges fast below the mean alone.
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log(1 - x));
  const guarded = (value: number) => (Math.abs(value) < TINY ? TINY : value);
  let c = 1;
  let d = 1 / guarded(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m <= MAX_TERMS; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / guarded(1 + even * d);
    c = guarded(1 + even / c);
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / guarded(1 + odd * d);
    c = guarded(1 + odd / c);
    fraction *= d * c;
    if (Math.abs(d * c - 1) < NEAR) break;
  }
  return (front * fraction) / a;
}

/** P(T <= t) of Student's distribution. @param freedom degrees of freedom, not necessarily whole */
export function studentCdf(t: number, freedom: number): number {
  const tail = 0.5 * incompleteBeta(freedom / (freedom + t * t), freedom / 2, 0.5);
  return t > 0 ? 1 - tail : tail;
}

/** The `t` of which P(T <= t) is `p`. @param p from 0.5, inclusive, to 1, exclusive */
export function studentQuantile(p: number, freedom: number): number {
  let low = 0;
  let high = 1;
  while (studentCdf(high, freedom) < p) high *= 2;
  for (let i = 0; i < 200 && high - low > 1e-12 * high; i += 1) {
    const middle = (low + high) / 2;
    if (studentCdf(middle, freedom) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** P(X >= k) of `n` throws that succeed with probability `p` each. */
export function binomialTail(k: number, n: number, p: number): number {
  if (k <= 0) return 1;
  if (k > n) return 0;
  // P(X >= k) = I_p(k, n - k + 1).
  return incompleteBeta(p, k, n - k + 1);
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function variance(values: readonly number[]): number {
  const middle = mean(values);
  return values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1);
}

/**
 * The interval that holds mean(after) - mean(before) with this confidence, by Welch: the two may vary unlike. The values must be
 * independent: one a run, not one a request (requests of a run share its weather).
 * @param confidence e.g. 0.95
 * @returns null with fewer than two values on a side
 */
export function welchInterval(
  before: readonly number[],
  after: readonly number[],
  confidence: number,
): Interval | null {
  if (before.length < 2 || after.length < 2) return null;
  const difference = mean(after) - mean(before);
  const [a, b] = [variance(before) / before.length, variance(after) / after.length];
  // Equal to the last digit on both sides: there is nothing that varies.
  if (a + b === 0) return { low: difference, high: difference };
  const freedom = (a + b) ** 2 / (a ** 2 / (before.length - 1) + b ** 2 / (after.length - 1));
  const half = studentQuantile(0.5 + confidence / 2, freedom) * Math.sqrt(a + b);
  return { low: difference - half, high: difference + half };
}
