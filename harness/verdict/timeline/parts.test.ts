import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FaultSpec, TimelineSpec } from '../../scenario/model.ts';
import type { PairLatencies } from '../quantiles.ts';
import { bandsOf } from './bands.ts';
import { distributionOf } from './distribution.ts';
import { isOutside, type ReadingsLine, thinned } from './readings-line.ts';
import { staircase } from './staircase.ts';

const since = (t: number): number => Math.round(t) + 0;

/** The value of a staircase at a moment. */
const at = (atMs: readonly number[], values: readonly number[], t: number): number =>
  values[atMs.findLastIndex((x) => x <= t)]!;

describe('a staircase', () => {
  it('has every step where there are few', () => {
    const moments = { all: [30, 10, 10.2, 20], failures: [20] };
    expect(staircase(moments, since, { fromMs: -5, toMs: 40 }, 200)).toEqual({
      atMs: [-5, 10, 20, 30, 40],
      count: [0, 2, 3, 4, 4],
      failures: [0, 0, 1, 1, 1],
    });
  });

  it('has no more points than it may, wherever the failures are', () => {
    const all = Array.from({ length: 2000 }, (_, i) => i);
    for (const failures of [all.slice(1000), all.slice(0, 30), all, []]) {
      const line = staircase({ all, failures }, since, { fromMs: -1, toMs: 2000 }, 200);
      expect(line.atMs.length).toBeLessThanOrEqual(202);
      expect(line.atMs.length).toBeGreaterThan(100);
    }
  });

  it('is off by less than one of its steps, and has steps that are larger at their own moment', () => {
    const moment = fc.oneof(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 9000 }));
    const times = fc.array(fc.tuple(moment, fc.boolean()), { maxLength: 250, size: 'max' });
    fc.assert(
      fc.property(times, fc.constantFrom(10, 50, 200), (list, points) => {
        const all = list.map(([t]) => t);
        const failures = list.filter(([, failed]) => failed).map(([t]) => t);
        const line = staircase({ all, failures }, since, { fromMs: -1, toMs: 9001 }, points);
        expect(line.atMs.length).toBeLessThanOrEqual(points + 2);
        const of = failures.length > 0 ? points / 2 : points;
        const off = [
          [all, line.count],
          [failures, line.failures],
        ] as const;
        for (const [moments, shown] of off) {
          const step = Math.max(1, Math.ceil(moments.length / of));
          const asked = [...new Set([...moments, ...moments.map((m) => m - 1), 9001])];
          const behind = asked.map((t) => moments.filter((m) => m <= t).length - at(line.atMs, shown, t));
          expect(Math.min(...behind)).toBeGreaterThanOrEqual(0);
          expect(Math.max(...behind)).toBeLessThan(step);
          const large = asked.filter((t) => moments.filter((m) => m === t).length >= step);
          expect(line.atMs).toEqual(expect.arrayContaining(large));
        }
      }),
      { numRuns: 40, endOnFailure: true },
    );
  });
});

describe('a line of readings', () => {
  it('loses none that is outside, and not its end', () => {
    const point = fc.record({ gap: fc.integer({ min: 1, max: 40 }), off: fc.integer({ min: -3, max: 20 }) });
    fc.assert(
      fc.property(fc.array(point, { minLength: 1, maxLength: 150, size: 'max' }), (list) => {
        let t = 0;
        const line: ReadingsLine = { atMs: [], count: [], failures: [], low: [], high: [] };
        list.forEach(({ gap, off }, i) => {
          t += gap;
          line.atMs.push(t);
          line.count.push(i + off);
          line.failures.push(0);
          line.low.push(i);
          line.high.push(i + 18);
        });
        const few = thinned(line, { fromMs: 0, toMs: t }, 30);
        const outside = line.atMs.filter((_, i) => isOutside(line, i));
        expect(few.atMs).toEqual(expect.arrayContaining([...outside, line.atMs[0], t]));
        expect(few.atMs.length).toBeLessThanOrEqual(outside.length + 33);
        const those = few.atMs.map((atMs) => line.atMs.indexOf(atMs));
        const { count, low, high } = few;
        const same = (list: readonly number[]): number[] => those.map((i) => list[i]!);
        expect({ count, low, high }).toEqual({ count: same(line.count), low: same(line.low), high: same(line.high) });
        if (list.length <= 30) expect(few).toEqual(line);
      }),
      { numRuns: 100, endOnFailure: true },
    );
  });
});

