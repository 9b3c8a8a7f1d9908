import type { Interval, Reading } from './bounds.ts';
import { servedKind } from './moments.ts';
import { hasStatus, type Scope, type Status, weighted } from './scope.ts';
import { WeightedSteps } from './steps.ts';
import type { Made, Served } from './truth.ts';

/** How one kind of histogram measures a request. */
interface Measure {
  name: string;
  /** Milliseconds as the family adds them. */
  unit: (ms: number) => number;
  madeMs: (m: Made) => number | null;
  madeMoment: (m: Made) => number | null;
  servedMs: (s: Served) => number | null;
  servedMoment: (s: Served) => number | null;
}

/** To the first body byte, truncated to whole milliseconds. */
const LATENCY: Measure = {
  name: 'latency',
  unit: Math.floor,
  madeMs: (m) => (m.firstByteMs === null ? null : m.firstByteMs - m.startMs),
  madeMoment: (m) => m.firstByteMs,
  servedMs: (s) => (s.request.firstByteMs === null ? null : s.request.firstByteMs - s.request.startMs),
  servedMoment: (s) => s.request.firstByteMs,
};

/** To the end of the response, in seconds. */
const DURATION: Measure = {
  name: 'duration',
  unit: (ms) => ms / 1000,
  madeMs: (m) => (m.endMs === null ? null : m.endMs - m.startMs),
  madeMoment: (m) => m.endMs,
  servedMs: (s) => (s.request.endMs === null ? null : s.request.endMs - s.request.startMs),
  servedMoment: (s) => s.request.endMs,
};

export function latencySumBounds(scope: Scope, status: number, r: Reading): Interval {
  return sumBounds(scope, status, r, LATENCY);
}

export function durationSumBounds(scope: Scope, r: Reading): Interval {
  const { low, high } = sumBounds(scope, '*', r, DURATION);
  // Sums of floats: a billionth part for the order of additions.
  return { low: low * (1 - 1e-9) - 1e-9, high: high * (1 + 1e-9) + 1e-9 };
}

function sumBounds(scope: Scope, status: Status, r: Reading, measure: Measure): Interval {
  const callers = weighted(scope, `${measure.name}/sum/made/${status}`, () => {
    const candidates = [...scope.own, ...scope.maybe, ...scope.failfast];
    const counted = candidates.filter((m) => m.kind === 'gone' || hasStatus(status, m.status));
    return new WeightedSteps(
      counted.map((m) => {
        const ms = m.kind === 'gone' && m.endMs !== null ? m.endMs - m.startMs : measure.madeMs(m);
        return { t: m.startMs, weight: ms === null ? Number.POSITIVE_INFINITY : measure.unit(ms) };
      }),
    );
  }).at(r.untilMs);
  if (scope.othersKnown.length + scope.othersMaybe.length > 0) return { low: 0, high: callers.sum };
  const callees = weighted(scope, `${measure.name}/sum/served/${status}`, () => {
    const events: { t: number; weight: number }[] = [];
    for (const s of scope.served) {
      if (servedKind(s) !== 'completed' || !hasStatus(status, s.request.status)) continue;
      const ms = measure.servedMs(s);
      const t = measure.servedMoment(s);
      if (ms !== null && t !== null) events.push({ t, weight: measure.unit(ms) });
    }
    return new WeightedSteps(events);
  }).at(r.untilMs);
  const seen = weighted(scope, `${measure.name}/sum/seen/${status}`, () => {
    const ok = scope.own.filter((m) => m.kind === 'ok' && hasStatus(status, m.status));
    return new WeightedSteps(ok.map((m) => ({ t: measure.madeMoment(m) ?? Number.POSITIVE_INFINITY, weight: 0 })));
  }).at(r.fromMs);
  // Those that the callee has answered and the caller not yet seen may be missing, and may be the longest.
  const missing = Math.max(0, callees.count - seen.count);
  return { low: Math.max(0, callees.sum - missing * callees.max), high: callers.sum };
}
