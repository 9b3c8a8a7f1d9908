import { GRPC_FAILURES } from '../../core/outcome.ts';
import type { MadeRequest } from '../../ledger/types.ts';
import type { TrafficShape } from '../../scenario/model.ts';
import { dueOf } from './arrivals.ts';
import type { PointTimes } from './load.ts';

/** What k6 did at a point. */
export interface PointLoad {
  /** Of the load generator's journal. */
  made: readonly MadeRequest[];
  originMs: number;
  droppedIterations: number;
  shape: Extract<TrafficShape, { executor: 'ramping-arrival-rate' }>;
  times: PointTimes;
  /** Virtual users that k6 had. */
  users: number;
}

/** The measured part of a point. */
export interface Measured {
  /** Due in the window. */
  requests: number;
  failed: number;
  /** 0 to 1; 1 with no request at all. */
  successRate: number;
  achievedPerSecond: number;
  /** From when a request was due to its end, failures included; null: no request has ended. */
  latencyMs: { p50: number; p95: number; p99: number; max: number } | null;
  /** Requests under way, as their mean over the first and the last quarter of the window; and the most at any moment of the point. */
  underWay: { first: number; last: number; most: number };
  droppedIterations: number;
  users: number;
}

interface Timed {
  dueMs: number;
  endMs: number | null;
  ok: boolean;
}

/** What the requests of the window came to. Those of the warm-up count for nothing but what is still under way of them. */
export function measure(load: PointLoad): Measured {
  const { times, originMs, droppedIterations, users } = load;
  const fromMs = originMs + times.warmupMs;
  const untilMs = fromMs + times.measuredMs;
  const all = timed(load);
  const its = all.filter(({ dueMs }) => dueMs >= fromMs && dueMs < untilMs);
  const failed = its.filter(({ ok }) => !ok).length;
  const ended = all.filter(({ ok, endMs }) => ok && endMs !== null && endMs >= fromMs && endMs < untilMs).length;
  const latencies = its.flatMap(({ dueMs, endMs }) => (endMs === null ? [] : [endMs - dueMs])).sort((a, b) => a - b);
  const quarter = times.measuredMs / 4;
  return {
    requests: its.length,
    failed,
    successRate: its.length === 0 ? 1 : 1 - failed / its.length,
    achievedPerSecond: (1000 * ended) / times.measuredMs,
    latencyMs: quantiles(latencies),
    underWay: {
      first: meanUnderWay(all, fromMs, fromMs + quarter),
      last: meanUnderWay(all, untilMs - quarter, untilMs),
      most: mostUnderWay(all),
    },
    droppedIterations,
    users,
  };
}

function timed({ made, shape, droppedIterations }: PointLoad): Timed[] {
  const sorted = [...made].sort((a, b) => a.startMs - b.startMs);
  const starts = sorted.map(({ startMs }) => startMs);
  // With iterations that never began it is not known which those were; such a point is never a sustained one.
  const due = droppedIterations > 0 ? starts : dueOf(starts, shape);
  return sorted.map((request, i) => ({ dueMs: due[i]!, endMs: request.endMs, ok: isOk(request) }));
}

/** Answered, below 500; gRPC: with a code that is no failure. */
function isOk({ outcome, status, grpc }: MadeRequest): boolean {
  if (outcome !== 'completed' || status >= 500) return false;
  return grpc === null || (grpc !== 'missing' && !GRPC_FAILURES.has(grpc));
}

function quantiles(sorted: readonly number[]): Measured['latencyMs'] {
  if (sorted.length === 0) return null;
  // The least value that so many are not above.
  const at = (q: number) => rounded(sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)]!);
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}

const rounded = (ms: number) => Math.round(1000 * ms) / 1000;

function meanUnderWay(all: readonly Timed[], fromMs: number, untilMs: number): number {
  let sum = 0;
  for (const { dueMs, endMs } of all) {
    sum += Math.max(0, Math.min(endMs ?? untilMs, untilMs) - Math.max(dueMs, fromMs));
  }
  return sum / (untilMs - fromMs);
}

function mostUnderWay(all: readonly Timed[]): number {
  const steps = all.flatMap(({ dueMs, endMs }) => [
    { t: dueMs, by: 1 },
    ...(endMs === null ? [] : [{ t: endMs, by: -1 }]),
  ]);
  steps.sort((a, b) => a.t - b.t || a.by - b.by);
  let now = 0;
  let most = 0;
  for (const { by } of steps) {
    now += by;
    most = Math.max(most, now);
  }
  return most;
}
