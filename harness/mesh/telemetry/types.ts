/**
 * What the data path tells telemetry. The data path reports events; which family counts what at which event (facts,
 * section 2) is telemetry's alone, so that it can be tested without a socket.
 */

import type { ObjectRef } from '../../core/policy.ts';

export type ServerTls =
  | { tls: 'true'; clientId: string }
  | { tls: 'no_identity'; reason: 'loopback' | 'port_skipped' | 'no_tls_from_remote' };

export type ClientTls =
  | { tls: 'true'; serverId: string }
  | { tls: 'no_identity'; reason: 'loopback' | 'not_provided_by_service_discovery' };

/** Where inbound traffic goes and who sent it: one label set of the inbound endpoint families. */
export interface InboundTarget {
  /** `ip:port` as labels show it: `10.244.0.7:8080`, `0.0.0.0:4191` for the admin server. */
  ip: string;
  port: number;
  tls: ServerTls;
  /** It came to the app's own port, from a proxy that sends no transport header (before 2.18). */
  direct?: true;
  /** Default routes: `default`, or `probe` for the kubelet's. Not read when `policy` says more. */
  route: 'default' | 'probe';
  /** What applies instead of the defaults; absent: the default server, route and authorization. */
  policy?: InboundTargetPolicy;
}

/** Server, route and authorization as labels name them (facts, 1.9). */
export interface InboundTargetPolicy {
  server: ObjectRef;
  route: ObjectRef;
  /** null: refused, no authorization applied. */
  authz: ObjectRef | null;
  /** The Server's protocol is gRPC: `inbound_grpc_*` in place of `inbound_http_*`. */
  grpc: boolean;
}

/** One endpoint of a balanced service, as the destination controller describes it. */
export interface OutboundTarget {
  /** Service authority without `:80`; empty for a pod that was dialled by its address, which has no such label. */
  authority: string;
  ip: string;
  port: number;
  tls: ClientTls;
  /** dst_* labels, sorted by name. */
  dst: [name: string, value: string][];
}

/** A Service: parent of a route, or backend. */
export interface ServiceRef {
  namespace: string;
  name: string;
  port: number;
  clusterIp: string;
  /** No Service but what the proxy makes up (kind `default`, no port): for a pod that is dialled by its address (facts, 1.10). */
  madeUp?: true;
}

/** A backend under another Service's route; `parent` absent: the Service itself. Balancers and endpoints are per pair. */
export interface BackendRef extends ServiceRef {
  parent?: ServiceRef;
}

/** A declared outbound route; where one is optional, absent means the default route `http`. */
export interface OutboundRouteRef {
  ref: ObjectRef;
  /** A GRPCRoute: `outbound_grpc_route_*`, statuses by name. */
  grpc: boolean;
}

/** `response timeout` is a ServiceProfile's; timeouts of a route's annotations are `unexpected`. */
export type HttpErrorLabel = 'unexpected' | 'failfast' | 'loadshed' | 'i/o' | 'response timeout';

export interface ExchangeError {
  /** `error` of response_total: `unclassified`, `h2(REFUSED_STREAM)`, ... */
  response: string;
  /** `error` of inbound_http_errors_total / outbound_http_errors_total; null when not counted there. */
  proxy: HttpErrorLabel | null;
  /** `error` of the outbound route families: `UNKNOWN`, `FAIL_FAST`, `RESET`, ... */
  route: string;
}

/**
 * One HTTP request through one layer of one proxy. Call in order: dispatch, requestFrame*, requestEnd, head,
 * responseFrame*, then exactly one of complete, fail, cancel. fail and cancel may come at any point: inbound before dispatch
 * too, of a request that has waited in vain for a connection to an app of HTTP/2; the layers below the queue know nothing of it.
 * `nowMs` is performance.now() of the mesh process.
 */
