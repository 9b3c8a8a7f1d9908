import { beforeAll, describe, expect, test } from 'vitest';
import type { ScenarioResult } from '../result/types.ts';
import { parseScenario } from '../scenario/load.ts';
import { type JudgeInput, judge } from '../verdict/judge.ts';
import { type Hunted, hunt } from '../verdict/testing/hunt.ts';
import { runScenario } from './scenario.ts';
import { openLocal, quietContext } from './testing/context.ts';
import { passing } from './testing/expect-passed.ts';
import { missedScrapes } from './testing/missed-scrapes.ts';
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
  - { executor: constant-arrival-rate, target: web, rate: 40/s, duration: 8s, maxVUs: 200 }
expect: { golden: { everyFlow: true } }
`;

interface Seen {
  input: JudgeInput;
  result: ScenarioResult;
  hunted: Hunted[];
}

async function run(): Promise<Seen> {
  await using dir = await tempDir();
  const context = quietContext(dir.path);
  await using session = await openLocal(context);
  let input: JudgeInput | undefined;
  const result = await runScenario(parseScenario(CHAIN, 'wrong-proxy.yaml'), {
    session,
    context,
    onObserved: (observed) => {
      input = observed;
    },
  });
  return { input: input!, result, hunted: hunt(input!, 1, FAMILIES) };
}

/** Where a latency may lie between two buckets, a mutant of buckets can be undecidable; none of a counter can. */
const mustDie = ({ family, mutation }: Hunted) => !family.endsWith('_bucket') || mutation === UPWARDS;
const UPWARDS = 'one in twenty latencies a bucket up';

/** Those that must not live, if each is at a pod of which a scrape is missing. */
function doubtful({ input, hunted }: Seen): string[] {
  const alive = hunted.filter((h) => !h.killed && mustDie(h));
  const missed = missedScrapes(input);
  const isExcused = ({ victim }: Hunted) => missed.has(`${victim.namespace}/${victim.pod}`);
  return alive.every(isExcused) ? alive.map((h) => `${textOf(h)} lives, of which a scrape is missing`) : [];
}

const textOf = (h: Hunted) => `${h.family}: ${h.mutation} at ${h.victim.pod}`;

describe('telemetry mutants of a real run', () => {
  let input: JudgeInput;
  let hunted: Hunted[];

  beforeAll(async () => {
    ({ input, hunted } = await passing(run, ({ result }) => [result], doubtful));
    const killed = hunted.filter((h) => h.killed).length;
    const alive = hunted.filter((h) => !h.killed).map((h) => `${h.family}: ${h.mutation}`);
    process.stdout.write(
      `telemetry mutants of a real run: killed ${killed} of ${hunted.length}; alive: ${alive.join('; ') || 'none'}\n`,
    );
  }, 360_000);

  test('unchanged it passes', () => {
    expect(judge(input)).toMatchObject({ verdict: 'pass', reasons: [] });
  });

  test('no mutant of a counter lives', () => {
    const alive = hunted.filter((h) => !h.killed && !h.family.endsWith('_bucket'));
    expect(alive.map(textOf)).toEqual([]);
    for (const family of FAMILIES) expect(hunted.filter((h) => h.family === family).length).toBeGreaterThan(5);
  });

  test('the mistakes that proxies make are among them, and each is caught', () => {
    for (const name of [
      'one request lost',
      'one status swapped',
      UPWARDS,
      'stops moving',
      'dst_pod of another',
      'counted twice',
    ]) {
      const own = hunted.filter((h) => h.mutation === name);
      expect(own.length, name).toBeGreaterThan(0);
      const killed = own.filter((h) => h.killed);
      expect(killed.length, name).toBeGreaterThan(0);
    }
    const upwards = hunted.find((h) => h.mutation === UPWARDS);
    expect(upwards).toMatchObject({ family: 'response_latency_ms_bucket', killed: true });
  });
});
