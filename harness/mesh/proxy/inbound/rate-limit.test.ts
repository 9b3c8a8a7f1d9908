import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Gcra, LocalRateLimit } from './rate-limit.ts';
import { rateLimit } from './testing/policies.ts';

describe('the cell rate algorithm', () => {
  it('lets a burst of one second pass, then one each 1/rate seconds', () => {
    const limit = new Gcra(4);
    const passed = (nowMs: number) => Array.from({ length: 10 }, () => limit.take(nowMs)).filter(Boolean).length;
    expect(passed(1000)).toBe(4);
    expect(passed(1249.9)).toBe(0);
    expect(passed(1250)).toBe(1);
    expect(passed(2000)).toBe(3);
    expect(passed(60_000)).toBe(4);
  });

  it.each([3, 7, 30, 99])('a burst at a rate of %i is whole, whatever does not divide', (rate) => {
    const limit = new Gcra(rate);
    expect(Array.from({ length: rate + 1 }, () => limit.take(12_345.678901))).toEqual([
      ...Array(rate).fill(true),
      false,
    ]);
  });

  it('in no stretch of time do more pass than its seconds times the rate, and a burst', () => {
    const arrivals = fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), arrivals, (rate, gaps) => {
        const limit = new Gcra(rate);
        let now = 5;
        const passed: number[] = [];
        for (const gap of gaps) {
          now += gap;
          if (limit.take(now)) passed.push(now);
        }
        for (const [i, from] of passed.entries()) {
          for (const [j, to] of passed.entries()) {
            if (j >= i) expect(j - i + 1).toBeLessThanOrEqual(Math.floor(((to - from) / 1000) * rate + 1e-6) + rate);
          }
        }
      }),
    );
  });
});

describe('HTTPLocalRateLimitPolicy', () => {
  it('counts all requests together first', () => {
    const limit = new LocalRateLimit(rateLimit(3, 2)!);
    expect(['a', 'a', 'a', 'b', 'b'].map((id) => limit.exceeded(id, 0))).toEqual([
      null,
      null,
      'identity',
      'total',
      'total',
    ]);
  });

  it('each identity has its own share; those without one share one', () => {
    const limit = new LocalRateLimit(rateLimit(null, 1)!);
    expect(['a', 'b', null, 'a', 'b', null].map((id) => limit.exceeded(id, 0))).toEqual([
      ...[null, null, null],
      ...['identity', 'identity', 'identity'],
    ]);
  });

  it('without rates it limits nothing', () => {
    const limit = new LocalRateLimit(rateLimit(null, 0)!);
    expect(Array.from({ length: 100 }, () => limit.exceeded(null, 0)).every((scope) => scope === null)).toBe(true);
  });
});
