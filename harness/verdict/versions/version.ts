/** A version of the proxy, or the newest that there may be: one that does not say which it is counts as today's do. */
export type ProxyVersion = readonly [number, number, number];

export const NEWEST: ProxyVersion = [Number.POSITIVE_INFINITY, 0, 0];

/** Of `2.366.0`; what is no version of a release (`0.0.0-dev`, empty, absent) is taken for the newest. */
export function parseVersion(text: string | undefined): ProxyVersion {
  const found = /^v?(\d+)\.(\d+)\.(\d+)/.exec(text ?? '');
  if (!found || Number(found[1]) === 0) return NEWEST;
  return [Number(found[1]), Number(found[2]), Number(found[3])];
}

export function isBefore(version: ProxyVersion, other: string): boolean {
  const than = parseVersion(other);
  for (let i = 0; i < 3; i++) {
    if (version[i]! !== than[i]!) return version[i]! < than[i]!;
  }
  return false;
}

export function versionText(version: ProxyVersion): string {
  return Number.isFinite(version[0]) ? `v${version.join('.')}` : 'the newest';
}
