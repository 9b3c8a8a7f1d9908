import type {
  ClientTls,
  Exchange,
  InboundTarget,
  OutboundTarget,
  ProxyTelemetry,
  ServerTls,
  TcpConnection,
} from '../../telemetry/types.ts';

/** One thing that happened, in the order in which it happened: `web inbound dispatch`, `app start`. */
export type Log = string[];

/** Telemetry that writes down each event of the data path under the pod's name. */
export function recordingTelemetry(log: Log, pod: string): ProxyTelemetry {
  const say = (...words: (string | number)[]) => log.push([pod, ...words].join(' '));
  const exchange = (layer: string): Exchange => ({
    dispatch: () => say(layer, 'dispatch'),
    requestFrame: (bytes) => say(layer, 'requestFrame', bytes),
    requestEnd: () => say(layer, 'requestEnd'),
    head: (status) => say(layer, 'head', status),
    responseFrame: (bytes) => say(layer, 'responseFrame', bytes),
    complete: () => say(layer, 'complete'),
    fail: (error) => say(layer, 'fail', error.response, error.proxy ?? '-', error.route),
    cancel: () => say(layer, 'cancel'),
  });
  const tcp = (side: string): TcpConnection => {
    say('tcp', side, 'open');
    return { read() {}, write() {}, close: (errno) => say('tcp', side, 'close', errno) };
  };
  const who = (how: ServerTls | ClientTls) =>
    how.tls === 'true' ? ('clientId' in how ? how.clientId : how.serverId).split('.')[0]! : 'plaintext';
  return {
    inboundExchange: (target: InboundTarget) => {
      const layer = target.port === 4191 ? 'admin' : 'inbound';
      say(layer, 'from', who(target.tls), target.route);
      return exchange(layer);
    },
    outboundRoute: (service) => {
      say('route', 'to', service.name);
      return exchange('route');
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
    transportHeader: (protocol) => say('transportHeader', protocol),
    inboundTcpError: (_ip, port, error) => say('tcpError', 'inbound', port, error),
    outboundTcpError: (_ip, port, error) => say('tcpError', 'outbound', port, error),
    balancerEndpoints: (_service, change) => say('balancer', `ready=${change.ready}`, `pending=${change.pending}`),
    balancerDropped: () => say('balancer', 'dropped'),
    balancerGate: (_service, gate) => say('gate', gate),
    balancerQueued: () => {},
    certificate: (result) => say('certificate', result),
    control: () => {},
    render: () => `rendered ${pod}\n# EOF\n`,
  };
}
