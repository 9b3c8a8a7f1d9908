import type { Stream } from './traffic.ts';

/** What really was in a window; null: there was nothing. */
export interface Truth {
  /** Responses per second. */
  rate: number;
  /** 0 to 1. */
  successRate: number;
  /** ms, of the exact latencies: the least that at least 99 % do not exceed. */
  p99: number;
}

/** The truth of windows (at - window, at], by the events themselves. */
export function truthOf(stream: Stream): (atMs: number, windowMs: number) => Truth | null {
  const { times, latencies, failed } = stream;
  const failures = new Float64Array(times.length + 1);
  for (let i = 0; i < times.length; i += 1) failures[i + 1] = failures[i]! + failed[i]!;
  return (atMs, windowMs) => {
    const from = countUpTo(times, atMs - windowMs);
    const to = countUpTo(times, atMs);
    const count = to - from;
    if (count === 0) return null;
    const sorted = latencies.slice(from, to).sort();
    return {
      rate: count / (windowMs / 1000),
      successRate: 1 - (failures[to]! - failures[from]!) / count,
      p99: sorted[Math.ceil(0.99 * count) - 1]!,
    };
  };
}

/** How many of the ascending times are at or before one. */
export function countUpTo(times: Float64Array, ms: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (times[middle]! <= ms) low = middle + 1;
    else high = middle;
  }
  return low;
}
