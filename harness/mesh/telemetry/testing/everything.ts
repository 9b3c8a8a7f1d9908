import type { VersionProfile } from '../../profiles/index.ts';
import type { OutboundTarget } from '../types.ts';
import { FROM_CLIENT, GRPC_ROUTE, SCRAPE, Sim, TO_GRPC_SERVER, WEB, WEB_POD } from './sim.ts';

export const WEB_HOST = 'web.shop.svc.cluster.local:8080';
const DST = 'web.shop.svc.cluster.local:80';
const ZONED: OutboundTarget = {
  ...WEB_POD,
  dst: [...WEB_POD.dst, ['dst_zone', 'a'] as [string, string]].toSorted(([a], [b]) => (a < b ? -1 : 1)),
};

/** Everything that events can bring onto a page. */
export function everything(profile: VersionProfile): Sim {
  const sim = new Sim(profile);
  const { telemetry } = sim;
  const error = { response: 'unclassified', proxy: 'unexpected', route: 'UNKNOWN' } as const;
  const exchanges = [
    telemetry.inboundExchange(FROM_CLIENT, true, 0, WEB_HOST),
    telemetry.inboundExchange(TO_GRPC_SERVER, true, 0, WEB_HOST),
    telemetry.inboundExchange(SCRAPE, false, 0),
    telemetry.outboundRoute(WEB, true, 0, GRPC_ROUTE, false, WEB_HOST),
    telemetry.outboundBackend(WEB, true, 0, GRPC_ROUTE),
    telemetry.outboundRoute(WEB, true, 0, undefined, false, WEB_HOST),
    telemetry.outboundEndpoint(WEB, ZONED, true, 0),
    ...(['effective', 'actual'] as const).map((layer) =>
      telemetry.profileRoute('outbound', DST, 'GET /', layer, true, 0),
    ),
  ];
  for (const exchange of exchanges) {
    exchange.dispatch(0);
    exchange.requestFrame(10, 0);
    exchange.head(200, 1);
    exchange.responseFrame(10, 1);
    exchange.fail(error, 2);
  }
  telemetry.inboundRefused(FROM_CLIENT, 'denied');
  telemetry.inboundRefused(FROM_CLIENT, 'no-route');
  telemetry.inboundRateLimited(FROM_CLIENT, 'total');
  for (const verdict of ['allow', 'deny', 'terminate'] as const) {
    telemetry.inboundTcpAuthorized('10.244.0.7', 8080, FROM_CLIENT.tls, verdict);
  }
  telemetry.inboundTcpError('10.244.0.7', 8080, 'i/o');
  telemetry.outboundTcpError('10.244.0.7', 8080, 'i/o');
  telemetry.inboundSrcTcp('10.244.0.7', 8080, FROM_CLIENT.tls).close('');
  telemetry.inboundDstTcp().close('');
  telemetry.outboundDstTcp(ZONED).close('');
  telemetry.inboundDetected(8080, 'http/1', 0);
  telemetry.outboundDetected(WEB, 'http/1', 0);
  telemetry.transportHeader('http/2', 8080, 'a');
  telemetry.balancerEndpoints(WEB, { ready: 1, pending: 0, added: 1, removed: 0 });
  telemetry.outboundOpaque(WEB, 1)('');
  telemetry.outboundRetry(WEB, 'retry', undefined, WEB_HOST);
  telemetry.outboundRetry(WEB, 'retry', GRPC_ROUTE, WEB_HOST);
  telemetry.profileRetryable('outbound', DST, 'GET /', null);
  telemetry.control('identity', { kind: 'request' });
  telemetry.control('identity', { kind: 'latency', ms: 1 });
  telemetry.control('identity', { kind: 'response', grpcStatus: '0' });
  telemetry.control('policy', { kind: 'error', error: 'unclassified' });
  telemetry.certificate('ok', 1_700_086_420, 1_700_000_000);
  return sim;
}
