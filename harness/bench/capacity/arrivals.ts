import type { TrafficShape } from '../../scenario/model.ts';

type Ramps = Extract<TrafficShape, { executor: 'ramping-arrival-rate' }>;

/**
 * When k6 lets the n-th iteration of an arrival-rate stream begin, ms after the stream's own beginning: n = 1, 2, ... when the
 * integral of the rate has come to n. So k6 has it, to within its timer, as long as a virtual user is free: an iteration that
 * lacks one is dropped, never delayed.
 */
export function dueTimes({ startRatePerSecond, stages }: Omit<Ramps, 'executor' | 'maxVUs'>, count: number): number[] {
  const due: number[] = [];
  let from = startRatePerSecond / 1000;
  let beganMs = 0;
  let before = 0;
  for (const stage of stages) {
    const to = stage.ratePerSecond / 1000;
    const arrivals = ((from + to) / 2) * stage.durationMs;
    // Half of the acceleration; zero where the rate stays.
    const a = stage.durationMs > 0 ? (to - from) / (2 * stage.durationMs) : 0;
    while (due.length < count && due.length + 1 <= before + arrivals + TOLERANCE) {
      const n = due.length + 1 - before;
      // Of a t^2 + from t = n; in this form it is right for a = 0 too.
      due.push(beganMs + (2 * n) / (from + Math.sqrt(Math.max(0, from * from + 4 * a * n))));
    }
    before += arrivals;
    beganMs += stage.durationMs;
    from = to;
  }
  return due;
}

const TOLERANCE = 1e-6;

/**
 * When each request was due, epoch ms, by when they began. k6 stamps a request as its script gets the processor; a load generator
 * that is short of it stamps late, and the wait would be nobody's (coordinated omission). The n-th that begins is the n-th that
 * was due; the stream's own beginning is where no request would have begun before it was due.
 * @param startsMs ascending; none is missing (no iteration was dropped)
 * @returns as many, ascending, none after its start
 */
export function dueOf(startsMs: readonly number[], shape: Ramps): number[] {
  const due = dueTimes(shape, startsMs.length);
  // More than the shape has (by one, at its edge): they are due as they begin.
  const known = startsMs.slice(0, due.length);
  const beganMs = known.reduce((least, start, i) => Math.min(least, start - due[i]!), Number.POSITIVE_INFINITY);
  return startsMs.map((start, i) => (i < due.length ? Math.min(start, beganMs + due[i]!) : start));
}
