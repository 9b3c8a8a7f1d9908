import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { median, quantile, ratioOf, type Slice, seeded } from './statistics.ts';

const slice = (yardstick: number, bench: number): Slice => ({ yardstick: [yardstick], bench: [bench] });

describe('quantiles', () => {
  test.each([
    [[3, 1, 2], 0.5, 2],
    [[1, 2], 0.5, 1.5],
    [[1, 2, 3, 4, 5], 1, 5],
    [[7], 0.99, 7],
  ])('of %j at %d', (values, q, expected) => {
    expect(quantile(values, q)).toBe(expected);
  });

  test('of none is no number', () => {
    expect(median([])).toBeNaN();
  });
});

describe('the ratio to the yardstick', () => {
  test('is what it is when every slice says the same, with no interval', () => {
    expect(ratioOf([slice(2, 6), slice(4, 12), slice(1, 3)])).toEqual({ value: 3, low: 3, high: 3, level: 0.95 });
  });

  test('does not move when a whole slice was slow', () => {
    const slices = [...Array.from({ length: 8 }, () => slice(2, 6)), slice(200, 600)];
    expect(ratioOf(slices)).toMatchObject({ value: 3, low: 3, high: 3 });
  });

  test('has an interval that holds it, and that is wider where slices differ more', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0.5, max: 2, noNaN: true }), { minLength: 3, maxLength: 20 }), (ratios) => {
        const { value, low, high } = ratioOf(ratios.map((r) => slice(1, r)));
        expect(low).toBeLessThanOrEqual(value);
        expect(high).toBeGreaterThanOrEqual(value);
      }),
    );
    const random = seeded(5);
    const around = (spread: number) =>
      ratioOf(Array.from({ length: 20 }, () => slice(1, 1 + spread * (random() - 0.5))));
    const [calm, wild] = [around(0.02), around(1)];
    expect(wild.high - wild.low).toBeGreaterThan(5 * (calm.high - calm.low));
  });

  test('is the same for the same slices', () => {
    const slices = [slice(1, 2), slice(1, 3), slice(1, 5)];
    expect(ratioOf(slices)).toEqual(ratioOf(slices));
  });
});
