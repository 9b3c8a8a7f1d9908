import { describe, expect, test } from 'vitest';
import type { ErrorRule, RouteConfig, TimelineChange } from '../contract.ts';
import { aRoute } from '../testing/configs.ts';
import { binomialBounds, correlation } from '../testing/statistics.ts';
import { type Plan, RouteBehaviour, type SeedParts } from './route.ts';

const PARTS: SeedParts = { seed: 7, workload: 'shop/cart', replica: 0, incarnation: '0' };
const N = 10_000;

function plans(route: RouteConfig, parts: Partial<SeedParts> = {}, n = N, timeline: TimelineChange[] = []): Plan[] {
  const behaviour = new RouteBehaviour(route, timeline, { ...PARTS, ...parts });
  return Array.from({ length: n }, () => behaviour.next(null));
}

const UNIFORM = { kind: 'uniform', minMs: 0, maxMs: 100 } as const;
const latencies = (list: Plan[]) => list.map((plan) => plan.latencyMs);

describe('errors', () => {
  test('come at their rates, high ones too, and never two at once', () => {
    const errors: ErrorRule[] = [
      { kind: 'status', status: 503, rate: 0.3 },
      { kind: 'status', status: 404, rate: 0.6 },
    ];
    const list = plans(aRoute({ errors }));
    const count = (status: number | null) =>
      list.filter(({ error }) => (error?.kind === 'status' ? error.status : null) === status).length;
    for (const [status, rate] of [
      [503, 0.3],
      [404, 0.6],
      [null, 0.1],
    ] as const) {
      const [low, high] = binomialBounds(N, rate, 0.001);
      expect(count(status)).toBeGreaterThanOrEqual(low);
      expect(count(status)).toBeLessThanOrEqual(high);
    }
  });

  test.each([0, 1])('at rate %d leave nothing to chance', (rate) => {
    const list = plans(aRoute({ errors: [{ kind: 'hang', rate }] }));
    expect(list.filter(({ error }) => error !== null)).toHaveLength(rate * N);
  });

  test('are independent of latency', () => {
    const list = plans(aRoute({ latency: UNIFORM, errors: [{ kind: 'hang', rate: 0.5 }] }));
    const failed = list.map(({ error }) => (error ? 1 : 0));
    expect(Math.abs(correlation(latencies(list), failed))).toBeLessThan(4 / Math.sqrt(N));
  });

  test('do not shift the sequence of latencies', () => {
    const clean = plans(aRoute({ latency: UNIFORM }));
    const failing = plans(aRoute({ latency: UNIFORM, errors: [{ kind: 'hang', rate: 0.4 }] }));
    expect(latencies(failing)).toEqual(latencies(clean));
  });
});

describe('the seed', () => {
  const route = aRoute({ latency: UNIFORM });
  const base = latencies(plans(route));

  test('makes a sequence', () => {
    expect(latencies(plans(route))).toEqual(base);
  });

  const others: [string, RouteConfig, Partial<SeedParts>][] = [
    ['seed', route, { seed: 8 }],
    ['workload', route, { workload: 'shop/pay' }],
    ['replica', route, { replica: 1 }],
    ['incarnation', route, { incarnation: '1' }],
    ['path', { ...route, path: '/y' }, {}],
    ['method', { ...route, method: 'GET' }, {}],
  ];
  test.each(others)('%s has a sequence of its own', (_name, other, parts) => {
    expect(Math.abs(correlation(latencies(plans(other, parts)), base))).toBeLessThan(4 / Math.sqrt(N));
  });
});

describe('the timeline', () => {
  const constant = (ms: number) => ({ latency: { kind: 'constant', ms } as const });
  const change = (atMs: number, untilMs: number | null, ms: number, path: string | null = null): TimelineChange => ({
    atMs,
    untilMs,
    path,
    method: null,
    change: constant(ms),
  });
  const at = (timeline: TimelineChange[], sinceOriginMs: number | null) =>
    new RouteBehaviour(aRoute(constant(1)), timeline, PARTS).next(sinceOriginMs).latencyMs;

  test('begins at its time and ends before its end', () => {
    const timeline = [change(100, 200, 5)];
    expect([-1, 99.9, 100, 199.9, 200, 1e9].map((t) => at(timeline, t))).toEqual([1, 1, 5, 5, 1, 1]);
  });

  test('does not apply before the origin is known', () => {
    expect(at([change(-1000, null, 5)], null)).toBe(1);
  });

  test('to the end, when no end is given', () => {
    expect(at([change(100, null, 5)], 1e12)).toBe(5);
  });

  test('the later of two that overlap wins, whatever their times', () => {
    const timeline = [change(150, 400, 5), change(100, 300, 6)];
    expect([120, 200, 350, 500].map((t) => at(timeline, t))).toEqual([6, 6, 5, 1]);
  });

  test('leaves alone what it does not name', () => {
    expect(at([change(0, null, 5, '/elsewhere')], 10)).toBe(1);
    const errors: ErrorRule[] = [{ kind: 'hang', rate: 1 }];
    const behaviour = new RouteBehaviour(aRoute({ errors }), [change(0, null, 5)], PARTS);
    expect(behaviour.next(10)).toMatchObject({ latencyMs: 5, error: { kind: 'hang' } });
  });

  test('a method is named exactly', () => {
    const timeline: TimelineChange[] = [{ ...change(0, null, 5), method: 'POST' }];
    const latency = (method: RouteConfig['method']) =>
      new RouteBehaviour(aRoute({ ...constant(1), method }), timeline, PARTS).next(1).latencyMs;
    expect([latency('POST'), latency('GET')]).toEqual([5, 1]);
  });

  test('does not shift the draws', () => {
    const route = aRoute({ latency: UNIFORM });
    const steady = new RouteBehaviour(route, [], PARTS);
    const changed = new RouteBehaviour(route, [change(10, 20, 5)], PARTS);
    const times = Array.from({ length: 40 }, (_, t) => t);
    const expected = times.map((t) => steady.next(t).latencyMs);
    const got = times.map((t) => changed.next(t).latencyMs);
    expect(got.filter((_, t) => t < 10 || t >= 20)).toEqual(expected.filter((_, t) => t < 10 || t >= 20));
    expect(got.slice(10, 20)).toEqual(new Array(10).fill(5));
  });
});
