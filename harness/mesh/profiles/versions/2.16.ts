import { without, withoutLabels } from '../family-changes.ts';
import { BACKEND, PARENT } from '../label-groups.ts';
import { predecessor } from '../predecessor.ts';
import { V2_17 } from './2.17.ts';

/** Before 2.17. */
export const V2_16 = predecessor(V2_17, {
  proxyVersion: 'v2.246.0',
  linkerdVersion: '2.16',
  aliases: ['2.16.0', 'version-2.16', 'stable-2.16'],
  build: { date: '2024-08-01T10:46:38Z', gitSha: 'bef3c32b4' },
  families: [
    without(
      'tokio_rt_*',
      'process_clock_time_seconds',
      'opentelemetry_span_*',
      'inbound_http_local_ratelimit_total',
      'outbound_{grpc,http}_route_backend_response_frame_size_bytes',
      'outbound_tcp_route_{open,close}',
      'outbound_tcp_transfer_cost_bytes',
      'outbound_tls_*',
    ),
    withoutLabels('outbound_{grpc,http}_route_*', ['hostname']),
    withoutLabels('outbound_tcp_balancer_*', [...PARENT, ...BACKEND]),
  ],
  behaviour: { dstZone: 'zone' },
});
