import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Steps, WeightedSteps } from './steps.ts';

const moment = fc.integer({ min: 0, max: 50 });

test('counts what has happened by a moment, that moment included', () => {
  fc.assert(
    fc.property(fc.array(moment), moment, (times, t) => {
      expect(Steps.of(times, (x) => x).at(t)).toBe(times.filter((x) => x <= t).length);
    }),
  );
});

test('leaves out what never happened', () => {
  expect(Steps.of([1, null, 3], (x) => x).total).toBe(2);
});

test('sums and the largest weight by a moment', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ t: moment, weight: moment })), moment, (events, t) => {
      const past = events.filter((e) => e.t <= t).map((e) => e.weight);
      const expected = { count: past.length, sum: past.reduce((a, b) => a + b, 0), max: Math.max(0, ...past) };
      expect(new WeightedSteps(events).at(t)).toEqual(expected);
    }),
  );
});
