import { changed, without } from '../family-changes.ts';
import { predecessor } from '../predecessor.ts';
import { V2_20 } from './2.20.ts';

/** Before 2.20. */
export const V2_19 = predecessor(V2_20, {
  proxyVersion: 'v2.326.0',
  linkerdVersion: '2.19',
  aliases: ['2.19.0', 'version-2.19', 'stable-2.19'],
  build: { date: '2025-10-29T17:07:11Z', gitSha: 'd9883e81c' },
  families: [
    without('inbound_{grpc,http}_statuses', 'inbound_{grpc,http}_{request,response}_duration_seconds'),
    changed('inbound_http_errors_total', ({ values }) => ({
      values: { error: [...(values?.error ?? []), 'gateway identity required'] },
    })),
  ],
  chart: {
    nativeSidecar: false,
    // Anchored, so that it keeps none of the admin ports' new names: the control plane's targets are lost.
    viz: { controllerKeep: 'admin', phaseFilter: false },
  },
});
