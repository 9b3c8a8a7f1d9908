import { describe, expect, it } from 'vitest';
import type { ClusterPod, ClusterService } from '../objects.ts';
import type { Workload } from '../owner.ts';
import { isMeshed, snapshotOf } from './snapshot.ts';

const NAMES = { trustDomain: 'cluster.local', controlPlaneNamespace: 'linkerd' };
const PROXY = { name: 'linkerd-proxy', ports: [{ name: 'linkerd-admin', containerPort: 4191 }] };

interface PodChange {
  metadata?: Partial<ClusterPod['metadata']>;
  spec?: Partial<ClusterPod['spec']>;
  status?: Partial<NonNullable<ClusterPod['status']>>;
}

function pod(name: string, { metadata, spec, status }: PodChange = {}): ClusterPod {
  return {
    metadata: {
      name,
      namespace: 'shop',
      uid: `uid-${name}`,
      labels: { app: 'cart', 'pod-template-hash': 'abc', 'linkerd.io/control-plane-ns': 'linkerd' },
      ownerReferences: [{ kind: 'ReplicaSet', name: 'cart-abc', controller: true }],
      ...metadata,
    },
    spec: {
      serviceAccountName: 'cart',
      containers: [{ name: 'app', ports: [{ name: 'http', containerPort: 8080 }] }],
      initContainers: [PROXY],
      ...spec,
    },
    status: { phase: 'Running', podIP: '10.0.0.1', conditions: [{ type: 'Ready', status: 'True' }], ...status },
  };
}

function service(name: string, spec: Partial<ClusterService['spec']> = {}): ClusterService {
  return {
    metadata: { name, namespace: 'shop' },
    spec: { clusterIP: '10.96.0.7', selector: { app: 'cart' }, ports: [{ port: 80, targetPort: 8080 }], ...spec },
  };
}

const snapshot = (
  pods: ClusterPod[],
  services: ClusterService[] = [],
  owner: (name: string) => Workload | null | undefined = () => undefined,
) => snapshotOf({ names: NAMES, pods, services, replicaSetOwner: (_namespace, name) => owner(name) });

describe('snapshotOf', () => {
  it('describes a pod and the Service before it', () => {
    expect(snapshot([pod('cart-abc-x')], [service('cart')])).toEqual({
      services: [
        {
          namespace: 'shop',
          name: 'cart',
          clusterIp: '10.96.0.7',
          port: 80,
          targetPort: 8080,
          pods: ['cart-abc-x'],
        },
      ],
      pods: [
        {
          namespace: 'shop',
          name: 'cart-abc-x',
          uid: 'uid-cart-abc-x',
          ip: '10.0.0.1',
          workloadKind: 'Deployment',
          workload: 'cart',
          serviceAccount: 'cart',
          podTemplateHash: 'abc',
          ready: true,
          meshed: true,
        },
      ],
    });
  });

  it('does not depend on the order in which objects came', () => {
    const pods = [pod('b'), pod('a'), pod('B'), pod('c', { metadata: { namespace: 'alpha' } })];
    const services = [service('y'), service('x')];
    const forward = JSON.stringify(snapshot(pods, services));
    expect(JSON.stringify(snapshot(pods.toReversed(), services.toReversed()))).toBe(forward);
  });

  it('looks through ReplicaSets, by what owns them before what their name says', () => {
    const owners = (owner: Workload | null | undefined) => {
      const [entry] = snapshot([pod('x')], [], (name) => (name === 'cart-abc' ? owner : undefined)).pods;
      return `${entry?.workloadKind}/${entry?.workload}`;
    };
    expect(owners({ kind: 'Rollout', name: 'basket' })).toBe('Rollout/basket');
    expect(owners(null)).toBe('ReplicaSet/cart-abc');
    expect(owners(undefined)).toBe('Deployment/cart');
  });

  it.each<[string, PodChange]>([
    ['not ready', { status: { conditions: [{ type: 'Ready', status: 'False' }] } }],
    ['without conditions', { status: { conditions: undefined } }],
    [
      'being deleted, though its condition still says Ready',
      { metadata: { deletionTimestamp: '2026-08-01T10:00:00Z' } },
    ],
  ])('keeps a pod that is %s as one that cannot be reached', (_, change) => {
    const { pods, services } = snapshot([pod('x', change)], [service('cart')]);
    expect(pods).toMatchObject([{ name: 'x', ready: false }]);
    expect(services).toMatchObject([{ pods: ['x'] }]);
  });

  it.each<[string, PodChange]>([
    ['has no address yet', { status: { podIP: undefined } }],
    ['has succeeded', { status: { phase: 'Succeeded' } }],
    ['has failed', { status: { phase: 'Failed' } }],
    ['is on its node’s network behind no Service', { spec: { hostNetwork: true }, metadata: { labels: {} } }],
  ])('leaves out a pod that %s', (_, change) => {
    const { pods, services } = snapshot([pod('x', change)], [service('cart')]);
    expect(pods).toEqual([]);
    expect(services).toMatchObject([{ pods: [] }]);
  });

  it('keeps a pod on its node’s network behind a Service', () => {
    expect(snapshot([pod('x', { spec: { hostNetwork: true } })], [service('cart')]).pods).toHaveLength(1);
  });

  it.each<[string, Partial<ClusterService['spec']>]>([
    ['headless', { clusterIP: 'None' }],
    ['of type ExternalName', { type: 'ExternalName', clusterIP: undefined }],
    ['without a selector', { selector: undefined }],
    ['with an empty selector', { selector: {} }],
  ])('leaves out a Service that is %s', (_, spec) => {
    expect(snapshot([pod('x')], [service('cart', spec)]).services).toEqual([]);
  });

  it('selects by every label, in the Service’s namespace', () => {
    const both = { app: 'cart', tier: 'back' };
    const pods = [
      pod('yes', { metadata: { labels: both } }),
      pod('half', { metadata: { labels: { app: 'cart' } } }),
      pod('elsewhere', { metadata: { labels: both, namespace: 'other' } }),
    ];
    expect(snapshot(pods, [service('cart', { selector: both })]).services).toMatchObject([{ pods: ['yes'] }]);
  });

  it('has an entry for each TCP port, with the target by number, name or default', () => {
    const ports: ClusterService['spec']['ports'] = [
      { port: 80, targetPort: 'http' },
      { port: 81, targetPort: '9000' },
      { port: 82 },
      { port: 83, targetPort: 'nobody-has-it' },
      { port: 53, protocol: 'UDP' },
    ];
    const entries = snapshot([pod('x')], [service('cart', { ports })]).services;
    expect(entries.map(({ port, targetPort }) => [port, targetPort])).toEqual([
      [80, 8080],
      [81, 9000],
      [82, 82],
      [83, 83],
    ]);
  });
});

