import type { Bound, Ground } from './bounds.ts';
import { servedKind } from './kinds.ts';
import { races } from './moments.ts';
import { hasStatus, type Status } from './outcomes.ts';
import { answersResets, RESET_STATUS, type Scope, weighted } from './scope.ts';
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

export function latencySumBound(ground: Ground, status: number): Bound {
  return sumBound(ground, status, LATENCY);
}

export function durationSumBound(ground: Ground): Bound {
  const bound = sumBound(ground, '*', DURATION);
  return (r) => {
    const { low, high } = bound(r);
    // Sums of floats: a billionth part for the order of additions.
    return { low: low * (1 - 1e-9) - 1e-9, high: high * (1 + 1e-9) + 1e-9 };
  };
}

/**
 * Every answer adds at least what the callee measured and at most what the caller did. An answer that was cut short has
 * no such measure: where there may be one, nothing is said but what the buckets say (histograms.ts).
 */
function sumBound({ scope }: Ground, status: Status, measure: Measure): Bound {
  const whole = wholeAnswers(scope, status);
  const callers = weighted(scope, `${measure.name}/sum/made/${status}`, () => {
    const counted = [...scope.own, ...scope.maybe, ...scope.failfast].filter(
      (m) => m.kind !== 'gone' && hasStatus(status, m.status),
    );
    return new WeightedSteps(
      counted.map((m) => {
        const ms = measure.madeMs(m);
        return { t: m.startMs, weight: ms === null ? Number.POSITIVE_INFINITY : measure.unit(ms) };
      }),
    );
  });
  const alone = scope.othersKnown.length + scope.othersMaybe.length === 0;
  const callees = weighted(scope, `${measure.name}/sum/served/${status}`, () => {
    const events: { t: number; weight: number }[] = [];
    for (const s of scope.served) {
      if (servedKind(s) !== 'completed' || !hasStatus(status, s.status)) continue;
      const ms = measure.servedMs(s);
      const t = measure.servedMoment(s);
      if (ms !== null && t !== null) events.push({ t, weight: measure.unit(ms) });
    }
    return new WeightedSteps(events);
  });
  const seen = weighted(scope, `${measure.name}/sum/seen/${status}`, () => {
    const ok = scope.own.filter((m) => m.kind === 'ok' && hasStatus(status, m.status));
    return new WeightedSteps(ok.map((m) => ({ t: measure.madeMoment(m) ?? Number.POSITIVE_INFINITY, weight: 0 })));
  });
  const least = callees.least;
  return ({ fromMs, untilMs }) => {
    const high = whole ? callers.at(untilMs).sum : Number.POSITIVE_INFINITY;
    const received = seen.at(fromMs).count;
    // Other callers share the callee's list: which of its measures are ours is unknown, but none is below the least.
    if (!alone) return { low: received * least, high };
    const answered = callees.at(untilMs);
    // Those that the callee has answered and the caller not yet seen may be missing, and may be the longest.
    const missing = Math.max(0, answered.count - received);
    return { low: Math.max(0, answered.sum - missing * answered.max), high };
  };
}

/** Whether every answer of this status that the callees gave reached its caller whole, and none was cut. */
function wholeAnswers(scope: Scope, status: Status): boolean {
  const cut = scope.served.some((s) => {
    const kind = servedKind(s);
    if (kind === 'completed' || kind === 'gone') return false;
    if (kind === 'closed' || (kind === 'reset' && !answersResets(scope))) return status === '*';
    return kind === 'open' || hasStatus(status, kind === 'reset' ? RESET_STATUS : s.status);
  });
  if (cut || races(scope, 0)(Number.POSITIVE_INFINITY) > 0) return false;
  const completed = scope.served.filter((s) => servedKind(s) === 'completed' && hasStatus(status, s.status));
  const mine = [...scope.own, ...scope.othersKnown].filter((m) => m.kind === 'ok' && hasStatus(status, m.status));
  const unknown = [...scope.own, ...scope.maybe].some((m) => m.kind === 'mesh' || m.kind === 'shed');
  return completed.length <= mine.length && !(status === '*' && unknown);
}
