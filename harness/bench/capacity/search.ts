import { formatPercent } from '../../report/format.ts';
import type { CapacityPoint, Estimate } from '../../result/bench/types.ts';
import { roundedRate } from './load.ts';
import { misfitOf } from './misfit.ts';
import { Posterior, type Trial } from './posterior.ts';

export interface SearchSettings {
  startPerSecond: number;
  minPerSecond: number;
  maxPerSecond: number;
  /** Half-width of the interval that is wanted, relative. */
  precision: number;
  level: number;
  maxPoints: number;
}

/** What the search sees of a point. */
export type SearchPoint = Pick<CapacityPoint, 'offeredPerSecond' | 'sustained' | 'why'>;
export type SearchStep = 'bracket' | 'bisect' | 'confirm';

export type Move =
  | { kind: 'measure'; ratePerSecond: number; step: SearchStep }
  | { kind: 'end'; capacity: Estimate | null; converged: boolean; stopped: string };

/** How often a rate is measured again whose point did not count. */
export const RETRIES = 2;
/** Rates of which no point counted, before any did, that end the search. */
const MAX_BARRED_AT_FIRST = 2;
/** Points of either outcome near the capacity, on their side of it, before it is believed. */
const CONFIRMATIONS = 2;
/** What is near, in half-widths that are wanted; and where it is confirmed. */
const NEAR = 1.5;
const CONFIRMED_AT = 0.8;
/** While the interval is wide, the next rate is by turns below and above the median: that tells noise from capacity. */
const QUANTILES = [0.4, 0.6];
/** The limits of the rates themselves are tried so often. */
const TRIES_AT_LIMIT = 2;

/**
 * What to do next, by the points so far: a pure function of them, so that a search resumes from its record. It brackets the
 * capacity by doubling and halving, then narrows it down to the interval that is wanted, and ends when that is narrow enough and
 * repeats on both sides confirm it.
 * @param points of the search alone, in the order in which they were measured
 */
export function nextMove(points: readonly SearchPoint[], settings: SearchSettings): Move {
  const trials = trialsOf(points);
  const again = retry(points, trials);
  if (again && points.length < settings.maxPoints) return again;
  const barred = barredRates(points);
  if (trials.length === 0 && barred.length >= MAX_BARRED_AT_FIRST) {
    const why = points.at(-1)?.why[0] ?? 'unknown';
    return ended(null, `no point counted, at ${barred.map(perSecond).join(' nor at ')}: ${why}`);
  }
  const move = trials.length === 0 ? first(barred, settings) : step(trials, barred, settings);
  if (move.kind === 'end' || points.length < settings.maxPoints) return move;
  return outOfPoints(trials, settings);
}

/** The points that count, in their order. */
export function trialsOf(points: readonly SearchPoint[]): Trial[] {
  return points.flatMap(({ offeredPerSecond: ratePerSecond, sustained }) =>
    sustained === null ? [] : [{ ratePerSecond, sustained }],
  );
}

/** Points at the end that did not count are measured again, so often. */
function retry(points: readonly SearchPoint[], trials: readonly Trial[]): Move | null {
  const last = points.at(-1);
  if (!last || last.sustained !== null) return null;
  const since = points.findLastIndex((p) => p.sustained !== null || p.offeredPerSecond !== last.offeredPerSecond);
  if (points.length - 1 - since > RETRIES) return null;
  const bracketed = trials.some(({ sustained }) => sustained) && trials.some(({ sustained }) => !sustained);
  return measure(last.offeredPerSecond, bracketed ? 'bisect' : 'bracket');
}

/** Rates at which no point ever counted, however often. */
function barredRates(points: readonly SearchPoint[]): number[] {
  const byRate = Map.groupBy(points, ({ offeredPerSecond }) => offeredPerSecond);
  return [...byRate]
    .filter(([, its]) => its.length > RETRIES && its.every(({ sustained }) => sustained === null))
    .map(([rate]) => rate);
}

function first(barred: readonly number[], settings: SearchSettings): Move {
  const { startPerSecond, minPerSecond, maxPerSecond } = settings;
  const start = Math.min(maxPerSecond, Math.max(minPerSecond, startPerSecond));
  return measure(barred.length === 0 ? start : Math.max(minPerSecond, Math.min(...barred) / 2), 'bracket');
}

function step(trials: readonly Trial[], barred: readonly number[], settings: SearchSettings): Move {
  const sustained = trials.filter((t) => t.sustained).map((t) => t.ratePerSecond);
  const missed = trials.filter((t) => !t.sustained).map((t) => t.ratePerSecond);
  if (missed.length === 0) return upwards(sustained, barred, settings);
  if (sustained.length === 0) return downwards(missed, settings);
  return narrow(trials, barred, settings);
}

function upwards(sustained: readonly number[], barred: readonly number[], settings: SearchSettings): Move {
  const { maxPerSecond } = settings;
  const highest = Math.max(...sustained);
  if (highest >= maxPerSecond) {
    if (sustained.filter((rate) => rate >= maxPerSecond).length < TRIES_AT_LIMIT)
      return measure(maxPerSecond, 'confirm');
    return ended(
      atLeast(highest, settings),
      `${perSecond(highest)}, the highest rate to try, is sustained: the capacity is at least that`,
    );
  }
  return below(Math.min(highest * 2, maxPerSecond), 'bracket', highest, barred, settings);
}

