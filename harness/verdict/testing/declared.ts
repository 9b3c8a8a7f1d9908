import { NO_TIMEOUTS, type OutboundPolicy, type OutboundRoute, type RouteMatch } from '../../core/policy.ts';
import { identityName, type ServiceInfo, type WorkloadInfo } from '../../core/topology.ts';
import type { ServiceSimSpec, WorldSpec } from './world.ts';

/** What simulated services declare: routes of a Service and of a Server, authorizations, limits. */

/** Paths where routes are declared: split and retried, a second route, and one that no route has. */
export const ROUTED = { split: '/a', plain: '/b', none: '/c' } as const;

const NS = 'shop';
const POLICY_GROUP = 'policy.linkerd.io';

const exact = (value: string): RouteMatch => ({ path: { type: 'Exact', value }, method: null, headers: [] });

const NOTHING: OutboundPolicy = {
  ...{ opaque: false, routes: [], retry: null, timeouts: NO_TIMEOUTS },
  ...{ failureAccrual: null, profile: null },
};

export function outboundOf(spec: WorldSpec, index: number): Pick<ServiceInfo, 'outboundPolicy'> {
  const { route, grpc, profile } = spec.services[index]!;
  if (!route) return {};
  const kind = grpc ? 'GRPCRoute' : 'HTTPRoute';
  const ref = (name: string) => ({ group: 'gateway.networking.k8s.io', kind, namespace: NS, name });
  const retry = { http: [[500, 599] as [number, number]], grpc: [2, 13, 14], limit: route.retries, timeoutMs: null };
  const backends = route.backends.map((i) => ({ service: `${NS}/s${i}`, port: 80, weight: 1 }));
  if (profile) {
    const of = (name: string, isRetryable: boolean) => ({
      ...{ name, method: null, pathRegex: ROUTED[name as keyof typeof ROUTED], isRetryable },
      ...{ timeoutMs: null, responseClasses: [] },
    });
    const declared = {
      routes: [of('split', route.retries > 0), of('plain', false)],
      retryBudget: null,
      split: backends,
    };
    return { outboundPolicy: { ...NOTHING, profile: declared } };
  }
  const routes: OutboundRoute[] = [
    {
      ref: ref('split'),
      rules: [{ matches: [exact(ROUTED.split)], backends }],
      retry: route.retries > 0 ? retry : null,
      timeouts: NO_TIMEOUTS,
    },
    {
      ref: ref('plain'),
      rules: [{ matches: [exact(ROUTED.plain)], backends: [] }],
      retry: null,
      timeouts: NO_TIMEOUTS,
    },
  ];
  return { outboundPolicy: { ...NOTHING, routes } };
}

export function inboundOf({ server, grpc }: ServiceSimSpec, name: string): Pick<WorkloadInfo, 'inboundPolicy'> {
  if (!server) return {};
  const object = (kind: string, own: string) => ({ group: POLICY_GROUP, kind, namespace: NS, name: own });
  const identities = server.accounts?.map((account) => {
    const namespace = account === 'load' ? 'meshproof' : NS;
    return identityName(account, namespace, 'linkerd', 'cluster.local');
  });
  const limit = { totalPerSecond: 10, identityPerSecond: null };
  return {
    inboundPolicy: {
      defaultPolicy: 'all-unauthenticated',
      servers: [
        {
          ref: object('server', name),
          port: 8080,
          protocol: grpc ? 'gRPC' : 'HTTP/1',
          accessPolicy: identities ? 'deny' : 'all-unauthenticated',
          authorizations: identities
            ? [{ ref: object('authorizationpolicy', 'callers'), networks: [], identities }]
            : [],
          routes: server.routes
            ? [ROUTED.split, ROUTED.plain].map((path) => ({
                ref: object('HTTPRoute', `at${path.slice(1)}`),
                matches: [exact(path)],
                authorizations: [],
              }))
            : [],
          rateLimit: server.limitRate > 0 ? { ref: object('httplocalratelimitpolicy', 'limit'), ...limit } : null,
        },
      ],
    },
  };
}

/** How labels name the Server of a pod, and the authorization that lets in there. */
export function serverLabels(
  spec: ServiceSimSpec | undefined,
  name: string,
): Record<'srv' | 'authz', [string, string, string]> {
  const server = spec?.server;
  const open: [string, string, string] = ['', 'default', 'all-unauthenticated'];
  return {
    srv: server ? [POLICY_GROUP, 'server', name] : open,
    authz: server?.accounts ? [POLICY_GROUP, 'authorizationpolicy', 'callers'] : open,
  };
}

export function inboundRouteLabels(spec: ServiceSimSpec | undefined, path: string): [string, string, string] {
  return spec?.server?.routes ? [POLICY_GROUP, 'HTTPRoute', `at${path.slice(1)}`] : ['', 'default', 'default'];
}
