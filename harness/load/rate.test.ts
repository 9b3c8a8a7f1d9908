import fc from 'fast-check';
import { expect, test } from 'vitest';
import { wholeRates } from './rate.ts';

test.each([
  { rates: [50], unit: 1, whole: [50] },
  { rates: [0.5], unit: 2, whole: [1] },
  { rates: [0.1, 3], unit: 10, whole: [1, 30] },
  { rates: [0.25, 0], unit: 4, whole: [1, 0] },
  { rates: [1.2, 2.5], unit: 10, whole: [12, 25] },
  { rates: [1 / 3], unit: 1_000_000, whole: [333_333] },
])('$rates per second are $whole per $unit s', ({ rates, unit, whole }) => {
  expect(wholeRates(rates)).toEqual({ timeUnitSeconds: unit, rates: whole });
});

test('whole numbers that are the rates asked for, to a millionth', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 5000, noNaN: true }), { minLength: 1, maxLength: 4 }), (asked) => {
      const { timeUnitSeconds, rates } = wholeRates(asked);
      for (const [i, rate] of rates.entries()) {
        expect(Number.isInteger(rate)).toBe(true);
        expect(Math.abs(rate / timeUnitSeconds - (asked[i] ?? Number.NaN))).toBeLessThan(1e-5);
      }
    }),
  );
});
