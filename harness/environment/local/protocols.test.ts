import { describe, expect, it } from 'vitest';
import { parseScenario } from '../../scenario/load.ts';
import type { Scenario, ServiceSpec } from '../../scenario/model.ts';
import { type LocalPlan, planLocal } from './plan.ts';
import { paperSpace } from './testing/space.ts';

const plain = parseScenario(
  `apiVersion: meshproof/v1
kind: Scenario
metadata: { name: three, description: Three services. }
namespace: shop
services:
  - { name: web, calls: [{ service: cart, path: / }, { service: db, path: / }] }
  - { name: cart, replicas: 2 }
  - { name: db, port: 9000 }
traffic:
  - { executor: constant-arrival-rate, target: web, rate: 5/s, duration: 10s }
  - { executor: constant-arrival-rate, target: cart, rate: 5/s, duration: 10s }
`,
  'three.yaml',
);

/** The scenario with some of its services changed. */
function scenario(services: Record<string, Partial<ServiceSpec>>, change: Partial<Scenario> = {}): Scenario {
  return { ...plain, services: plain.services.map((s) => ({ ...s, ...services[s.name] })), ...change };
}

const plan = (of: Scenario, perPod?: boolean): Promise<LocalPlan> =>
  planLocal(of, '/results/three', paperSpace(perPod));

const meshPods = ({ mesh }: LocalPlan, name: string) => mesh.pods.filter((pod) => pod.deployment === name);
const appPods = ({ processes }: LocalPlan, name: string) =>
  processes.flatMap((p) => p.workloads.filter((w) => w.name === name).flatMap((w) => w.pods));
const workload = ({ topology }: LocalPlan, id: string) => topology.workloads.find((w) => w.id === id)!;

const CART = 'cart.shop.svc.cluster.local';
const DB = 'db.shop.svc.cluster.local';

it('plain HTTP has no trace of any of it', async () => {
  const planned = await plan(scenario({}));
  const text = JSON.stringify(planned);
  const fields = ['Policy"', '"policy":{', 'protocol', 'skips', 'egressOf', 'probe"'];
  expect(fields.filter((field) => text.includes(field))).toEqual([]);
  const outbound = meshPods(planned, 'load')[0]!.outbound;
  expect(new Set(Object.values(planned.loadHosts))).toEqual(new Set([`${outbound.host}:${outbound.port}`]));
});

describe('a service that no Host header tells apart', () => {
  it.each([
    ['TCP', { protocol: 'tcp' }],
    ['TCP, its protocol detected', { protocol: 'tcp', opaque: false }],
    ['opaque', { opaque: true }],
    ['opaque by its port', { port: 3306 }],
  ] as [string, Partial<ServiceSpec>][])('has a listener at each of its callers: %s', async (_name, change) => {
    const planned = await plan(scenario({ cart: change }));
    const [web] = meshPods(planned, 'web');
    const port = change.port ?? 80;
    expect(web!.egressOf).toEqual([
      { service: { namespace: 'shop', name: 'cart', port }, address: { host: web!.ip, port: expect.any(Number) } },
    ]);
    const { address } = web!.egressOf![0]!;
    expect([web!.inbound.port, web!.outbound.port, web!.admin.port, web!.app!.address.port]).not.toContain(
      address.port,
    );
    expect(appPods(planned, 'web')[0]!.egressOf).toEqual({ [`${CART}:${port}`]: [address] });
    // k6 calls it too; nobody else does.
    const [load] = meshPods(planned, 'load');
    const own = load!.egressOf![0]!.address;
    expect(own.host).toBe(load!.ip);
    expect(planned.loadHosts[CART]).toBe(`${own.host}:${own.port}`);
    expect(planned.loadHosts[DB]).toBe(`${load!.outbound.host}:${load!.outbound.port}`);
    for (const pod of [...meshPods(planned, 'cart'), ...meshPods(planned, 'db')]) expect(pod.egressOf).toBeUndefined();
  });

  it.each([true, false])('two of them have two (an address for each pod: %s)', async (perPod) => {
    const planned = await plan(scenario({ cart: { protocol: 'tcp' }, db: { opaque: true } }), perPod);
    const addresses = planned.mesh.pods.flatMap((pod) => [
      ...(pod.egressOf ?? []).map((one) => one.address),
      ...[pod.inbound, pod.outbound, pod.admin],
    ]);
    const names = addresses.map(({ host, port }) => `${host}:${port}`);
    expect(new Set(names).size).toBe(names.length);
    expect(meshPods(planned, 'web')[0]!.egressOf!.map(({ service }) => service.name)).toEqual(['cart', 'db']);
  });

  it('that is no longer opaque has none', async () => {
    const planned = await plan(scenario({ cart: { port: 3306, opaque: false } }));
    expect(meshPods(planned, 'web')[0]).not.toHaveProperty('egressOf');
  });
});

