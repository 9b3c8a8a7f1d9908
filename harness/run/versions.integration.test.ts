import { beforeAll, describe, expect, test } from 'vitest';
import { parseScenario } from '../scenario/load.ts';
import { type JudgeInput, type Judgement, judge } from '../verdict/judge.ts';
import { hunt } from '../verdict/testing/hunt.ts';
import { runScenario } from './scenario.ts';
import { openLocal, quietContext } from './testing/context.ts';
import { tempDir } from './testing/tools.ts';

/** Two callees, statuses and a route, while proxies of 2.12 are replaced by such of 2.20. */
const MIXED = `apiVersion: meshproof/v1
kind: Scenario
metadata: { name: mixed, description: Two versions of the proxy in one mesh. }
namespace: shop
seed: 5
mesh: { version: "2.12", scrapeInterval: 1s }
services:
  - name: web
    latency: 5ms
    routes: [{ path: /, calls: [{ service: cart }, { service: pay, onFailure: ignore }] }]
  - { name: cart, replicas: 2, latency: 8ms, errors: [{ status: 404, rate: 20% }] }
  - { name: pay, latency: 12ms, errors: [{ status: 503, rate: 30% }] }
routing:
  - { kind: HTTPRoute, name: payments, service: pay, rules: [{ matches: [{ prefix: / }] }] }
traffic:
  - { executor: constant-arrival-rate, target: web, rate: 20/s, duration: 12s }
`;

describe('a mesh of two versions', () => {
  let input: JudgeInput;
  let judged: Judgement;
  let notes: string[];

  beforeAll(async () => {
    await using dir = await tempDir();
    const scenario = parseScenario(MIXED, 'mixed.yaml');
    scenario.rollout = { toVersion: '2.20', atMs: 1500, restMs: 200 };
    const context = quietContext(dir.path);
    await using session = await openLocal(context);
    const result = await runScenario(scenario, {
      session,
      context,
      onObserved: (observed) => {
        input = observed;
      },
    });
    expect(result.error).toBeUndefined();
    notes = result.notes;
    judged = judge(input);
  }, 180_000);

  test('passes, whichever of the two counted', () => {
    const scrapes = [input.proxy, input.prometheus].flatMap((l) => l.targets.flatMap((t) => t.scrapes));
    // 2.12 does not say its version.
    expect([...new Set(scrapes.filter((s) => s.ok).map((s) => s.version))].sort()).toEqual(['', '2.359.0']);
    expect(judged.reasons.filter((r) => r.verdict === 'fail').map((r) => r.message)).toEqual([]);
    // On a slow machine a scrape may be missing; what it would have shown is then unknown.
    for (const flow of judged.flows.filter((f) => f.verdict === 'pass')) {
      expect((flow.prometheus ?? 0) + flow.unobservable, JSON.stringify(flow)).toBe(flow.truth);
    }
  });

  test('has flows by route that the older of the two does not show, and says so', () => {
    const routed = judged.flows.filter((f) => f.route === 'payments');
    expect(routed.length).toBeGreaterThan(1);
    expect(routed.some((f) => f.unobservable > 0)).toBe(true);
    const said = notes.join('\n');
    expect(said).toMatch(/are unobservable: proxies v2\.188\.0 have no outbound_http_route_request_statuses_total/);
    expect(said).toContain(
      'Linkerd 2.12 does not know HTTPRoute shop/payments with a Service as its parent (since 2.14)',
    );
  });

  test('hides no wrong proxy', () => {
    const hunted = hunt(input, 1, ['request_total', 'response_total']);
    expect(hunted.length).toBeGreaterThan(20);
    expect(hunted.filter((h) => !h.killed).map((h) => `${h.family}: ${h.mutation} at ${h.victim.pod}`)).toEqual([]);
  });
});
