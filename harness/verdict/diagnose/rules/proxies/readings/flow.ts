import { classificationOf, GRPC_WITHOUT_TRAILERS, grpcOutcome, type Outcome } from '../../../../../core/outcome.ts';
import type { MadeRequest, ServedRequest } from '../../../../../ledger/types.ts';
import { answeredWell } from '../../../../queries/truth.ts';
import { compileTruth, type Made } from '../../../../truth.ts';
import type { FailedQuery } from '../../../failed-query.ts';
import type { RunFacts } from '../../../types.ts';

/** The requests of a failed query's flow, as applications made them and as proxies count them. */
export interface Flow {
  requests: MadeRequest[];
  /** Answered whole, with a status below 400 (gRPC: code 0). */
  well: MadeRequest[];
  /** Refused by the policy of the callee's proxy. */
  denied: MadeRequest[];
  /** Answered with what Linkerd calls a success and the truth does not: 4xx, some codes of gRPC. Denials are apart. */
  clientErrors: MadeRequest[];
  /** Given up by their callers, before they had headers. */
  unanswered: MadeRequest[];
  /** Given up in the middle of an answer that began well. */
  cutShort: MadeRequest[];
  /** Of the callees, from these callers, in the same window. */
  served: ServedRequest[];
  /** Requests that never came to an app, or not by what its journals say. */
  unserved: number;
  /** Counted by a proxy that has since begun again: at the callee, at the caller. */
  lostInbound: MadeRequest[];
  lostOutbound: MadeRequest[];
}

export function flowOf(run: RunFacts, query: FailedQuery): Flow {
  const { truth: journals, topology, clockMarginMs } = run.input;
  const { requests, source, destination, window } = query;
  const made = new Map<MadeRequest, Made>();
  for (const one of compileTruth(journals, topology, Math.max(0, clockMarginMs)).requests) made.set(one.request, one);
  const denied = requests.filter((r) => made.get(r)?.refusal === 'denied');
  const workloads = new Set(
    topology.services.filter(({ id }) => destination === '*' || id === destination).map(({ workload }) => workload),
  );
  const served = journals
    .filter(({ workload }) => workloads.has(workload))
    .flatMap((journal) => journal.served)
    .filter(({ caller }) => caller !== '-' && (source === '*' || caller === source))
    .filter(({ startMs, endMs }) => (endMs ?? startMs) > window.fromMs && (endMs ?? startMs) <= window.untilMs);
  const [asked, isDenied] = [new Set(requests), new Set(denied)];
  return {
    requests,
    well: requests.filter(answeredWell),
    denied,
    clientErrors: requests.filter((r) => !isDenied.has(r) && isClientError(r)),
    unanswered: requests.filter((r) => r.outcome === 'timeout' && r.status === 0),
    cutShort: requests.filter((r) => r.outcome === 'timeout' && r.status > 0 && r.status < 500),
    served,
    unserved: requests.filter((r) => isUnserved(r, made.get(r))).length,
    lostInbound: requests.filter((r) => r.pod !== '' && (r.endMs ?? 0) < lastStartOf(run, r.pod)),
    lostOutbound: run.input.truth.flatMap((journal) => {
      const last = lastStartOf(run, journal.pod);
      return journal.startMs < last ? journal.made.filter((r) => asked.has(r)) : [];
    }),
  };
}

/** When the pod's last incarnation began, where it has had several. */
function lastStartOf({ input }: RunFacts, pod: string): number {
  const starts = input.truth.filter((journal) => journal.pod === pod).map(({ startMs }) => startMs);
  return starts.length > 1 ? Math.max(...starts) : Number.NEGATIVE_INFINITY;
}

function isClientError(request: MadeRequest): boolean {
  return (
    request.outcome === 'completed' && !answeredWell(request) && classificationOf(outcomeOf(request)) === 'success'
  );
}

function outcomeOf({ status, grpc }: Pick<MadeRequest, 'status' | 'grpc'>): Outcome {
  if (grpc === null) return status;
  return grpc === 'missing' ? GRPC_WITHOUT_TRAILERS : grpcOutcome(grpc);
}

/** The mesh answered, and no app was asked. */
function isUnserved(request: MadeRequest, made: Made | undefined): boolean {
  if (made === undefined || request.pod !== '') return false;
  return made.refusal !== null || made.kind === 'failfast' || made.kind === 'shed' || made.kind === 'unrouted';
}