export interface Exchange {
  dispatch(nowMs: number): void;
  requestFrame(bytes: number, nowMs: number): void;
  requestEnd(nowMs: number): void;
  /**
   * `grpc`: the exchange is gRPC, classified by its trailers: the request's content type is `application/grpc*`, or its route
   * is a GRPCRoute. `classified`: a ServiceProfile's responseClasses have a word for this status, which goes before all else.
   */
  head(status: number, nowMs: number, grpc?: boolean, classified?: 'success' | 'failure'): void;
  responseFrame(bytes: number, nowMs: number): void;
  /** The response stream has ended well; `grpcStatus` is that of the trailers, null without them. */
  complete(nowMs: number, grpcStatus?: string | null): void;
  /** The next layer failed: before headers, or in the middle of the body. */
  fail(error: ExchangeError, nowMs: number): void;
  /** Whoever asked is gone: before headers, or in the middle of the body. */
  cancel(nowMs: number): void;
}

export interface TcpConnection {
  read(bytes: number): void;
  write(bytes: number): void;
  /** errno: empty for a clean end, `ECONNRESET`, ... */
  close(errno: string): void;
}

/** Telemetry of one incarnation of one sidecar. */
export interface ProxyTelemetry {
  /** `authority`: the Host as sent; absent: not looked at, as by the admin server. */
  inboundExchange(target: InboundTarget, hasBody: boolean, startMs: number, authority?: string): Exchange;
  /**
   * Layer above retries and the balancer: outbound_{http,grpc}_route_request_*. `service` is the parent. With a ServiceProfile
   * the layer does not exist (facts, 1.2): use profileRoute. `backendCounted`: the attempts are reported by outboundBackend;
   * without it a request that fails fast counts at the backend too. `authority`: the Host as sent.
   */
  outboundRoute(
    service: ServiceRef,
    hasBody: boolean,
    startMs: number,
    route?: OutboundRouteRef,
    backendCounted?: boolean,
    authority?: string,
  ): Exchange;
  /**
   * One attempt at one backend, above its balancer's queue: outbound_{http,grpc}_route_backend_*. It begins before the queue
   * (dispatch), and a failfast fails it; load shedding happens above it, so there is none then. Once it is called for an
   * attempt, pass `backendCounted` to outboundEndpoint and outboundRoute: then they count for themselves alone. Timeouts of
   * routes are the endpoint's, below all three layers: each fails. An attempt that a retry discards is cancelled after its
   * head, or completed when it has no body (or a gRPC answer was read to its trailers).
   */
  outboundBackend(service: BackendRef, hasBody: boolean, startMs: number, route?: OutboundRouteRef): Exchange;
  /** One attempt at one endpoint: request_total & co., and without `backendCounted` outbound_http_route_backend_* as well. */
  outboundEndpoint(
    service: BackendRef,
    target: OutboundTarget,
    hasBody: boolean,
    startMs: number,
    backendCounted?: boolean,
  ): Exchange;

  /** `server`: the Server of the port, or the default policy by its name; absent: the default policy that telemetry was given. */
  inboundSrcTcp(ip: string, port: number, tls: ServerTls, server?: ObjectRef): TcpConnection;
  inboundDstTcp(): TcpConnection;
  outboundSrcTcp(clusterIp: string, port: number): TcpConnection;
  outboundDstTcp(target: OutboundTarget): TcpConnection;

  /** Protocol detection of an accepted connection. `server` as of inboundSrcTcp. */
  inboundDetected(
    port: number,
    result: 'http/1' | 'http/2' | 'not_http' | 'read_timeout' | 'error',
    seconds: number,
    server?: ObjectRef,
  ): void;
  outboundDetected(
    service: ServiceRef,
    result: 'http/1' | 'http/2' | 'not_http' | 'read_timeout' | 'error',
    seconds: number,
  ): void;
  /** An accepted outbound connection that is not detected, because its Service's policy says what it is. */
  outboundProtocol(service: ServiceRef, protocol: 'http/1' | 'http/2' | 'opaq' | 'tls'): void;
  /** A meshed connection with a transport header (all meshed traffic since 2.18, but of peers that are older). */
  transportHeader(sessionProtocol: 'http/1' | 'http/2' | '', port: number, clientId: string): void;

  /** A connection was cut with a request under way, by either side: `unexpected`, reset by the peer: `i/o`; and others. */
  inboundTcpError(ip: string, port: number, error: string): void;
  outboundTcpError(ip: string, port: number, error: string): void;

