import { expect, it } from 'vitest';
import { unlike } from './twice.ts';

const found = (low: number, high: number, converged = true) => ({
  ...{ capacity: { value: (low + high) / 2, low, high, level: 0.95 }, converged, stopped: 'after 30 points' },
});

it.each([
  ['overlap', found(78, 82), found(81, 85), []],
  ['do not', found(78, 80), found(81, 85), ['their intervals do not overlap']],
  ['are too wide', found(70, 90), found(78, 82), ['the first is no closer than ±12.5%']],
  ['are not there', found(78, 82), found(78, 82, false), ['the second did not converge: after 30 points']],
  [
    'are of nothing',
    found(78, 82),
    { ...found(1, 2), capacity: null },
    ['the second did not converge: after 30 points'],
  ],
])('two searches whose intervals %s', (_, first, second, expected) => {
  expect(unlike(first, second)).toEqual(expected);
});
