import { formatPercent } from '../../report/format.ts';
import type { Posterior, Trial } from './posterior.ts';

/** Of a standard normal quantity: one in about 400 is beyond by chance. */
const BEYOND_CHANCE = 3;
/** The most noise that a capacity may have before its trials are said to contradict one another. */
const MUCH_NOISE = 0.12;
const FEWEST = 6;

/**
 * What of the trials does not fit a capacity that stays what it is, in words; empty: nothing. By what was to be expected of each
 * trial (the posterior's prediction), later ones must not fall short of, or exceed, earlier ones.
 * @param trials in the order in which they were made
 */
export function misfitOf(trials: readonly Trial[], posterior: Posterior): string {
  if (trials.length < FEWEST) return '';
  const trend = trendOf(trials, posterior);
  if (trend < -BEYOND_CHANCE) return 'later points fell short of earlier ones: what was measured was getting slower';
  if (trend > BEYOND_CHANCE) return 'later points did better than earlier ones: what was measured was getting faster';
  const noise = posterior.noise();
  if (noise > MUCH_NOISE)
    return `points contradict one another, as if the capacity varied by ${formatPercent(noise, 0)}`;
  return '';
}

/** Of the residuals over their order, in standard deviations. */
export function trendOf(trials: readonly Trial[], posterior: Posterior): number {
  const middle = (trials.length - 1) / 2;
  let sum = 0;
  let variance = 0;
  trials.forEach(({ ratePerSecond, sustained }, i) => {
    const p = posterior.sustains(ratePerSecond);
    sum += ((sustained ? 1 : 0) - p) * (i - middle);
    variance += p * (1 - p) * (i - middle) ** 2;
  });
  return variance === 0 ? 0 : sum / Math.sqrt(variance);
}
