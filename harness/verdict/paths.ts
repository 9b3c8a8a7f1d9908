import {
  type Backend,
  findInboundRoute,
  findOutboundRule,
  findProfileRoute,
  type InboundPolicy,
  type InboundRoute,
  NO_TIMEOUTS,
  type ObjectRef,
  type OutboundPolicy,
  type ProfileRoute,
  type RequestShape,
  type RetryPolicy,
  type RouteMatch,
  type Timeouts,
} from '../core/policy.ts';
import type { ServiceInfo, Topology } from '../core/topology.ts';

/** Which way a request goes through what is declared, by its method and path: the truth knows no headers. */

/** The rule that a caller's proxy takes. */
export interface OutboundPath {
  /** `default`: no route declared; `none`: routes, and none matches; `profile`: a ServiceProfile decides. */
  kind: 'default' | 'route' | 'profile' | 'none';
  /** Tells the routes of a Service apart; `*` for all of a Service without any. */
  key: string;
  ref: ObjectRef;
  /** Ids of the Services among which it is split. */
  backends: readonly string[];
  retry: RetryPolicy | null;
  timeouts: Timeouts;
  /** The route of the profile; null: none matched. */
  profile: ProfileRoute | null;
  /** false: headers decide, so what follows from it cannot be compared. */
  certain: boolean;
}

/** The route that a callee's proxy takes; ref null: routes, and none matches. */
export interface InboundPath {
  key: string;
  ref: ObjectRef | null;
  route: InboundRoute | null;
  certain: boolean;
}

const DEFAULT_OUTBOUND: ObjectRef = { group: '', kind: 'default', namespace: '', name: 'http' };
const DEFAULT_INBOUND: ObjectRef = { group: '', kind: 'default', namespace: '', name: 'default' };
const NOT_FOUND: ObjectRef = { group: '', kind: '', namespace: '', name: '' };

/** Port of a Server that is not the app's. */
const ADMIN_PORT = 4191;

export class Paths {
  readonly #services: ReadonlyMap<string, ServiceInfo>;
  readonly #inbound: ReadonlyMap<string, InboundPolicy>;
  readonly #split: ReadonlySet<string>;
  readonly #outboundCache = new Map<string, Map<string, Map<string, OutboundPath>>>();
  readonly #inboundCache = new Map<string, Map<string, Map<string, InboundPath>>>();

