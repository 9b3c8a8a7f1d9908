import { describe, expect, it } from 'vitest';
import { identityName } from '../../../core/topology.ts';
import type { DeclaredPolicies } from '../../../mesh/cluster/destination/policy/objects.ts';
import { NO_POLICIES, POLICY_PATHS } from '../../../mesh/cluster/destination/policy/objects.ts';
import { snapshotOf } from '../../../mesh/cluster/destination/snapshot.ts';
import type { ClusterPod, ClusterService } from '../../../mesh/cluster/objects.ts';
import type { Scenario } from '../../../scenario/model.ts';
import { inboundPolicyOf, outboundPolicyOf } from '../../../scenario/policy.ts';
import { CONTROL_PLANE_NAMESPACE, TRUST_DOMAIN } from '../contract.ts';
import { aPolicedScenario } from '../testing/policies.ts';
import { policyObjects } from './policies.ts';
import { routingObjects } from './routing.ts';
import { workloadObjects } from './workload.ts';

/** What the simulated control plane makes of a scenario's objects, as the API server would hand them out. */
function readBack(scenario: Scenario) {
  const declared: Record<string, unknown[]> = { ...NO_POLICIES };
  for (const object of [...routingObjects(scenario), ...policyObjects(scenario)]) {
    const [key] = Object.entries(POLICY_PATHS).find(([, path]) => path === pathOf(object))!;
    declared[key] = [...declared[key]!, object];
  }
  const objects = scenario.services.flatMap((service) =>
    workloadObjects(scenario, service, { service: 'meshproof/service:1' }, 'linkerd'),
  );
  const services = objects.filter(({ kind }) => kind === 'Service').map(withClusterIp);
  const pods = objects.filter(({ kind }) => kind === 'Deployment').map(podOf);
  const snapshot = snapshotOf({
    ...{ pods, services, declared: declared as unknown as DeclaredPolicies },
    names: { trustDomain: TRUST_DOMAIN, controlPlaneNamespace: CONTROL_PLANE_NAMESPACE },
    replicaSetOwner: () => undefined,
  });
  return {
    outbound: (id: string) => snapshot.services.find(({ namespace, name }) => `${namespace}/${name}` === id)?.policy,
    inbound: (id: string) =>
      snapshot.pods.find(({ namespace, serviceAccount }) => `${namespace}/${serviceAccount}` === id)?.inboundPolicy,
  };
}

const PLURALS: Record<string, string> = {
  HTTPLocalRateLimitPolicy: 'httplocalratelimitpolicies',
  AuthorizationPolicy: 'authorizationpolicies',
};

function pathOf({ apiVersion, kind }: { apiVersion: string; kind: string }): string {
  return `/apis/${apiVersion}/${PLURALS[kind] ?? `${kind.toLowerCase()}s`}`;
}

function withClusterIp(object: unknown): ClusterService {
  const service = object as ClusterService;
  return { ...service, spec: { clusterIP: '10.96.0.7', ...service.spec } };
}

/** A pod of the Deployment, injected. */
function podOf(object: unknown): ClusterPod {
  const { metadata, spec } = object as { metadata: ClusterPod['metadata']; spec: { template: ClusterPod } };
  const { template } = spec;
  const labels = { ...template.metadata.labels, 'linkerd.io/control-plane-ns': CONTROL_PLANE_NAMESPACE };
  const proxy = { name: 'linkerd-proxy', ports: [{ name: 'linkerd-admin', containerPort: 4191 }] };
  return {
    metadata: {
      ...template.metadata,
      namespace: metadata.namespace,
      name: `${metadata.name}-x`,
      uid: metadata.name,
      labels,
    },
    spec: { ...template.spec, initContainers: [proxy] },
    status: { phase: 'Running', podIP: '10.0.0.1' },
  };
}

const scenario = aPolicedScenario();
const NOTHING = outboundPolicyOf({ ...scenario, routing: [] }, { ...scenario.services[0]!, opaque: false });
const identityOf = (id: string) => {
  const [namespace, name] = id.split('/') as [string, string];
  const serviceAccount = scenario.services.find((service) => service.id === id)?.serviceAccount ?? name;
  return identityName(serviceAccount, namespace, CONTROL_PLANE_NAMESPACE, TRUST_DOMAIN);
};

describe('what a scenario declares comes back from the objects that are made of it', () => {
  const back = readBack(scenario);

  it.each(scenario.services.map(({ id }) => id))('routes, retries, timeouts and profile of %s', (id) => {
    const service = scenario.services.find((one) => one.id === id)!;
    const said = outboundPolicyOf(scenario, service);
    // A condition that says nothing is spelt as one that matches everything.
    for (const route of said.profile?.routes ?? []) if (!route.method) route.pathRegex ??= '.*';
    expect(back.outbound(id) ?? NOTHING).toEqual(said);
  });

  it.each(scenario.services.map(({ id }) => id))('Servers, authorizations and limits of %s', (id) => {
    const service = scenario.services.find((one) => one.id === id)!;
    const said = inboundPolicyOf(scenario, service, identityOf);
    const found = back.inbound(`${service.namespace}/${service.serviceAccount}`);
    expect(found ?? { defaultPolicy: 'all-unauthenticated', servers: [] }).toEqual(said);
  });

  it('of a Service and of its pods', () => {
    const change = {
      ...{ opaque: true, defaultPolicy: 'cluster-authenticated' as const },
      retry: { http: [[502, 504]] as [number, number][], grpc: [13], limit: 3, timeoutMs: null },
      timeouts: { requestMs: 100, responseMs: null, idleMs: 50 },
      failureAccrual: { maxFailures: 4, minPenaltyMs: 500, maxPenaltyMs: 2000, jitterRatio: 0 },
    };
    const [web] = scenario.services as [Scenario['services'][number]];
    const changed = { ...scenario, services: [{ ...web, ...change }], routing: [], policies: [] };
    expect(readBack(changed).outbound(web.id)).toEqual(outboundPolicyOf(changed, changed.services[0]!));
    expect(readBack(changed).inbound(`${web.namespace}/${web.serviceAccount}`)).toEqual({
      defaultPolicy: 'cluster-authenticated',
      servers: [],
    });
  });
});
