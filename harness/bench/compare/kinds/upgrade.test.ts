import { describe, expect, it } from 'vitest';
import { sampleUpgrade } from '../../../result/testing/upgrade-sample.ts';
import { compared } from '../testing.ts';

describe('upgrades', () => {
  it('compare what an upgrade makes of a latency as a factor with its interval', () => {
    const upgraded = (afterMs: number) => {
      const result = structuredClone(sampleUpgrade());
      const latency = result.scenarios[0]!.latency[0]!;
      const differenceMs = afterMs - 10;
      const interval = { lowMs: differenceMs - 1, highMs: differenceMs + 1 };
      Object.assign(latency, { quantile: 0.99, beforeMs: 10, afterMs, differenceMs, interval });
      result.scenarios[0]!.latency = [latency];
      return result;
    };
    const found = (a: number, b: number) =>
      compared(upgraded(a), upgraded(b)).rows.find(({ what }) => what.includes('latency after / before: p99'));
    expect(found(10, 14)).toMatchObject({ says: 'differs', direction: 'worse', a: 1, b: 1.4 });
    expect(found(10, 11)).toMatchObject({ says: 'same' });
    // Two rows share the chance of a wrong call, so that both intervals are taken a little wider.
    expect(found(10, 11)!.noise! / Math.hypot(0.1, 0.1)).toBeCloseTo(2.2414 / 1.96, 3);
  });
});
