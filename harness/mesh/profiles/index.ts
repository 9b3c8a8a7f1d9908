import { EXIT, HarnessError } from '../../core/errors.ts';
import { nearestProfile } from './nearest.ts';
import type { VersionProfile } from './types.ts';
import { PROFILES } from './versions/index.ts';

export type { FamilyKind, FamilyProfile, ProxyBehaviour, VersionProfile } from './types.ts';
export { PROFILES };

/** Names are compared without a leading `v`, in lower case. */
const plain = (name: string) =>
  name
    .trim()
    .toLowerCase()
    .replace(/^v(?=\d)/, '');

function names(profile: VersionProfile): string[] {
  return [profile.linkerdVersion, profile.proxyVersion, ...profile.aliases];
}

/**
 * The profile of a Linkerd release (`2.20`, `edge-26.8.3`) or of a proxy version, with or without `v` (`v2.366.0`).
 * @throws HarnessError UNKNOWN_MESH_VERSION
 */
export function findProfile(version: string): VersionProfile {
  const wanted = plain(version);
  const found = PROFILES.find((profile) => names(profile).some((name) => plain(name) === wanted));
  if (found) return found;
  const nearest = nearestProfile(version, PROFILES);
  const known = PROFILES.map((profile) => `${profile.linkerdVersion} (proxy ${profile.proxyVersion})`).join(', ');
  throw new HarnessError('UNKNOWN_MESH_VERSION', `no profile of mesh version "${version}"; known: ${known}`, {
    hint: nearest
      ? `the nearest is ${nearest.linkerdVersion}`
      : 'name a Linkerd release or a proxy version of that list',
    exitCode: EXIT.invalidInput,
  });
}
