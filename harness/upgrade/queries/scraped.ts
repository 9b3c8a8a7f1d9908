import { KNOWN_CHANGES } from '../../changes/index.ts';
import { type FamilyProfile, PROFILES } from '../../mesh/profiles/index.ts';

/** What Prometheus itself stores of each target and each alert. */
const OF_PROMETHEUS = /^(?:up|ALERTS|ALERTS_FOR_STATE|scrape_\w+)$/;

const OF_PROXIES = new Set(PROFILES.flatMap(({ families }) => families.flatMap(samplesOf)));

/** Names of a family's samples. */
function samplesOf({ name, encoder, kind }: FamilyProfile): string[] {
  if (kind === 'histogram') return ['bucket', 'count', 'sum'].map((part) => `${name}_${part}`);
  return [encoder === 'registry' && kind === 'counter' ? `${name}_total` : name];
}

/**
 * Whether series of this name come from proxies or from Prometheus itself, in whichever version: those of the profiles, and what
 * is known to come or go besides. `request_rate` and `route_errors` are the user's own, though their like is scraped.
 */
export function isScraped(name: string): boolean {
  if (OF_PROMETHEUS.test(name) || OF_PROXIES.has(name)) return true;
  return KNOWN_CHANGES.some(({ subject }) => {
    if (subject.kind !== 'family') return false;
    return subject.change === 'renamed' ? matchesGlob(name, subject.to) : subject.family.test(name);
  });
}

/** `outbound_http_http_*` */
function matchesGlob(name: string, glob: string | undefined): boolean {
  return glob?.endsWith('*') ? name.startsWith(glob.slice(0, -1)) : name === glob;
}