  constructor(topology: Topology) {
    this.#services = new Map(topology.services.map((s) => [s.id, s]));
    this.#inbound = new Map(topology.workloads.flatMap((w) => (w.inboundPolicy ? [[w.id, w.inboundPolicy]] : [])));
    this.#split = new Set(
      topology.services.flatMap((s) =>
        backendsOf(s.outboundPolicy)
          .map((b) => b.service)
          .filter((id) => id !== s.id),
      ),
    );
  }

  /** Whether the Service has no routes, no retries and gets no share of another's: one scope serves all its families. */
  isPlain(service: string): boolean {
    const policy = this.#services.get(service)?.outboundPolicy;
    if (this.#split.has(service)) return false;
    return !policy || (policy.routes.length === 0 && !usesProfile(policy) && policy.retry === null);
  }

  /** Whether method and path alone decide; the truth knows no headers. */
  isComparable(service: string): boolean {
    const policy = this.#services.get(service)?.outboundPolicy;
    return !policy || usesProfile(policy) || !policy.routes.some((r) => r.rules.some((rule) => asksHeaders(rule)));
  }

  isComparableInbound(workload: string): boolean {
    return !this.inboundRoutes(workload).some(asksHeaders);
  }

  /** Services that requests to this one may be sent to, itself included. */
  backendsOf(service: string): string[] {
    const all = backendsOf(this.#services.get(service)?.outboundPolicy).map((b) => b.service);
    return [...new Set([service, ...all])];
  }

  /** All ways that requests to the Service can take, by key. */
  keysOf(service: string): string[] {
    const policy = this.#services.get(service)?.outboundPolicy;
    if (!policy || (policy.routes.length === 0 && !usesProfile(policy))) return ['*'];
    if (usesProfile(policy)) return [...policy.profile!.routes.map((r) => profileKey(r)), profileKey(null)];
    return policy.routes.map((r) => keyOf(r.ref));
  }

  /** Whether the route retries. */
  retries(service: string, key: string): boolean {
    const policy = this.#services.get(service)?.outboundPolicy;
    if (!policy) return false;
    if (usesProfile(policy)) return policy.profile!.routes.some((r) => profileKey(r) === key && r.isRetryable);
    if (policy.routes.length === 0) return policy.retry !== null;
    return policy.routes.some((r) => keyOf(r.ref) === key && r.retry !== null);
  }

  outbound(service: string, method: string, path: string): OutboundPath {
    const known = knownOf(this.#outboundCache, service, method);
    let found = known.get(path);
    if (!found) {
      found = this.#findOutbound(service, method, path);
      known.set(path, found);
    }
    return found;
  }

  #findOutbound(service: string, method: string, path: string): OutboundPath {
    const policy = this.#services.get(service)?.outboundPolicy;
    const base = { backends: [service], profile: null, certain: true };
    if (!policy)
      return { ...base, kind: 'default', key: '*', ref: DEFAULT_OUTBOUND, retry: null, timeouts: NO_TIMEOUTS };
    if (usesProfile(policy)) {
      const profile = findProfileRoute(policy.profile!, shapeOf(method, path)) ?? null;
      const backends = weighted(policy.profile!.split, service);
      const timeouts = { ...NO_TIMEOUTS, requestMs: profile?.timeoutMs ?? null };
      const retry = profile?.isRetryable ? PROFILE_RETRY : null;
      return { ...base, kind: 'profile', key: profileKey(profile), ref: NOT_FOUND, backends, retry, timeouts, profile };
    }
    if (policy.routes.length === 0) {
      return {
        ...base,
        kind: 'default',
        key: '*',
        ref: DEFAULT_OUTBOUND,
        retry: policy.retry,
        timeouts: policy.timeouts,
      };
    }
    const matched = findOutboundRule(policy.routes, shapeOf(method, path));
    const certain = this.isComparable(service);
    if (!matched && certain) {
      return { ...base, kind: 'none', key: 'none', ref: NOT_FOUND, retry: null, timeouts: NO_TIMEOUTS };
    }
    const route = matched?.route ?? policy.routes[0]!;
    const backends = certain ? weighted(matched!.rule.backends, service) : this.backendsOf(service);
    return {
      ...{ kind: 'route', key: keyOf(route.ref), ref: route.ref, backends },
      ...{ retry: route.retry, timeouts: route.timeouts, profile: null, certain },
    };
  }

  inbound(workload: string, method: string, path: string): InboundPath {
    const known = knownOf(this.#inboundCache, workload, method);
    let found = known.get(path);
    if (!found) {
      found = this.#findInbound(workload, method, path);
      known.set(path, found);
    }
    return found;
  }

  #findInbound(workload: string, method: string, path: string): InboundPath {
    const routes = this.inboundRoutes(workload);
    if (routes.length === 0) return { key: '*', ref: DEFAULT_INBOUND, route: null, certain: true };
    const route = findInboundRoute(routes, shapeOf(method, path));
    const certain = this.isComparableInbound(workload);
    return { key: route ? keyOf(route.ref) : 'none', ref: route?.ref ?? null, route: route ?? null, certain };
  }

  /** Routes of the workload's Server that its protocol has. */
  inboundRoutes(workload: string): InboundRoute[] {
    const server = this.#inbound.get(workload)?.servers.find((s) => s.port !== ADMIN_PORT);
    const kind = server?.protocol === 'gRPC' ? 'GRPCRoute' : 'HTTPRoute';
    return server?.routes.filter((r) => r.ref.kind === kind) ?? [];
  }
}

/** By path, of one target and method. Asked for every request: a key of all three would be a new text each time. */
function knownOf<T>(cache: Map<string, Map<string, Map<string, T>>>, target: string, method: string): Map<string, T> {
  let byMethod = cache.get(target);
  if (!byMethod) {
    byMethod = new Map();
    cache.set(target, byMethod);
  }
  let byPath = byMethod.get(method);
  if (!byPath) {
    byPath = new Map();
    byMethod.set(method, byPath);
  }
  return byPath;
}

/** A ServiceProfile retries as long as its budget lasts. */
const PROFILE_RETRY: RetryPolicy = { http: [], grpc: [], limit: Number.POSITIVE_INFINITY, timeoutMs: null };

/** With routes or a split in it, a ServiceProfile goes before everything else (telemetry facts, section 1.2). */
export function usesProfile(policy: OutboundPolicy | undefined): boolean {
  return policy?.profile != null && (policy.profile.routes.length > 0 || policy.profile.split.length > 0);
}

export function keyOf(ref: ObjectRef): string {
  return `${ref.group}/${ref.kind}/${ref.namespace}/${ref.name}`;
}

/** By the label `rt_route`. */
export function profileKey(route: Pick<ProfileRoute, 'name'> | null): string {
  return `profile/${route?.name ?? ''}`;
}

function backendsOf(policy: OutboundPolicy | undefined): Backend[] {
  if (!policy) return [];
  if (usesProfile(policy)) return policy.profile!.split;
  return policy.routes.flatMap((r) => r.rules.flatMap((rule) => rule.backends));
}

function weighted(backends: readonly Backend[], parent: string): string[] {
  const ids = backends.filter((b) => b.weight > 0).map((b) => b.service);
  return ids.length > 0 ? [...new Set(ids)] : [parent];
}

function shapeOf(method: string, path: string): RequestShape {
  return { method, path, header: () => undefined };
}

function asksHeaders({ matches }: { matches: readonly RouteMatch[] }): boolean {
  return matches.some((m) => m.headers.length > 0);
}
