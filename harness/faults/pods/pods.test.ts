import { describe, expect, it } from 'vitest';
import type { PodConfig } from '../../../sim-services/contract.ts';
import type { Topology } from '../../core/topology.ts';
import type { MeshPodConfig } from '../../mesh/contract.ts';
import type { FaultSpec } from '../../scenario/fault.ts';
import { parseScenario } from '../../scenario/load.ts';
import { preparedFor, withFaults } from '../apply.ts';
import type { Draft } from '../draft.ts';
import { localFault } from '../registry.ts';

const scenario = parseScenario(
  `apiVersion: meshproof/v1
kind: Scenario
metadata: { name: s, description: Three services. }
namespace: shop
services:
  - { name: web, calls: [{ service: cart }] }
  - { name: cart, replicas: 2, calls: [{ service: db }] }
  - { name: db }
traffic:
  - { executor: constant-arrival-rate, target: web, rate: 5/s, duration: 10s }
`,
  's.yaml',
);

const IP: Record<string, string> = {
  load: '127.9.9.2',
  web: '127.9.9.3',
  cart: '127.9.9.4',
  cart1: '127.9.9.5',
  db: '127.9.9.6',
};

function meshPod(namespace: string, deployment: string, name = deployment): MeshPodConfig {
  const ip = IP[name]!;
  const at = (port: number) => ({ host: ip, port });
  const app = { address: at(8080), labelPort: 8080, readyPath: '/readyz', livePath: '/healthz' };
  return {
    ...{ namespace, name, uid: name, deployment, serviceAccount: deployment, podTemplateHash: 'x', labels: {}, ip },
    ...{ inbound: at(4143), outbound: at(4140), admin: at(4191), app: name === 'load' ? null : app },
    ...{ component: null, componentPorts: [] },
  };
}

function draft(): Draft {
  const pods = [
    meshPod('meshproof', 'load'),
    ...['web', 'cart', 'db'].map((name) => meshPod('shop', name)),
    meshPod('shop', 'cart', 'cart1'),
  ];
  const topology = {
    pods: pods.map(({ namespace, name, deployment }) => ({
      ...{ namespace, name, workload: `${namespace}/${deployment}`, replica: name === 'cart1' ? 1 : 0 },
    })),
  } as unknown as Topology;
  const app = (pod: MeshPodConfig): PodConfig => ({
    ...{ pod: pod.name, replica: 0, listen: pod.app!.address, admin: { host: pod.ip, port: 9901 } },
    ...{ egress: pod.outbound, journalDir: '/', incarnation: '0' },
  });
  const services = scenario.services.map(({ namespace, name, port }) => ({
    ...{ namespace, name, clusterIp: '10.96.0.1', port, targetPort: 8080 },
    pods: pods.filter((pod) => pod.deployment === name).map((pod) => pod.name),
  }));
  return {
    ...{ scenario, topology, prometheusArgs: [], prometheusAheadMs: 0 },
    mesh: { pods, services } as unknown as Draft['mesh'],
    processes: [{ name: 'services', workloads: [{ pods: pods.filter((pod) => pod.app).map(app) }] as never }],
    loadHosts: { 'web.shop.svc.cluster.local': '127.9.9.2:4140' },
    prometheus: { scrape_configs: [] } as unknown as Draft['prometheus'],
  };
}

function fault(
  type: FaultSpec['type'],
  service: string,
  replica: number | null = null,
  params: object = {},
): FaultSpec {
  return { type, atMs: null, untilMs: null, service, replica, params } as FaultSpec;
}

const pod = (d: Draft, name: string) => d.mesh.pods.find((one) => one.name === name)!;
const app = (d: Draft, name: string) => d.processes[0]!.workloads[0]!.pods.find((one) => one.pod === name)!;
const editsOf = (d: Draft, name: string) => d.mesh.clusterFaults?.pods?.find((one) => one.name === name)?.edits;

const CART = 'cart.shop.svc.cluster.local:80';
const DB = 'db.shop.svc.cluster.local:80';

describe('pods without a proxy', () => {
  it('dial the inbound proxies of what they call, in turn', () => {
    const d = withFaults(draft(), [fault('not-injected', 'shop/web')]);
    expect(app(d, 'web').egressOf![CART]).toEqual([
      { host: IP.cart, port: 4143 },
      { host: IP.cart1, port: 4143 },
    ]);
    expect(pod(d, 'web').faults).toEqual({ absent: true });
    expect(editsOf(d, 'web')).toEqual([{ op: 'without-proxy' }]);
    expect(app(d, 'cart').egressOf).toBeUndefined();
  });

  it.each([[['shop/cart', 'shop/db']], [['shop/db', 'shop/cart']]])(
    'dial each other, in whichever order: %s',
    (order) => {
      const d = withFaults(
        draft(),
        order.map((service) => fault('not-injected', service)),
      );
      expect(app(d, 'cart1').egressOf![DB]).toEqual([{ host: IP.db, port: 8080 }]);
    },
  );

  it('are not asked at their proxies by who goes past his own', () => {
    const d = withFaults(draft(), [
      fault('skip-outbound', 'shop/web', null, { to: 'shop/cart' }),
      fault('not-injected', 'shop/cart', 1),
    ]);
    expect(app(d, 'web').egressOf![CART]).toEqual([
      { host: IP.cart, port: 4143 },
      { host: IP.cart1, port: 8080 },
    ]);
  });

  it('may be the load generator, which then connects to the pods themselves', () => {
    const d = withFaults(draft(), [fault('client-not-meshed', 'meshproof/load')]);
    expect(d.loadHosts['web.shop.svc.cluster.local']).toBe(`${IP.web}:4143`);
    const skipped = withFaults(d, [fault('skip-inbound', 'shop/web')]);
    expect(skipped.loadHosts['web.shop.svc.cluster.local']).toBe(`${IP.web}:8080`);
  });
});

