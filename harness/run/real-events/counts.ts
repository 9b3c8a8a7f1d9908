import { differences } from '../../mesh/events/testing/differences.ts';
import type { Counts, Measured } from '../../mesh/events/testing/types.ts';

/**
 * What each of `times` events has counted, from the pages after all of them. The client's proxy is looked at as outbound,
 * the server's as inbound: what else these pods do does not belong to the event. Counts that are no multiple stay fractions.
 */
export function countsPerEvent(
  pages: { client: string; server: string },
  times: number,
  view: 'requests' | 'connections',
): Measured {
  return {
    client: each(differences('# EOF\n', only(pages.client, 'outbound'), view), times),
    server: each(differences('# EOF\n', only(pages.server, 'inbound'), view), times),
  };
}

function each(counts: Counts, times: number): Counts {
  return Object.fromEntries(Object.entries(counts).map(([key, by]) => [key, Math.round((by / times) * 1000) / 1000]));
}

/** The samples of one direction of a page. */
function only(page: string, direction: 'inbound' | 'outbound'): string {
  const other = direction === 'inbound' ? 'outbound' : 'inbound';
  return page
    .split('\n')
    .filter((line) => !line.startsWith(`${other}_`) && !line.includes(`direction="${other}"`))
    .join('\n');
}
