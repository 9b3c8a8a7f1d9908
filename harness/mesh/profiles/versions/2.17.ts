import { without, withoutLabels } from '../family-changes.ts';
import { predecessor } from '../predecessor.ts';
import { V2_18 } from './2.18.ts';

/** Before 2.18. */
export const V2_17 = predecessor(V2_18, {
  proxyVersion: 'v2.268.0',
  linkerdVersion: '2.17',
  aliases: ['2.17.0', 'version-2.17', 'stable-2.17'],
  build: { date: '2024-11-22T19:00:32Z', gitSha: 'd76dda33d' },
  families: [
    without(
      '{inbound,outbound}_tcp_detect_http_*',
      'inbound_tcp_transport_header_connections',
      'outbound_tcp_protocol_connections',
      'control_dns_resolutions',
      'process_network_{receive,transmit}_bytes',
    ),
    withoutLabels('*', ['srv_port']),
  ],
  behaviour: {
    inboundAuthority: true,
    hostname: 'populated',
    duplicatesOfMixedTransport: false,
    transportHeader: false,
  },
  chart: { viz: { multiclusterJob: 'linkerd-service-mirror' } },
});