function downwards(missed: readonly number[], { minPerSecond }: SearchSettings): Move {
  const lowest = Math.min(...missed);
  if (lowest > minPerSecond) return measure(Math.max(lowest / 2, minPerSecond), 'bracket');
  if (missed.filter((rate) => rate <= minPerSecond).length < TRIES_AT_LIMIT) return measure(minPerSecond, 'confirm');
  return ended(null, `not even ${perSecond(lowest)}, the lowest rate to try, is sustained`);
}

function narrow(trials: readonly Trial[], barred: readonly number[], settings: SearchSettings): Move {
  const { precision, level } = settings;
  const posterior = Posterior.of(trials);
  const estimate = posterior.estimate(level);
  const highest = Math.max(...trials.filter((t) => t.sustained).map((t) => t.ratePerSecond));
  if (halfWidth(estimate) > precision) {
    const rate = posterior.quantile(QUANTILES[trials.length % QUANTILES.length]!);
    return below(rate, 'bisect', highest, barred, settings);
  }
  const { under, over } = confirmations(trials, estimate, precision);
  if (under < CONFIRMATIONS || over < CONFIRMATIONS) {
    const side = under <= over ? -1 : 1;
    return below(estimate.value * (1 + side * CONFIRMED_AT * precision), 'confirm', highest, barred, settings);
  }
  const doubt = misfitOf(trials, posterior);
  const stopped = `the interval is narrow enough: ±${formatPercent(halfWidth(estimate), 1)}, confirmed by repeats on both sides`;
  return {
    kind: 'end',
    capacity: estimate,
    converged: true,
    stopped: doubt === '' ? stopped : `${stopped}; but ${doubt}`,
  };
}

/** Sustained points close under the capacity, and others close over it. */
function confirmations(trials: readonly Trial[], { value }: Estimate, precision: number) {
  const near = (rate: number) => Math.abs(rate / value - 1) <= NEAR * precision;
  const under = trials.filter((t) => t.sustained && t.ratePerSecond <= value && near(t.ratePerSecond)).length;
  const over = trials.filter((t) => !t.sustained && t.ratePerSecond >= value && near(t.ratePerSecond)).length;
  return { under, over };
}

/** A rate to measure, below those at which no point counts. */
function below(
  ratePerSecond: number,
  as: SearchStep,
  highestSustained: number,
  barred: readonly number[],
  settings: SearchSettings,
): Move {
  const wanted = Math.min(settings.maxPerSecond, Math.max(settings.minPerSecond, ratePerSecond));
  const ceiling = Math.min(...barred.filter((rate) => rate > highestSustained));
  if (wanted < ceiling * CLEARLY_BELOW) return measure(wanted, as);
  if (ceiling <= highestSustained * (1 + settings.precision)) {
    const stopped = `no point counts at ${perSecond(ceiling)}, and ${perSecond(highestSustained)} is sustained: the capacity is at least that`;
    return ended(atLeast(highestSustained, settings), stopped);
  }
  return measure(Math.sqrt(highestSustained * ceiling), as);
}

const CLEARLY_BELOW = 0.995;

function outOfPoints(trials: readonly Trial[], settings: SearchSettings): Move {
  return unfinished(trials, `after ${settings.maxPoints} points`, settings);
}

/** What is known while a search goes on, or when it broke off. */
export function soFar(points: readonly SearchPoint[], settings: SearchSettings): Extract<Move, { kind: 'end' }> {
  return unfinished(trialsOf(points), `not finished: after ${points.length} points`, settings);
}

function unfinished(trials: readonly Trial[], when: string, settings: SearchSettings): Extract<Move, { kind: 'end' }> {
  if (trials.length === 0) return ended(null, `${when} none counts`);
  const sustained = trials.filter((t) => t.sustained).map((t) => t.ratePerSecond);
  if (sustained.length === 0) return ended(null, `${when} none was sustained`);
  if (sustained.length === trials.length) {
    const highest = Math.max(...sustained);
    return ended(atLeast(highest, settings), `${when} every rate was sustained, up to ${perSecond(highest)}`);
  }
  const posterior = Posterior.of(trials);
  const estimate = posterior.estimate(settings.level);
  const doubt = misfitOf(trials, posterior);
  const stopped = `${when} the interval is ±${formatPercent(halfWidth(estimate), 1)}, and not yet confirmed at the width that is wanted`;
  return ended(estimate, doubt === '' ? stopped : `${stopped}; ${doubt}`);
}

/** Relative. */
export function halfWidth({ value, low, high }: Estimate): number {
  return (high - low) / 2 / value;
}

function atLeast(rate: number, { level }: SearchSettings): Estimate {
  return { value: rate, low: rate, high: Number.POSITIVE_INFINITY, level };
}

function measure(ratePerSecond: number, as: SearchStep): Move {
  return { kind: 'measure', ratePerSecond: roundedRate(ratePerSecond), step: as };
}

function ended(capacity: Estimate | null, stopped: string): Extract<Move, { kind: 'end' }> {
  return { kind: 'end', capacity, converged: false, stopped };
}

const perSecond = (rate: number) => `${Number(rate.toPrecision(4))}/s`;
