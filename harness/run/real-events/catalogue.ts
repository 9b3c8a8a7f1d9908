/** What makes an event happen in a real mesh: `app`, which the load generator calls, calls `web` once a request. */
export interface RealEvent {
  /** Key of the event in harness/mesh/events. */
  id: string;
  /** Of the service `web`, as a scenario has it. */
  web?: Record<string, unknown>;
  /** Of the call. */
  call?: Record<string, unknown>;
  routing?: Record<string, unknown>[];
  policies?: Record<string, unknown>[];
  view?: 'requests' | 'connections';
}

const all = (rule: Record<string, unknown>) => ({ errors: [{ ...rule, rate: '100%' }] });
const ECHO = { path: '/meshproof.v1.Echo/Unary' };
const STREAM = { path: '/meshproof.v1.Echo/Stream' };
const grpc = (more: Record<string, unknown> = {}) => ({ protocol: 'grpc', ...more });
const slowBody = { response: { size: '4KiB', chunks: 2, over: '2s' } };
const hang = all({ hang: true });
const route = (more: Record<string, unknown>) => ({
  ...{ kind: 'HTTPRoute', name: 'split', service: 'web', rules: [{ matches: [{ prefix: '/' }] }], ...more },
});
const profile = (more: Record<string, unknown>) => ({
  ...{ kind: 'ServiceProfile', service: 'web', routes: [{ name: 'all', pathRegex: '/.*', ...more }] },
});
const server = (more: Record<string, unknown> = {}) => ({
  ...{ kind: 'Server', name: 'web-http', service: 'web', port: 'app', protocol: 'unknown', ...more },
});
const everybody = { kind: 'AuthorizationPolicy', name: 'everybody', clients: '*' };

/** Those that a service can be told to make happen every time. What else there is, scenarios show among other traffic. */
export const REAL_EVENTS: RealEvent[] = [
  { id: 'success' },
  {
    id: 'success-post',
    web: { routes: [{ path: '/', method: 'POST' }] },
    call: { method: 'POST', size: '5B' },
  },
  { id: 'client-error', web: all({ status: 404 }) },
  { id: 'server-error', web: all({ status: 503 }) },
  { id: 'abandoned-before-headers', web: hang, call: { timeout: '200ms' } },
  { id: 'abandoned-mid-body', web: slowBody, call: { timeout: '300ms' } },
  { id: 'app-reset', web: all({ reset: 'before-headers' }) },
  { id: 'app-close', web: all({ close: true }) },
  { id: 'app-abort', web: { response: { size: '4KiB', chunks: 2, over: '20ms' }, ...all({ reset: 'mid-body' }) } },
  { id: 'grpc-success', web: grpc(), call: ECHO },
  { id: 'grpc-failure', web: grpc(all({ grpc: 'UNAVAILABLE' })), call: ECHO },
  { id: 'grpc-non-failure', web: grpc(all({ grpc: 'NOT_FOUND' })), call: ECHO },
  { id: 'grpc-missing-trailers', web: grpc(all({ noTrailers: true })), call: ECHO },
  { id: 'grpc-cancel-before-headers', web: grpc(hang), call: { ...ECHO, timeout: '200ms' } },
  { id: 'grpc-cancel-stream', web: grpc(slowBody), call: { ...STREAM, cancelAfterMessages: 1 } },
  {
    id: 'grpc-route-success',
    web: grpc(),
    call: ECHO,
    routing: [route({ kind: 'GRPCRoute', name: 'calls', rules: [{ matches: [{ service: 'meshproof.v1.Echo' }] }] })],
  },
  {
    id: 'grpc-route-failure',
    web: grpc(all({ grpc: 'UNAVAILABLE' })),
    call: ECHO,
    routing: [route({ kind: 'GRPCRoute', name: 'calls', rules: [{ matches: [{ service: 'meshproof.v1.Echo' }] }] })],
  },
  { id: 'route', routing: [route({})] },
  { id: 'retry-exhausted', web: { ...all({ status: 503 }), retry: { http: ['5xx'], limit: 2 } } },
  { id: 'request-timeout', web: { ...hang, timeouts: { request: '200ms' } } },
  { id: 'response-timeout', web: { ...hang, timeouts: { response: '200ms' } } },
  { id: 'response-timeout-body', web: { ...slowBody, timeouts: { response: '200ms' } } },
  { id: 'idle-timeout', web: { ...slowBody, timeouts: { idle: '200ms' } } },
  { id: 'profile', routing: [profile({})] },
  { id: 'profile-timeout', web: hang, routing: [profile({ timeout: '200ms' })] },
  {
    id: 'profile-response-class',
    web: all({ status: 404 }),
    routing: [profile({ failures: ['404-404'] })],
  },
  { id: 'allowed', policies: [server(), { ...everybody, server: 'web-http' }] },
  { id: 'denied', policies: [server()] },
  { id: 'denied-grpc', web: grpc(), call: ECHO, policies: [server()] },
  {
    id: 'no-route-inbound',
    policies: [
      server({ protocol: 'HTTP/1' }),
      { kind: 'HTTPRoute', name: 'reads', server: 'web-http', matches: [{ prefix: '/reads' }] },
      { ...everybody, route: 'reads' },
    ],
  },
  { id: 'no-route-outbound', routing: [route({ name: 'reads', rules: [{ matches: [{ prefix: '/reads' }] }] })] },
  {
    id: 'tcp-allowed',
    web: { protocol: 'tcp', opaque: true },
    call: { size: '5B' },
    policies: [server({ protocol: 'opaque' }), { ...everybody, server: 'web-http' }],
    view: 'connections',
  },
  {
    id: 'tcp-denied',
    web: { protocol: 'tcp', opaque: true },
    call: { size: '5B' },
    policies: [server({ protocol: 'opaque' })],
    view: 'connections',
  },
  { id: 'opaque', web: { protocol: 'tcp', opaque: true }, call: { size: '5B' }, view: 'connections' },
];
