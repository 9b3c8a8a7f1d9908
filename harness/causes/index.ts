import { DISCOVERY_CAUSES } from './discovery.ts';
import type { CauseId } from './ids.ts';
import { PROXY_CAUSES } from './proxies.ts';
import { QUERY_CAUSES } from './queries.ts';
import { SCRAPE_CAUSES } from './scrapes.ts';
import type { Cause } from './types.ts';

/** The catalogue, in the order of its ids. */
export const CATALOGUE: readonly Cause[] = [...DISCOVERY_CAUSES, ...SCRAPE_CAUSES, ...PROXY_CAUSES, ...QUERY_CAUSES];

const BY_ID = new Map(CATALOGUE.map((cause) => [cause.id, cause]));

/** The entry of a cause. @throws RangeError for one that the catalogue does not have */
export function causeOf(id: CauseId): Cause {
  const cause = BY_ID.get(id);
  if (cause === undefined) throw new RangeError(`the catalogue has no cause ${id}`);
  return cause;
}