describe('isMeshed', () => {
  it.each<[string, boolean, PodChange]>([
    ['a native sidecar', true, {}],
    ['an ordinary container', true, { spec: { containers: [PROXY], initContainers: undefined } }],
    ['no such container', false, { spec: { initContainers: [{ ...PROXY, name: 'proxy' }] } }],
    ['no such port', false, { spec: { initContainers: [{ ...PROXY, ports: [] }] } }],
    ['no such label', false, { metadata: { labels: { app: 'cart' } } }],
  ])('%s: %s', (_, expected, change) => {
    expect(isMeshed(pod('x', change))).toBe(expected);
  });
});

describe('policies in a snapshot', () => {
  const denied = { metadata: { annotations: { 'config.linkerd.io/default-inbound-policy': 'deny' } } };
  const policyOf = (made: ClusterPod) => snapshot([made]).pods[0]?.inboundPolicy?.defaultPolicy;

  it('are those of meshed pods', () => {
    expect(policyOf(pod('cart-abc-x', denied))).toBe('deny');
    expect(policyOf(pod('cart-abc-x'))).toBeUndefined();
    expect(policyOf(pod('cart-abc-x', { ...denied, spec: { initContainers: [] } }))).toBeUndefined();
  });

  it('are told to a pod that has no address yet, which others do not hear of', () => {
    const told = snapshot([
      pod('cart-abc-x', { ...denied, status: { podIP: undefined } }),
      pod('b', { status: { podIP: '' } }),
    ]);
    expect(told.pods.map(({ name, ip, inboundPolicy }) => [name, ip, inboundPolicy?.defaultPolicy])).toEqual([
      ['cart-abc-x', '', 'deny'],
    ]);
    expect(snapshot([pod('x', { ...denied, status: { podIP: '', phase: 'Failed' } })]).pods).toEqual([]);
  });

  it('a port that does not pass the proxy is one that all Services of the pod lead to', () => {
    const skipping = { metadata: { annotations: { 'config.linkerd.io/skip-inbound-ports': '8080,9000-9010' } } };
    const one = pod('cart-abc-x', skipping);
    const skipped = (...services: ClusterService[]) => snapshot([one], services).pods[0]?.skippedPort;
    expect(skipped(service('cart'))).toBe(8080);
    expect(skipped(service('cart'), service('more', { ports: [{ port: 80, targetPort: 7000 }] }))).toBeUndefined();
    expect(skipped()).toBeUndefined();
    expect(snapshot([pod('cart-abc-x')], [service('cart')]).pods[0]).not.toHaveProperty('skippedPort');
  });

  it('of Services are told with them', () => {
    const mysql = { ...service('cart'), spec: { ...service('cart').spec, ports: [{ port: 3306 }] } };
    expect(snapshot([pod('cart-abc-x')], [mysql]).services[0]?.policy?.opaque).toBe(true);
    expect(snapshot([pod('cart-abc-x')], [service('cart')]).services[0]).not.toHaveProperty('policy');
  });
});
