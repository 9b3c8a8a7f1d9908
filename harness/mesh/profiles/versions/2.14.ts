import { inserted, legacyOnly } from '../family-changes.ts';
import { LEGACY_IDENTITY_FAMILIES, LEGACY_OUTBOUND_FAMILIES, LEGACY_PROCESS_FAMILIES } from '../older-families.ts';
import { predecessor } from '../predecessor.ts';
import { V2_15 } from './2.15.ts';

/** Before 2.15. */
export const V2_14 = predecessor(V2_15, {
  proxyVersion: 'v2.210.4',
  linkerdVersion: '2.14',
  aliases: ['2.14.10', 'stable-2.14.10', 'stable-2.14'],
  build: { date: '2023-11-22T17:00:12Z', gitSha: '5a910be09' },
  families: [
    legacyOnly(),
    inserted('outbound_http_errors_total', LEGACY_OUTBOUND_FAMILIES),
    inserted('request_total', LEGACY_IDENTITY_FAMILIES),
    inserted(null, LEGACY_PROCESS_FAMILIES),
  ],
  behaviour: { registry: false, dstZone: 'none' },
});
