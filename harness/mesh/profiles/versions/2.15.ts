import { inserted, named, without } from '../family-changes.ts';
import { GATEWAY_FAMILIES } from '../older-families.ts';
import { predecessor } from '../predecessor.ts';
import { V2_16 } from './2.16.ts';

/** Before 2.16. */
export const V2_15 = predecessor(V2_16, {
  proxyVersion: 'v2.221.0',
  linkerdVersion: '2.15',
  aliases: ['2.15.0', 'version-2.15', 'stable-2.15'],
  build: { date: '2024-02-16T19:40:16Z', gitSha: '098dd0ded' },
  families: [
    without(
      'outbound_{grpc,http}_route_request_{duration_seconds,statuses}',
      'outbound_{grpc,http}_route_backend_response_{duration_seconds,statuses}',
      'outbound_{grpc,http}_route_retry_*',
    ),
    named('control_identity_cert_expiration_timestamp_seconds', 'identity_cert_expiration_timestamp_seconds'),
    named('control_identity_cert_refresh_timestamp_seconds', 'identity_cert_refresh_timestamp_seconds'),
    named('control_identity_cert_refreshes', 'identity_cert_refreshes'),
    inserted('outbound_http_route_backend_requests', GATEWAY_FAMILIES),
  ],
});
