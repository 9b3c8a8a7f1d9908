import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { DEFAULT_KIND_OPTIONS, type RolloutEvent } from '../environment/contract.ts';
import { parseJournals } from '../ledger/truth.ts';
import { runScenario } from '../run/scenario.ts';
import { quietContext } from '../run/testing/context.ts';
import { openKind } from '../run/testing/kind.ts';
import { parseScenario } from '../scenario/load.ts';
import { LOAD_WORKLOAD, type Scenario } from '../scenario/model.ts';
import { upgrade } from './index.ts';
import { PACES } from './plan.ts';
import { stretched } from './stretch.ts';

/** The real mesh would be replaced, and the other tests need it. */
const real = process.env.MESHPROOF_TEST_MESH === 'linkerd';
const notRun = real ? ' (not run: the cluster has the real one)' : '';
const dir = await mkdtemp(join(tmpdir(), 'meshproof-upgrade-'));
afterAll(() => rm(dir, { recursive: true, force: true }));

/** As the shipped baseline, with two pods each. */
const CHAIN = `apiVersion: meshproof/v1
kind: Scenario
metadata: { name: chain, description: "The load generator calls web, web calls cart." }
namespace: shop
seed: 1
mesh: { scrapeInterval: 2s }
services:
  - { name: web, replicas: 2, latency: 1ms, calls: [{ service: cart, path: /items }] }
  - name: cart
    replicas: 2
    routes: [{ path: /items, latency: { distribution: lognormal, p50: 4ms, p99: 25ms } }]
traffic:
  - { name: shoppers, executor: constant-arrival-rate, target: web, rate: 50/s, duration: 10s }
expect:
  golden: { everyFlow: true }
`;

/** The steps of each pod, by its name. */
function stepsOf(events: readonly Pick<RolloutEvent, 'what' | 'pod' | 'workload' | 'version'>[]) {
  const pods = Map.groupBy(
    events.filter(({ pod }) => pod !== ''),
    ({ pod }) => pod,
  );
  return [...pods.values()].map(
    (its) => `${its[0]!.workload} ${its[0]!.version}: ${its.map(({ what }) => what).join()}`,
  );
}

describe.skipIf(real)(`an upgrade in a cluster${notRun}`, () => {
  it('under 50 requests a second: every flow judged, no request lost that is not named', async () => {
    const runDir = join(dir, 'upgrade');
    await mkdir(runDir);
    const result = await upgrade({
      scenarios: [parseScenario(CHAIN, 'chain.yaml')],
      linkerd: { from: '2.20', to: 'edge-26.8.3' },
      ...{ prometheus: null, queries: {}, repeat: 1, parallel: 1, environment: 'kind', runDir, tools: {} },
      kind: { ...DEFAULT_KIND_OPTIONS, mesh: 'simulated', reuse: true },
      maxLatencyIncrease: null,
      signal: new AbortController().signal,
      progress: { event: () => {}, runDone: () => {}, note: () => {} },
    });
    expect(result.error).toBeUndefined();
    const [{ runs, lost, rollout }] = result.scenarios as [(typeof result.scenarios)[0]];
    expect(runs.map(({ phase, error }) => [phase, error])).toEqual([
      ['before', undefined],
      ['after', undefined],
      ['during', undefined],
    ]);
    for (const { phase, flows } of runs) {
      expect(flows.length, phase).toBeGreaterThan(0);
      const unjudged = flows.filter(({ verdict }) => verdict !== 'pass');
      expect(unjudged, phase).toEqual([]);
    }
    const during = runs.find(({ phase }) => phase === 'during')!;
    expect(during.requests).toBeGreaterThan(50 * 60);
    // k6 knows what no app answered; of what it only had no time for, the app may be the cause.
    const journal = await readFile(join(runDir, during.dir, 'k6', 'k6.journal'), 'utf8');
    const { made } = parseJournals([journal])[0]!;
    const unanswered = made.filter(({ outcome, pod }) => outcome === 'connection' || (outcome === 'completed' && !pod));
    const named = lost.lost.filter(({ source, outcome }) => source === LOAD_WORKLOAD.id && outcome !== 'timeout');
    expect(named).toHaveLength(unanswered.length);
    if (during.failed > 0) expect(lost.lost).not.toEqual([]);
    expect(result.linkerd).toMatchObject({ fromFound: 'v2.359.0', toFound: 'v2.366.0' });
    expect(rollout[0]).toMatchObject({ what: 'control-plane', version: 'v2.366.0' });
    expect(stepsOf(rollout).sort()).toEqual(
      ['cart', 'web'].flatMap((service) => [
        ...Array.from({ length: 2 }, () => `shop/${service} v2.359.0: pod-leaving,pod-gone`),
        ...Array.from({ length: 2 }, () => `shop/${service} v2.366.0: pod-started,pod-ready`),
      ]),
    );
  }, 900_000);

  it('from sidecars beside the app to native ones: nothing is lost, and the truth of every pod is there', async () => {
    const small = CHAIN.replaceAll('replicas: 2', 'replicas: 1').replace('50/s', '10/s');
    const chain = parseScenario(small, 'chain.yaml');
    const scenario: Scenario = { ...chain, mesh: { ...chain.mesh, version: '2.19' } };
    const context = quietContext(join(dir, 'native'));
    await using session = await openKind({ mesh: 'simulated' }, context);
    const sidecars: string[] = [];
    let events: readonly RolloutEvent[] = [];
    let pods: string[] = [];
    const journals = new Map<string, number | null>();
    const result = await runScenario(stretched(scenario, '2.20', PACES.kind), {
      session,
      context,
      onObserved({ topology, truth }) {
        pods = topology.pods.filter(({ workload }) => workload !== LOAD_WORKLOAD.id).map(({ name }) => name);
        for (const { pod, endMs } of truth) journals.set(pod, endMs);
      },
      async linger(env) {
        events = env.rollout!();
        type Pod = { metadata: { namespace: string }; spec: { initContainers?: { name: string }[] } };
        for (const { metadata, spec } of (await env.evidence.list({
          apiVersion: 'v1',
          kind: 'Pod',
        })) as unknown as Pod[]) {
          if (metadata.namespace !== 'shop') continue;
          sidecars.push(spec.initContainers?.some(({ name }) => name === 'linkerd-proxy') ? 'native' : 'beside');
        }
      },
    });
    expect({ error: result.error, failed: result.traffic.failed }).toEqual({ error: undefined, failed: 0 });
    expect(result.flows.filter(({ verdict }) => verdict !== 'pass')).toEqual([]);
    expect(sidecars).toEqual(['native', 'native']);
    const left = events.filter(({ what }) => what === 'pod-gone').map(({ pod }) => pod);
    expect(left).toHaveLength(2);
    expect(pods).toEqual(expect.arrayContaining(left));
    // Their ends were clean; those that are there have none.
    for (const pod of pods) expect([pod, journals.get(pod) !== null], pod).toEqual([pod, left.includes(pod)]);
  }, 600_000);
});
