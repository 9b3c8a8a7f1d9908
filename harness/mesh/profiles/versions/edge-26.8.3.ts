import { LEGACY_FAMILIES } from '../legacy-families.ts';
import { REGISTRY_FAMILIES } from '../registry-families.ts';
import type { VersionProfile } from '../types.ts';

/** Proxy of edge-26.8.3 (Aug 2026): all others are told from it, going backwards. */
export const EDGE_26_8_3: VersionProfile = {
  proxyVersion: 'v2.366.0',
  linkerdVersion: 'edge-26.8.3',
  aliases: [],
  build: { date: '2026-08-12T18:20:43Z', gitSha: '0dcf4e17f', profile: 'release', vendor: 'linkerd' },
  headersOfEmptyFamilies: false,
  retainIdleMs: 600_000,
  failfastSeconds: { control: 30, outbound: 3 },
  inboundPort: 4143,
  families: [...LEGACY_FAMILIES, ...REGISTRY_FAMILIES],
  behaviour: {
    inboundAuthority: false,
    hostname: 'empty',
    openGrpcStatus: '2',
    classification: 'always',
    duplicatesOfMixedTransport: false,
    transportHeader: true,
    registry: true,
    dstZone: 'locality',
  },
  chart: {
    nativeSidecar: true,
    adminPorts: {
      destination: 'dest-admin',
      policy: 'policy-admin',
      spValidator: 'spval-admin',
      identity: 'ident-admin',
      proxyInjector: 'injector-admin',
    },
    viz: { controllerKeep: '.*admin$', multiclusterJob: 'linkerd-multicluster-controller', phaseFilter: true },
  },
};
