import { NO_TIMEOUTS, type OutboundPolicy, type OutboundRoute, type RouteMatch } from '../../../../core/policy.ts';
import type { ClusterService } from '../../objects.ts';
import { failureAccrualOf, isOpaque, retryOf, timeoutsOf } from './annotations.ts';
import { grpcMatch, httpMatch } from './matches.ts';
import {
  type BackendRef,
  byAge,
  type Declared,
  type DeclaredPolicies,
  type ParentRef,
  type RouteSpec,
} from './objects.ts';
import { serviceProfile } from './profile.ts';
import { goDuration, orNull } from './values.ts';

const GATEWAY = 'gateway.networking.k8s.io';
const POLICY = 'policy.linkerd.io';

type Route<Match> = Declared<RouteSpec<Match>>;

/**
 * What the proxies that call a port of a Service do, from what the cluster declares; undefined: nothing special. What is
 * declared wrongly counts as not declared, as Linkerd's controllers treat it.
 */
export function outboundPolicy(
  service: ClusterService,
  port: number,
  declared: DeclaredPolicies,
  clusterDomain: string,
): OutboundPolicy | undefined {
  const { annotations } = service.metadata;
  const policy: OutboundPolicy = {
    opaque: orNull(() => isOpaque(annotations, port)) ?? false,
    routes: routesOf(service, port, declared),
    retry: orNull(() => retryOf(annotations)),
    timeouts: orNull(() => timeoutsOf(annotations)) ?? NO_TIMEOUTS,
    failureAccrual: orNull(() => failureAccrualOf(annotations)),
    profile: serviceProfile(service, declared.serviceProfiles, clusterDomain),
  };
  return isNothing(policy) ? undefined : policy;
}

function isNothing({ opaque, routes, retry, timeouts, failureAccrual, profile }: OutboundPolicy): boolean {
  return !opaque && routes.length === 0 && !retry && timeouts === NO_TIMEOUTS && !failureAccrual && !profile;
}

/** With a GRPCRoute no HTTPRoute counts (the policy controller sends one kind or the other). */
function routesOf(service: ClusterService, port: number, declared: DeclaredPolicies): OutboundRoute[] {
  const of = <Match>(group: string, kind: string, objects: Route<Match>[], match: (match: Match) => RouteMatch) =>
    objects
      .filter((object) => (object.spec.parentRefs ?? []).some((parent) => isParent(parent, object, service, port)))
      .map((object) => ({ ...object, route: orNull(() => outboundRoute(group, kind, object, match)) }));
  const grpc = of(GATEWAY, 'GRPCRoute', declared.grpcRoutes, grpcMatch);
  const http = [
    ...of(GATEWAY, 'HTTPRoute', declared.gatewayHttpRoutes, httpMatch),
    ...of(POLICY, 'HTTPRoute', declared.policyHttpRoutes, httpMatch),
  ];
  return (grpc.length > 0 ? grpc : http).sort(byAge).flatMap(({ route }) => route ?? []);
}

function isParent(parent: ParentRef, route: Declared<unknown>, { metadata }: ClusterService, port: number): boolean {
  const isService =
    parent.kind === 'Service' && (parent.group === 'core' || parent.group === '' || parent.group === undefined);
  return (
    isService &&
    parent.name === metadata.name &&
    (parent.namespace ?? route.metadata.namespace) === metadata.namespace &&
    (parent.port === undefined || parent.port === port)
  );
}

/** @throws RangeError for annotations that Linkerd refuses, and with them the route */
function outboundRoute<Match>(
  group: string,
  kind: string,
  object: Route<Match>,
  match: (match: Match) => RouteMatch,
): OutboundRoute {
  const { namespace, name, annotations } = object.metadata;
  const timeouts = timeoutsOf(annotations);
  // The policy has timeouts of routes, so of a route's rules the first that sets one counts.
  const ruleMs = object.spec.rules
    ?.map((rule) => goDuration(rule.timeouts?.request ?? ''))
    .find((ms) => ms !== undefined);
  return {
    ref: { group, kind, namespace, name },
    rules: (object.spec.rules ?? []).map(({ matches = [], backendRefs = [] }) => ({
      matches: matches.map(match),
      backends: backendRefs.flatMap((backend) => backendOf(backend, namespace)),
    })),
    retry: retryOf(annotations),
    timeouts: ruleMs && timeouts.requestMs === null ? { ...timeouts, requestMs: ruleMs } : timeouts,
  };
}

function backendOf({ group = '', kind = 'Service', namespace, name, port, weight = 1 }: BackendRef, of: string) {
  if (kind !== 'Service' || (group !== '' && group !== 'core') || port === undefined) return [];
  return [{ service: `${namespace ?? of}/${name}`, port, weight }];
}
