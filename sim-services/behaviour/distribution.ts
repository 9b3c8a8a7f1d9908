import type { Distribution } from '../contract.ts';
import { inverseNormalCdf, normalCdf } from './normal.ts';

/** Milliseconds at a probability u from (0, 1): one uniform draw makes one sample, whatever the kind. */
export type Quantile = (u: number) => number;

/** The quantile function of a latency distribution. Samples are never negative. */
export function quantileOf(distribution: Distribution): Quantile {
  switch (distribution.kind) {
    case 'constant': {
      const { ms } = distribution;
      return () => ms;
    }
    case 'uniform': {
      const { minMs, maxMs } = distribution;
      return (u) => minMs + u * (maxMs - minMs);
    }
    case 'normal':
      return truncatedNormal(distribution.meanMs, distribution.stddevMs);
    case 'lognormal':
      return lognormal(distribution.low, distribution.high);
    case 'bimodal': {
      const { slowRate } = distribution;
      const slow = quantileOf(distribution.slow);
      const fast = quantileOf(distribution.fast);
      // What is left of u after the choice is uniform again, so the one draw is enough.
      return (u) => (u < slowRate ? slow(inner(u / slowRate)) : fast(inner((u - slowRate) / (1 - slowRate))));
    }
    case 'empirical':
      return piecewiseLinear(distribution.quantiles);
  }
}

/** The normal distribution given that the value is 0 or more (truncated, not clamped: no mass piles up at 0). */
function truncatedNormal(meanMs: number, stddevMs: number): Quantile {
  if (stddevMs === 0) return () => meanMs;
  const below = normalCdf(-meanMs / stddevMs);
  return (u) => Math.max(0, meanMs + stddevMs * inverseNormalCdf(inner(below + u * (1 - below))));
}

/** ln X is normal; its mean and deviation follow from two quantiles: ln ms = mu + sigma z(q). */
function lognormal(low: { q: number; ms: number }, high: { q: number; ms: number }): Quantile {
  const zLow = inverseNormalCdf(low.q);
  const zHigh = inverseNormalCdf(high.q);
  const sigma = (Math.log(high.ms) - Math.log(low.ms)) / (zHigh - zLow);
  const mu = Math.log(low.ms) - sigma * zLow;
  return (u) => Math.exp(mu + sigma * inverseNormalCdf(u));
}

function piecewiseLinear(quantiles: { q: number; ms: number }[]): Quantile {
  return (u) => {
    let i = 1;
    while (i < quantiles.length - 1 && quantiles[i]!.q < u) i += 1;
    const left = quantiles[i - 1]!;
    const right = quantiles[i]!;
    const share = right.q === left.q ? 1 : (u - left.q) / (right.q - left.q);
    return left.ms + share * (right.ms - left.ms);
  };
}

const SMALLEST = Number.EPSILON / 2;

/** Keeps a derived probability inside (0, 1) against rounding. */
function inner(u: number): number {
  return Math.min(Math.max(u, SMALLEST), 1 - SMALLEST);
}
