/** Epoch milliseconds with microseconds, monotonic within the process. Every stamp of the journal is taken with it. */
export function epochMs(): number {
  return performance.timeOrigin + performance.now();
}
