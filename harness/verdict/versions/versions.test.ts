import { describe, expect, test } from 'vitest';
import type { MetricLedger } from '../../ledger/types.ts';
import { type JudgeInput, type Judgement, judge } from '../judge.ts';
import { hunt } from '../testing/hunt.ts';
import { HOSTNAME_SWAPPED, MUTATIONS } from '../testing/mutants.ts';
import { type OlderProxy, V2_12, V2_14, V2_17, V2_19, withOlder } from '../testing/older.ts';
import { simulate } from '../testing/simulate.ts';
import { explanation } from '../testing/survivors.ts';
import type { ServiceSimSpec, WorldSpec } from '../testing/world.ts';
import { grpcWorld, policyWorld } from '../testing/worlds.ts';

const OLDER = Object.entries({ '2.12': V2_12, '2.14': V2_14, '2.17': V2_17, '2.19': V2_19 });

const everywhere = (proxy: OlderProxy) => () => proxy;
/** Every other pod is older. */
const mixed = (proxy: OlderProxy) => (pod: string) =>
  (pod.charCodeAt(1) + pod.charCodeAt(pod.length - 2)) % 2 === 0 ? proxy : null;

const said = ({ verdict, reasons }: Judgement) => [verdict, reasons.slice(0, 3).map((r) => r.message)];
const PASS = ['pass', []];

/** gRPC, restarts and all that goes wrong; what is declared; a ServiceProfile. */
const WORLDS = [grpcWorld(10, 24), policyWorld(467, 24), policyWorld(69, 24)].map(simulate);

const CALM: ServiceSimSpec = {
  ...{ replicas: 1, calls: [], latencyMs: { min: 5, max: 60 }, errorRate: 0.3, hangRate: 0, resetRate: 0, midRate: 0 },
  ...{ streamMs: 0, postRate: 0.5, timeoutMs: 2000, shared: false },
};

/** One service calls two: their mutants are many, so it is small. */
const FORK: WorldSpec = {
  ...{ seed: 3, requests: 16, durationMs: 4000, scrapeIntervalMs: 1000, skewMs: 0.1, restarts: [] },
  services: [{ ...CALM, calls: [1, 2] }, { ...CALM, replicas: 2 }, CALM],
};

describe('proxies that count rightly pass', () => {
  test.each(OLDER)('of %s, alone and beside those of today', (_release, proxy) => {
    for (const input of WORLDS) {
      expect(said(judge(withOlder(input, everywhere(proxy))))).toEqual(PASS);
      expect(said(judge(withOlder(input, mixed(proxy))))).toEqual(PASS);
    }
  });
}, 120_000);

describe('proxies that count wrongly are caught', () => {
  const plain = simulate(FORK);

  test.each([
    ['2.12', V2_12, ['request_total', 'response_total']],
    ['2.17', V2_17, ['request_total', 'outbound_http_route_request_statuses_total']],
  ])('of %s', (_release, proxy, families) => {
    const hunted = hunt(withOlder(plain, everywhere(proxy)), 3, families, [...MUTATIONS, HOSTNAME_SWAPPED]);
    for (const family of families) expect(hunted.filter((h) => h.family === family).length).toBeGreaterThan(6);
    const alive = hunted.filter((h) => !h.killed && !explanation(h));
    expect(alive.map((h) => `${h.family}: ${h.mutation} at ${h.victim.pod}`)).toEqual([]);
    const names = hunted.filter((h) => h.killed).map((h) => h.mutation);
    expect(names).toContain('authority of another');
    expect(names.includes('hostname of another')).toBe(proxy.hostname);
  });
}, 120_000);

describe('what a version has', () => {
  const [, declared] = WORLDS as [JudgeInput, JudgeInput];
  const without = (ledger: MetricLedger, family: RegExp): MetricLedger => ({
    ...ledger,
    series: ledger.series.filter((s) => !family.test(s.name)),
  });
  const lacking = (input: JudgeInput, family: RegExp): JudgeInput => ({
    ...input,
    prometheus: without(input.prometheus, family),
    proxy: without(input.proxy, family),
  });
  const codes = (input: JudgeInput) => [...new Set(judge(input).reasons.map((r) => r.code))];

  test('must be there, and what it has not need not', () => {
    const family = /^outbound_http_route_backend_requests_total$/;
    expect(codes(lacking(withOlder(declared, everywhere(V2_14)), family))).toContain('NOT_EQUAL_AT_END');
    expect(codes(lacking(withOlder(declared, everywhere({ ...V2_12, version: '2.195.0' })), family))).toEqual([]);
    expect(codes(withOlder(declared, everywhere({ ...V2_14, version: '2.366.0' })))).toContain('NOT_EQUAL_AT_END');
    expect(codes(withOlder(declared, everywhere({ ...V2_17, srvPort: false, version: '2.294.0' })))).toContain(
      'UNEXPLAINED_SERIES',
    );
  });

  test('goes by what was expected where old proxies do not say what they are', () => {
    const silent = withOlder(declared, everywhere({ ...V2_14, version: '', openIsOk: false }));
    const old = lacking(silent, /^outbound_http_route_backend_requests_total$/);
    expect(codes({ ...old, proxyVersions: ['v2.203.4'] })).toContain('NOT_EQUAL_AT_END');
    expect(codes({ ...old, proxyVersions: ['v2.188.0', 'v2.366.0'] })).toEqual([]);
    expect(codes(old)).toEqual([]);
  });

  test('is all that flows by route can be seen by: without it they are unobservable, and the result says so', () => {
    const { flows, notes } = judge(withOlder(declared, everywhere(V2_14)));
    const routed = flows.filter((f) => f.direction === 'outbound' && f.route !== 'default');
    expect(routed.length).toBeGreaterThan(0);
    for (const f of routed) {
      expect([f.verdict, f.proxy, f.prometheus, f.unobservable]).toEqual(['pass', null, null, f.truth]);
    }
    const { source, destination, route, status, truth } = routed.find((f) => f.truth > 0)!;
    expect(notes).toContain(
      `${truth} requests ${source} -> ${destination}, route ${route}, status ${status || 'none'}, are unobservable: proxies v2.210.4 have no outbound_http_route_request_statuses_total`,
    );
    expect(notes.join('\n')).not.toContain('died with an incarnation');
  });
});
