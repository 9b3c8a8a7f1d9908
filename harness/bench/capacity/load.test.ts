import { describe, expect, it } from 'vitest';
import type { Objectives } from '../../result/bench/types.ts';
import { parseScenario } from '../../scenario/load.ts';
import { checkLoad, fullBeforeMs, loadOf, roundedRate, scenarioAt, shapeOf, usersFor } from './load.ts';

const OBJECTIVES: Objectives = { p50Ms: null, p95Ms: null, p99Ms: 250, successRate: 0.99 };
const TIMES = { warmupMs: 5000, measuredMs: 10_000 };

const shop = (traffic: string, more = '') =>
  parseScenario(
    `apiVersion: meshproof/v1
kind: Scenario
metadata: { name: shop, description: Three services. }
namespace: shop
seed: 3
services:
  - { name: web, routes: [{ path: / }, { path: /checkout }] }
  - { name: cart, routes: [{ path: /items }, { path: /add, method: POST }] }
  - { name: wire, protocol: tcp }
traffic:
${traffic}
${more}`,
    'shop.yaml',
  );
const MIXED = `  - executor: constant-arrival-rate
    rate: 30/s
    duration: 10s
    requests: [{ target: web, weight: 2 }, { target: web/checkout, weight: 1, timeout: 3s }]
  - { executor: ramping-arrival-rate, startRate: 0/s, stages: [{ rate: 20/s, duration: 10s }], target: cart/items }`;

const shares = (load: ReturnType<typeof loadOf>) =>
  Object.fromEntries(
    load.requests.map(({ service, path, weight }) => [`${service}${path}`, Math.round(1000 * weight) / 1000]),
  );

describe('the load of a scenario', () => {
  it('has its own proportions', () => {
    const load = loadOf(shop(MIXED), '*');
    expect(load.ratePerSecond).toBe(40);
    expect(shares(load)).toEqual({ 'shop/web/': 0.5, 'shop/web/checkout': 0.25, 'shop/cart/items': 0.25 });
    expect(load.requests.map(({ timeoutMs }) => timeoutMs)).toContain(3000);
  });

  it('of one service is what goes to it', () => {
    expect(shares(loadOf(shop(MIXED), 'shop/web'))).toEqual({ 'shop/web/': 0.667, 'shop/web/checkout': 0.333 });
    expect(loadOf(shop(MIXED), 'shop/web').ratePerSecond).toBe(30);
  });

  it('of one that has no traffic of its own is each of its routes', () => {
    const only = shop('  - { executor: constant-arrival-rate, rate: 30/s, duration: 10s, target: web }');
    const { requests, ratePerSecond } = loadOf(only, 'shop/cart');
    expect(requests.map(({ method, path, weight }) => [method, path, weight])).toEqual([
      ['GET', '/items', 0.5],
      ['POST', '/add', 0.5],
    ]);
    expect(ratePerSecond).toBe(30);
  });

  it('of a closed model has the proportions of its users', () => {
    const closed = shop(`  - { executor: constant-vus, vus: 3, duration: 10s, target: web }
  - { executor: constant-vus, vus: 1, duration: 10s, target: cart/items }`);
    expect(shares(loadOf(closed, '*'))).toEqual({ 'shop/web/': 0.75, 'shop/cart/items': 0.25 });
  });

  it.each([
    ['faults', shop(MIXED, 'faults: [{ type: rbac-denied }]'), '*', /provokes faults/],
    ['a service that is not there', shop(MIXED), 'shop/none', /no service shop\/none/],
    ['what k6 does not speak', shop(MIXED), 'shop/wire', /speaks tcp/],
    [
      'streams of which some have no rate',
      shop(`${MIXED}\n  - { name: crowd, executor: constant-vus, vus: 3, duration: 10s, target: web }`),
      '*',
      /crowd/,
    ],
  ])('is refused with %s', (_, scenario, of, message) => {
    expect(() => checkLoad(scenario, of)).toThrow(message);
  });
});

describe('a scenario at a rate', () => {
  const at = (unmeshed: boolean) => {
    const scenario = shop(
      MIXED,
      `timeline: [{ at: 2s, service: web, latency: 90ms }]
restarts: [{ at: 3s, service: cart }]
expect: { slo: [{ flow: "* -> *", successRate: ">= 100%" }] }`,
    );
    return {
      scenario,
      at: scenarioAt(scenario, { of: '*', ratePerSecond: 400, times: TIMES, objectives: OBJECTIVES, unmeshed }),
    };
  };

  it('is that scenario with one open stream, and nothing that would disturb it or be expected of it', () => {
    const { scenario, at: loaded } = at(false);
    expect(loaded).toMatchObject({ services: scenario.services, seed: 3, timeline: [], restarts: [] });
    expect(loaded.expect).toEqual({ goldenEveryFlow: true, slo: [], idle: [] });
    expect(loaded.traffic.map(({ shape }) => shape.executor)).toEqual(['ramping-arrival-rate']);
    expect('unmeshed' in loaded).toBe(false);
    expect(at(true).at.unmeshed).toBe(true);
  });

  it('rises within the warm-up, and then stays', () => {
    const { startRatePerSecond, stages } = shapeOf(400, TIMES, 10);
    expect([startRatePerSecond, stages]).toEqual([
      40,
      [
        { ratePerSecond: 400, durationMs: 3000 },
        { ratePerSecond: 400, durationMs: 12_000 },
      ],
    ]);
    expect(fullBeforeMs(TIMES)).toBe(2000);
  });

  it('has users for requests that take several times what they may', () => {
    expect(usersFor(400, OBJECTIVES)).toBe(400);
    expect(usersFor(400, { ...OBJECTIVES, p99Ms: 500 })).toBe(800);
    expect([usersFor(1, OBJECTIVES), usersFor(20_000, OBJECTIVES)]).toEqual([20, 2000]);
  });

  it('of rates that people can read', () => {
    expect([0.123456, 12.3456, 123.456, 1234.56].map(roundedRate)).toEqual([0.1235, 12.35, 123.5, 1235]);
  });
});
