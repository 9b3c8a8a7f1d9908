import { CALLER_HEADER } from '../contract.ts';
import { encoded } from '../ledger/encode.ts';

/** Nobody's name, in the journal: probes, and callers that do not name themselves. */
export const NOBODY = '-';
export const OTHER_ROUTE = 'other';

/** As the journal has it. */
export function callerOf(headers: Record<string, string | string[] | undefined>): string {
  const name = headers[CALLER_HEADER];
  return name === undefined || name === '' ? NOBODY : encoded(String(name));
}

/** A request path without its query. */
export function pathOf(url: string): string {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}
