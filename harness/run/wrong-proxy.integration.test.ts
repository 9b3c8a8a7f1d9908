import { beforeAll, describe, expect, test } from 'vitest';
import { parseScenario } from '../scenario/load.ts';
import { type JudgeInput, judge } from '../verdict/judge.ts';
import { type Hunted, hunt } from '../verdict/testing/hunt.ts';
import { runScenario } from './scenario.ts';
import { openLocal, quietContext } from './testing/context.ts';
import { tempDir } from './testing/tools.ts';

/**
 * A deliberately wrong proxy is caught: the ledgers of a real run, with real Prometheus and k6, are changed as a proxy that
 * counts wrongly would have left them.
 */
const FAMILIES = [
  'request_total',
  'response_total',
  'response_latency_ms_bucket',
  'response_latency_ms_count',
  'outbound_http_route_backend_response_statuses_total',
];

/**
 * Latencies in the middle of wide buckets, hop by hop (130, 250, 350 ms): what lies between the clocks of callee and caller
 * does not cross an edge, so that a latency counted one bucket up can't hide there.
 */
const CHAIN = `apiVersion: meshproof/v1
kind: Scenario
metadata: { name: wrong-proxy, description: A chain whose latencies keep away from bucket edges. }
namespace: shop
seed: 3
mesh: { scrapeInterval: 1s }
services:
  - name: web
    latency: 100ms
    routes: [{ path: /, calls: [{ service: cart }] }]
  - name: cart
    replicas: 2
    latency: 120ms
    routes: [{ path: /, calls: [{ service: db }] }]
  - name: db
    latency: 130ms
    errors: [{ status: 503, rate: 10% }]
traffic:
  - { executor: constant-arrival-rate, target: web, rate: 40/s, duration: 8s }
expect: { golden: { everyFlow: true } }
`;

describe('telemetry mutants of a real run', () => {
  let input: JudgeInput;
  let hunted: Hunted[];

  beforeAll(async () => {
    await using dir = await tempDir();
    const scenario = parseScenario(CHAIN, 'wrong-proxy.yaml');
    const context = quietContext(dir.path);
    await using session = await openLocal(context);
    await runScenario(scenario, {
      session,
      context,
      onObserved: (observed) => {
        input = observed;
      },
    });
    hunted = hunt(input, 1, FAMILIES);
    const killed = hunted.filter((h) => h.killed).length;
    const alive = hunted.filter((h) => !h.killed).map((h) => `${h.family}: ${h.mutation}`);
    process.stdout.write(
      `telemetry mutants of a real run: killed ${killed} of ${hunted.length}; alive: ${alive.join('; ') || 'none'}\n`,
    );
  }, 180_000);

  test('unchanged it passes', () => {
    expect(judge(input)).toMatchObject({ verdict: 'pass', reasons: [] });
  });

  test('no mutant of a counter lives', () => {
    const alive = hunted.filter((h) => !h.killed && !h.family.endsWith('_bucket'));
    expect(alive.map((h) => `${h.family}: ${h.mutation} at ${h.victim.pod}`)).toEqual([]);
    for (const family of FAMILIES) expect(hunted.filter((h) => h.family === family).length).toBeGreaterThan(5);
  });

  test('the mistakes that proxies make are among them, and each is caught', () => {
    for (const name of [
      'one request lost',
      'one status swapped',
      'one in twenty latencies a bucket up',
      'stops moving',
      'dst_pod of another',
      'counted twice',
    ]) {
      const own = hunted.filter((h) => h.mutation === name);
      expect(own.length, name).toBeGreaterThan(0);
      const killed = own.filter((h) => h.killed);
      expect(killed.length, name).toBeGreaterThan(0);
    }
    const upwards = hunted.find((h) => h.mutation === 'one in twenty latencies a bucket up');
    expect(upwards).toMatchObject({ family: 'response_latency_ms_bucket', killed: true });
  });
});
