import { describe, expect, it } from 'vitest';
import { parseScenario, ScenarioError } from '../load.ts';

interface Parts {
  services: string;
  routing?: string;
  traffic?: string;
  expect?: string;
}

const STREAM = '{ executor: constant-arrival-rate, target: web, rate: 10/s, duration: 5s }';

function scenario({ services, routing = '[]', traffic = STREAM, expect = '{}' }: Parts) {
  const head = 'apiVersion: meshproof/v1, kind: Scenario, metadata: { name: x }';
  return parseScenario(
    `{ ${head}, services: ${services}, routing: ${routing}, traffic: [${traffic}], expect: ${expect} }`,
    'f',
  );
}

function maxVUs(parts: Parts) {
  const { shape } = scenario(parts).traffic[0]!;
  return 'maxVUs' in shape ? shape.maxVUs : null;
}

function problems(parts: Parts): string[] {
  try {
    scenario(parts);
  } catch (error) {
    if (error instanceof ScenarioError) return error.issues.map(({ message }) => message);
    throw error;
  }
  return [];
}

const toV2 = '[{ kind: HTTPRoute, name: s, service: web, rules: [{ backends: [{ service: v2 }] }] }]';

describe('users that a rate needs (Little’s law, twice)', () => {
  it('follow the slowest backend of a split, those with a share alone', () => {
    const services = '[{ name: web }, { name: v2, latency: 2s }, { name: v3, latency: 3s }]';
    const split = (backends: string) =>
      `[{ kind: HTTPRoute, name: s, service: web, rules: [{ backends: [${backends}] }] }]`;
    expect(maxVUs({ services })).toBe(10);
    expect(maxVUs({ services, routing: split('{ service: web }, { service: v2 }') })).toBe(40);
    expect(maxVUs({ services, routing: split('{ service: v2 }, { service: v3, weight: 0 }') })).toBe(40);
    const profile = '[{ kind: ServiceProfile, service: web, split: [{ service: web }, { service: v3 }] }]';
    expect(maxVUs({ services, routing: profile })).toBe(60);
  });

  it('grow with retries, and shrink with the timeouts of the mesh', () => {
    const web = (more: string) => `[{ name: web, latency: 2s, ${more} }]`;
    expect(maxVUs({ services: web('replicas: 1') })).toBe(40);
    expect(maxVUs({ services: web('retry: { http: [5xx], limit: 2 }') })).toBe(120);
    expect(maxVUs({ services: web('retry: { timeout: 500ms, limit: 2 }') })).toBe(30);
    expect(maxVUs({ services: web('retry: { http: [5xx], limit: 2 }, timeouts: { request: 3s }') })).toBe(60);
    expect(maxVUs({ services: web('timeouts: { response: 1500ms }') })).toBe(30);
    expect(maxVUs({ services: web('timeouts: { idle: 1ms }') })).toBe(40);
  });

  it('follow the rule that the request takes', () => {
    const services = '[{ name: web, latency: 2s, routes: [{ path: / }, { path: /a }] }]';
    const routing =
      '[{ kind: HTTPRoute, name: a, service: web, timeouts: { request: 1s }, rules: [{ matches: [{ path: /a }] }] }, { kind: HTTPRoute, name: b, service: web }]';
    expect(maxVUs({ services, routing })).toBe(40);
    expect(maxVUs({ services, routing, traffic: STREAM.replace('target: web', 'target: web/a') })).toBe(20);
  });

  it('follow the time of a profile’s route, and its budget', () => {
    const services = '[{ name: web, latency: 2s }]';
    const profile = (route: string, more = '') =>
      `[{ kind: ServiceProfile, service: web, routes: [{ name: all, ${route} }]${more} }]`;
    expect(maxVUs({ services, routing: profile('timeout: 1s') })).toBe(20);
    expect(maxVUs({ services, routing: profile('retryable: true') })).toBe(48);
    expect(maxVUs({ services, routing: profile('retryable: true', ', retryBudget: { ratio: 50% }') })).toBe(60);
    expect(maxVUs({ services, routing: profile('retryable: true, method: POST') })).toBe(40);
  });

  it('count slow request bodies and the exchanges of a connection', () => {
    const call = '{ service: cart, method: POST, size: 1KiB, chunks: 4, over: 2s }';
    expect(maxVUs({ services: `[{ name: web, calls: [${call}] }, { name: cart }]` })).toBe(40);
    const db = '{ name: db, protocol: tcp, latency: 1s }';
    expect(maxVUs({ services: `[{ name: web, calls: [{ service: db, exchanges: 3 }] }, ${db}]` })).toBe(60);
  });
});

