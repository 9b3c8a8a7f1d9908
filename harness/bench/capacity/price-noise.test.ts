import { expect, it } from 'vitest';
import { differenceOf, slopeOf } from './price-noise.ts';

const line = (ys: number[]) => slopeOf(ys.map((y, i) => ({ x: i + 1, y })));

it('memory grows by the slope of its points, with the interval of that slope', () => {
  // y = 10 + 3 x, with residuals of +-1: by hand, t(2) = 4.303, s = sqrt(4 / 2), sum of squares of x = 5.
  const { value, low, high, level } = line([14, 15, 18, 23])!;
  expect([value, level]).toEqual([3, 0.95]);
  expect((high - low) / 2).toBeCloseTo(4.3027 * Math.sqrt(4 / 2 / 5), 2);
  const flat = line([100, 103, 99, 102, 100])!;
  expect(flat.low).toBeLessThan(0);
  expect(flat.high).toBeGreaterThan(0);
});

it('nothing is said of too few points, or of one rate', () => {
  expect(line([1, 2, 3])).toBeNull();
  expect(slopeOf([1, 2, 3, 4].map((y) => ({ x: 10 + y / 100, y })))).toBeNull();
});

it('added latency has the noise of its repeats, and k6 steps at least', () => {
  expect(differenceOf([50], [60], 10)).toBeNull();
  const same = differenceOf([50, 50, 50], [54, 54, 54], 4)!;
  expect([same.low, same.high].map((ms) => +ms.toFixed(2))).toEqual([3.35, 4.65]);
  const noisy = differenceOf([60, 90, 61], [62, 63, 80], 2)!;
  expect(noisy.low).toBeLessThan(0);
});
