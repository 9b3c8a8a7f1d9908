import type { Estimate } from '../../result/bench/types.ts';

/** A rate that was tried, and what came of it. */
export interface Trial {
  ratePerSecond: number;
  sustained: boolean;
}

/**
 * What trials say about the capacity c. At rate x a trial is sustained with probability
 *
 *     slip + (1 - slip - lapse) * Phi((ln c - ln x) / noise)
 *
 * `noise`: by how much the capacity itself varies from trial to trial, relative; `lapse`: how often something else spoils a trial
 * of a rate that is well within it; `slip`: how often a rate far beyond it passes. Neither is known: all three are weighed on a grid
 * (c log-uniform; as in adaptive psychometry, QUEST+), and whatever noise and lapse explain the trials as well widen the interval.
 */
export class Posterior {
  /** Natural logarithm of c, cell by cell. */
  readonly #logs: Float64Array;
  /** Probability of each cell; they sum up to 1. */
  readonly #mass: Float64Array;
  /** The same by (noise, lapse). */
  readonly #byNoise: NoiseCell[];

  private constructor(logs: Float64Array, byNoise: NoiseCell[]) {
    this.#logs = logs;
    this.#byNoise = byNoise;
    this.#mass = new Float64Array(logs.length);
    for (const { mass } of byNoise) for (let i = 0; i < mass.length; i += 1) this.#mass[i]! += mass[i]!;
  }

  /** @param trials one at least; in any order */
  static of(trials: readonly Trial[]): Posterior {
    const rates = trials.map(({ ratePerSecond }) => Math.log(ratePerSecond));
    let low = Math.min(...rates) - Math.log(BEYOND);
    let high = Math.max(...rates) + Math.log(BEYOND);
    // The grid is laid again over where the mass is, until it is fine there.
    for (let pass = 1; ; pass += 1) {
      const posterior = new Posterior(...weigh(trials, low, high, pass === 1 ? COARSE_CELLS : CELLS));
      const [from, to] = posterior.#support();
      const narrow = to - from < NARROWER * (high - low);
      if ((!narrow && pass > 1) || pass === MAX_PASSES) return posterior;
      [low, high] = [from, to];
    }
  }

  /** The median, with the central interval of that probability. */
  estimate(level: number): Estimate {
    return {
      value: this.quantile(0.5),
      low: this.quantile((1 - level) / 2),
      high: this.quantile((1 + level) / 2),
      level,
    };
  }

  /** The rate that the capacity is below with probability p. */
  quantile(p: number): number {
    const logs = this.#logs;
    const step = logs[1]! - logs[0]!;
    let sum = 0;
    for (let i = 0; i < logs.length; i += 1) {
      const mass = this.#mass[i]!;
      // A cell's mass lies evenly over it.
      if (sum + mass >= p && mass > 0) return Math.exp(logs[i]! + ((p - sum) / mass - 0.5) * step);
      sum += mass;
    }
    return Math.exp(logs[logs.length - 1]!);
  }

  /** How likely a trial of that rate is to be sustained. */
  sustains(ratePerSecond: number): number {
    const x = Math.log(ratePerSecond);
    let sum = 0;
    for (const { noise, lapse, mass } of this.#byNoise) {
      for (let i = 0; i < mass.length; i += 1) {
        if (mass[i]! > 1e-9) sum += mass[i]! * probability((this.#logs[i]! - x) / noise, lapse);
      }
    }
    return sum;
  }

  /** The noise to be expected, relative. */
  noise(): number {
    return this.#byNoise.reduce((sum, { noise, mass }) => sum + noise * mass.reduce((a, b) => a + b, 0), 0);
  }

  /** Where all but a negligible part of the mass is. */
  #support(): [number, number] {
    const least = Math.max(...this.#mass) * NEGLIGIBLE;
    const first = this.#mass.findIndex((mass) => mass > least);
    const last = this.#mass.findLastIndex((mass) => mass > least);
    const step = this.#logs[1]! - this.#logs[0]!;
    return [this.#logs[first]! - step, this.#logs[last]! + step];
  }
}

/** How far beyond the rates that were tried the capacity may be: a factor. */
const BEYOND = 3;
/** Of the first pass, which finds where the mass is, and of the later ones. */
const COARSE_CELLS = 61;
const CELLS = 121;
const MAX_PASSES = 4;
const NARROWER = 0.7;
const NEGLIGIBLE = 1e-6;
/** Benchmarks repeat to within some percent where the machine is their own; more is thought unlikely beforehand. */
const NOISES = [
  { noise: 0.004, prior: 0.15 },
  { noise: 0.01, prior: 0.2 },
  { noise: 0.02, prior: 0.25 },
  { noise: 0.04, prior: 0.2 },
  { noise: 0.08, prior: 0.15 },
  { noise: 0.16, prior: 0.05 },
];
const LAPSES = [
  { lapse: 0.01, prior: 0.9 },
  { lapse: 0.08, prior: 0.1 },
];
const SLIP = 0.002;

interface NoiseCell {
  noise: number;
  lapse: number;
  mass: Float64Array;
}

function weigh(trials: readonly Trial[], low: number, high: number, cells: number): [Float64Array, NoiseCell[]] {
  const logs = Float64Array.from({ length: cells }, (_, i) => low + ((high - low) * i) / (cells - 1));
  const marks = trials.map(({ ratePerSecond, sustained }) => ({ x: Math.log(ratePerSecond), sustained }));
  const byNoise = NOISES.flatMap(({ noise, prior }) =>
    LAPSES.map((one) => ({ noise, lapse: one.lapse, mass: new Float64Array(cells).fill(prior * one.prior) })),
  );
  let total = 0;
  for (const { noise, lapse, mass } of byNoise) {
    for (const { x, sustained } of marks) {
      for (let i = 0; i < cells; i += 1) {
        const p = probability((logs[i]! - x) / noise, lapse);
        mass[i]! *= sustained ? p : 1 - p;
      }
    }
    for (let i = 0; i < cells; i += 1) total += mass[i]!;
  }
  for (const { mass } of byNoise) for (let i = 0; i < cells; i += 1) mass[i]! /= total;
  return [logs, byNoise];
}

function probability(z: number, lapse: number): number {
  return SLIP + (1 - SLIP - lapse) * normalCdf(z);
}

/** Phi on a table: it is asked for very often. */
const TABLE_TO = 6;
const TABLE_PER_UNIT = 200;
const TABLE = Float64Array.from({ length: 2 * TABLE_TO * TABLE_PER_UNIT + 2 }, (_, i) =>
  exactCdf(i / TABLE_PER_UNIT - TABLE_TO),
);

function normalCdf(z: number): number {
  if (z <= -TABLE_TO) return 0;
  if (z >= TABLE_TO) return 1;
  const at = (z + TABLE_TO) * TABLE_PER_UNIT;
  const i = Math.floor(at);
  return TABLE[i]! + (at - i) * (TABLE[i + 1]! - TABLE[i]!);
}

/** Abramowitz and Stegun 7.1.26: good to 1.5e-7. */
function exactCdf(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const erf =
    1 -
    ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t * Math.exp(-x * x);
  return z >= 0 ? (1 + erf) / 2 : (1 - erf) / 2;
}
