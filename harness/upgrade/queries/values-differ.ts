import type { Group, Kind } from './series.ts';

/**
 * Deviations that are taken for chance. Of a normal distribution one value in 16,000 is farther out; an upgrade compares some
 * hundreds or thousands of values.
 */
export const DEVIATIONS = 4;
/**
 * Of what is timed: how long things take on a busy machine is no matter of a query's meaning. A stalled one makes of 30 ms a
 * second, and of no ms the thousandth part, which is what another unit does.
 */
export const TIMED_FACTOR = 100;

/** The values of one group of series in the worlds of both sides; worlds that don't have it are left out. */
export interface Pair {
  before: readonly Group[];
  after: readonly Group[];
}

export interface ValueDifference {
  verdict: 'equal' | 'noise' | 'different';
  before: number;
  after: number;
  /** How far the two may be apart by chance; Infinity: anything. */
  noise: number;
}

/**
 * Whether the values of both sides differ by more than the same version does from world to world. What that is comes from
 * - `sigma`, the number of events behind a value: 4 standard deviations of the difference of two worlds;
 * - `phase`, what a scrape more or less makes of it, once for each side;
 * - the spread of the worlds of each side, once more than it is: two or three worlds show less than the whole of it.
 * - the traffic that callers made, where it was not the same: a tenth more of it makes a tenth more of what is counted.
 * What is timed differs when it does by two orders of magnitude: that finds another unit. Whether requests became slower is not seen
 * here, callers know that better. Clocks and sizes of processes never differ.
 */
export function compareValues({ before, after }: Pair, kind: Kind): ValueDifference {
  const { nature } = kind;
  const [b, a] = [sideOf(before), sideOf(after)];
  const result = (verdict: ValueDifference['verdict'], noise: number) => ({
    verdict,
    before: b.mean,
    after: a.mean,
    noise,
  });
  const all = [...before, ...after].map(({ value }) => value);
  if (all.every((value) => sameNumber(value, all[0]!))) return result('equal', 0);
  if (nature === 'fleeting') return result('noise', Number.POSITIVE_INFINITY);
  const chance =
    DEVIATIONS * Math.hypot(b.sigma, a.sigma) + b.phase + a.phase + b.spread + a.spread + byTraffic(b, a, kind);
  if (nature === 'timed') {
    const apart = b.min > TIMED_FACTOR * a.max || a.min > TIMED_FACTOR * b.max;
    // What may as well have been nothing may be anything.
    const certain = b.min - b.phase > chanceOf(b) && a.min - a.phase > chanceOf(a);
    // NaN: nothing was timed in the window, which is a matter of what is counted.
    if (!Number.isFinite(b.mean) || !Number.isFinite(a.mean)) return result('noise', Number.POSITIVE_INFINITY);
    return result(apart && certain ? 'different' : 'noise', Math.max(b.mean, a.mean) * (TIMED_FACTOR - 1));
  }
  if (Number.isNaN(chance) || chance === Number.POSITIVE_INFINITY) return result('noise', Number.POSITIVE_INFINITY);
  const gap = Math.max(0, a.min - b.max, b.min - a.max);
  if (Number.isNaN(gap))
    return result(isSignificant(numbersOf(before, after), kind, before.length) ? 'different' : 'noise', chance);
  return result(gap > chance * (1 + 1e-9) ? 'different' : 'noise', chance);
}

/** What other traffic makes of a value: of a count its part, of a share no more than is between it and nothing or all. */
function byTraffic(
  b: Side,
  a: Side,
  { nature, additive, uneven }: Pick<Kind, 'nature' | 'additive' | 'uneven'>,
): number {
  if (nature !== 'counted' || uneven === 0) return 0;
  const of = (value: number) => {
    const size = Math.abs(value);
    return additive || size > 1 ? size : Math.min(size, 1 - size);
  };
  return uneven * Math.max(of(b.mean), of(a.mean));
}

