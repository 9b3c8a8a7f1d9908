import type {
  BackendRef,
  ClientTls,
  Exchange,
  FullProxyTelemetry,
  InboundTarget,
  OutboundRouteRef,
  OutboundTarget,
  ServerTls,
  TcpConnection,
} from '../../telemetry/types.ts';

/** One thing that happened, in the order in which it happened: `web inbound dispatch`, `app start`. */
export type Log = string[];

/** Telemetry that writes down each event of the data path under the pod's name. */
export function recordingTelemetry(log: Log, pod: string): FullProxyTelemetry {
  const say = (...words: (string | number)[]) => log.push([pod, ...words].join(' '));
  const exchange = (layer: string): Exchange => ({
    dispatch: () => say(layer, 'dispatch'),
    requestFrame: (bytes) => say(layer, 'requestFrame', bytes),
    requestEnd: () => say(layer, 'requestEnd'),
    head: (status, _nowMs, grpc, classified) =>
      say(layer, 'head', status, ...(grpc ? ['grpc'] : []), ...(classified ? [classified] : [])),
    responseFrame: (bytes) => say(layer, 'responseFrame', bytes),
    complete: (_nowMs, grpcStatus) => say(layer, 'complete', ...(grpcStatus ? [grpcStatus] : [])),
    fail: (error) => say(layer, 'fail', error.response, error.proxy ?? '-', error.route),
    cancel: () => say(layer, 'cancel'),
  });
  const tcp = (side: string): TcpConnection => {
    say('tcp', side, 'open');
    return { read() {}, write() {}, close: (errno) => say('tcp', side, 'close', errno) };
  };
  const who = (how: ServerTls | ClientTls) =>
    how.tls === 'true' ? ('clientId' in how ? how.clientId : how.serverId).split('.')[0]! : 'plaintext';
  const policy = (target: InboundTarget) =>
    target.policy
      ? [target.policy.server.name, target.policy.route.name, target.policy.authz?.name ?? '-']
      : [target.route];
  const by = (route?: OutboundRouteRef) => (route ? ['by', route.ref.name] : []);
  const of = (backend: BackendRef) => (backend.parent ? ['of', backend.parent.name] : []);
  return {
    inboundExchange: (target: InboundTarget) => {
      const layer = target.port === 4191 ? 'admin' : 'inbound';
      say(layer, 'from', who(target.tls), ...policy(target));
      return exchange(layer);
    },
    outboundRoute: (service, _hasBody, _startMs, route) => {
      say('route', 'to', service.name, ...by(route));
      return exchange('route');
    },
    outboundBackend: (backend, _hasBody, _startMs, route) => {
      say('backend', 'to', backend.name, ...of(backend), ...by(route));
      return exchange('backend');
    },
    outboundEndpoint: (_service, target: OutboundTarget) => {
      say('endpoint', 'to', target.ip);
      return exchange('endpoint');
    },
    inboundSrcTcp: () => tcp('inbound-src'),
    inboundDstTcp: () => tcp('inbound-dst'),
    outboundSrcTcp: () => tcp('outbound-src'),
    outboundDstTcp: () => tcp('outbound-dst'),
    inboundDetected: (port, result) => say('detected', port, result),
    outboundDetected: (_service, result) => say('detected', 'outbound', result),
    outboundProtocol: (service, protocol) => say('protocol', service.name, protocol),
    transportHeader: (protocol) => say('transportHeader', protocol),
    inboundTcpError: (_ip, port, error) => say('tcpError', 'inbound', port, error),
    outboundTcpError: (_ip, port, error) => say('tcpError', 'outbound', port, error),
    balancerEndpoints: (_service, change) => say('balancer', `ready=${change.ready}`, `pending=${change.pending}`),
    balancerDropped: () => say('balancer', 'dropped'),
    balancerGate: (_service, gate) => say('gate', gate),
    balancerQueued: () => {},
    certificate: (result) => say('certificate', result),
    control: () => {},
    outboundBackends: (backends, route) => say('backends', backends.map(({ name }) => name).join(','), ...by(route)),
    outboundHttpError: (error) => say('httpError', 'outbound', error),
    inboundRefused: (target, why) => say('refused', why, ...policy(target)),
    inboundRateLimited: (_target, scope, limit) => say('rateLimited', scope, limit?.name ?? '-'),
    inboundTcpAuthorized: (_ip, port, tls, verdict, applied) =>
      say('tcpAuthorized', port, who(tls), verdict, ...(applied ? [applied.server.name] : [])),
    outboundOpaque: (service) => {
      say('opaque', service.name, 'open');
      return (error) => say('opaque', service.name, 'close', error);
    },
    outboundRetry: (service, event, route) => say('retry', service.name, event, ...by(route)),
    profileRoute: (direction, _dst, route, layer) => {
      const name = `${direction}-${layer}`;
      say(name, 'route', route ?? '-');
      return exchange(name);
    },
    profileRetryable: (_direction, _dst, route, event) => say('retryable', route ?? '-', event ?? 'retried'),
    render: () => `rendered ${pod}\n# EOF\n`,
  };
}
