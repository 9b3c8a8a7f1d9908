import { expect, test } from 'vitest';
import { correlation, ksCritical, ksDistance } from '../testing/statistics.ts';
import { sfc32, uniformFrom } from './random.ts';

const draws = (seed: string, n: number) => {
  const next = uniformFrom(seed);
  return Array.from({ length: n }, next);
};

test('the same text gives the same sequence, another text another', () => {
  expect(draws('a', 100)).toEqual(draws('a', 100));
  const a = new Set(draws('a', 1000));
  expect(draws('b', 1000).filter((u) => a.has(u))).toEqual([]);
});

test('draws are uniform on the open unit interval', () => {
  const us = draws('uniform', 20_000);
  expect(ksDistance(us, (u) => u)).toBeLessThan(ksCritical(us.length, 0.001));
  expect(Math.min(...us)).toBeGreaterThan(0);
  expect(Math.max(...us)).toBeLessThan(1);
});

test('neighbouring draws are independent', () => {
  const us = draws('serial', 20_000);
  // The correlation of independent samples is about normal with deviation 1/sqrt(n).
  expect(Math.abs(correlation(us.slice(1), us.slice(0, -1)))).toBeLessThan(4 / Math.sqrt(us.length));
});

test('each bit of the generator is set half of the time', () => {
  const next = sfc32('bits');
  const n = 20_000;
  const ones = new Array<number>(32).fill(0);
  for (let i = 0; i < n; i += 1) {
    const word = next();
    for (let bit = 0; bit < 32; bit += 1) ones[bit]! += (word >>> bit) & 1;
  }
  const deviations = ones.map((count) => Math.abs(count - n / 2) / Math.sqrt(n / 4));
  expect(Math.max(...deviations)).toBeLessThan(4.5);
});
