import { expect, it } from 'vitest';
import { Backoff } from './backoff.ts';

it('doubles its pauses up to a limit, shortens each by up to half, and begins anew after a success', () => {
  let random = 0;
  const backoff = new Backoff(100, 500, () => random);
  expect([backoff.next(), backoff.next(), backoff.next(), backoff.next(), backoff.next()]).toEqual([
    100, 200, 400, 500, 500,
  ]);
  random = 1;
  expect(backoff.next()).toBe(250);
  backoff.reset();
  expect(backoff.next()).toBe(50);
});
