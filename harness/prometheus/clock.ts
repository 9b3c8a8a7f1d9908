import type { PrometheusClient } from './client.ts';

/** How far a clock is ahead of ours, ms, known to within `uncertaintyMs`. */
export interface ClockOffset {
  aheadMs: number;
  uncertaintyMs: number;
}

/** The shortest of them bounds the offset best, and they bound it together. */
const LOOKS = 5;
/** Times are cut to the millisecond. */
const RESOLUTION_MS = 1;

/**
 * Asks Prometheus for its time, a few times: what it read lies between two looks at our clock, so that each answer bounds the
 * offset from both sides.
 * @throws HarnessError PROMETHEUS_UNREACHABLE, PROMETHEUS_ERROR when it never says
 */
export async function measureClock(client: Pick<PrometheusClient, 'clock'>): Promise<ClockOffset> {
  const bounds: { low: number; high: number }[] = [];
  for (let look = 0; look < LOOKS; look++) {
    const { atMs, fromMs, untilMs } = await client.clock();
    bounds.push({ low: atMs - untilMs, high: atMs + RESOLUTION_MS - fromMs });
  }
  const low = Math.max(...bounds.map((one) => one.low));
  const high = Math.min(...bounds.map((one) => one.high));
  // One of the clocks was set in the meantime: the shortest look is as good as any.
  const narrowest = bounds.toSorted((a, b) => a.high - a.low - (b.high - b.low))[0]!;
  const best = low <= high ? { low, high } : narrowest;
  return { aheadMs: (best.low + best.high) / 2, uncertaintyMs: (best.high - best.low) / 2 };
}

/** Below this clocks are told apart by nothing but their readings' uncertainty, and by corrections of the wall clock. */
const ALIKE_MS = 100;

/** By how much the other clock's times are to be moved so that they are ours, whole ms; 0 for clocks that go alike. */
export function correctionMs({ aheadMs, uncertaintyMs }: ClockOffset): number {
  return Math.abs(aheadMs) - uncertaintyMs > ALIKE_MS ? Math.round(aheadMs) : 0;
}
