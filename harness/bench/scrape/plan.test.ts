import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planSweep, seriesOf } from './plan.ts';
import { planOptions } from './testing/points.ts';

describe('the plan of a sweep', () => {
  it('is every combination, the smallest first, the largest held out', () => {
    const { points, seed, secondsPerPoint } = planSweep(planOptions());
    expect({ seed, secondsPerPoint }).toEqual({ seed: 1, secondsPerPoint: 20 });
    expect(points).toHaveLength(12);
    expect(points.map(seriesOf)).toEqual([
      5000, 5000, 10_000, 10_000, 10_000, 10_000, 20_000, 20_000, 20_000, 20_000, 40_000, 40_000,
    ]);
    expect(points[0]).toEqual({
      ...{ targets: 10, series: 500, intervalMs: 5000, version: 'edge-26.8.3' },
      ...{ churn: 0, gzip: false, heldOut: false },
    });
    expect(points.at(-1)).toMatchObject({ targets: 40, series: 1000, intervalMs: 1000, heldOut: true });
    expect(points.flatMap(({ heldOut }, i) => (heldOut ? [i] : []))).toEqual([4, 7, 11]);
  });

  it('is the same again, and of each combination once', () => {
    const options = planOptions({ targets: [20, 10, 20], series: [500, 500] });
    expect(planSweep(options).points.map(seriesOf)).toEqual([5000, 5000, 10_000, 10_000]);
    expect(planSweep(options)).toEqual(planSweep({ ...options, targets: [10, 20] }));
  });

  it('holds out about a fifth, the last, never the first; none of few, none when told so', () => {
    const lists = fc.uniqueArray(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(lists, lists, (targets, series) => {
        const { points } = planSweep(planOptions({ targets, series, intervalsMs: [1000] }));
        const held = points.filter(({ heldOut }) => heldOut).length;
        if (points.length < 5) {
          expect(held).toBe(0);
          return;
        }
        expect(points[0]!.heldOut).toBe(false);
        expect(points.at(-1)!.heldOut).toBe(true);
        expect(seriesOf(points.at(-1)!)).toBe(Math.max(...targets) * Math.max(...series));
        expect(held / points.length).toBeGreaterThan(0.13);
        expect(held / points.length).toBeLessThan(0.3);
      }),
    );
    expect(planSweep(planOptions({ heldOut: 'none' })).points.some(({ heldOut }) => heldOut)).toBe(false);
  });

  it('has at most as many points as are allowed, spread over all of them', () => {
    const { points } = planSweep(planOptions({ maxPoints: 5 }));
    expect(points.map(seriesOf)).toEqual([5000, 10_000, 20_000, 20_000, 40_000]);
    expect(planSweep(planOptions({ maxPoints: 1 })).points).toMatchObject([{ targets: 40, series: 1000 }]);
    expect(planSweep(planOptions({ maxPoints: 100 })).points).toHaveLength(12);
  });

  it.each<[string, Parameters<typeof planOptions>[0], RegExp]>([
    ['no targets', { targets: [] }, /targets are whole numbers from 1/],
    ['a part of a target', { targets: [1.5] }, /targets are/],
    ['no series', { series: [0] }, /series are/],
    ['an interval of nothing', { intervalsMs: [0] }, /intervals are 100 ms or more/],
    ['no version', { versions: [] }, /version/],
    ['more churn than there is', { churn: 1.1 }, /churn is a share/],
    ['no time', { secondsPerPoint: 0 }, /some seconds/],
    ['no points', { maxPoints: 0 }, /at least one point/],
  ])('can not be made of %s', (_, change, message) => {
    expect(() => planSweep(planOptions(change))).toThrow(expect.objectContaining({ code: 'BAD_SWEEP', exitCode: 2 }));
    expect(() => planSweep(planOptions(change))).toThrow(message);
  });
});
