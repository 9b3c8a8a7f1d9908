import type { Authorization, InboundPolicy, InboundRoute, InboundServer } from '../../../../core/policy.ts';

/** Policies for tests: what is not said is Linkerd's default. */
export function server(change: Partial<InboundServer> & { name?: string } = {}): InboundServer {
  const { name = 'web', ...rest } = change;
  return {
    ref: { group: 'policy.linkerd.io', kind: 'server', namespace: 'shop', name },
    port: 8080,
    protocol: 'unknown',
    accessPolicy: 'deny',
    authorizations: [],
    routes: [],
    rateLimit: null,
    ...rest,
  };
}

export function policy(change: Partial<InboundPolicy> = {}): InboundPolicy {
  return { defaultPolicy: 'all-unauthenticated', servers: [], ...change };
}

export function authorization(name: string, change: Partial<Authorization> = {}): Authorization {
  const ref = { group: 'policy.linkerd.io', kind: 'authorizationpolicy', namespace: 'shop', name };
  return { ref, networks: [], identities: null, ...change };
}

export function route(name: string, path: string, change: Partial<InboundRoute> = {}): InboundRoute {
  return {
    ref: { group: 'policy.linkerd.io', kind: 'HTTPRoute', namespace: 'shop', name },
    matches: [{ path: { type: 'PathPrefix', value: path }, method: null, headers: [] }],
    authorizations: [],
    ...change,
  };
}

export function identity(serviceAccount: string, namespace = 'shop'): string {
  return `${serviceAccount}.${namespace}.serviceaccount.identity.linkerd.cluster.local`;
}

export function rateLimit(totalPerSecond: number | null, identityPerSecond: number | null): InboundServer['rateLimit'] {
  const ref = { group: 'policy.linkerd.io', kind: 'HTTPLocalRateLimitPolicy', namespace: 'shop', name: 'limit' };
  return { ref, totalPerSecond, identityPerSecond };
}
