/** Requests under way at the same time: enough to hide their latency, few enough not to be throttled by the API server. */
const REQUESTS = 8;

/**
 * Does the work for every item, several at a time. Results are in the order of the items. Once one has failed, no further
 * is begun; the first error is thrown when those that were begun have ended.
 */
export async function concurrently<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = new Array(items.length);
  const errors: unknown[] = [];
  let next = 0;
  const worker = async () => {
    while (next < items.length && errors.length === 0) {
      const index = next++;
      try {
        results[index] = await work(items[index]!);
      } catch (error) {
        errors.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(REQUESTS, items.length) }, worker));
  if (errors.length > 0) throw errors[0];
  return results;
}
