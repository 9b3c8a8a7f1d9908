import { LEGACY_FAMILIES } from './legacy-families.ts';
import { REGISTRY_FAMILIES } from './registry-families.ts';
import type { VersionProfile } from './types.ts';

const FAMILIES = [...LEGACY_FAMILIES, ...REGISTRY_FAMILIES];

/** Proxy of edge-26.8.3 (Aug 2026). */
const V2_366_0: VersionProfile = {
  proxyVersion: 'v2.366.0',
  linkerdVersion: 'edge-26.8.3',
  aliases: [],
  build: { date: '2026-08-12T18:20:43Z', gitSha: '0dcf4e17f', profile: 'release', vendor: 'linkerd' },
  headersOfEmptyFamilies: false,
  retainIdleMs: 600_000,
  failfastSeconds: { control: 30, outbound: 3 },
  inboundPort: 4143,
  families: FAMILIES,
};

/** Proxy of Linkerd 2.20: the same families under prometheus-client 0.23.1 (facts, section 9). */
const V2_359_0: VersionProfile = {
  ...V2_366_0,
  proxyVersion: 'v2.359.0',
  linkerdVersion: '2.20',
  aliases: ['2.20.0', 'version-2.20', 'stable-2.20'],
  build: { ...V2_366_0.build, date: '2026-06-17T19:16:05Z', gitSha: '8da700cc8' },
  headersOfEmptyFamilies: true,
};

/** Newest first. */
export const PROFILES: readonly VersionProfile[] = [V2_366_0, V2_359_0];
