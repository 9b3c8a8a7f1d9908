import type { Meta } from '../../objects.ts';

/** The parts of Linkerd's and the Gateway API's objects that policies are made of; names are those of the API. */

/** An object with what its kind declares. */
export interface Declared<Spec> {
  metadata: Meta & { namespace: string; creationTimestamp?: string };
  spec: Spec;
}

export interface ParentRef {
  group?: string;
  kind?: string;
  namespace?: string;
  name: string;
  port?: number;
}

export interface BackendRef {
  group?: string;
  kind?: string;
  namespace?: string;
  name: string;
  port?: number;
  weight?: number;
}

export interface HttpMatch {
  path?: { type?: 'Exact' | 'PathPrefix' | 'RegularExpression'; value?: string };
  method?: string;
  headers?: { name: string; value: string }[];
}

export interface GrpcMatch {
  method?: { type?: 'Exact' | 'RegularExpression'; service?: string; method?: string };
  headers?: { name: string; value: string }[];
}

export interface RouteSpec<Match> {
  parentRefs?: ParentRef[];
  rules?: { matches?: Match[]; backendRefs?: BackendRef[]; timeouts?: { request?: string } }[];
}

export interface ProfileSpec {
  routes?: {
    name: string;
    condition?: { method?: string; pathRegex?: string };
    isRetryable?: boolean;
    timeout?: string;
    responseClasses?: { condition?: { status?: { min?: number; max?: number } }; isFailure?: boolean }[];
  }[];
  retryBudget?: { retryRatio: number; minRetriesPerSecond: number; ttl: string };
  dstOverrides?: { authority: string; weight: number | string }[];
}

export interface Selector {
  matchLabels?: Record<string, string>;
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
}

export interface ServerSpec {
  podSelector?: Selector;
  port: number | string;
  proxyProtocol?: string;
  accessPolicy?: string;
}

/** Of a policy: what it applies to, or what it requires. */
export interface TargetRef {
  group?: string;
  kind: string;
  namespace?: string;
  name: string;
}

export interface AuthorizationPolicySpec {
  targetRef: TargetRef;
  requiredAuthenticationRefs?: TargetRef[];
}

export interface MeshTlsSpec {
  identities?: string[];
  identityRefs?: TargetRef[];
}

export interface NetworkSpec {
  networks?: { cidr: string; except?: string[] }[];
}

export interface RateLimitSpec {
  targetRef: TargetRef;
  total?: { requestsPerSecond: number };
  identity?: { requestsPerSecond: number };
}

/** Everything that a cluster declares; kinds that it does not know are empty. */
export interface DeclaredPolicies {
  gatewayHttpRoutes: Declared<RouteSpec<HttpMatch>>[];
  policyHttpRoutes: Declared<RouteSpec<HttpMatch>>[];
  grpcRoutes: Declared<RouteSpec<GrpcMatch>>[];
  serviceProfiles: Declared<ProfileSpec>[];
  servers: Declared<ServerSpec>[];
  authorizationPolicies: Declared<AuthorizationPolicySpec>[];
  meshTlsAuthentications: Declared<MeshTlsSpec>[];
  networkAuthentications: Declared<NetworkSpec>[];
  rateLimits: Declared<RateLimitSpec>[];
}

/** Where the API serves each kind. */
export const POLICY_PATHS: Record<keyof DeclaredPolicies, string> = {
  gatewayHttpRoutes: '/apis/gateway.networking.k8s.io/v1/httproutes',
  grpcRoutes: '/apis/gateway.networking.k8s.io/v1/grpcroutes',
  policyHttpRoutes: '/apis/policy.linkerd.io/v1beta3/httproutes',
  servers: '/apis/policy.linkerd.io/v1beta3/servers',
  authorizationPolicies: '/apis/policy.linkerd.io/v1alpha1/authorizationpolicies',
  meshTlsAuthentications: '/apis/policy.linkerd.io/v1alpha1/meshtlsauthentications',
  networkAuthentications: '/apis/policy.linkerd.io/v1alpha1/networkauthentications',
  rateLimits: '/apis/policy.linkerd.io/v1alpha1/httplocalratelimitpolicies',
  serviceProfiles: '/apis/linkerd.io/v1alpha2/serviceprofiles',
};

export const NO_POLICIES: DeclaredPolicies = {
  gatewayHttpRoutes: [],
  policyHttpRoutes: [],
  grpcRoutes: [],
  serviceProfiles: [],
  servers: [],
  authorizationPolicies: [],
  meshTlsAuthentications: [],
  networkAuthentications: [],
  rateLimits: [],
};

/** Of two equal matches the older route's counts, then the one that is first by name (Gateway API). */
export function byAge(a: Declared<unknown>, b: Declared<unknown>): number {
  return (
    order(a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? '') ||
    order(a.metadata.namespace, b.metadata.namespace) ||
    order(a.metadata.name, b.metadata.name)
  );
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
