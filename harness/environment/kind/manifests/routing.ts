import type { Backend, OutboundRule, PathMatch, ProfileRoute, RouteMatch } from '../../../core/policy.ts';
import { authorityOf, type RoutingSpec, type Scenario, type ServiceSpec } from '../../../scenario/model.ts';
import type { KubernetesObject } from '../../kubernetes/contract.ts';
import { duration, retryAnnotations, timeoutAnnotations } from './annotations.ts';

type RouteSpec = Exclude<RoutingSpec, { kind: 'ServiceProfile' }>;
type ProfileSpec = Extract<RoutingSpec, { kind: 'ServiceProfile' }>;

/** Versions that Linkerd's policy controller reads. */
const VERSIONS = {
  'gateway.networking.k8s.io': 'gateway.networking.k8s.io/v1',
  'policy.linkerd.io': 'policy.linkerd.io/v1beta3',
} as const;

/** The routes and profiles of a scenario, as a user would write them down. */
export function routingObjects(scenario: Scenario): KubernetesObject[] {
  const serviceOf = (id: string) => scenario.services.find((service) => service.id === id)!;
  return (scenario.routing ?? []).map((spec) =>
    spec.kind === 'ServiceProfile' ? profile(spec, serviceOf) : route(spec, serviceOf(spec.service)),
  );
}

function route(spec: RouteSpec, parent: ServiceSpec): KubernetesObject {
  const annotations = { ...retryAnnotations(spec.retry), ...timeoutAnnotations(spec.timeouts) };
  const { name, namespace, port } = parent;
  return {
    apiVersion: VERSIONS[spec.group],
    kind: spec.kind,
    metadata: {
      ...{ name: spec.name, namespace: spec.namespace },
      ...(Object.keys(annotations).length > 0 && { annotations }),
    },
    spec: {
      parentRefs: [{ group: 'core', kind: 'Service', name, namespace, port }],
      rules: spec.rules.map((rule) => ruleOf(rule, spec.kind)),
    },
  };
}

function ruleOf({ matches, backends }: OutboundRule, kind: RouteSpec['kind']): object {
  return {
    ...(matches.length > 0 && { matches: matches.map(kind === 'GRPCRoute' ? grpcMatch : httpMatch) }),
    ...(backends.length > 0 && { backendRefs: backends.map(backendRef) }),
  };
}

/** A match as HTTPRoutes of either group spell it. */
export function httpMatch({ path, method, headers }: RouteMatch): object {
  return {
    ...(path && { path: { type: path.type, value: path.value } }),
    ...(headers.length > 0 && { headers: headers.map(headerMatch) }),
    ...(method !== null && { method }),
  };
}

function grpcMatch({ path, headers }: RouteMatch): object {
  return {
    ...(path && { method: grpcMethod(path) }),
    ...(headers.length > 0 && { headers: headers.map(headerMatch) }),
  };
}

/** `/package.Service/Method`; as a prefix, `/package.Service/`, every method of the service. */
function grpcMethod({ value }: PathMatch): object {
  const [service, method] = value.replace(/^\//, '').split('/');
  return { type: 'Exact', ...(service && { service }), ...(method && { method }) };
}

function headerMatch({ name, value }: { name: string; value: string }): object {
  return { type: 'Exact', name, value };
}

function backendRef({ service, port, weight }: Backend): object {
  const [namespace, name] = service.split('/') as [string, string];
  return { group: '', kind: 'Service', name, namespace, port, weight };
}

function profile({ service, profile }: ProfileSpec, serviceOf: (id: string) => ServiceSpec): KubernetesObject {
  const { routes, retryBudget, split } = profile;
  const of = serviceOf(service);
  return {
    apiVersion: 'linkerd.io/v1alpha2',
    kind: 'ServiceProfile',
    metadata: { name: authorityOf(of), namespace: of.namespace },
    spec: {
      routes: routes.map(profileRoute),
      ...(retryBudget && {
        retryBudget: {
          ...{ retryRatio: retryBudget.retryRatio, minRetriesPerSecond: retryBudget.minRetriesPerSecond },
          ttl: duration(retryBudget.ttlMs),
        },
      }),
      ...(split.length > 0 && {
        dstOverrides: split.map(({ service: id, port, weight }) => ({
          authority: `${authorityOf(serviceOf(id))}:${port}`,
          weight,
        })),
      }),
    },
  };
}

function profileRoute(route: ProfileRoute): object {
  const { name, method, pathRegex, isRetryable, timeoutMs, responseClasses } = route;
  // Linkerd refuses a condition that says nothing.
  const anything = method === null && pathRegex === null ? { pathRegex: '.*' } : {};
  return {
    name,
    condition: { ...(method !== null && { method }), ...(pathRegex !== null && { pathRegex }), ...anything },
    ...(isRetryable && { isRetryable }),
    ...(timeoutMs !== null && { timeout: duration(timeoutMs) }),
    ...(responseClasses.length > 0 && {
      responseClasses: responseClasses.map(({ min, max, isFailure }) => ({
        ...{ condition: { status: { min, max } }, isFailure },
      })),
    }),
  };
}