describe('flows', () => {
  const services = '[{ name: web }, { name: v2, calls: [{ service: db }] }, { name: db }, { name: v3 }]';
  const idle = (id: string) => problems({ services, routing: toV2, expect: `{ idle: [${id}] }` });

  it('go to the backends, and on from there', () => {
    expect(idle('web')).toEqual([]);
    expect(idle('v3')).toEqual([]);
    expect(idle('v2')).toEqual(["default/v2 can't be idle: there is the flow meshproof/load -> default/v2"]);
    expect(idle('db')).toEqual(["default/db can't be idle: there is the flow default/v2 -> default/db"]);
  });

  it('are those of who is asked as well, for expectations', () => {
    const slo = (flow: string) =>
      problems({ services, routing: toV2, expect: `{ slo: [{ flow: "${flow}", rate: ">= 1/s" }] }` });
    expect(slo('load -> web')).toEqual([]);
    expect(slo('load -> v2')).toEqual([]);
    expect(slo('load -> db')).toEqual(['no traffic of this scenario goes meshproof/load -> default/db']);
  });

  it('end at the proxy when no rule matches, and depend on who calls', () => {
    const matched = (caller: string) =>
      `[{ kind: HTTPRoute, name: s, service: web, rules: [{ matches: [{ headers: { x-meshproof-caller: ${caller} } }], backends: [{ service: v2 }] }] }]`;
    const of = (caller: string, id: string) =>
      problems({ services, routing: matched(caller), expect: `{ idle: [${id}] }` }).length;
    expect([of('default/v3', 'web'), of('default/v3', 'v2')]).toEqual([0, 0]);
    expect([of('meshproof/load', 'web'), of('meshproof/load', 'v2')]).toEqual([0, 1]);
  });

  it('pass by the routing of a service with an opaque port, which no proxy sees', () => {
    const opaque = services.replace('name: web', 'name: web, opaque: true');
    const [problem] = problems({ services: opaque, routing: toV2 });
    expect(problem).toContain('has an opaque port');
    expect(problems({ services: opaque, expect: '{ idle: [web] }' })).toHaveLength(1);
  });
});

describe('how many requests one makes', () => {
  it('multiplies with retries', () => {
    const chain = (limit: number) =>
      `[${['web', 'b', 'c']
        .map(
          (name, i) => `{ name: ${name}, retry: { http: [5xx], limit: ${limit} }, calls: [{ service: ${'bcd'[i]} }] }`,
        )
        .join(', ')}, { name: d, retry: { http: [5xx], limit: ${limit} } }]`;
    expect(problems({ services: chain(6) })).toEqual([]);
    expect(problems({ services: chain(7) })).toEqual(['one request to default/web makes 585 requests']);
  });

  it('counts one backend of a split, the costliest', () => {
    const many = Array.from({ length: 50 }, () => '{ service: d }').join(', ');
    const services = `[{ name: web, calls: [${'{ service: c }, '.repeat(9)}] }, { name: c, calls: [${many}] }, { name: v2, calls: [${many}] }, { name: d }]`;
    const routing =
      '[{ kind: HTTPRoute, name: s, service: c, rules: [{ backends: [{ service: c }, { service: v2 }] }] }]';
    expect(problems({ services, routing })).toEqual([]);
    const more = services.replace('calls: [', `calls: [{ service: c }, `);
    expect(problems({ services: more, routing })).toEqual(['one request to default/web makes 511 requests']);
  });
});
