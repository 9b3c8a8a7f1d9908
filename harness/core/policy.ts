/**
 * Routes, retries, timeouts and authorization as a mesh applies them: what a scenario declares, what becomes objects in a
 * cluster, what the simulated proxies do, and by what verdicts tell one series from another. Plain data; names of kinds,
 * groups and fields are those of the Kubernetes objects.
 */

/** How metrics name an object: `route_group`, `route_kind`, ... (facts, sections 1.9 and 1.10). */
export interface ObjectRef {
  /** `gateway.networking.k8s.io`, `policy.linkerd.io`, `core`; empty for what is a default. */
  group: string;
  /** `HTTPRoute`, `GRPCRoute`, `server`, `authorizationpolicy`, `default`, ... as labels spell it. */
  kind: string;
  namespace: string;
  name: string;
}

// ---- outbound: the policy of a Service, applied by the proxies that call it ----

export interface OutboundPolicy {
  /** No protocol detection: annotation `config.linkerd.io/opaque-ports`, or a port of DEFAULT_OPAQUE_PORTS. */
  opaque: boolean;
  /** HTTPRoutes and GRPCRoutes whose parent the Service is. Empty: its default route. */
  routes: OutboundRoute[];
  /** Annotations of the Service itself; they apply to its default route. */
  retry: RetryPolicy | null;
  timeouts: Timeouts;
  /** Annotations `balancer.linkerd.io/failure-accrual*` of the Service. */
  failureAccrual: FailureAccrual | null;
  /** Its ServiceProfile: with routes or a split in it, it goes before all the above but `opaque`. */
  profile: ServiceProfile | null;
}

export interface OutboundRoute {
  /** kind `HTTPRoute` or `GRPCRoute`. */
  ref: ObjectRef;
  rules: OutboundRule[];
  /** Annotations `retry.linkerd.io/*` of the object. */
  retry: RetryPolicy | null;
  /** Annotations `timeout.linkerd.io/*` of the object. */
  timeouts: Timeouts;
}

export interface OutboundRule {
  /** Any of them; empty: everything. */
  matches: RouteMatch[];
  /** Empty: the parent Service itself. Weights of 0 get nothing. */
  backends: Backend[];
}

export interface RouteMatch {
  path: PathMatch | null;
  /** HTTP method; null: any. */
  method: string | null;
  /** All of them; names in lower case, exact values. */
  headers: { name: string; value: string }[];
}

/** A GRPCRoute's method match is a path: `/package.Service/Method` exact, or `/package.Service/` as a prefix. */
export type PathMatch = { type: 'Exact' | 'PathPrefix' | 'RegularExpression'; value: string };

export interface Backend {
  /** `namespace/name`. */
  service: string;
  port: number;
  weight: number;
}

/** `retry.linkerd.io/http`, `/grpc`, `/limit`, `/timeout`. */
export interface RetryPolicy {
  /** Ranges of HTTP statuses, both ends included: `5xx` is [500, 599]. */
  http: [low: number, high: number][];
  /** gRPC codes. */
  grpc: number[];
  /** Retries after the first attempt; Linkerd's default is 1. */
  limit: number;
  /** An attempt without an answer for this long is given up and retried; null: no such limit. */
  timeoutMs: number | null;
}

/** `timeout.linkerd.io/request`, `/response`, `/idle`; null: none. */
export interface Timeouts {
  requestMs: number | null;
  responseMs: number | null;
  idleMs: number | null;
}

export const NO_TIMEOUTS: Timeouts = { requestMs: null, responseMs: null, idleMs: null };

/** Consecutive failures after which an endpoint is taken out for a while. */
export interface FailureAccrual {
  maxFailures: number;
  minPenaltyMs: number;
  maxPenaltyMs: number;
  /** Share of the penalty by which it varies, 0 to 100. */
  jitterRatio: number;
}

export interface ServiceProfile {
  routes: ProfileRoute[];
  retryBudget: { retryRatio: number; minRetriesPerSecond: number; ttlMs: number } | null;
  /** `dstOverrides`: authority and weight. */
  split: Backend[];
}

export interface ProfileRoute {
  /** The label `rt_route`. */
  name: string;
  method: string | null;
  /** The whole path must match; null: any. */
  pathRegex: string | null;
  isRetryable: boolean;
  timeoutMs: number | null;
  responseClasses: { min: number; max: number; isFailure: boolean }[];
}

/** Ports that are opaque unless said otherwise (Linkerd's `proxy.opaquePorts`). */
export const DEFAULT_OPAQUE_PORTS: readonly number[] = [25, 587, 3306, 4444, 5432, 6379, 9300, 11211];

// ---- inbound: what a pod's proxy lets in ----

/** `config.linkerd.io/default-inbound-policy`. */
export type DefaultPolicy =
  | 'all-unauthenticated'
  | 'all-authenticated'
  | 'cluster-unauthenticated'
  | 'cluster-authenticated'
  | 'deny'
  | 'audit';

