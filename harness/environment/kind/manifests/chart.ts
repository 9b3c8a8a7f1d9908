import { PROFILES } from '../../../mesh/profiles/index.ts';
import { nearestProfile } from '../../../mesh/profiles/nearest.ts';
import type { ChartProfile } from '../../../mesh/profiles/types.ts';

/** What the charts of a release make of it; of one without a profile, those of the release that comes closest. */
export function chartOf(version: string): ChartProfile {
  const own = PROFILES.find(({ linkerdVersion, proxyVersion, aliases }) =>
    [linkerdVersion, proxyVersion, ...aliases].includes(version),
  );
  return (own ?? nearestProfile(version, PROFILES) ?? PROFILES[0]!).chart;
}
