import type { FailedQuery } from '../../../failed-query.ts';
import { REST } from './closeness.ts';
import type { Flow } from './flow.ts';

/** Edges of response_latency_ms, ms (facts, section 1.1). */
const EDGES: readonly number[] = [
  ...[1, 2, 3, 4, 5],
  ...[1, 10, 100, 1000].flatMap((unit) => [10, 20, 30, 40, 50].map((edge) => edge * unit)),
  Number.POSITIVE_INFINITY,
];
/** What a caller's proxy adds to the callee's own time, ms. */
const ON_THE_WAY_MS = 3;

export interface FirstByte {
  /** The quantile of the time to the first byte of an answer, by the callees' clocks, ms. */
  firstByteMs: number;
  /** Edges of its bucket. */
  lowMs: number;
  highMs: number;
  answers: number;
}

/** Whether a quantile is that of the first byte, where it was taken for that of the whole answer. */
export function toFirstByte({ requests, served }: Flow, query: FailedQuery, value: number): FirstByte | undefined {
  const quantile = Number(query.result.metric.slice(1)) / 100;
  const times = served
    .flatMap(({ startMs, firstByteMs }) => (firstByteMs === null ? [] : [firstByteMs - startMs]))
    .sort((a, b) => a - b);
  const firstByteMs = times[Math.max(0, Math.ceil(quantile * times.length) - 1)];
  if (firstByteMs === undefined || requests.length === 0) return undefined;
  const [lowMs, highMs] = [bucketOf(firstByteMs).low, bucketOf(firstByteMs + ON_THE_WAY_MS).high];
  // A proxy on a busy machine measures more than the app does: little of the difference may remain.
  const isNear = value - firstByteMs <= REST * (query.truth - firstByteMs);
  const isFirst = value >= lowMs && (value <= highMs || isNear);
  // In the bucket of the whole answer it may as well be that.
  const isWhole = query.truth <= highMs + ON_THE_WAY_MS || bucketOf(query.truth).low <= value;
  return isFirst && !isWhole ? { firstByteMs, lowMs, highMs, answers: times.length } : undefined;
}

/** Durations are cut to whole milliseconds before they are put into buckets. */
function bucketOf(ms: number): { low: number; high: number } {
  const at = EDGES.findIndex((edge) => Math.floor(ms) <= edge);
  return { low: EDGES[at - 1] ?? 0, high: EDGES[at]! };
}
