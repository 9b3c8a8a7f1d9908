import {
  type Authorization,
  DEFAULT_OPAQUE_PORTS,
  type DefaultPolicy,
  type InboundPolicy,
  type InboundServer,
  NO_TIMEOUTS,
  type OutboundPolicy,
  type OutboundRoute,
  type Timeouts,
} from '../core/policy.ts';
import type { PolicySpec, QualifiedName, RoutingSpec, Scenario, ServiceSpec } from './model.ts';

/** What a proxy's policy is of when nobody says otherwise (Linkerd's `proxy.defaultInboundPolicy`). */
const MESH_DEFAULT_POLICY: DefaultPolicy = 'all-unauthenticated';
const POLICY_GROUP = 'policy.linkerd.io';
const PROXY_ADMIN_PORT = 4191;

/** What the mesh lets in is asked of a service, or of one that is none: the load generator, Prometheus. */
export interface PolicySubject {
  id: QualifiedName;
  namespace: string;
  appPort?: number;
  defaultPolicy?: DefaultPolicy;
}

type Server = Extract<PolicySpec, { kind: 'Server' }>;
type AuthorizationPolicy = Extract<PolicySpec, { kind: 'AuthorizationPolicy' }>;

/** What proxies do with requests to a service: its routes, retries, timeouts, profile, and whether its port is opaque. */
export function outboundPolicyOf(scenario: Scenario, service: ServiceSpec): OutboundPolicy {
  const ofService = (scenario.routing ?? []).filter((spec) => spec.service === service.id);
  const profile = ofService.find((spec) => spec.kind === 'ServiceProfile')?.profile ?? null;
  return {
    opaque: service.opaque ?? DEFAULT_OPAQUE_PORTS.includes(service.port),
    routes: routesInForce(ofService, service),
    retry: service.retry ?? null,
    timeouts: service.timeouts ?? NO_TIMEOUTS,
    failureAccrual: service.failureAccrual ?? null,
    profile,
  };
}

/**
 * As Linkerd's policy controller takes them: with a GRPCRoute no HTTPRoute counts; of one age, in the order of names; what a
 * route does not say of retries or of timeouts, its Service does.
 */
function routesInForce(specs: RoutingSpec[], service: ServiceSpec): OutboundRoute[] {
  const routes = specs.filter((spec) => spec.kind !== 'ServiceProfile');
  const grpc = routes.filter((spec) => spec.kind === 'GRPCRoute');
  return (grpc.length > 0 ? grpc : routes)
    .toSorted((a, b) => byName(a.name, b.name))
    .map(({ group, kind, namespace, name, rules, retry, timeouts }) => ({
      ref: { group, kind, namespace, name },
      rules,
      retry: retry ?? service.retry ?? null,
      timeouts: isNone(timeouts) ? (service.timeouts ?? NO_TIMEOUTS) : timeouts,
    }));
}

function isNone({ requestMs, responseMs, idleMs }: Timeouts): boolean {
  return requestMs === null && responseMs === null && idleMs === null;
}

/**
 * What the proxies of a workload let in.
 * @param identityOf the mesh identity of a workload by its `namespace/name`, the load generator's and Prometheus' included
 */
export function inboundPolicyOf(
  scenario: Scenario,
  subject: PolicySubject,
  identityOf: (id: QualifiedName) => string,
): InboundPolicy {
  const policies = scenario.policies ?? [];
  const servers = policies.filter(
    (spec) =>
      spec.kind === 'Server' &&
      (spec.service === null ? spec.namespace === subject.namespace : spec.service === subject.id),
  ) as Server[];
  return {
    defaultPolicy: subject.defaultPolicy ?? MESH_DEFAULT_POLICY,
    servers: servers.flatMap((server) => {
      const port = server.port === 'admin' ? PROXY_ADMIN_PORT : subject.appPort;
      return port === undefined ? [] : [toServer(server, port, policies, identityOf)];
    }),
  };
}

function toServer(
  server: Server,
  port: number,
  policies: PolicySpec[],
  identityOf: (id: QualifiedName) => string,
): InboundServer {
  const { namespace } = server;
  const id = `${namespace}/${server.name}`;
  // By name, as the simulated control plane has them: of several that admit a client, labels show the first.
  const authorizations = policies
    .filter((spec) => spec.kind === 'AuthorizationPolicy')
    .toSorted((a, b) => byName(a.name, b.name));
  const toAuthorization = (spec: AuthorizationPolicy): Authorization => ({
    ref: { group: POLICY_GROUP, kind: 'authorizationpolicy', namespace: spec.namespace, name: spec.name },
    networks: spec.networks,
    identities: spec.clients?.map((client) => (client === '*' ? '*' : identityOf(client))) ?? null,
  });
  const limit = policies.find((spec) => spec.kind === 'RateLimit' && spec.server === id);
  return {
    ref: { group: POLICY_GROUP, kind: 'server', namespace, name: server.name },
    port,
    protocol: server.protocol,
    accessPolicy: server.accessPolicy,
    authorizations: authorizations
      .filter(({ target }) =>
        target.kind === 'Server' ? target.name === id : target.kind === 'Namespace' && target.name === namespace,
      )
      .map(toAuthorization),
    routes: policies
      .filter((spec) => spec.kind === 'HTTPRoute')
      .filter((route) => route.server === id)
      .toSorted((a, b) => byName(a.name, b.name))
      .map((route) => ({
        ref: { group: POLICY_GROUP, kind: 'HTTPRoute', namespace: route.namespace, name: route.name },
        matches: route.matches,
        authorizations: authorizations
          .filter(({ target }) => target.kind === 'HTTPRoute' && target.name === `${route.namespace}/${route.name}`)
          .map(toAuthorization),
      })),
    rateLimit:
      limit?.kind === 'RateLimit'
        ? {
            ref: {
              group: POLICY_GROUP,
              kind: 'HTTPLocalRateLimitPolicy',
              namespace: limit.namespace,
              name: limit.name,
            },
            totalPerSecond: limit.totalPerSecond,
            identityPerSecond: limit.identityPerSecond,
          }
        : null,
  };
}

function byName(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
