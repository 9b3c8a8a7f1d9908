import { expect, it } from 'vitest';
import { below } from './bounds.ts';

it.each([
  [{ series: 1009, identity: 2e6, gzip: 7e5 }, []],
  [
    { series: 1009, identity: 1.99e6, gzip: 7e5 },
    ['identity: 1.99 million samples per CPU second, wanted 2.00 million'],
  ],
  [{ series: 1009, identity: 3e6, gzip: 5e5 }, ['gzip: 0.50 million samples per CPU second, wanted 0.70 million']],
  [{ series: 5000, identity: 9e6, gzip: 9e6 }, [expect.stringContaining('pages of 5000 series')]],
])('of %j it says %j', (served, expected) => {
  expect(below(served)).toEqual(expected);
});

it('takes what could not be measured for too little', () => {
  expect(below({ series: 1009, identity: Number.NaN, gzip: Number.NaN })).toHaveLength(2);
});
