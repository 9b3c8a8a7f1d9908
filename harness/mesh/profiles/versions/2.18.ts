import { changed, inserted, without } from '../family-changes.ts';
import { OPENCENSUS_FAMILIES } from '../older-families.ts';
import { predecessor } from '../predecessor.ts';
import { V2_19 } from './2.19.ts';

/** Before 2.19. */
export const V2_18 = predecessor(V2_19, {
  proxyVersion: 'v2.294.0',
  linkerdVersion: '2.18',
  aliases: ['2.18.0', 'version-2.18', 'stable-2.18'],
  build: { date: '2025-04-21T17:01:40Z', gitSha: 'ad5952f02' },
  families: [
    without(
      'rustls_info',
      'inbound_{grpc,http}_requests',
      'inbound_{grpc,http}_{request,response}_frame_size_bytes',
      'outbound_{grpc,http}_route_request_frame_size_bytes',
    ),
    inserted('opentelemetry_span_export_streams', OPENCENSUS_FAMILIES),
    changed('control_identity_cert_expiration_timestamp_seconds', () => ({
      help: "Time when the this proxy's current mTLS identity certificate will expire (in seconds since the UNIX epoch).",
    })),
    changed('control_identity_cert_refresh_timestamp_seconds', () => ({
      help: "Time when the this proxy's current mTLS identity certificate were last updated.",
    })),
  ],
  behaviour: { duplicatesOfMixedTransport: true },
  chart: {
    adminPorts: {
      destination: 'admin-http',
      policy: 'admin-http',
      spValidator: 'admin-http',
      identity: 'admin-http',
      proxyInjector: 'admin-http',
    },
    viz: { controllerKeep: 'admin-http' },
  },
});
