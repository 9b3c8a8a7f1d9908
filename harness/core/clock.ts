/**
 * Wall-clock time in epoch milliseconds with microseconds, monotonic within the process. All stamps of ledgers are taken
 * with it; how far two processes' clocks are apart is measured, and becomes part of the bounds.
 */
export function epochMs(): number {
  return performance.timeOrigin + performance.now();
}
