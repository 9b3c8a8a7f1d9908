import { describe, expect, it } from 'vitest';
import { backoffMs } from './backoff.ts';

describe('backoffMs', () => {
  it('doubles up to its maximum', () => {
    const waits = [0, 1, 2, 3, 4].map((i) => backoffMs({ minMs: 25, maxMs: 250, jitter: 0 }, i, () => 0.5));
    expect(waits).toEqual([25, 50, 100, 200, 250]);
  });

  it('adds at random, and never exceeds its maximum', () => {
    const backoff = { minMs: 25, maxMs: 250, jitter: 1 };
    expect(backoffMs(backoff, 0, () => 0.5)).toBe(37.5);
    expect(backoffMs(backoff, 3, () => 0.5)).toBe(250);
  });
});
