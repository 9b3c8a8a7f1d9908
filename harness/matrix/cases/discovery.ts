import { LOAD_WORKLOAD, type Scenario } from '../../scenario/model.ts';
import type { FaultCase } from '../types.ts';
import { drawReplica, fault, faultCase, ofControlPlane, ofEveryProxy, ofPods } from './draw.ts';

const CONTROL_PLANE = 'linkerd';

/** Prometheus does not find a target. */
export const DISCOVERY_CASES: readonly FaultCase[] = [
  faultCase(
    'rbac-denied',
    'rbac-denied',
    ofEveryProxy('rbac-denied', () => ({})),
    { inCluster: true },
  ),

  // Rights in namespaces, and a job that asks everywhere: it gets nothing at all.
  faultCase(
    'rbac-some-namespaces',
    'rbac-some-namespaces',
    ofEveryProxy('rbac-namespaces', (random, scenario) => ({
      namespaces: random.some([...namespacesOf(scenario), 'linkerd-viz']),
    })),
  ),

  // A job that asks namespace by namespace, and lacks the right in some.
  faultCase('rbac-listed-namespaces', 'rbac-some-namespaces', (scenario, random) => {
    const asked = namespacesOf(scenario);
    const lost = random.pick(asked);
    const namespaces = random.some(asked.filter((name) => name !== lost));
    const denied = asked.filter((name) => !namespaces.includes(name));
    return {
      faults: [fault('rbac-namespaces', { namespaces, asked })],
      pods: { of: 'namespaces', namespaces: denied },
    };
  }),

  faultCase(
    'token-expired',
    'token-expired',
    ofEveryProxy('token-expired', () => ({})),
  ),

  faultCase(
    'api-ca-untrusted',
    'api-ca-untrusted',
    ofEveryProxy('api-ca-untrusted', () => ({})),
  ),

  // Of a pod that serves; one that only calls is a cause of its own.
  faultCase(
    'pod-not-injected',
    'pod-not-injected',
    (scenario, random) => {
      const service = random.pick(scenario.services);
      const pods = { service: service.id, replica: drawReplica(service.replicas, random) };
      return { faults: [fault('not-injected', {}, pods)], pods: { of: 'services', pods: [pods] } };
    },
    { inCluster: true },
  ),

  faultCase(
    'annotation-scrape-config',
    'annotation-scrape-config',
    ofEveryProxy('scrape-by-annotation', (random) => ({
      annotation: random.pick(['prometheus.io/scrape', 'scrape', `${random.word()}.example.com/metrics`]),
    })),
  ),

  faultCase(
    'admin-port-renamed',
    'admin-port-renamed',
    ofPods('admin-port-renamed', (random) => ({
      name: random.pick(['metrics', 'admin-http', random.word(), `${random.word()}-admin`]),
    })),
    { inCluster: true },
  ),

  faultCase(
    'control-plane-keep',
    'control-plane-ports-renamed',
    ofControlPlane('control-plane-keep', (random) => ({
      regex: random.pick(['admin-http', 'admin', `(${random.word()}|admin-http)`, `${random.word()}-.*`]),
    })),
  ),

  faultCase(
    'control-plane-ports-renamed',
    'control-plane-ports-renamed',
    ofControlPlane('control-plane-ports-renamed', (random) => ({
      suffix: random.pick(['-http', '-mon', `-${random.word().slice(0, 5)}`]),
    })),
  ),

  faultCase(
    'container-renamed',
    'container-renamed',
    ofPods('container-renamed', (random) => ({
      name: random.pick(['proxy', 'l5d', `${random.word()}-proxy`, random.word()]),
    })),
  ),

  faultCase(
    'control-plane-label-missing',
    'control-plane-label-wrong',
    ofPods('control-plane-label', () => ({ value: '' })),
  ),

  faultCase(
    'control-plane-label-wrong',
    'control-plane-label-wrong',
    ofPods('control-plane-label', (random) => ({
      value: random.pick(['l5d', `linkerd-${random.word()}`, random.word()]),
    })),
  ),

  faultCase(
    'keep-rule-keeps-nothing',
    'keep-rule-keeps-nothing',
    ofEveryProxy('keep-rule', (random) => ({
      namespace: random.pick(['', 'l5d', `linkerd-${random.word()}`, random.word()]),
    })),
  ),

  faultCase(
    'pod-label-overwrites-target-label',
    'pod-label-overwrites-target-label',
    ofPods('pod-label', (random) => ({
      label: random.pick(['namespace', 'pod', 'job', 'deployment', 'instance']),
      value: random.word(),
    })),
  ),

  faultCase(
    'sidecars-filtered-init',
    'native-sidecars-filtered-out',
    ofEveryProxy('sidecars-filtered', () => ({ by: 'init' })),
  ),

  // Those of the control plane run.
  faultCase('sidecars-filtered-phase', 'native-sidecars-filtered-out', (scenario) => ({
    faults: [fault('sidecars-filtered', { by: 'phase' })],
    pods: { of: 'namespaces', namespaces: namespacesOf(scenario).filter((name) => name !== CONTROL_PLANE) },
  })),
];

/** Namespaces that have proxies. */
function namespacesOf({ services }: Scenario): string[] {
  return [...new Set([...services.map(({ namespace }) => namespace), LOAD_WORKLOAD.namespace, CONTROL_PLANE])].sort();
}
