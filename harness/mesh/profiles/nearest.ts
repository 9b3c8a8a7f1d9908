import type { VersionProfile } from './types.ts';

/** Linkerd's own minor versions are below this, the proxy's above. */
const FIRST_PROXY_MINOR = 100;
const DAY_MS = 86_400_000;

/**
 * The profile that comes closest to a version that has none: by the month of an edge release (`edge-25.3.2`), by the
 * minor version of a Linkerd release or a proxy (`stable-2.13.4`, `v2.300.0`). Null when the name is no version.
 */
export function nearestProfile(version: string, profiles: readonly VersionProfile[]): VersionProfile | null {
  const far = distance(version.trim().toLowerCase());
  if (far === null) return null;
  let best: { profile: VersionProfile; far: number } | null = null;
  for (const profile of profiles) {
    const there = far(profile);
    if (best === null || there < best.far) best = { profile, far: there };
  }
  return best?.profile ?? null;
}

type Distance = (profile: VersionProfile) => number;

function distance(version: string): Distance | null {
  const edge = /^edge-(\d{2})\.(\d{1,2})\b/.exec(version);
  if (edge) {
    const released = Date.UTC(2000 + Number(edge[1]), Number(edge[2]) - 1, 15);
    return (profile) => Math.abs(Date.parse(profile.build.date) - released) / DAY_MS;
  }
  const wanted = minor(version);
  if (wanted === null) return null;
  return (profile) => {
    if (wanted >= FIRST_PROXY_MINOR) return Math.abs((minor(profile.proxyVersion) as number) - wanted);
    // An edge has no minor version: it comes after the newest release.
    const own = minor(profile.linkerdVersion);
    return own === null ? Number.POSITIVE_INFINITY : Math.abs(own - wanted);
  };
}

function minor(version: string): number | null {
  const found = /^(?:v|stable-|version-)?2\.(\d+)\b/.exec(version);
  return found ? Number(found[1]) : null;
}
