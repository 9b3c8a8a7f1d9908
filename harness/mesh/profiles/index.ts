import { EXIT, HarnessError } from '../../core/errors.ts';
import { neighbours, profileOfPatch } from './nearest.ts';
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
 * The profile of a Linkerd release (`2.20`, `edge-26.8.3`) or of a proxy version, with or without `v` (`v2.366.0`). A patch release
 * (`2.18.1`) has that of its minor release, which it is closest to.
 * @throws HarnessError UNKNOWN_MESH_VERSION
 */
export function findProfile(version: string): VersionProfile {
  const found = named(version) ?? profileOfPatch(plain(version), PROFILES);
  if (found) return found;
  const [first, ...second] = neighbours(version, PROFILES).map(({ linkerdVersion }) => linkerdVersion);
  const known = PROFILES.map((profile) => `${profile.linkerdVersion} (proxy ${profile.proxyVersion})`).join(', ');
  throw new HarnessError('UNKNOWN_MESH_VERSION', `no profile of mesh version "${version}"; known: ${known}`, {
    hint:
      first === undefined
        ? 'name a Linkerd release or a proxy version of that list'
        : `write ${[first, ...second].join(' or ')}, which is nearest; a release itself is run with --environment kind`,
    exitCode: EXIT.invalidInput,
  });
}

/** What to say of a version that has the profile of another one; empty: it has its own. @throws HarnessError UNKNOWN_MESH_VERSION */
export function takenAs(version: string): string {
  const { linkerdVersion, proxyVersion } = findProfile(version);
  if (named(version)) return '';
  return `${version} is taken as ${linkerdVersion} (proxy ${proxyVersion}): patch releases have no profile of their own`;
}

const named = (version: string) =>
  PROFILES.find((profile) => names(profile).some((name) => plain(name) === plain(version)));