describe('skipped ports', () => {
  it('outbound: the caller dials the pods, whose proxies still take it', async () => {
    const planned = await plan(scenario({ web: { skipOutbound: [80] } }));
    const [web] = appPods(planned, 'web');
    expect(web!.egressOf).toEqual({ [`${CART}:80`]: meshPods(planned, 'cart').map((pod) => pod.inbound) });
    expect(meshPods(planned, 'web')[0]).not.toHaveProperty('egressOf');
    expect(workload(planned, 'shop/web').skipsOutbound).toEqual([80]);
    expect(workload(planned, 'shop/cart')).not.toHaveProperty('skipsOutbound');
  });

  it('inbound: the pods say so', async () => {
    const planned = await plan(scenario({ cart: { skipInbound: true } }));
    expect(meshPods(planned, 'cart').map((pod) => pod.skipsInbound)).toEqual([true, true]);
    expect(workload(planned, 'shop/cart').skipsInbound).toBe(true);
    expect(workload(planned, 'shop/web')).not.toHaveProperty('skipsInbound');
  });

  it('both: there is no proxy at all', async () => {
    const planned = await plan(scenario({ web: { skipOutbound: [80] }, cart: { skipInbound: true, opaque: true } }));
    const apps = meshPods(planned, 'cart').map((pod) => pod.app!.address);
    expect(appPods(planned, 'web')[0]!.egressOf).toEqual({ [`${CART}:80`]: apps });
  });
});

describe('protocols', () => {
  it.each(['http2', 'grpc', 'tcp'] as const)(
    '%s: services and topology know it; probes go past the proxy',
    async (protocol) => {
      const planned = await plan(scenario({ cart: { protocol } }));
      expect(workload(planned, 'shop/cart').protocol).toBe(protocol);
      expect(planned.processes[0]!.workloads.map((w) => w.protocol)).toEqual([undefined, protocol, undefined]);
      const probed = meshPods(planned, 'cart').map((pod) => pod.app!.probe);
      expect(probed).toEqual(appPods(planned, 'cart').map((pod) => pod.admin));
      expect(meshPods(planned, 'web')[0]!.app).not.toHaveProperty('probe');
    },
  );

  it('the server that speaks first is told so', async () => {
    const planned = await plan(scenario({ cart: { protocol: 'tcp', serverSpeaksFirst: true } }));
    expect(planned.processes[0]!.workloads.map((w) => w.serverSpeaksFirst)).toEqual([undefined, true, undefined]);
  });
});

