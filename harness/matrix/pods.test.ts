import { expect, it } from 'vitest';
import type { KubernetesObject } from '../core/kubernetes-object.ts';
import type { Topology } from '../core/topology.ts';
import { podsOf, rosterOf } from './pods.ts';
import { smallScenario, withFault } from './testing/samples.ts';
import type { ExpectedPods } from './types.ts';

const pod = (namespace: string, name: string, workload: string, replica = 0) => ({
  ...{ namespace, name, workload, replica },
  ...{ ip: '10.0.0.1', appPort: 8080, instance: '10.0.0.1:4191' },
});
const topology: Topology = {
  trustDomain: 'cluster.local',
  controlPlaneNamespace: 'linkerd',
  workloads: [],
  services: [],
  pods: [
    pod('shop', 'web-a', 'shop/web'),
    pod('shop', 'cart-b', 'shop/cart', 1),
    pod('shop', 'cart-a', 'shop/cart', 0),
    pod('meshproof', 'load-a', 'meshproof/load'),
  ],
};
const listed = (
  namespace: string,
  name: string,
  labels: Record<string, string>,
  container: string,
  phase = 'Running',
) =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name, labels },
    spec: { containers: [{ name: 'app' }], initContainers: [{ name: container }] },
    status: { phase },
  }) as unknown as KubernetesObject;
const pods = [
  listed('shop', 'web-a', {}, 'linkerd-proxy'),
  listed('linkerd', 'identity-a', { 'linkerd.io/control-plane-component': 'identity' }, 'linkerd-proxy'),
  listed('linkerd-viz', 'prometheus-a', {}, 'linkerd-proxy'),
  listed('shop', 'stranger', {}, 'istio-proxy'),
  listed('shop', 'job-1', {}, 'linkerd-proxy', 'Succeeded'),
];

it.each<[ExpectedPods, string[]]>([
  [{ of: 'services', pods: [{ service: 'shop/cart', replica: 1 }] }, ['shop/cart-b']],
  [{ of: 'services', pods: [{ service: 'shop/cart', replica: null }] }, ['shop/cart-a', 'shop/cart-b']],
  [
    {
      of: 'services',
      pods: [
        { service: 'meshproof/load', replica: null },
        { service: 'shop/cart', replica: 0 },
      ],
    },
    ['meshproof/load-a', 'shop/cart-a'],
  ],
  [
    { of: 'namespaces', namespaces: ['shop', 'linkerd'] },
    ['linkerd/identity-a', 'shop/cart-a', 'shop/cart-b', 'shop/web-a'],
  ],
  [
    { of: 'every proxy' },
    ['linkerd-viz/prometheus-a', 'linkerd/identity-a', 'meshproof/load-a', 'shop/cart-a', 'shop/cart-b', 'shop/web-a'],
  ],
  [{ of: 'control plane' }, ['linkerd/identity-a']],
  [{ of: 'none' }, []],
])('%o', (expected, ids) => {
  expect(podsOf(expected, rosterOf(smallScenario(), topology, pods))).toEqual(ids);
});

it('every proxy is not of a pod that another fault leaves without one', () => {
  const fault = {
    type: 'not-injected',
    service: 'shop/cart',
    replica: 0,
    atMs: null,
    untilMs: null,
    params: {},
  } as const;
  const roster = rosterOf(withFault(smallScenario(), fault), topology, pods);
  expect(podsOf({ of: 'every proxy' }, roster)).not.toContain('shop/cart-a');
  expect(podsOf({ of: 'every proxy' }, roster)).toContain('shop/cart-b');
  const pod = { service: 'shop/cart', replica: 0 };
  expect(podsOf({ of: 'services', pods: [pod] }, roster)).toEqual(['shop/cart-a']);
});