describe('ports', () => {
  it('that are skipped inbound are annotated, and dialled at the app', () => {
    const d = withFaults(draft(), [fault('skip-inbound', 'shop/cart', 0)]);
    expect(pod(d, 'cart').skipsInbound).toBe(true);
    expect(pod(d, 'cart1').skipsInbound).toBeUndefined();
    expect(editsOf(d, 'cart')).toEqual([
      { op: 'annotation', name: 'config.linkerd.io/skip-inbound-ports', value: '8080' },
    ]);
  });

  it('that are skipped outbound are skipped to every destination that has them', () => {
    const d = withFaults(draft(), [fault('skip-outbound', 'shop/cart', null, { to: 'shop/db' })]);
    expect(app(d, 'cart').egressOf).toHaveProperty([DB]);
    expect(app(d, 'cart').egressOf).toHaveProperty([CART]);
    expect(app(d, 'web').egressOf).toBeUndefined();
    expect(editsOf(d, 'cart1')).toEqual([
      { op: 'annotation', name: 'config.linkerd.io/skip-outbound-ports', value: '80' },
    ]);
  });

  it('that are opaque are so for callers and pods', () => {
    const d = withFaults(draft(), [fault('opaque', 'shop/cart')]);
    expect(d.mesh.services.map(({ name, policy }) => [name, policy?.opaque])).toEqual([
      ['web', undefined],
      ['cart', true],
      ['db', undefined],
    ]);
    expect(editsOf(d, 'cart1')).toEqual([{ op: 'annotation', name: 'config.linkerd.io/opaque-ports', value: '8080' }]);
  });

  it('of which nobody says in time what they speak', () => {
    const d = withFaults(draft(), [fault('detection-timeout', 'shop/web', null, { timeoutMs: 100 })]);
    expect(pod(d, 'web').faults).toEqual({ detectTimeoutMs: 100 });
    expect(app(d, 'web').speaksAfterMs).toBeGreaterThan(200);
    expect(app(d, 'cart').speaksAfterMs).toBeUndefined();
  });
});

describe('proxies', () => {
  it('keep what other faults have done to them', () => {
    const d = withFaults(draft(), [
      fault('slow-page', 'shop/cart', null, { delayMs: 300 }),
      fault('page-cut-off', 'shop/cart', 1, { share: 0.5 }),
      fault('renewal-fails', 'shop/cart', 1),
      fault('retain-idle', 'shop/cart', 1, { afterMs: 10 }),
    ]);
    expect(pod(d, 'cart').faults).toEqual({ admin: { delayMs: 300 }, retainIdleMs: undefined });
    expect(pod(d, 'cart1').faults).toEqual({
      ...{ admin: { delayMs: 300, cutAfter: 0.5 }, identity: { renewalFails: 'unusable' }, retainIdleMs: 10 },
    });
  });

  it('restart alone, and come back', async () => {
    const orders: object[] = [];
    const spec = { ...fault('proxy-restart', 'shop/cart', 1), atMs: 0 };
    await localFault(spec).begin!(spec as never, {
      ...{ draft: draft(), signal: new AbortController().signal },
      mesh: async (order) => orders.push(order),
    });
    expect(orders).toEqual([
      { type: 'kill-pod', namespace: 'shop', pod: 'cart1', alone: true },
      { type: 'start-pod', namespace: 'shop', pod: 'cart1' },
    ]);
  });

  it('that come later are not there before, and go again', async () => {
    const spec = { ...fault('short-lived-pod', 'shop/cart', 1, { livesForMs: 1 }), atMs: 0 };
    const d = preparedFor(draft(), [spec]);
    expect(d.mesh.pods.filter((one) => one.startsLater).map(({ name }) => name)).toEqual(['cart1']);
    const orders: object[] = [];
    await localFault(spec).begin!(spec as never, {
      ...{ draft: d, signal: new AbortController().signal },
      mesh: async (order) => orders.push(order),
    });
    expect(orders.map((order) => (order as { type: string }).type)).toEqual(['start-pod', 'delete-pod']);
  });
});
