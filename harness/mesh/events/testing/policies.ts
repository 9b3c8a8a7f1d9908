import type {
  Authorization,
  DefaultPolicy,
  InboundPolicy,
  InboundRoute,
  InboundServer,
  OutboundPolicy,
  OutboundRoute,
  ProfileRoute,
  RetryPolicy,
  ServiceProfile,
} from '../../../core/policy.ts';
import { NO_TIMEOUTS } from '../../../core/policy.ts';

/** Policies of the events: what is not said is Linkerd's default. */

const LINKERD = 'policy.linkerd.io';
const GATEWAY = 'gateway.networking.k8s.io';
const object = (group: string, kind: string, name: string) => ({ group, kind, namespace: 'shop', name });

/** The Server `web-http` of the app's port. */
export function onServer(change: Partial<InboundServer> = {}): InboundPolicy {
  const server: InboundServer = {
    ref: object(LINKERD, 'server', 'web-http'),
    port: 8080,
    protocol: 'unknown',
    accessPolicy: 'deny',
    authorizations: [],
    routes: [],
    rateLimit: null,
    ...change,
  };
  return { defaultPolicy: 'all-unauthenticated', servers: [server] };
}

/** A default policy, past which the test itself reads the pages. */
export function byDefault(defaultPolicy: DefaultPolicy): InboundPolicy {
  const { servers } = onServer({ port: 4191, authorizations: [allowed('pages', ['127.0.0.1/32'])] });
  return { defaultPolicy, servers };
}

/** Whoever is meshed; or whoever comes from a network. */
export function allowed(name: string, networks?: string[]): Authorization {
  const ref = object(LINKERD, 'authorizationpolicy', name);
  return { ref, networks: networks ?? [], identities: networks ? null : ['*'] };
}

export function inboundRoute(name: string, path: string, authorizations: Authorization[]): InboundRoute {
  const matches = [{ path: { type: 'PathPrefix' as const, value: path }, method: null, headers: [] }];
  return { ref: object(LINKERD, 'HTTPRoute', name), matches, authorizations };
}

export const LIMIT = {
  ref: object(LINKERD, 'HTTPLocalRateLimitPolicy', 'few'),
  totalPerSecond: 1,
  identityPerSecond: null,
};

/** An outbound route of `web` that takes what begins with a path; everything unless given. */
export function outboundRoute(
  kind: 'HTTPRoute' | 'GRPCRoute',
  name: string,
  change: Partial<OutboundRoute> & { path?: string } = {},
): OutboundRoute {
  const { path, ...rest } = change;
  const matches =
    path === undefined ? [] : [{ path: { type: 'PathPrefix' as const, value: path }, method: null, headers: [] }];
  return {
    ref: object(GATEWAY, kind, name),
    rules: [{ matches, backends: [] }],
    retry: null,
    timeouts: NO_TIMEOUTS,
    ...rest,
  };
}

export function retry(limit: number, change: Partial<RetryPolicy> = {}): RetryPolicy {
  return { http: [[500, 599]], grpc: [], limit, timeoutMs: null, ...change };
}

export function profile(
  change: Partial<ProfileRoute> = {},
  budget: ServiceProfile['retryBudget'] = null,
): Partial<OutboundPolicy> {
  const route: ProfileRoute = {
    name: 'all',
    method: null,
    pathRegex: null,
    isRetryable: false,
    timeoutMs: null,
    responseClasses: [],
    ...change,
  };
  return { profile: { routes: [route], retryBudget: budget, split: [] } };
}
