import { expect, it } from 'vitest';
import { beyond, type Reconciled, ratioOf } from './bounds.ts';

const of = (series: number, seconds: number, peakBytes: number): Reconciled => ({
  ...{ series, seconds, cpuSeconds: seconds, peakBytes, inputBytes: 1e8 },
});

it('within all bounds nothing is said', () => {
  const [small, large] = [of(50_000, 0.4, 1e8), of(200_000, 1.6, 4e8)];
  expect(ratioOf(small, large)).toBeCloseTo(4);
  expect(beyond(small, large)).toEqual([]);
});

it.each([
  [of(50_000, 0.5, 1e8), of(200_000, 2.1, 4e8), ['200000 series took 2.10 s, more than 2 s']],
  [of(50_000, 0.5, 1e8), of(200_000, 1.9, 6e8), ['200000 series took 600 MB above their input, more than 500 MB']],
  [of(50_000, 0.2, 1e8), of(200_000, 1.2, 4e8), ['4.0 times as many series took 6.0 times the CPU, not below 5']],
])('what is beyond one is named', (small, large, expected) => {
  expect(beyond(small, large)).toEqual(expected);
});

it('what could not be measured is no pass', () => {
  expect(beyond(of(50_000, Number.NaN, 1e8), of(200_000, Number.NaN, Number.NaN))).toHaveLength(3);
});