/** The same as DEVIATIONS, as minus the logarithm of a probability. */
const IMPROBABLE = 9.7;

/**
 * Whether a group that every world of one side has and none of the other is more than chance. Of what is counted: n events in all
 * fell into the k worlds that have it; that each of them did by chance, out of k + m worlds, has the probability (k / (k + m))^n:
 * with as many worlds on either side it takes 14 events to believe in a difference. States are there or not; so is a counter that
 * is there before it has counted anything.
 * @param otherWorlds m
 */
export function isSignificant(groups: readonly Group[], kind: Kind, otherWorlds: number): boolean {
  if (groups.length === 0) return false;
  if (kind.nature === 'state' || kind.nature === 'fleeting') return true;
  // A quantile of few events has a deviation, one of many has none.
  if (kind.nature === 'timed') return groups.every(({ sigma }) => sigma === 0);
  if (kind.raw && groups.every(({ value }) => value === 0)) return true;
  return tooMany(groups, kind, otherWorlds / groups.length);
}

/** The same of many groups together, each of which may be too small to tell. @param worlds how many have them */
export function areSignificant(groups: readonly Group[], kind: Kind, worlds: number, otherWorlds: number): boolean {
  if (kind.nature === 'timed') return groups.some(({ sigma }) => sigma === 0);
  if (kind.nature !== 'counted') return groups.length > 0;
  return tooMany(groups, kind, otherWorlds / worlds);
}

function tooMany(groups: readonly Group[], kind: Kind, odds: number): boolean {
  const n = groups.reduce((sum, group) => sum + eventsOf(group, kind), 0);
  return n * Math.log(1 + odds / (1 + kind.uneven)) > IMPROBABLE;
}

/** How many events are behind a value, from its deviation: see sigma.ts. */
function eventsOf({ value, sigma }: Group, { additive }: Kind): number {
  // A value without a deviation is exact; nothing has none either.
  if (!(sigma > 0)) return value === 0 ? 0 : Number.POSITIVE_INFINITY;
  const n = (value / sigma) ** 2;
  // Of a share near 1 the deviation is about sqrt(2) / n, and n has four too many.
  return additive ? n : Math.max(0, Math.min(n, Math.SQRT2 / sigma - 4));
}

interface Side {
  mean: number;
  min: number;
  max: number;
  spread: number;
  sigma: number;
  phase: number;
}

function sideOf(groups: readonly Group[]): Side {
  const values = groups.map(({ value }) => value);
  const numbers = values.filter((value) => !Number.isNaN(value));
  const used = numbers.length > 0 ? numbers : values;
  const [min, max] = [Math.min(...used), Math.max(...used)];
  return {
    mean: used.reduce((sum, value) => sum + value, 0) / used.length,
    min,
    max,
    spread: spreadOf(values, numbers),
    sigma: Math.sqrt(groups.reduce((sum, { sigma }) => sum + sigma * sigma, 0) / groups.length),
    phase: Math.max(...groups.map(({ phase }) => phase)),
  };
}

/** Some numbers and some that are none: anything. */
function spreadOf(values: readonly number[], numbers: readonly number[]): number {
  if (numbers.length === 0) return 0;
  if (numbers.length < values.length) return Number.POSITIVE_INFINITY;
  const [min, max] = [Math.min(...numbers), Math.max(...numbers)];
  // Infinity less itself is nothing.
  return min === max ? 0 : max - min;
}

function chanceOf({ sigma, spread }: Side): number {
  return DEVIATIONS * sigma + (Number.isFinite(spread) ? spread : 0);
}

/** Of two sides of which one has no number the other one. */
function numbersOf(before: readonly Group[], after: readonly Group[]): readonly Group[] {
  return before.every(({ value }) => Number.isNaN(value)) ? after : before;
}

function sameNumber(a: number, b: number): boolean {
  return Object.is(a, b) || a === b || Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b));
}