describe('policies', () => {
  const routing: Scenario['routing'] = [
    {
      ...{ kind: 'HTTPRoute', group: 'gateway.networking.k8s.io', namespace: 'shop', name: 'items' },
      ...{ service: 'shop/cart', rules: [], retry: null },
      timeouts: { requestMs: 100, responseMs: null, idleMs: null },
    },
  ];
  const policies: Scenario['policies'] = [
    {
      ...{ kind: 'Server', namespace: 'shop', name: 'cart-app', service: 'shop/cart', port: 'app' },
      ...{ protocol: 'HTTP/1', accessPolicy: 'deny' },
    },
    {
      ...{ kind: 'Server', namespace: 'shop', name: 'cart-admin', service: 'shop/cart', port: 'admin' },
      ...{ protocol: 'HTTP/1', accessPolicy: 'deny' },
    },
    {
      ...{
        kind: 'AuthorizationPolicy',
        namespace: 'shop',
        name: 'let-in',
        target: { kind: 'Server', name: 'shop/cart-app' },
      },
      ...{ clients: ['shop/web', 'meshproof/load', 'linkerd-viz/prometheus'], networks: [] },
    },
  ];

  it('outbound: of the Service alone', async () => {
    const planned = await plan(scenario({}, { routing }));
    const ofMesh = planned.mesh.services.map(({ policy }) => policy?.routes.map(({ ref }) => ref.name));
    expect(ofMesh).toEqual([undefined, ['items'], undefined]);
    expect(planned.topology.services[1]!.outboundPolicy).toEqual(planned.mesh.services[1]!.policy);
    expect(planned.topology.services[0]).not.toHaveProperty('outboundPolicy');
  });

  it('inbound: of each pod, with the identities of all that are named', async () => {
    const planned = await plan(scenario({}, { policies }));
    const [one, two] = meshPods(planned, 'cart');
    expect(one!.inboundPolicy!.servers.map(({ ref, port }) => [ref.name, port])).toEqual([
      ['cart-app', one!.app!.labelPort],
      ['cart-admin', 4191],
    ]);
    expect(two!.inboundPolicy).toEqual(one!.inboundPolicy);
    expect(workload(planned, 'shop/cart').inboundPolicy).toEqual(one!.inboundPolicy);
    expect(one!.inboundPolicy!.servers[0]!.authorizations[0]!.identities).toEqual([
      workload(planned, 'shop/web').identity,
      workload(planned, 'meshproof/load').identity,
      'prometheus.linkerd-viz.serviceaccount.identity.linkerd.cluster.local',
    ]);
    expect(meshPods(planned, 'web')[0]).not.toHaveProperty('inboundPolicy');
  });

  it('inbound: by default alone', async () => {
    const planned = await plan(scenario({ cart: { defaultPolicy: 'deny' } }));
    expect(workload(planned, 'shop/cart').inboundPolicy).toEqual({ defaultPolicy: 'deny', servers: [] });
  });

  it('inbound: of the ports that pods have where they share an address', async () => {
    const planned = await plan(scenario({}, { policies }), false);
    for (const pod of meshPods(planned, 'cart')) {
      expect(pod.inboundPolicy!.servers.map(({ port }) => port)).toEqual([pod.app!.labelPort, pod.admin.port]);
    }
  });
});

describe('a meshed Prometheus', () => {
  it('is a pod with a sidecar, and none of the topology', async () => {
    const planned = await plan(scenario({}, { mesh: { ...plain.mesh, prometheus: 'meshed' } }));
    const [pod] = meshPods(planned, 'prometheus');
    expect(pod).toBe(planned.prometheusPod);
    expect(pod).toMatchObject({ namespace: 'linkerd-viz', serviceAccount: 'prometheus', app: null, component: null });
    expect(pod!.labels).toEqual({ component: 'prometheus', 'linkerd.io/extension': 'viz' });
    expect(planned.topology.pods.map((one) => one.name)).not.toContain(pod!.name);
    expect(planned.topology.workloads.map((one) => one.id)).not.toContain('linkerd-viz/prometheus');
  });

  it('is no pod when it stands outside', async () => {
    const planned = await plan(scenario({}, { mesh: { ...plain.mesh, prometheus: 'unmeshed' } }));
    expect([planned.prometheusPod, meshPods(planned, 'prometheus')]).toEqual([null, []]);
  });
});
