/** How long to wait before each next attempt, as linkerd2-proxy's `exp-backoff` says. */
export interface Backoff {
  minMs: number;
  maxMs: number;
  /** Share of the wait that is added at most, at random: 1 is as much again. */
  jitter: number;
}

/** @param iteration from 0; @param random from 0 to 1 @returns ms */
export function backoffMs({ minMs, maxMs, jitter }: Backoff, iteration: number, random: () => number): number {
  const base = Math.min(maxMs, minMs * 2 ** iteration);
  return jitter === 0 ? base : base + Math.min(maxMs - base, base * jitter * random());
}
