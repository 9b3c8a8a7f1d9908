import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadScenarios, parseScenario } from '../scenario/load.ts';
import { beyondRelease, refuseBeyondRelease } from './beyond-release.ts';

const SCENARIO = parseScenario(
  `apiVersion: meshproof/v1
kind: Scenario
metadata: { name: new, description: All that came after 2.12. }
namespace: shop
services:
  - { name: web, retry: { http: [5xx], limit: 1 }, timeouts: { request: 1s }, calls: [{ service: db }] }
  - { name: db, defaultPolicy: audit }
  - { name: rpc, protocol: grpc }
routing:
  - { kind: HTTPRoute, name: old, group: policy.linkerd.io, service: db, rules: [{ matches: [{ path: /a }] }] }
  - { kind: HTTPRoute, name: gw, service: web, rules: [{ matches: [{ path: /b }] }] }
  - { kind: GRPCRoute, name: rpc, service: rpc, rules: [{ matches: [{ service: meshproof.v1.Echo }] }] }
policies:
  - { kind: Server, name: open, service: db, port: app, accessPolicy: all-authenticated }
  - { kind: Server, name: shut, service: web, port: app }
  - { kind: RateLimit, name: limit, server: open, total: 10/s }
traffic:
  - { executor: constant-arrival-rate, target: web, rate: 1/s, duration: 1s }
`,
  'new.yaml',
);

const beyond = (release: string) => beyondRelease(SCENARIO, release).map(({ what, since }) => `2.${since} ${what}`);

describe('what is beyond a release', () => {
  it('is named, with the first that has it', () => {
    expect(beyond('2.12').sort()).toEqual([
      '2.13 HTTPRoute shop/old with a Service as its parent',
      '2.14 HTTPRoute shop/gw with a Service as its parent',
      '2.16 GRPCRoute shop/rpc with a Service as its parent',
      '2.16 accessPolicy of Server shop/open',
      '2.16 default policy audit of shop/db',
      '2.16 retries of shop/web',
      '2.16 timeouts of shop/web',
      '2.17 RateLimit shop/limit',
    ]);
  });

  it.each([
    ['stable-2.13.7', 7],
    ['stable-2.14.10', 6],
    ['version-2.15', 6],
    ['2.16', 1],
    ['2.17', 0],
    ['2.20', 0],
    ['edge-24.1.1', 0],
    ['v2.188.0', 0],
    ['unknown', 0],
  ])('of %s: %i', (release, count) => {
    expect(beyond(release)).toHaveLength(count);
  });

  it('is refused of the real Linkerd, and of no other', () => {
    const mesh = { kind: 'linkerd', version: 'version-2.16', proxyVersion: 'v2.246.0' } as const;
    expect(() => refuseBeyondRelease(SCENARIO, mesh)).toThrow(
      expect.objectContaining({
        code: 'UNSUPPORTED_BY_VERSION',
        message: 'new.yaml: Linkerd version-2.16 does not know RateLimit shop/limit (since 2.17)',
        exitCode: 2,
      }),
    );
    expect(() => refuseBeyondRelease(SCENARIO, { ...mesh, kind: 'simulated' })).not.toThrow();
    expect(() => refuseBeyondRelease(SCENARIO, { ...mesh, version: 'version-2.17' })).not.toThrow();
  });

  it('is nothing of the scenarios that ship, since 2.17', async () => {
    const dir = join(import.meta.dirname, '../../scenarios');
    const files = readdirSync(dir).filter((name) => name.endsWith('.yaml'));
    for (const scenario of await loadScenarios(files.map((name) => join(dir, name)))) {
      expect(beyondRelease(scenario, '2.17'), scenario.name).toEqual([]);
    }
  });
});
