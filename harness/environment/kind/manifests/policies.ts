import { HarnessError } from '../../../core/errors.ts';
import type { PolicySpec, Scenario } from '../../../scenario/model.ts';
import type { KubernetesObject } from '../../kubernetes/contract.ts';
import { loadService, prometheusService } from '../../mesh-fields.ts';
import { httpMatch } from './routing.ts';
import { podLabels } from './workload.ts';

type Spec<K extends PolicySpec['kind']> = Extract<PolicySpec, { kind: K }>;

const GROUP = 'policy.linkerd.io';
/** Name of the proxy's admin port in every pod that has one. */
const ADMIN_PORT_NAME = 'linkerd-admin';

/** What a scenario lets in, as a user would write it down. An authorization's clients are objects of its own name. */
export function policyObjects(scenario: Scenario): KubernetesObject[] {
  return (scenario.policies ?? []).flatMap((spec) => objectsOf(spec, scenario));
}

function objectsOf(spec: PolicySpec, scenario: Scenario): KubernetesObject[] {
  if (spec.kind === 'Server') return [server(spec, scenario)];
  if (spec.kind === 'HTTPRoute') return [httpRoute(spec)];
  if (spec.kind === 'RateLimit') return [rateLimit(spec)];
  return authorization(spec, scenario);
}

function object(version: string, kind: string, of: { namespace: string; name: string }, spec: object) {
  const { name, namespace } = of;
  return { apiVersion: `${GROUP}/${version}`, kind, metadata: { name, namespace }, spec };
}

function server(spec: Spec<'Server'>, scenario: Scenario): KubernetesObject {
  const service = scenario.services.find(({ id }) => id === spec.service);
  return object('v1beta3', 'Server', spec, {
    podSelector: service ? { matchLabels: podLabels(service) } : {},
    port: spec.port === 'admin' ? ADMIN_PORT_NAME : (service?.appPort ?? commonPort(spec, scenario)),
    proxyProtocol: spec.protocol,
    accessPolicy: spec.accessPolicy,
  });
}

/** @throws HarnessError POLICY_NOT_POSSIBLE: a Server has one port */
function commonPort({ namespace, name }: Spec<'Server'>, scenario: Scenario): number | undefined {
  const ports = new Set(scenario.services.filter((s) => s.namespace === namespace).map((s) => s.appPort));
  if (ports.size > 1) {
    throw new HarnessError(
      'POLICY_NOT_POSSIBLE',
      `Server ${namespace}/${name} selects all pods of its namespace, and their apps listen on ${[...ports].join(', ')}`,
      { hint: 'give its services the same appPort, or declare a Server for each service' },
    );
  }
  return [...ports][0];
}

function httpRoute(spec: Spec<'HTTPRoute'>): KubernetesObject {
  return object('v1beta3', 'HTTPRoute', spec, {
    parentRefs: [{ group: GROUP, kind: 'Server', name: nameIn(spec.server) }],
    rules: [spec.matches.length > 0 ? { matches: spec.matches.map(httpMatch) } : {}],
  });
}

function authorization(spec: Spec<'AuthorizationPolicy'>, scenario: Scenario): KubernetesObject[] {
  const { target, clients, networks, name } = spec;
  const tls = clients && object('v1alpha1', 'MeshTLSAuthentication', spec, identities(clients, scenario));
  const network =
    networks.length > 0
      ? object('v1alpha1', 'NetworkAuthentication', spec, { networks: networks.map((cidr) => ({ cidr })) })
      : null;
  const required = [tls, network].filter((one) => one !== null);
  const targetRef =
    target.kind === 'Namespace'
      ? { kind: 'Namespace', name: target.name }
      : { group: GROUP, kind: target.kind, name: nameIn(target.name) };
  return [
    ...required,
    object('v1alpha1', 'AuthorizationPolicy', spec, {
      targetRef,
      requiredAuthenticationRefs: required.map(({ kind }) => ({ group: GROUP, kind, name })),
    }),
  ];
}

function identities(clients: readonly string[], scenario: Scenario): object {
  if (clients.includes('*')) return { identities: ['*'] };
  const known = [...scenario.services, loadService(), prometheusService()];
  return {
    identityRefs: clients.map((client) => {
      const { serviceAccount: name, namespace } = known.find(({ id }) => id === client)!;
      return { kind: 'ServiceAccount', name, namespace };
    }),
  };
}

function rateLimit(spec: Spec<'RateLimit'>): KubernetesObject {
  const { totalPerSecond, identityPerSecond, server: of } = spec;
  return object('v1alpha1', 'HTTPLocalRateLimitPolicy', spec, {
    targetRef: { group: GROUP, kind: 'Server', name: nameIn(of) },
    ...(totalPerSecond !== null && { total: { requestsPerSecond: totalPerSecond } }),
    ...(identityPerSecond !== null && { identity: { requestsPerSecond: identityPerSecond } }),
  });
}

/** Of `namespace/name`: a policy and its target are in one namespace. */
function nameIn(qualified: string): string {
  return qualified.slice(qualified.indexOf('/') + 1);
}
