import type { VersionProfile } from './types.ts';

/** Linkerd's own minor versions are below this, the proxy's above. */
const FIRST_PROXY_MINOR = 100;
const DAY_MS = 86_400_000;
/** Edges come out about once a week. */
const EDGE_MS = 7 * DAY_MS;

/**
 * The profile that comes closest to a version that has none: by the time of an edge release (`edge-25.3.2`), by the
 * minor version of a Linkerd release or a proxy (`stable-2.13.4`, `v2.300.0`). Null when the name is no version.
 */
export function nearestProfile(version: string, profiles: readonly VersionProfile[]): VersionProfile | null {
  const scale = scaleOf(version);
  if (scale === null) return null;
  let best: { profile: VersionProfile; far: number } | null = null;
  for (const profile of profiles) {
    const far = Math.abs(scale.placeOf(profile) - scale.wanted);
    if (best === null || far < best.far) best = { profile, far };
  }
  return best?.profile ?? null;
}

/** The last profile before a version that has none, and the first one after it, as far as there are; none when the name is no version. */
export function neighbours(version: string, profiles: readonly VersionProfile[]): VersionProfile[] {
  const scale = scaleOf(version);
  if (scale === null) return [];
  const { wanted, placeOf } = scale;
  const ascending = profiles.toSorted((a, b) => placeOf(a) - placeOf(b));
  const before = ascending.findLast((profile) => placeOf(profile) <= wanted);
  const after = ascending.find((profile) => placeOf(profile) > wanted);
  return [before, after].filter((one) => one !== undefined);
}

/** The profile of the minor release that a patch release is of: `2.18.1`, `stable-2.14.9`. */
export function profileOfPatch(version: string, profiles: readonly VersionProfile[]): VersionProfile | null {
  if (!/^(?:v|stable-|version-)?2\.\d+\.\d+$/.test(version)) return null;
  const wanted = minor(version) as number;
  return profiles.find(({ linkerdVersion }) => wanted < FIRST_PROXY_MINOR && minor(linkerdVersion) === wanted) ?? null;
}

/** Versions of one kind, in their order. */
interface Scale {
  wanted: number;
  placeOf(profile: VersionProfile): number;
}

function scaleOf(name: string): Scale | null {
  const version = name.trim().toLowerCase();
  const edge = timeOfEdge(version);
  if (edge !== null) {
    return { wanted: edge, placeOf: (profile) => timeOfEdge(profile.linkerdVersion) ?? Date.parse(profile.build.date) };
  }
  const wanted = minor(version);
  if (wanted === null) return null;
  if (wanted >= FIRST_PROXY_MINOR) return { wanted, placeOf: (profile) => minor(profile.proxyVersion) as number };
  // An edge has no minor version: it comes after the newest release.
  return { wanted, placeOf: (profile) => minor(profile.linkerdVersion) ?? Number.POSITIVE_INFINITY };
}

/** About when an edge came out: `edge-25.3.2` is the second one of March 2025. */
function timeOfEdge(version: string): number | null {
  const found = /^edge-(\d{2})\.(\d{1,2})(?:\.(\d+))?\b/.exec(version);
  if (!found) return null;
  return Date.UTC(2000 + Number(found[1]), Number(found[2]) - 1) + Number(found[3] ?? 2) * EDGE_MS;
}

function minor(version: string): number | null {
  const found = /^(?:v|stable-|version-)?2\.(\d+)\b/.exec(version);
  return found ? Number(found[1]) : null;
}
