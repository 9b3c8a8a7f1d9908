import { beforeAll, describe, expect, test } from 'vitest';
import type { RolloutEvent } from '../environment/contract.ts';
import type { ScenarioResult } from '../result/types.ts';
import { parseScenario } from '../scenario/load.ts';
import { type JudgeInput, type Judgement, judge } from '../verdict/judge.ts';
import { type Hunted, hunt } from '../verdict/testing/hunt.ts';
import { runScenario } from './scenario.ts';
import { openLocal, quietContext } from './testing/context.ts';
import { passing } from './testing/expect-passed.ts';
import { missedScrapes } from './testing/missed-scrapes.ts';
import { tempDir } from './testing/tools.ts';

/** Two callees, statuses and a route, while proxies of 2.12 are replaced by such of 2.20. */
const mixed = (seconds: number) => `apiVersion: meshproof/v1
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
  - { executor: constant-arrival-rate, target: web, rate: 20/s, duration: ${seconds}s, maxVUs: 100 }
`;

interface Seen {
  input: JudgeInput;
  result: ScenarioResult;
  hunted: Hunted[];
}

/** Seconds of traffic, the second where the machine is too slow for the first. */
const LONG_ENOUGH = [30, 75];
/** Prometheus may take as long until it scrapes a pod that is new. */
const DISCOVERY_MS = 10_000;

/** With new pods that Prometheus has come to know while traffic ran. */
async function run(): Promise<Seen> {
  for (const seconds of LONG_ENOUGH) {
    const { events, ...seen } = await runFor(seconds);
    if (events.at(-1)!.atMs < seen.input.window.trafficEndMs - DISCOVERY_MS) return seen;
  }
  throw new Error(`a roll-out of four pods took longer than ${LONG_ENOUGH.at(-1)} s: this machine is too slow for it`);
}

async function runFor(seconds: number): Promise<Seen & { events: readonly RolloutEvent[] }> {
  await using dir = await tempDir();
  const scenario = parseScenario(mixed(seconds), 'mixed.yaml');
  scenario.rollout = { toVersion: '2.20', atMs: 1500, restMs: 200 };
  const context = quietContext(dir.path);
  await using session = await openLocal(context);
  let input: JudgeInput | undefined;
  let events: readonly RolloutEvent[] = [];
  const result = await runScenario(scenario, {
    session,
    context,
    onObserved: (observed) => {
      input = observed;
    },
    async linger(env) {
      events = env.rollout!();
    },
  });
  expect(result.error).toBeUndefined();
  return { events, input: input!, result, hunted: hunt(input!, 1, ['request_total', 'response_total']) };
}

/** Those that live, if each is at a pod of which a scrape is missing. */
function doubtful({ input, hunted }: Seen): string[] {
  const alive = hunted.filter((h) => !h.killed);
  const missed = missedScrapes(input);
  const isExcused = ({ victim }: Hunted) => missed.has(`${victim.namespace}/${victim.pod}`);
  return alive.every(isExcused) ? alive.map((h) => `${textOf(h)} lives, of which a scrape is missing`) : [];
}

const textOf = (h: Hunted) => `${h.family}: ${h.mutation} at ${h.victim.pod}`;

describe('a mesh of two versions', () => {
  let input: JudgeInput;
  let judged: Judgement;
  let notes: string[];
  let hunted: Hunted[];

  beforeAll(async () => {
    const seen = await passing(run, ({ result }) => [result], doubtful);
    ({ input, hunted } = seen);
    expect(seen.result.error).toBeUndefined();
    notes = seen.result.notes;
    judged = judge(input);
  }, 600_000);

  test('passes, whichever of the two counted', () => {
    const scrapes = [input.proxy, input.prometheus].flatMap((l) => l.targets.flatMap((t) => t.scrapes));
    // 2.12 does not say its version.
    expect([...new Set(scrapes.filter((s) => s.ok).map((s) => s.version))].sort()).toEqual(['', '2.359.0']);
    expect(judged.reasons.map((r) => r.message)).toEqual([]);
    for (const flow of judged.flows) {
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
    expect(hunted.length).toBeGreaterThan(20);
    expect(hunted.filter((h) => !h.killed).map(textOf)).toEqual([]);
  });
});
