import type {
  Authorization,
  DefaultPolicy,
  InboundPolicy,
  InboundRoute,
  InboundServer,
  RouteMatch,
} from '../../../../core/policy.ts';
import { ANNOTATIONS } from '../../contract.ts';
import type { ClusterPod } from '../../objects.ts';
import { authorizationOf, type MeshNames } from './authorization.ts';
import { grpcMatch, httpMatch } from './matches.ts';
import {
  type AuthorizationPolicySpec,
  byAge,
  type Declared,
  type DeclaredPolicies,
  type RouteSpec,
  type ServerSpec,
} from './objects.ts';
import { selects } from './selector.ts';

const GROUP = 'policy.linkerd.io';
const GATEWAY = 'gateway.networking.k8s.io';
const MESH_DEFAULT: DefaultPolicy = 'all-unauthenticated';
const DEFAULTS: readonly DefaultPolicy[] = [
  'all-unauthenticated',
  'all-authenticated',
  'cluster-unauthenticated',
  'cluster-authenticated',
  'deny',
  'audit',
];
const PROTOCOLS: readonly InboundServer['protocol'][] = ['unknown', 'HTTP/1', 'HTTP/2', 'gRPC', 'opaque', 'TLS'];

/** What the proxy of a pod lets in, from what the cluster declares; undefined: everything, by the mesh's default policy. */
export function inboundPolicy(
  pod: ClusterPod,
  declared: DeclaredPolicies,
  names: MeshNames,
): InboundPolicy | undefined {
  const { namespace, labels, annotations } = pod.metadata;
  const defaultPolicy = policyNamed(annotations?.[ANNOTATIONS.defaultInboundPolicy]) ?? MESH_DEFAULT;
  const servers = new Map<number, InboundServer>();
  for (const server of declared.servers.filter((one) => one.metadata.namespace === namespace).sort(byAge)) {
    if (!selects(server.spec.podSelector ?? {}, labels)) continue;
    const port = portOf(server.spec.port, pod);
    // The first Server of a port has it.
    if (port !== undefined && !servers.has(port)) servers.set(port, inboundServer(server, port, declared, names));
  }
  if (servers.size === 0 && defaultPolicy === MESH_DEFAULT) return undefined;
  return { defaultPolicy, servers: [...servers.values()].sort((a, b) => a.port - b.port) };
}

function inboundServer(
  { metadata, spec }: Declared<ServerSpec>,
  port: number,
  declared: DeclaredPolicies,
  names: MeshNames,
): InboundServer {
  const { namespace, name } = metadata;
  // Of several that admit a client, labels show the first; which that is in Linkerd is left to chance.
  const policies = declared.authorizationPolicies
    .filter((one) => one.metadata.namespace === namespace)
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  const authorizations = (applies: (target: AuthorizationPolicySpec['targetRef']) => boolean): Authorization[] =>
    policies.filter((one) => applies(one.spec.targetRef)).flatMap((one) => authorizationOf(one, declared, names) ?? []);
  const limit = declared.rateLimits.find(
    (one) =>
      one.metadata.namespace === namespace && one.spec.targetRef.kind === 'Server' && one.spec.targetRef.name === name,
  );
  return {
    ref: { group: GROUP, kind: 'server', namespace, name },
    port,
    protocol: PROTOCOLS.find((protocol) => protocol === spec.proxyProtocol) ?? 'unknown',
    accessPolicy: policyNamed(spec.accessPolicy) ?? 'deny',
    authorizations: authorizations((target) =>
      target.kind === 'Server' ? target.name === name : target.kind === 'Namespace' && target.name === namespace,
    ),
    routes: inboundRoutes(namespace, name, declared).map((route) => ({
      ...route,
      authorizations: authorizations(
        (target) =>
          target.kind === route.ref.kind && target.name === route.ref.name && (target.group ?? '') === route.ref.group,
      ),
    })),
    rateLimit: limit
      ? {
          ref: { group: GROUP, kind: 'HTTPLocalRateLimitPolicy', namespace, name: limit.metadata.name },
          totalPerSecond: limit.spec.total?.requestsPerSecond ?? null,
          identityPerSecond: limit.spec.identity?.requestsPerSecond ?? null,
        }
      : null,
  };
}

/** Routes whose parent the Server is. The matches of all rules of one are one list: rules differ in filters alone. */
function inboundRoutes(namespace: string, server: string, declared: DeclaredPolicies): InboundRoute[] {
  const of = <Match>(group: string, kind: 'HTTPRoute' | 'GRPCRoute', objects: Route<Match>[], match: Matcher<Match>) =>
    objects
      .filter((object) => object.metadata.namespace === namespace && isRouteOf(server, object))
      .map((object) => ({ ...object, route: inboundRoute(group, kind, object, match) }));
  return [
    ...of(GATEWAY, 'HTTPRoute', declared.gatewayHttpRoutes, httpMatch),
    ...of(GROUP, 'HTTPRoute', declared.policyHttpRoutes, httpMatch),
    ...of(GATEWAY, 'GRPCRoute', declared.grpcRoutes, grpcMatch),
  ]
    .sort(byAge)
    .map(({ route }) => route);
}

type Route<Match> = Declared<RouteSpec<Match>>;
type Matcher<Match> = (match: Match) => RouteMatch;

function inboundRoute<Match>(
  group: string,
  kind: string,
  { metadata, spec }: Route<Match>,
  match: Matcher<Match>,
): InboundRoute {
  const rules = spec.rules ?? [];
  // A rule without matches matches everything.
  const isOpen = rules.some(({ matches = [] }) => matches.length === 0);
  return {
    ref: { group, kind, namespace: metadata.namespace, name: metadata.name },
    matches: isOpen ? [] : rules.flatMap(({ matches = [] }) => matches.map(match)),
    authorizations: [],
  };
}

function isRouteOf<Match>(server: string, { spec }: Route<Match>): boolean {
  return (spec.parentRefs ?? []).some(
    ({ group, kind, name }) => group === GROUP && kind === 'Server' && name === server,
  );
}

/** A name is that of a container's port, the proxy's included: `linkerd-admin`. */
function portOf(port: number | string, { spec }: ClusterPod): number | undefined {
  if (typeof port === 'number') return port;
  const containers = [...spec.containers, ...(spec.initContainers ?? [])];
  return containers.flatMap(({ ports = [] }) => ports).find(({ name }) => name === port)?.containerPort;
}

function policyNamed(text: string | undefined): DefaultPolicy | undefined {
  return DEFAULTS.find((policy) => policy === text);
}
