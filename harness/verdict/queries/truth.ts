import type { MadeRequest, TruthJournal } from '../../ledger/types.ts';
import type { QueryExpectation } from '../../scenario/model.ts';

/** What an expectation is judged over: (fromMs, untilMs], epoch ms. */
export interface TruthWindow {
  fromMs: number;
  untilMs: number;
}

/**
 * When traffic ended: when its last request did, by the callers' journals. The queries of `expect.queries` are asked as of this
 * moment, not of the one at which the load generator had also put its things away: a `rate()` over a window that ends in silence
 * would be judged by that silence. Epoch ms; `trafficEndMs` where nobody made a request.
 */
export function endOfTraffic(journals: readonly TruthJournal[], window: { trafficEndMs: number }): number {
  let last = 0;
  for (const journal of journals) {
    for (const request of journal.made) if (request.endMs !== null && request.endMs > last) last = request.endMs;
  }
  return last === 0 ? window.trafficEndMs : Math.min(last, window.trafficEndMs);
}

/** The window of an expectation: back from the end of traffic, or all of the traffic. */
export function windowOf(
  { overMs }: Pick<QueryExpectation, 'overMs'>,
  journals: readonly TruthJournal[],
  run: { originMs: number; trafficEndMs: number },
): TruthWindow {
  const untilMs = endOfTraffic(journals, run);
  return { fromMs: overMs === null ? run.originMs : untilMs - overMs, untilMs };
}

/** Requests that applications made on the flow and that ended in the window. A request that the mesh retried is one. */
export function requestsOf(
  flow: Pick<QueryExpectation, 'source' | 'destination'>,
  journals: readonly TruthJournal[],
  { fromMs, untilMs }: TruthWindow,
): MadeRequest[] {
  return journals
    .filter((journal) => flow.source === '*' || journal.workload === flow.source)
    .flatMap((journal) => journal.made)
    .filter((request) => flow.destination === '*' || request.callee === flow.destination)
    .filter(({ endMs }) => endMs !== null && endMs > fromMs && endMs <= untilMs);
}

/**
 * The truth of an expectation, by its callers' journals. `null` where there is none: a share or a latency of no request. A
 * latency is of the requests that were answered whole, to the end of the answer.
 */
export function truthOfMetric(
  metric: QueryExpectation['metric'],
  requests: readonly MadeRequest[],
  { fromMs, untilMs }: TruthWindow,
): number | null {
  switch (metric) {
    case 'requests':
      return requests.length;
    case 'rate':
      return untilMs > fromMs ? (requests.length * 1000) / (untilMs - fromMs) : null;
    case 'successRate':
      return requests.length === 0 ? null : requests.filter(answeredWell).length / requests.length;
    default:
      return nearestRank(latenciesOf(requests), Number(metric.slice(1)) / 100);
  }
}

/** Answered whole with a status below 400, gRPC with code 0. */
export function answeredWell({ outcome, status, grpc }: MadeRequest): boolean {
  if (outcome !== 'completed') return false;
  return grpc === null ? status > 0 && status < 400 : grpc === 0;
}

/** Milliseconds to the end of the answer, by the callers' clocks; ascending. */
export function latenciesOf(requests: readonly MadeRequest[]): number[] {
  return requests
    .flatMap(({ outcome, startMs, endMs }) => (outcome === 'completed' && endMs !== null ? [endMs - startMs] : []))
    .sort((a, b) => a - b);
}

function nearestRank(ascending: readonly number[], quantile: number): number | null {
  return ascending[Math.max(0, Math.ceil(quantile * ascending.length) - 1)] ?? null;
}