describe('bands', () => {
  const change = { atMs: 2000, untilMs: 4000, service: 'shop/cart', path: null, method: null };

  it('say what was done, in order', () => {
    const fault = (spec: Partial<FaultSpec>): FaultSpec =>
      ({ atMs: null, untilMs: null, service: null, replica: null, params: {}, ...spec }) as FaultSpec;
    const bands = bandsOf(
      {
        timeline: [
          { ...change, change: { errors: [{ kind: 'status', status: 503, rate: 0.3 }] } },
          {
            ...change,
            atMs: 500,
            untilMs: null,
            method: 'POST',
            path: '/pay',
            change: { latency: { kind: 'constant', ms: 50 } },
          },
        ],
        restarts: [{ atMs: 3000, service: 'shop/cart', replica: 1, downMs: 700 }],
        faults: [
          fault({ type: 'rbac-denied' }),
          fault({ type: 'admin-dropped', service: 'shop/web', replica: 0, atMs: 1000, untilMs: 1500 }),
          fault({ type: 'proxy-restart', service: 'shop/web', atMs: 1200 }),
          fault({ type: 'short-lived-pod', service: 'shop/web', atMs: 1300, params: { livesForMs: 200 } }),
        ],
      },
      [],
      since,
      -900,
    );
    expect(bands).toEqual([
      { kind: 'fault', label: 'rbac-denied', fromMs: -900, toMs: null },
      { kind: 'timeline', label: 'shop/cart POST /pay: latency 50 ms', fromMs: 500, toMs: null },
      { kind: 'fault', label: 'shop/web pod 0: admin-dropped', fromMs: 1000, toMs: 1500 },
      { kind: 'fault', label: 'shop/web: proxy-restart', fromMs: 1200, toMs: 1200 },
      { kind: 'fault', label: 'shop/web: short-lived-pod', fromMs: 1300, toMs: 1500 },
      { kind: 'timeline', label: 'shop/cart: errors 30% 503', fromMs: 2000, toMs: 4000 },
      { kind: 'restart', label: 'shop/cart pod 1 is killed', fromMs: 3000, toMs: 3700 },
    ]);
  });

  it('name every way to answer otherwise', () => {
    const changes: TimelineSpec['change'][] = [
      { latency: { kind: 'uniform', minMs: 1, maxMs: 2 } as const },
      { latency: { kind: 'normal', meanMs: 6, stddevMs: 2 } as const },
      { latency: { kind: 'lognormal', low: { q: 0.5, ms: 4 }, high: { q: 0.999, ms: 25 } } as const },
      {
        latency: {
          ...{ kind: 'bimodal', slowRate: 0.07 },
          ...{
            fast: { kind: 'constant', ms: 1 },
            slow: {
              kind: 'empirical',
              quantiles: [
                { q: 0, ms: 9 },
                { q: 1, ms: 90 },
              ],
            },
          },
        } as const,
      },
      {
        errors: [
          { kind: 'grpc', code: 14, rate: 0.1 } as const,
          { kind: 'hang', rate: 0.1 } as const,
          { kind: 'reset', rate: 0.1, when: 'mid-body' } as const,
          { kind: 'reset', rate: 0.1, when: 'before-headers' } as const,
          { kind: 'close', rate: 0.1 } as const,
          { kind: 'no-trailers', rate: 0.1 } as const,
        ],
      },
      { errors: [], body: { bytes: 10, chunks: 2, overMs: 30 } },
    ];
    const labels = changes.map((what) => {
      const timeline = [{ ...change, change: what }];
      return bandsOf({ timeline, restarts: [] }, [], since, 0)[0]!.label.replace('shop/cart: ', '');
    });
    expect(labels).toEqual([
      'latency 1 to 2 ms',
      'latency 6 ms, stddev 2 ms',
      'latency p50 4 ms, p99.9 25 ms',
      'latency 1 ms, or 7% 9 to 90 ms',
      'errors 10% grpc 14, hangs 10%, resets 10% in the body, resets 10% before headers, closes 10%, no trailers 10%',
      'no errors; body 10 B over 30 ms',
    ]);
  });

  it('of a roll-out: the control plane, and each workload from its first new pod to the end of its last old one', () => {
    const step = (atMs: number, what: 'control-plane' | 'pod-started' | 'pod-gone', workload: string) => ({
      ...{ atMs, what, workload, version: 'v2.366.0' },
    });
    const steps = [
      step(1000, 'control-plane', 'linkerd'),
      ...[1100, 1300].map((t) => step(t, 'pod-started', 'shop/web')),
      ...[1500, 1700].map((t) => step(t, 'pod-gone', 'shop/web')),
      step(1800, 'pod-started', 'shop/db'),
    ];
    expect(bandsOf({ timeline: [], restarts: [] }, steps, (t) => t - 1000, 0)).toEqual([
      { kind: 'rollout', label: 'control plane v2.366.0', fromMs: 0, toMs: 0 },
      { kind: 'rollout', label: 'shop/web v2.366.0', fromMs: 100, toMs: 700 },
      { kind: 'rollout', label: 'shop/db v2.366.0', fromMs: 800, toMs: null },
    ]);
  });
});

describe('a distribution of latencies', () => {
  const pair: PairLatencies = {
    ...{ source: 'shop/web', destination: 'shop/cart', direction: 'outbound', open: false },
    callee: [1, 2],
    caller: [0.02, 1.99, 5.5, 5.999, 6, 12],
    extra: { callee: 0, caller: 0 },
    buckets: new Map([
      [5, 3],
      [1, 1],
      [10, 5],
      [Number.POSITIVE_INFINITY, 6],
    ]),
  };

  it('is cut to whole milliseconds as the proxy does it, by the clock of the side that counts', () => {
    const d = distributionOf(pair);
    expect(d.edgesMs).toEqual([1, 5, 10, null]);
    expect(d.truth).toEqual([2, 2, 1, 1]);
    expect(d.observed).toEqual([1, 2, 2, 1]);
    expect(distributionOf({ ...pair, direction: 'inbound' }).truth).toEqual([1, 1, 0, 0]);
    expect(distributionOf({ ...pair, direction: 'inbound', callee: [] }).truth).toEqual(d.truth);
  });

  it('has finer bins of equal width on a logarithmic scale, from the least to the most', () => {
    const { fine } = distributionOf(pair);
    expect(fine.count.reduce((a, b) => a + b)).toBe(6);
    expect([fine.count[0], fine.count.at(-1)]).toEqual([1, 1]);
    expect(fine.upToMs.at(-1)!).toBeGreaterThan(12);
    for (let i = 1; i < fine.upToMs.length; i++) {
      expect(fine.upToMs[i]! / fine.upToMs[i - 1]!).toBeCloseTo(10 ** (1 / 16), 2);
    }
    expect(distributionOf({ ...pair, caller: [], callee: [], buckets: new Map() })).toMatchObject({
      edgesMs: [null],
      truth: [0],
      observed: [0],
      fine: { upToMs: [], count: [] },
    });
  });
});
