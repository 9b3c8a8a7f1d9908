import type { FailedQuery } from '../../../failed-query.ts';

/** What remains unexplained of a difference may be this share of it: rate() and the moments of scrapes blur a little. */
export const REST = 0.25;

/** Whether a value is what the query should show with an effect, and the effect is why it fails. */
export function explains(query: FailedQuery, value: number | null, predicted: number | null): boolean {
  const { truth } = query;
  if (value === null || predicted === null) return value === null && (predicted === null || predicted === 0);
  if (query.agrees(predicted)) return false;
  return query.agrees(value, predicted) || Math.abs(value - predicted) <= REST * Math.abs(value - truth);
}

/** Whether a query that is mended says what is true, or nearly so: what is left of the difference is little. */
export function mends(query: FailedQuery, mended: number): boolean {
  const { value, truth } = query;
  if (query.agrees(mended)) return true;
  return value !== null && Math.abs(mended - truth) <= REST * Math.abs(value - truth);
}
