import { describe, expect, test } from 'vitest';
import type { Distribution } from '../contract.ts';
import { ksCritical, ksDistance } from '../testing/statistics.ts';
import { quantileOf } from './distribution.ts';
import { inverseNormalCdf, normalCdf } from './normal.ts';
import { uniformFrom } from './random.ts';

const N = 20_000;
const ALPHA = 0.001;

function sample(distribution: Distribution, n = N): number[] {
  const draw = uniformFrom(JSON.stringify(distribution));
  const quantile = quantileOf(distribution);
  return Array.from({ length: n }, () => quantile(draw()));
}

/** Distribution function of the normal by its series (Abramowitz and Stegun 26.2.10), written apart from the code tested. */
function phi(z: number): number {
  if (z < -8) return 0;
  if (z > 8) return 1;
  let sum = 0;
  let term = z;
  for (let k = 0; Math.abs(term) > 1e-17 * Math.abs(sum) && k < 500; k += 1) {
    sum += term / (2 * k + 1);
    term *= (-z * z) / (2 * (k + 1));
  }
  return 0.5 + sum / Math.sqrt(2 * Math.PI);
}

describe('the normal quantile function', () => {
  // Tabulated values to 15 digits.
  test.each([
    [0.5, 0],
    [0.9, 1.2815515655446004],
    [0.975, 1.959963984540054],
    [0.99, 2.3263478740408408],
    [0.999, 3.090232306167813],
    [1e-6, -4.753424308822899],
    [1e-12, -7.034483825301132],
  ])('at %d is %d', (p, z) => {
    expect(inverseNormalCdf(p)).toBeCloseTo(z, 12);
  });

  test('inverts the distribution function', () => {
    for (let z = -4; z <= 4; z += 0.125) {
      expect(inverseNormalCdf(phi(z))).toBeCloseTo(z, 7);
      expect(normalCdf(z)).toBeCloseTo(phi(z), 12);
    }
  });
});

describe('samples follow the distribution asked for', () => {
  const lognormalCdf = (x: number) => {
    const sigma = Math.log(60 / 8) / inverseNormalCdf(0.99);
    return phi(Math.log(x / 8) / sigma);
  };
  const uniformCdf = (low: number, high: number) => (x: number) => Math.min(1, Math.max(0, (x - low) / (high - low)));
  const truncated = (mean: number, sd: number) => (x: number) =>
    (phi((x - mean) / sd) - phi(-mean / sd)) / (1 - phi(-mean / sd));

  const cases: [string, Distribution, (x: number) => number][] = [
    ['uniform', { kind: 'uniform', minMs: 5, maxMs: 9 }, uniformCdf(5, 9)],
    ['normal', { kind: 'normal', meanMs: 50, stddevMs: 5 }, truncated(50, 5)],
    ['normal, a good part of it below 0', { kind: 'normal', meanMs: 1, stddevMs: 2 }, truncated(1, 2)],
    ['lognormal', { kind: 'lognormal', low: { q: 0.5, ms: 8 }, high: { q: 0.99, ms: 60 } }, lognormalCdf],
    [
      'bimodal',
      {
        kind: 'bimodal',
        fast: { kind: 'uniform', minMs: 1, maxMs: 2 },
        slow: { kind: 'uniform', minMs: 50, maxMs: 100 },
        slowRate: 0.3,
      },
      (x) => 0.7 * uniformCdf(1, 2)(x) + 0.3 * uniformCdf(50, 100)(x),
    ],
    [
      'empirical',
      {
        kind: 'empirical',
        quantiles: [
          { q: 0, ms: 1 },
          { q: 0.5, ms: 4 },
          { q: 0.9, ms: 20 },
          { q: 1, ms: 120 },
        ],
      },
      (x) => (x < 4 ? 0.5 * uniformCdf(1, 4)(x) : x < 20 ? 0.5 + (0.4 * (x - 4)) / 16 : 0.9 + (0.1 * (x - 20)) / 100),
    ],
  ];
  test.each(cases)('%s', (_name, distribution, cdf) => {
    const samples = sample(distribution);
    expect(Math.min(...samples)).toBeGreaterThanOrEqual(0);
    expect(ksDistance(samples, cdf)).toBeLessThan(ksCritical(N, ALPHA));
  });

  test('the yardstick rejects a distribution that is a little off', () => {
    const samples = sample({ kind: 'normal', meanMs: 50.4, stddevMs: 5 });
    expect(ksDistance(samples, truncated(50, 5))).toBeGreaterThan(ksCritical(N, ALPHA));
  });

  test('constant', () => {
    expect(new Set(sample({ kind: 'constant', ms: 12.5 }, 100))).toEqual(new Set([12.5]));
  });

  test('no spread', () => {
    expect(new Set(sample({ kind: 'normal', meanMs: 7, stddevMs: 0 }, 100))).toEqual(new Set([7]));
    expect(new Set(sample({ kind: 'uniform', minMs: 7, maxMs: 7 }, 100))).toEqual(new Set([7]));
    expect(sample({ kind: 'lognormal', low: { q: 0.5, ms: 7 }, high: { q: 0.9, ms: 7 } }, 1)[0]).toBeCloseTo(7, 12);
  });

  test('two equal quantiles are a step', () => {
    const step: Distribution = {
      kind: 'empirical',
      quantiles: [
        { q: 0, ms: 1 },
        { q: 0.5, ms: 1 },
        { q: 0.5, ms: 90 },
        { q: 1, ms: 90 },
      ],
    };
    const quantile = quantileOf(step);
    expect([quantile(0.2), quantile(0.499), quantile(0.501), quantile(0.9)]).toEqual([1, 1, 90, 90]);
  });

  test.each([0, 1])('bimodal with a share of %d has one mode', (slowRate) => {
    const bimodal: Distribution = {
      kind: 'bimodal',
      fast: { kind: 'constant', ms: 1 },
      slow: { kind: 'constant', ms: 2 },
      slowRate,
    };
    expect(new Set(sample(bimodal, 200))).toEqual(new Set([slowRate + 1]));
  });
});
