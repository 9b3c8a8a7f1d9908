/** Bounds what callers can make a service remember by sending ever new header values. */
const CACHE_LIMIT = 1000;
const cache = new Map<string, string>();

/** Percent-encodes a text field of the journal. */
export function encoded(text: string): string {
  const known = cache.get(text);
  if (known !== undefined) return known;
  const result = encodeURIComponent(text);
  if (cache.size < CACHE_LIMIT) cache.set(text, result);
  return result;
}

/** Epoch milliseconds with exactly three decimals. */
export function stamp(ms: number): string {
  // Whole microseconds are exact in a double, and cutting their digits is cheaper than toFixed.
  const digits = String(Math.round(ms * 1000));
  return `${digits.slice(0, -3)}.${digits.slice(-3)}`;
}
