import { formatPercent } from '../../report/format.ts';
import type { CapacityPoint, Objectives } from '../../result/bench/types.ts';
import type { Reason, VerdictValue } from '../../result/types.ts';
import { fullBeforeMs, type PointTimes } from './load.ts';
import type { Measured } from './window.ts';

/** What of a point decides whether it is sustained. */
export type Outcome = Pick<CapacityPoint, 'sustained' | 'why'>;

/**
 * The share of what arrives that may stay behind: a mesh that serves less than the rest of it has a queue that grows for as
 * long as the rate lasts, whatever the latency was until then.
 */
const MAY_STAY_BEHIND = 0.02;
/** What is under way varies by itself: about as the root of it, when requests come and go independently. */
const DEVIATIONS = 3;
/** Requests under way that are no growth: k6's stamps are whole milliseconds, and arrivals come one by one. */
const FEW = 2;
/** Of k6's virtual users that are waiting for answers, for it to be the mesh that has kept them. */
const NEARLY_ALL = 0.95;
/** The window is compared from the middle of its first quarter to that of its last. */
const COMPARED = 0.75;

const DROPPED = 'dropped iterations';
const BEHIND = 'a queue that does not grow';

/** The objectives that a point missed, each as it is called and with what it was; in the order in which they are asked. */
export function missed(measured: Measured, objectives: Objectives): { objective: string; text: string }[] {
  const { latencyMs, successRate, failed, requests } = measured;
  const list: { objective: string; text: string }[] = [];
  if (successRate < objectives.successRate) {
    const objective = `success rate >= ${formatPercent(objectives.successRate, 3)}`;
    list.push({
      objective,
      text: `success rate ${formatPercent(successRate, 3)} (${failed} of ${requests} failed), wanted ${formatPercent(objectives.successRate, 3)}`,
    });
  }
  for (const [name, bound] of latencyBounds(objectives)) {
    const value = latencyMs?.[name];
    if (value === undefined || value <= bound) continue;
    list.push({
      objective: `${name} <= ${number(bound)} ms`,
      text: `${name} ${number(value)} ms, wanted ${number(bound)} ms`,
    });
  }
  const behind = stayedBehind(measured);
  if (behind > 0) {
    const of = formatPercent(behind / Math.max(1, requests * COMPARED), 1);
    list.push({
      objective: BEHIND,
      text: `the queue grew by ${Math.round(behind)} requests, ${of} of what arrived: it is not keeping up`,
    });
  }
  return list;
}

export function latencyBounds({ p50Ms, p95Ms, p99Ms }: Objectives): ['p50' | 'p95' | 'p99', number][] {
  const all = [
    ['p50', p50Ms],
    ['p95', p95Ms],
    ['p99', p99Ms],
  ] as const;
  return all.flatMap(([name, bound]) => (bound === null ? [] : [[name, bound] as ['p50' | 'p95' | 'p99', number]]));
}

/** By how many requests what is under way has grown in the measured window, where that is more than chance. */
function stayedBehind({ underWay, requests }: Measured): number {
  const grown = underWay.last - underWay.first;
  return grown > byChance(underWay.first) && grown > MAY_STAY_BEHIND * COMPARED * requests ? grown : 0;
}

/** Whether a point is sustained. `telemetry`: of the run's verdict; null: there is none to judge. */
export function decide(
  measured: Measured,
  objectives: Objectives,
  telemetry: { verdict: VerdictValue; reasons: readonly Reason[] } | null,
): Outcome {
  const { requests, droppedIterations, users, underWay } = measured;
  const wrong = telemetry === null || telemetry.verdict === 'pass' ? [] : telemetry.reasons.filter(beyondDropped);
  if (wrong.length > 0) return doesNotCount(`its telemetry was ${wrongAs(wrong)}: ${wrong[0]!.message}`);
  if (requests === 0) return doesNotCount('no request was due in the measured window');
  const misses = missed(measured, objectives).map(({ text }) => text);
  if (droppedIterations === 0) return { sustained: misses.length === 0, why: misses };
  const dropped = `${droppedIterations} iterations dropped`;
  // Every user waited for an answer: the mesh held them. Else k6 itself came too late.
  if (underWay.most >= NEARLY_ALL * users) {
    return { sustained: false, why: [...misses, `${dropped}: all ${users} virtual users were waiting for answers`] };
  }
  return doesNotCount(
    `${dropped} while ${users - underWay.most} of ${users} virtual users were free: the load generator could not keep up`,
  );
}

