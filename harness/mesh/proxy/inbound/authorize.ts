import { CLUSTER_NETWORKS, networkMatcher } from '../../../core/networks.ts';
import {
  type Authorization,
  type DefaultPolicy,
  findInboundRoute,
  type InboundPolicy,
  type InboundRoute,
  type InboundServer,
  type ObjectRef,
  type RateLimit,
  type RequestShape,
} from '../../../core/policy.ts';

/** Who asks. */
export interface InboundClient {
  /** IP address. */
  address: string;
  /** The DNS name of its certificate; null without mutual TLS. */
  identity: string | null;
  /** It is in the pod itself: always let in. */
  local: boolean;
}

/** What applies on one port. Made once: its refs are the objects that caches and telemetry are keyed by. */
export interface PortPolicy {
  /** The Server; or the default policy, which labels name like one. */
  server: ObjectRef;
  protocol: InboundServer['protocol'];
  routes: PortRoute[];
  /** Those of connections that are not HTTP. */
  admission: Admission[];
  rateLimit: RateLimit | null;
}

export interface PortRoute extends InboundRoute {
  /** In the order in which they are asked: the route's own, the Server's, its access policy's, the pod itself. */
  admission: Admission[];
}

export interface Admission {
  ref: ObjectRef;
  admits(client: InboundClient): boolean;
}

export interface PortOptions {
  port: number;
  /** Paths at which the kubelet probes this port; empty ones are none. */
  probePaths: readonly string[];
  /** Default: Linkerd's `clusterNetworks`. */
  clusterNetworks?: readonly string[];
}

export type RequestVerdict =
  | { kind: 'allowed'; route: ObjectRef; authz: ObjectRef }
  | { kind: 'denied'; route: ObjectRef }
  | { kind: 'no-route' };

export type ConnectionVerdict = { kind: 'allowed'; authz: ObjectRef } | { kind: 'denied' };

/**
 * What Linkerd's policy controller tells a proxy about a port: its Server or the default policy, and the Server's routes
 * that its protocol has; without any, a route for everything and one for the kubelet's probes, which are always let in.
 */
export function portPolicy(policy: InboundPolicy, options: PortOptions): PortPolicy {
  const { port, probePaths, clusterNetworks = CLUSTER_NETWORKS } = options;
  const server = policy.servers.find((candidate) => candidate.port === port);
  const protocol = server?.protocol ?? 'unknown';
  const admission = [
    ...(server?.authorizations ?? []).map(admissionOf),
    ...defaultAdmission(server?.accessPolicy ?? policy.defaultPolicy, clusterNetworks),
    LOCALHOST,
  ];
  const kind = protocol === 'gRPC' ? 'GRPCRoute' : 'HTTPRoute';
  const declared = (server?.routes ?? []).filter(({ ref }) => ref.kind === kind);
  const routes = declared.length > 0 ? declared : defaultRoutes(protocol === 'gRPC' ? [] : probePaths);
  return {
    server: server?.ref ?? defaultRef(policy.defaultPolicy),
    protocol,
    routes: routes.map((route) => ({ ...route, admission: [...route.authorizations.map(admissionOf), ...admission] })),
    admission,
    // The policy controller sends none for gRPC.
    rateLimit: protocol === 'gRPC' ? null : (server?.rateLimit ?? null),
  };
}

/** One HTTP request. Labels name the first authorization that admits the client. */
export function authorize(policy: PortPolicy, client: InboundClient, request: RequestShape): RequestVerdict {
  const route = findInboundRoute(policy.routes, request) as PortRoute | undefined;
  if (!route) return { kind: 'no-route' };
  const authz = route.admission.find((one) => one.admits(client));
  return authz ? { kind: 'allowed', route: route.ref, authz: authz.ref } : { kind: 'denied', route: route.ref };
}

/** A connection that is opaque, or that detection did not find to be HTTP. */
export function authorizeConnection(policy: PortPolicy, client: InboundClient): ConnectionVerdict {
  const authz = policy.admission.find((one) => one.admits(client));
  return authz ? { kind: 'allowed', authz: authz.ref } : { kind: 'denied' };
}

/** How labels name what is no object (facts, 1.9). */
export function defaultRef(name: string): ObjectRef {
  return { group: '', kind: 'default', namespace: '', name };
}

const LOCALHOST: Admission = { ref: defaultRef('localhost'), admits: ({ local }) => local };

function admissionOf({ ref, networks, identities }: Authorization): Admission {
  const isNear = networks.length === 0 ? () => true : networkMatcher(networks);
  return {
    ref,
    admits: ({ address, identity }) => (identities === null || isNamed(identity, identities)) && isNear(address),
  };
}

/** `*`: whoever has an identity; `*.x`: whose name ends in `.x`. */
function isNamed(identity: string | null, identities: readonly string[]): boolean {
  if (!identity) return false;
  return identities.some((name) => (name.startsWith('*') ? identity.endsWith(name.slice(1)) : name === identity));
}

/** `deny` admits nobody; `audit` everybody. */
function defaultAdmission(policy: DefaultPolicy, clusterNetworks: readonly string[]): Admission[] {
  if (policy === 'deny') return [];
  const identities = policy.endsWith('-authenticated') ? ['*'] : null;
  const networks = policy.startsWith('cluster-') ? [...clusterNetworks] : [];
  return [admissionOf({ ref: defaultRef(policy), networks, identities })];
}

function defaultRoutes(probePaths: readonly string[]): InboundRoute[] {
  const everything: InboundRoute = { ref: defaultRef('default'), matches: [], authorizations: [] };
  const paths = probePaths.filter((path) => path !== '');
  if (paths.length === 0) return [everything];
  const probe = defaultRef('probe');
  return [
    everything,
    {
      ref: probe,
      matches: paths.map((value) => ({ path: { type: 'Exact', value }, method: 'GET', headers: [] })),
      authorizations: [{ ref: probe, networks: [], identities: null }],
    },
  ];
}
