import { binomialTail } from '../../upgrade/statistics.ts';
import { normalWithin, percent, type Test, unknown } from './noise.ts';

/** The noise of what is counted: it follows from the counts alone. */

/** From so many on the binomial distribution is taken to be normal. */
const MANY = 20_000;

/** The smallest count that is too large for chance: P(X >= count) <= tail, of `n` throws with probability `p`. */
function critical(n: number, p: number, tail: number): number {
  if (n > MANY) {
    const z = normalWithin(1 - 2 * tail);
    return Math.floor(n * p + z * Math.sqrt(n * p * (1 - p))) + 1;
  }
  let [low, high] = [Math.floor(n * p), n + 1];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (binomialTail(middle, n, p) <= tail) high = middle;
    else low = middle;
  }
  return high;
}

/** Two counts of events over equal times: as Poisson's, of which each of all events falls on either side alike. */
export function ofCounts(a: number, b: number): Test {
  const total = a + b;
  return {
    byChance: true,
    judge(level) {
      const limit = critical(total, 0.5, (1 - level) / 2);
      const says = Math.max(a, b) >= limit ? 'differs' : 'same';
      return { says, noise: 2 * (limit - 1) - total, why: `two counts (Poisson), at ${percent(level)}` };
    },
  };
}

/** How many of how many. */
export interface Share {
  hits: number;
  of: number;
}

/** Two shares: given how many hits there were in all, those of one side are binomial. */
export function ofShares(a: Share, b: Share): Test {
  if (!(a.of > 0) || !(b.of > 0)) return unknown('there was nothing to take a share of');
  // Of the rarer outcome: there the approximation that throws are independent holds.
  const hitsAreRare = a.hits + b.hits <= (a.of + b.of) / 2;
  const rare = ({ hits, of }: Share) => (hitsAreRare ? hits : of - hits);
  const [more, less] = rare(b) / b.of >= rare(a) / a.of ? [b, a] : [a, b];
  const total = rare(a) + rare(b);
  return {
    byChance: true,
    judge(level) {
      const limit = critical(total, more.of / (more.of + less.of), (1 - level) / 2);
      const most = limit - 1;
      return {
        says: rare(more) >= limit ? 'differs' : 'same',
        noise: Math.max(0, most / more.of - (total - most) / less.of),
        why: `${a.hits} of ${a.of} against ${b.hits} of ${b.of} (binomial), at ${percent(level)}`,
      };
    },
  };
}

/** What is known of a distribution of latency: some of its quantiles, and of how many values. */
export interface Quantiles {
  n: number;
  /** By p, 0 to 1. */
  at: { p: number; value: number }[];
}

const rarity = (p: number) => -Math.log(1 - p);

/** A quantile that is not known, from those around it: straight lines over -ln(1 - p), which an exponential tail is. */
function between({ at, n }: Quantiles, p: number): number {
  const known = [{ p: 0, value: 0 }, ...at.filter((q) => q.p < 1).sort((x, y) => x.p - y.p)];
  const inside = Math.min(Math.max(p, 0), 1 - 1 / (2 * n));
  const found = known.findIndex((q) => q.p >= inside);
  const i = found < 0 ? known.length - 1 : Math.max(1, found);
  const [from, to] = [known[i - 1]!, known[i]!];
  const slope = (to.value - from.value) / (rarity(to.p) - rarity(from.p));
  return from.value + slope * (rarity(inside) - rarity(from.p));
}

/** How far a quantile of n values may be off the true one downwards and upwards: the ranks around it. */
function rankInterval(quantiles: Quantiles, p: number, level: number): { low: number; high: number } {
  const reach = normalWithin(level) * Math.sqrt((p * (1 - p)) / quantiles.n);
  return { low: between(quantiles, p - reach), high: between(quantiles, p + reach) };
}

/**
 * The same quantile of two single runs. Ranks say how far sampling alone puts them apart. What goes beyond may be the
 * weather of a run, which all of its requests share and which one run a side does not show: it is not called different.
 */
export function ofQuantile(a: Quantiles, b: Quantiles, p: number): Test {
  const value = (q: Quantiles) => q.at.find((known) => known.p === p)?.value;
  const [x, y] = [value(a), value(b)];
  if (x === undefined || y === undefined || !(a.n > 0) || !(b.n > 0)) return unknown('it is not known of how many');
  return {
    byChance: false,
    judge(level) {
      const [lower, upper] = x <= y ? [a, b] : [b, a];
      const [least, most] = [Math.min(x, y), Math.max(x, y)];
      const up = rankInterval(lower, p, level).high - least;
      const down = most - rankInterval(upper, p, level).low;
      const noise = Math.hypot(Math.max(0, up), Math.max(0, down));
      if (most - least <= noise) return { says: 'same', noise, why: `within sampling (ranks), at ${percent(level)}` };
      return {
        says: 'unknown',
        noise: null,
        why: 'more than sampling, but one run a side does not show how much runs differ',
      };
    },
  };
}