/** Dropped iterations make a verdict inconclusive; of them it is decided here. */
function beyondDropped({ code }: Reason): boolean {
  return code !== 'DROPPED_ITERATIONS';
}

function wrongAs(reasons: readonly Reason[]): string {
  return reasons.some(({ verdict }) => verdict === 'fail') ? 'wrong' : 'inconclusive';
}

function doesNotCount(why: string): Outcome {
  return { sustained: null, why: [`does not count: ${why}`] };
}

/** Points that are asked what gave way. */
const ASKED = 3;

/**
 * The objective that gives way first: what most of the points that were not sustained closest to the capacity missed.
 * @returns empty: there is no such point
 */
export function limitedBy(points: readonly CapacityPoint[], objectives: Objectives, capacity: number | null): string {
  const from = capacity ?? 0;
  const closest = points
    .filter(({ sustained }) => sustained === false)
    .sort((a, b) => Math.abs(a.offeredPerSecond - from) - Math.abs(b.offeredPerSecond - from))
    .slice(0, ASKED);
  const counts = new Map<string, number>();
  for (const objective of closest.flatMap((point) => missedBy(point, objectives))) {
    counts.set(objective, (counts.get(objective) ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0] ?? '';
}

/** As its record tells, what gave way first in front. */
function missedBy({ successRate, latencyMs, droppedIterations, why }: CapacityPoint, objectives: Objectives): string[] {
  return [
    ...(successRate < objectives.successRate ? [`success rate >= ${formatPercent(objectives.successRate, 3)}`] : []),
    ...latencyBounds(objectives).flatMap(([name, bound]) =>
      latencyMs && latencyMs[name] > bound ? [`${name} <= ${number(bound)} ms`] : [],
    ),
    ...(why.some((text) => text.startsWith('the queue grew')) ? [BEHIND] : []),
    ...(droppedIterations > 0 ? [DROPPED] : []),
  ];
}

/**
 * The least overload that a point can show, as a share of the capacity, where a queue builds up: by latency, when the wait
 * of the last requests, overload x (time at the full rate), is over the bound; by the queue, when more than MAY_STAY_BEHIND of the
 * arrivals stay behind and that is more than chance. Where this is more than the precision that is wanted, a longer window is needed.
 * @param load the rate, about the capacity, and the latency that most requests have without a queue, ms
 */
export function leastOverload(
  load: { ratePerSecond: number; latencyMs: number },
  objectives: Objectives,
  times: PointTimes,
): number {
  const { ratePerSecond, latencyMs } = load;
  const fullMs = fullBeforeMs(times) + times.measuredMs;
  const waits = latencyBounds(objectives).map(([, bound]) => Math.max(0, bound - latencyMs));
  const byLatency = Math.min(...waits) / fullMs;
  const arrivals = (ratePerSecond * COMPARED * times.measuredMs) / 1000;
  const byQueue = Math.max(MAY_STAY_BEHIND, byChance((ratePerSecond * latencyMs) / 1000) / arrivals);
  return Math.min(byLatency, byQueue);
}

/** By how many requests what is under way may grow by chance. */
function byChance(underWay: number): number {
  return DEVIATIONS * Math.sqrt(Math.max(1, underWay)) + FEW;
}

const number = (value: number) => String(Number(value.toPrecision(4)));
