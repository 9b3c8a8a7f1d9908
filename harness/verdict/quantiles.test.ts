import fc from 'fast-check';
import { expect, test } from 'vitest';
import { histogramQuantile, type PairLatencies, quantileOf } from './quantiles.ts';

const EDGES = [1, 2, 5, 10, 20, 50, 100, Number.POSITIVE_INFINITY];

function pairOf(callee: number[], proxy: number[], caller: number[]): PairLatencies {
  const buckets = new Map(EDGES.map((le) => [le, proxy.filter((ms) => Math.floor(ms) <= le).length]));
  const sort = (values: number[]): number[] => values.toSorted((a, b) => a - b);
  return {
    source: 'a/a',
    destination: 'a/b',
    direction: 'inbound',
    callee: sort(callee),
    caller: sort(caller),
    extra: { callee: 0, caller: 0 },
    open: false,
    buckets,
  };
}

test('histogram_quantile as Prometheus computes it', () => {
  const edges = [
    { le: 10, count: 50 },
    { le: 20, count: 100 },
    { le: Number.POSITIVE_INFINITY, count: 100 },
  ];
  expect(histogramQuantile(0.75, edges)).toBe(15);
  expect(histogramQuantile(0.25, edges)).toBe(5);
  expect(
    histogramQuantile(0.5, [
      { le: 10, count: 0 },
      { le: Infinity, count: 4 },
    ]),
  ).toBe(10);
  expect(
    histogramQuantile(0.5, [
      { le: 10, count: 0 },
      { le: Infinity, count: 0 },
    ]),
  ).toBeNull();
});

test('the quantile of a clock between the two lies between the edges', () => {
  const latency = fc.tuple(
    fc.double({ min: 0, max: 150, noNaN: true }),
    fc.double({ min: 0, max: 3, noNaN: true }),
    fc.double({ min: 0, max: 3, noNaN: true }),
  );
  fc.assert(
    fc.property(fc.array(latency, { minLength: 1, maxLength: 60 }), fc.constantFrom(0.5, 0.95, 0.99), (all, q) => {
      const pair = pairOf(
        all.map(([a]) => a),
        all.map(([a, b]) => a + b),
        all.map(([a, b, c]) => a + b + c),
      );
      expect(quantileOf(pair, q).verdict).toBe('pass');
    }),
  );
});

test('a histogram a bucket too high is outside', () => {
  const truth = Array.from({ length: 100 }, () => 3);
  const result = quantileOf(
    pairOf(
      truth,
      truth.map(() => 7),
      truth,
    ),
    0.5,
  );
  expect(result).toMatchObject({ lowMs: 6, highMs: 11, verdict: 'fail' });
});
