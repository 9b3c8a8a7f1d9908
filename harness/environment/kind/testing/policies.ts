import type { PolicySpec, RoutingSpec, Scenario } from '../../../scenario/model.ts';
import { aScenario } from './scenario.ts';

const NO_TIMEOUTS = { requestMs: null, responseMs: null, idleMs: null };

/** One of everything that may stand under `routing:`. */
export const ROUTING: RoutingSpec[] = [
  {
    ...{
      kind: 'HTTPRoute',
      group: 'gateway.networking.k8s.io',
      namespace: 'store',
      name: 'items',
      service: 'store/cart',
    },
    rules: [
      {
        matches: [
          {
            path: { type: 'PathPrefix', value: '/items' },
            method: 'GET',
            headers: [{ name: 'x-canary', value: 'yes' }],
          },
          { path: { type: 'Exact', value: '/all' }, method: null, headers: [] },
        ],
        backends: [
          { service: 'store/cart', port: 80, weight: 9 },
          { service: 'shop/web', port: 8080, weight: 1 },
        ],
      },
      { matches: [], backends: [] },
    ],
    retry: {
      http: [
        [500, 599],
        [404, 404],
        [500, 502],
      ],
      grpc: [],
      limit: 2,
      timeoutMs: 300,
    },
    timeouts: { requestMs: 1000, responseMs: 900, idleMs: 800 },
  },
  {
    ...{ kind: 'HTTPRoute', group: 'policy.linkerd.io', namespace: 'shop', name: 'old', service: 'shop/web' },
    rules: [
      { matches: [{ path: { type: 'RegularExpression', value: '/a+' }, method: null, headers: [] }], backends: [] },
    ],
    retry: null,
    timeouts: NO_TIMEOUTS,
  },
  {
    ...{ kind: 'GRPCRoute', group: 'gateway.networking.k8s.io', namespace: 'shop', name: 'echo', service: 'shop/web' },
    rules: [
      {
        matches: [
          { path: { type: 'Exact', value: '/meshproof.v1.Echo/Unary' }, method: null, headers: [] },
          { path: { type: 'PathPrefix', value: '/meshproof.v1.Other/' }, method: null, headers: [] },
        ],
        backends: [],
      },
    ],
    retry: { http: [], grpc: [14, 4], limit: 1, timeoutMs: null },
    timeouts: NO_TIMEOUTS,
  },
  {
    kind: 'ServiceProfile',
    service: 'store/cart',
    profile: {
      routes: [
        {
          ...{ name: 'GET /items', method: 'GET', pathRegex: '/items(/.*)?', isRetryable: true, timeoutMs: 250 },
          responseClasses: [{ min: 404, max: 404, isFailure: true }],
        },
        { name: 'rest', method: null, pathRegex: null, isRetryable: false, timeoutMs: null, responseClasses: [] },
      ],
      retryBudget: { retryRatio: 0.25, minRetriesPerSecond: 5, ttlMs: 15_000 },
      split: [{ service: 'shop/web', port: 8080, weight: 10 }],
    },
  },
];

/** One of everything that may stand under `policies:`. */
export const POLICIES: PolicySpec[] = [
  {
    ...{ kind: 'Server', namespace: 'store', name: 'cart-app', service: 'store/cart', port: 'app' },
    ...{ protocol: 'HTTP/1', accessPolicy: 'deny' },
  },
  {
    ...{ kind: 'Server', namespace: 'shop', name: 'admin', service: null, port: 'admin' },
    ...{ protocol: 'unknown', accessPolicy: 'audit' },
  },
  {
    ...{ kind: 'HTTPRoute', namespace: 'store', name: 'reads', server: 'store/cart-app' },
    matches: [{ path: { type: 'PathPrefix', value: '/' }, method: 'GET', headers: [] }],
  },
  {
    ...{ kind: 'AuthorizationPolicy', namespace: 'store', name: 'readers' },
    target: { kind: 'HTTPRoute', name: 'store/reads' },
    clients: ['shop/web', 'meshproof/load'],
    networks: ['10.0.0.0/8'],
  },
  {
    ...{ kind: 'AuthorizationPolicy', namespace: 'shop', name: 'scrapes' },
    target: { kind: 'Server', name: 'shop/admin' },
    clients: ['linkerd-viz/prometheus'],
    networks: [],
  },
  {
    ...{ kind: 'AuthorizationPolicy', namespace: 'shop', name: 'meshed' },
    target: { kind: 'Namespace', name: 'shop' },
    clients: ['*'],
    networks: [],
  },
  {
    ...{ kind: 'RateLimit', namespace: 'store', name: 'slow', server: 'store/cart-app' },
    ...{ totalPerSecond: 100, identityPerSecond: 50 },
  },
];

/** `aScenario` with all of them. */
export function aPolicedScenario(change: Partial<Scenario> = {}): Scenario {
  return aScenario({ routing: ROUTING, policies: POLICIES, ...change });
}