export interface InboundPolicy {
  /** Of ports without a Server. */
  defaultPolicy: DefaultPolicy;
  /** At most one for a port. */
  servers: InboundServer[];
}

export interface InboundServer {
  /** group `policy.linkerd.io`, kind `server`. */
  ref: ObjectRef;
  port: number;
  protocol: 'unknown' | 'HTTP/1' | 'HTTP/2' | 'gRPC' | 'opaque' | 'TLS';
  /** `accessPolicy` of the Server: what applies when no authorization does. Linkerd's default is `deny`. */
  accessPolicy: DefaultPolicy;
  /** Policies whose target is the Server (or its namespace). */
  authorizations: Authorization[];
  /** HTTPRoutes whose parent the Server is. With one or more, a request that matches none is answered 404. */
  routes: InboundRoute[];
  rateLimit: RateLimit | null;
}

export interface InboundRoute {
  /** kind `HTTPRoute` or `GRPCRoute`. */
  ref: ObjectRef;
  matches: RouteMatch[];
  /** Policies whose target is the route; beside the Server's. */
  authorizations: Authorization[];
}

export interface Authorization {
  /** group `policy.linkerd.io`, kind `authorizationpolicy`. */
  ref: ObjectRef;
  /** NetworkAuthentication: CIDRs, one of which must hold the client's address. Empty: everywhere. */
  networks: string[];
  /** MeshTLSAuthentication: identities, `*` for any that is meshed; null: none is required. */
  identities: string[] | null;
}

/** HTTPLocalRateLimitPolicy. */
export interface RateLimit {
  /** group `policy.linkerd.io`, kind `HTTPLocalRateLimitPolicy`. */
  ref: ObjectRef;
  /** Requests per second; null: no limit. */
  totalPerSecond: number | null;
  /** Of each client identity by itself. */
  identityPerSecond: number | null;
}

// ---- matching ----

export interface RequestShape {
  method: string;
  /** Without the query. */
  path: string;
  /** Value of a header, by its name in lower case. */
  header(name: string): string | undefined;
}

export interface MatchedRule {
  route: OutboundRoute;
  rule: OutboundRule;
}

/**
 * The rule that a request takes: that of the most specific match (Gateway API: an exact path, then the longest prefix, then
 * a method, then the most headers), of equals the first. undefined: none matches, and the proxy answers 404.
 */
export function findOutboundRule(routes: readonly OutboundRoute[], request: RequestShape): MatchedRule | undefined {
  let best: { found: MatchedRule; rank: number[] } | undefined;
  for (const route of routes) {
    for (const rule of route.rules) {
      const rank = bestRank(rule.matches, request);
      if (rank && (!best || isAbove(rank, best.rank))) best = { found: { route, rule }, rank };
    }
  }
  return best?.found;
}

/** The route of a Server that a request takes, by the same order; undefined: none. */
export function findInboundRoute(routes: readonly InboundRoute[], request: RequestShape): InboundRoute | undefined {
  let best: { route: InboundRoute; rank: number[] } | undefined;
  for (const route of routes) {
    const rank = bestRank(route.matches, request);
    if (rank && (!best || isAbove(rank, best.rank))) best = { route, rank };
  }
  return best?.route;
}

/** The first route of a profile whose conditions hold, as linkerd2-proxy does it. */
export function findProfileRoute(profile: ServiceProfile, request: RequestShape): ProfileRoute | undefined {
  return profile.routes.find(
    (route) =>
      (route.method === null || route.method === request.method) &&
      (route.pathRegex === null || new RegExp(`^(?:${route.pathRegex})$`).test(request.path)),
  );
}

function bestRank(matches: readonly RouteMatch[], request: RequestShape): number[] | undefined {
  if (matches.length === 0) return [0, 0, 0, 0];
  let best: number[] | undefined;
  for (const match of matches) {
    const rank = rankOf(match, request);
    if (rank && (!best || isAbove(rank, best))) best = rank;
  }
  return best;
}

/** How specific a match that holds is; undefined when it does not hold. */
function rankOf({ path, method, headers }: RouteMatch, request: RequestShape): number[] | undefined {
  if (method !== null && method !== request.method) return undefined;
  if (headers.some(({ name, value }) => request.header(name) !== value)) return undefined;
  if (path !== null && !pathMatches(path, request.path)) return undefined;
  const kind = path === null ? 0 : PATH_RANK[path.type];
  return [kind, path?.value.length ?? 0, method === null ? 0 : 1, headers.length];
}

const PATH_RANK = { RegularExpression: 1, PathPrefix: 2, Exact: 3 } as const;

function pathMatches({ type, value }: PathMatch, path: string): boolean {
  if (type === 'Exact') return path === value;
  if (type === 'RegularExpression') return new RegExp(`^(?:${value})$`).test(path);
  const prefix = value.endsWith('/') ? value.slice(0, -1) : value;
  return path === prefix || path.startsWith(`${prefix}/`);
}

function isAbove(a: readonly number[], b: readonly number[]): boolean {
  for (const [i, value] of a.entries()) if (value !== b[i]) return value > b[i]!;
  return false;
}
