import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Topology } from '../../../core/topology.ts';
import { parseScenario } from '../../../scenario/load.ts';
import type { InstalledMesh } from '../contract.ts';
import { Members } from '../members.ts';
import { topologyOf } from '../topology.ts';
import { KindRollout } from './index.ts';
import { RollingCluster } from './testing/cluster.ts';

const SCENARIO = `apiVersion: meshproof/v1
kind: Scenario
metadata: { name: two, description: Two services. }
namespace: shop
services:
  - { name: web, calls: [{ service: cart }] }
  - { name: cart, replicas: 2 }
traffic:
  - { executor: constant-arrival-rate, target: web, rate: 5/s, duration: 10s }
`;
const MESH: InstalledMesh = { kind: 'simulated', version: '2.19', proxyVersion: 'v2.326.0' };
const NEXT: InstalledMesh = { kind: 'simulated', version: '2.20', proxyVersion: 'v2.359.0' };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function setUp() {
  const scenario = parseScenario(SCENARIO, 'two.yaml');
  const cluster = new RollingCluster({ web: 1, cart: 2 });
  const { kube, pods } = cluster;
  const topology: Topology = topologyOf(scenario, { pods, services: [], loadPod: null });
  const members = new Members({ kube, dir: '/nowhere', reader: null, truth: null, note: () => {} });
  for (const pod of topology.pods) members.add(pod, 'node');
  const asked: string[] = [];
  const rollout = new KindRollout(
    scenario,
    { toVersion: '2.20', atMs: 1000, restMs: 500 },
    {
      ...{ kube, mesh: MESH, members, topology, pods },
      upgrade: {
        controlPlane: async (toVersion) => {
          asked.push(`control plane ${toVersion}`);
          return NEXT;
        },
        podAnnotations: (toVersion) => ({ version: toVersion }),
      },
    },
  );
  return { cluster, topology, members, rollout, asked };
}

async function rolledOut({ rollout }: ReturnType<typeof setUp>): Promise<void> {
  rollout.schedule(Date.now());
  const done = rollout.done();
  done.catch(() => {});
  await vi.advanceTimersByTimeAsync(300_000);
  await done;
}

it('replaces the control plane, then the pods, callees first, each with its successor before it goes', async () => {
  const at = setUp();
  await rolledOut(at);
  expect(at.asked).toEqual(['control plane 2.20']);
  const patch = JSON.stringify({ spec: { template: { metadata: { annotations: { version: '2.20' } } } } });
  expect(at.cluster.patches).toEqual([
    `/apis/apps/v1/namespaces/shop/deployments/cart ${patch}`,
    `/apis/apps/v1/namespaces/shop/deployments/web ${patch}`,
  ]);
  const told = at.rollout.events.map(({ what, workload, pod, version }) => `${what} ${pod || workload} ${version}`);
  expect(told).toEqual([
    'control-plane linkerd v2.359.0',
    'pod-started cart-new-1 v2.359.0',
    'pod-ready cart-new-1 v2.359.0',
    'pod-leaving cart-old-0 v2.326.0',
    'pod-started cart-new-2 v2.359.0',
    'pod-gone cart-old-0 v2.326.0',
    'pod-ready cart-new-2 v2.359.0',
    'pod-leaving cart-old-1 v2.326.0',
    'pod-gone cart-old-1 v2.326.0',
    'pod-started web-new-3 v2.359.0',
    'pod-ready web-new-3 v2.359.0',
    'pod-leaving web-old-0 v2.326.0',
    'pod-gone web-old-0 v2.326.0',
  ]);
  const times = at.rollout.events.map(({ atMs }) => atMs);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
});

it('has the pods of both versions in the topology, and knows which have left', async () => {
  const at = setUp();
  await rolledOut(at);
  expect(at.topology.pods.map(({ name, workload, replica }) => `${workload} ${replica} ${name}`)).toEqual([
    'shop/web 0 web-old-0',
    'shop/cart 0 cart-old-0',
    'shop/cart 1 cart-old-1',
    'shop/cart 0 cart-new-1',
    'shop/cart 1 cart-new-2',
    'shop/web 0 web-new-3',
  ]);
  expect(at.members.all.filter(({ gone }) => gone).map(({ pod }) => pod.name)).toEqual([
    'web-old-0',
    'cart-old-0',
    'cart-old-1',
  ]);
});

it('waits for its time, and does nothing before', async () => {
  const { cluster, rollout, asked } = setUp();
  rollout.schedule(Date.now());
  await vi.advanceTimersByTimeAsync(990);
  expect([asked, cluster.patches]).toEqual([[], []]);
  await rollout[Symbol.asyncDispose]();
  await vi.advanceTimersByTimeAsync(5000);
  expect(asked).toEqual([]);
});

it('fails when pods come up without a sidecar', async () => {
  const at = setUp();
  at.cluster.sidecar = null;
  await expect(rolledOut(at)).rejects.toMatchObject({
    code: 'PODS_NOT_INJECTED',
    message: expect.stringContaining('shop/cart-new-1'),
  });
});

it('fails when a successor is never ready, and names what it waited for', async () => {
  const at = setUp();
  at.cluster.stuck = true;
  await expect(rolledOut(at)).rejects.toMatchObject({
    code: 'ROLLOUT_STUCK',
    message: expect.stringMatching(/^the roll-out of shop\/cart: not done after 181 s: shop\/cart: /),
  });
  expect(() => at.rollout.check()).toThrow('the roll-out of shop/cart');
});
