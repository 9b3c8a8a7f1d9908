import { describe, expect, it } from 'vitest';
import { parseScenario } from '../../scenario/load.ts';
import type { Scenario } from '../../scenario/model.ts';
import { seedOf } from './names.ts';
import { type LocalPlan, planLocal } from './plan.ts';
import { paperSpace } from './testing/space.ts';

const scenario = (change: Partial<Scenario> = {}): Scenario => ({
  ...parseScenario(
    `apiVersion: meshproof/v1
kind: Scenario
metadata: { name: two, description: Two services. }
namespace: shop
seed: 7
mesh: { scrapeInterval: 1s }
services:
  - { name: web, calls: [{ service: cart, path: /items }] }
  - { name: cart, replicas: 3, routes: [{ path: /items }] }
traffic:
  - { executor: constant-arrival-rate, target: web, rate: 5/s, duration: 10s }
timeline:
  - { at: 1s, for: 1s, service: cart, errors: [{ status: 500, rate: 30% }] }
`,
    'two.yaml',
  ),
  ...change,
});

const plan = (change?: Partial<Scenario>, perPod?: boolean): Promise<LocalPlan> =>
  planLocal(scenario(change), '/results/two', paperSpace(perPod));

const podNames = ({ topology }: LocalPlan) => topology.pods.map((pod) => pod.name);

describe('the names of pods', () => {
  it('look as Kubernetes makes them, each once', async () => {
    const names = podNames(await plan());
    expect(names).toHaveLength(5);
    expect(new Set(names).size).toBe(5);
    for (const name of names) expect(name).toMatch(/^(load|web|cart)-[0-9a-f]{10}-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  });

  it('are the same for the same scenario and seed, others for another seed', async () => {
    const [one, again, other] = [await plan(), await plan(), await plan({ seed: 8 })];
    expect(podNames(again)).toEqual(podNames(one));
    for (const name of podNames(other)) expect(podNames(one)).not.toContain(name);
    // What names the template does not change with the seed.
    expect(podNames(other).map((name) => name.slice(0, -6))).toEqual(podNames(one).map((name) => name.slice(0, -6)));
  });

  it('lead from the mesh, the topology and the services to one another', async () => {
    const { mesh, topology, processes } = await plan();
    const hosted = processes.flatMap((p) => p.workloads.flatMap((w) => w.pods));
    for (const pod of topology.pods) {
      const sidecar = mesh.pods.find((p) => p.name === pod.name)!;
      expect(sidecar).toMatchObject({ ip: pod.ip, namespace: pod.namespace });
      expect(`${sidecar.admin.host}:${sidecar.admin.port}`).toBe(pod.instance);
      const app = hosted.find((p) => p.pod === pod.name);
      expect(app?.listen).toEqual(sidecar.app?.address);
      expect(app?.egress).toEqual(app && sidecar.outbound);
    }
    const cart = mesh.services.find((s) => s.name === 'cart')!;
    expect(cart.pods).toEqual(topology.pods.filter((p) => p.workload === 'shop/cart').map((p) => p.name));
  });
});

describe('processes', () => {
  const replicas = ({ processes }: LocalPlan) =>
    processes.map(({ name, workloads }) => [name, workloads.map((w) => [w.name, w.pods.map((p) => p.replica)])]);

  it('are one for all pods', async () => {
    expect(replicas(await plan())).toEqual([
      [
        'services',
        [
          ['web', [0]],
          ['cart', [0, 1, 2]],
        ],
      ],
    ]);
  });

  it('are of one pod where it is restarted', async () => {
    const restart = { atMs: 1000, service: 'shop/cart', replica: 1, downMs: 500 };
    const twice = [restart, { ...restart, atMs: 5000 }];
    expect(replicas(await plan({ restarts: twice }))).toEqual([
      [
        'services',
        [
          ['web', [0]],
          ['cart', [0, 2]],
        ],
      ],
      ['shop/cart#1', [['cart', [1]]]],
    ]);
    const all = [0, 1, 2].map((replica) => ({ ...restart, replica }));
    expect(replicas(await plan({ restarts: [...all, { ...restart, service: 'shop/web', replica: 0 }] }))).toEqual([
      ['shop/web#0', [['web', [0]]]],
      ['shop/cart#0', [['cart', [0]]]],
      ['shop/cart#1', [['cart', [1]]]],
      ['shop/cart#2', [['cart', [2]]]],
    ]);
  });

  it('behave by the seed of their workload, wherever a pod runs', async () => {
    const restarts = [{ atMs: 1000, service: 'shop/cart', replica: 1, downMs: 500 }];
    const seeds = (await plan({ restarts })).processes.flatMap((p) => p.workloads.map((w) => w.seed));
    expect(seeds).toEqual([seedOf(7, 'shop/web'), seedOf(7, 'shop/cart'), seedOf(7, 'shop/cart')]);
    expect(seeds[0]).not.toBe(seeds[1]);
    expect(seedOf(8, 'shop/web')).not.toBe(seeds[0]);
  });

  it('have the timeline of their own service alone', async () => {
    const timelines = (await plan()).processes.flatMap((p) => p.workloads.map((w) => w.timeline));
    expect(timelines[0]).toEqual([]);
    expect(timelines[1]).toMatchObject([{ atMs: 1000, untilMs: 2000 }]);
  });
});

describe('connections of one service', () => {
  const fault = (type: string, service: string) => [
    { type, atMs: null, untilMs: null, service, replica: null, params: {} } as never,
  ];
  const listened = ({ mesh }: LocalPlan) =>
    mesh.pods.flatMap((pod) => (pod.egressOf ?? []).map(({ service }) => `${pod.deployment} -> ${service.name}`));

  it.each([
    ['none', undefined, []],
    ['an opaque port', fault('opaque', 'shop/cart'), ['web -> cart']],
    ['an opaque port that is called by the load generator', fault('opaque', 'shop/web'), ['load -> web']],
    ['a late caller', fault('detection-timeout', 'shop/web'), ['web -> cart']],
    ['another', fault('skip-inbound', 'shop/cart'), []],
  ])(
    'come at an address of their own where a fault needs to know their destination: %s',
    async (_what, faults, told) => {
      expect(listened(await plan({ ...(faults && { faults }) }))).toEqual(told);
    },
  );
});

describe('addresses', () => {
  const listeners = ({ mesh, prometheus, processes }: LocalPlan) => [
    mesh.kubernetesApi,
    prometheus,
    ...mesh.pods.flatMap((p) => [p.inbound, p.outbound, p.admin, ...(p.app ? [p.app.address] : [])]),
    ...mesh.pods.flatMap((p) => p.componentPorts.map((c) => c.address)),
    ...processes.flatMap((p) => p.workloads.flatMap((w) => w.pods.map((pod) => pod.admin))),
  ];

  it.each([true, false])('are each used once (an address for each pod: %s)', async (perPod) => {
    const all = listeners(await plan({}, perPod)).map(({ host, port }) => `${host}:${port}`);
    expect(new Set(all).size).toBe(all.length);
  });

  it('have Linkerd’s ports where each pod has one', async () => {
    const { mesh } = await plan();
    const web = mesh.pods.find((p) => p.deployment === 'web')!;
    expect([web.inbound.port, web.outbound.port, web.admin.port]).toEqual([4143, 4140, 4191]);
  });
});