  /** A service's balancer has (these many) endpoints; called when a service is first used and at each change. */
  balancerEndpoints(
    service: BackendRef,
    change: { ready: number; pending: number; added: number; removed: number },
  ): void;
  /** A Service has been idle for 5 s: its pool is dropped, the next balancerEndpoints makes a new one. */
  balancerDropped(service: BackendRef): void;
  /** The balancer's gate: open again, or shut after the queue timeout (failfast). */
  balancerGate(service: BackendRef, gate: 'open' | 'shut', epochSeconds: number): void;
  /** How long a request waited in the balancer's queue. */
  balancerQueued(service: BackendRef, seconds: number): void;

  /** A certificate has been issued (or could not be). */
  certificate(result: 'ok' | 'error', expiresEpochSeconds: number, refreshedEpochSeconds: number): void;
  /** A request to a control-plane client (identity, destination, policy) has ended. */
  control(client: 'identity' | 'destination' | 'policy', event: ControlEvent): void;

  /** The page as /metrics answers it; `nowMs` for uptime and eviction (idle series go after this rendering). */
  render(nowMs: number): string;
}

export type ControlEvent =
  | { kind: 'connected' }
  | { kind: 'request' }
  /** First frame of the answer: latency. */
  | { kind: 'latency'; ms: number }
  /** Null: the client dropped the stream, as it does with its watches. */
  | { kind: 'response'; grpcStatus: string | null }
  /** Failed before an answer's headers; `unclassified` when there is no better word. */
  | { kind: 'error'; error: string };

/** Events of policies, opaque transport, retries and ServiceProfiles: rarer than those of ProxyTelemetry. */
export interface FullProxyTelemetry extends ProxyTelemetry {
  /**
   * A rule of a Service's route is used for the first time: all its backends have their series from now on, at zero. May be
   * called more than once.
   */
  outboundBackends(backends: readonly BackendRef[], route?: OutboundRouteRef): void;
  /** A request that is answered without a route of its Service (no rule matches: 404, `unexpected`): no exchange. */
  outboundHttpError(error: HttpErrorLabel): void;
  /** A request that policy refused (403) or no route matched (404): it never becomes an exchange. */
  inboundRefused(target: InboundTarget, why: 'denied' | 'no-route'): void;
  inboundRateLimited(target: InboundTarget, scope: 'total' | 'identity', limit?: ObjectRef): void;
  /** An opaque connection, or one whose authorization was withdrawn. */
  inboundTcpAuthorized(
    ip: string,
    port: number,
    tls: ServerTls,
    verdict: 'allow' | 'deny' | 'terminate',
    policy?: InboundTargetPolicy,
  ): void;
  /** An outbound connection that is not HTTP: opened on the Service's opaque route. Call the result when it closes. */
  outboundOpaque(service: ServiceRef, endpoints: number): (error: OpaqueError) => void;
  /** Route with a retry policy: called at its first request (`none`), then for what retries do. */
  outboundRetry(
    service: ServiceRef,
    event: 'none' | 'retry' | 'success' | 'limit-exceeded' | 'overflow',
    route?: OutboundRouteRef,
    authority?: string,
  ): void;
  /**
   * Traffic of a Service with a ServiceProfile: one `effective` exchange a request, one `actual` an attempt. `dst` is
   * `svc.ns.svc.cluster.local:80`; route null when none matched. Inbound there is only `effective`, around inboundExchange, and
   * only when a route matched. Outbound, the effective exchange counts `error.proxy`. A timeout of the profile fails the
   * effective exchange (`timeout`, `response timeout`) and cancels those below.
   */
  profileRoute(
    direction: 'inbound' | 'outbound',
    dst: string,
    route: string | null,
    layer: 'effective' | 'actual',
    hasBody: boolean,
    startMs: number,
  ): Exchange;
  /**
   * A failure on a ServiceProfile's retryable route. `skipped` says why it was not retried after all; `seed` counts nothing:
   * the route is used for the first time.
   */
  profileRetryable(
    direction: 'inbound' | 'outbound',
    dst: string,
    route: string | null,
    skipped: 'no_budget' | 'seed' | null,
  ): void;
}

/** Empty for a clean end. */
export type OpaqueError = '' | 'forbidden' | 'invalid_backend' | 'invalid_policy' | 'unexpected';
