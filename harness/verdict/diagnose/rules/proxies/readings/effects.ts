import type { CauseId } from '../../../../../causes/ids.ts';
import type { FailedQuery } from '../../../failed-query.ts';
import type { RunFacts } from '../../../types.ts';
import type { Counted } from './counted.ts';
import type { Flow } from './flow.ts';

/** What proxies count of a flow, against what its applications did. */
export interface Sums {
  total: number;
  /** Those that count as a success. */
  well: number;
}

/** One way in which proxies count otherwise than the truth. */
export interface Effect {
  cause: CauseId;
  change(sums: Sums): Sums;
  /** Pods that it concerns, where it concerns some more than others. */
  pods: string[];
  /** What shows it, with numbers. */
  evidence: string[];
}

/** Effects that the flow has, in the families and the direction that the query is about. */
export function effectsOn(flow: Flow, counted: Counted, query: FailedQuery, run: RunFacts): Effect[] {
  const all = [
    denials(flow, counted, query),
    clientErrors(flow, query),
    abandoned(flow, counted),
    retries(flow, counted, run, query),
    restarts(flow, counted, run),
  ];
  return all.flatMap((effect) => effect ?? []);
}

function denials(flow: Flow, { direction }: Counted, { source, destination }: FailedQuery): Effect | undefined {
  const count = flow.denied.length;
  if (count === 0) return undefined;
  // gRPC's refusal is a failure to Linkerd as well.
  const asSuccess = flow.denied.filter((r) => r.grpc === null).length;
  return {
    cause: 'denials-counted-as-success',
    pods: [],
    change: ({ total, well }) =>
      direction === 'inbound' ? { total: total - count, well } : { total, well: well + asSuccess },
    evidence: [
      `${count} of ${flow.requests.length} requests ${source} -> ${destination} were denied by policy (truth)`,
      direction === 'inbound'
        ? 'at the server they are in inbound_http_authz_deny_total alone'
        : 'at the client they are answers with status 403, which count as success',
    ],
  };
}

function clientErrors(flow: Flow, { source, destination }: FailedQuery): Effect | undefined {
  const count = flow.clientErrors.length;
  if (count === 0) return undefined;
  const statuses = flow.clientErrors.map((r) => (r.grpc === null ? String(r.status) : `grpc ${r.grpc}`));
  const byStatus = [...new Set(statuses)]
    .sort()
    .map((s) => `${statuses.filter((other) => other === s).length} with ${s}`);
  return {
    cause: 'client-errors-counted-as-success',
    pods: [],
    change: ({ total, well }) => ({ total, well: well + count }),
    evidence: [
      `of ${flow.requests.length} requests ${source} -> ${destination} were answered ${byStatus.join(', ')} (truth): to Linkerd they are successes`,
    ],
  };
}

function abandoned(flow: Flow, { counts }: Counted): Effect | undefined {
  const { unanswered, cutShort, requests } = flow;
  if (counts !== 'responses' || unanswered.length + cutShort.length === 0) return undefined;
  return {
    cause: 'requests-abandoned',
    pods: [],
    change: ({ total, well }) => ({ total: total - unanswered.length, well: well + cutShort.length }),
    evidence: [
      `${unanswered.length} of ${requests.length} requests were given up before they had an answer, ${cutShort.length} in the middle of one (truth): the first are no responses, the second are successes`,
    ],
  };
}

function retries(flow: Flow, { perAttempt }: Counted, run: RunFacts, query: FailedQuery): Effect | undefined {
  const asked = flow.requests.length - flow.unserved;
  const more = flow.served.length - asked;
  if (!perAttempt || more <= 0 || !mayRetry(run, query.destination)) return undefined;
  return {
    cause: 'retries-counted-as-requests',
    pods: [],
    change: ({ total, well }) => ({ total: total + more, well }),
    evidence: [
      `${query.source} made ${asked} requests that came to ${query.destination}, and these served ${flow.served.length} (truth): ${more} are retries of the proxies`,
    ],
  };
}

/** Whether a service declares retries; of all services, whether any does. */
function mayRetry({ input }: RunFacts, destination: string): boolean {
  return input.topology.services
    .filter(({ id }) => destination === '*' || id === destination)
    .some(({ outboundPolicy: policy }) => {
      if (!policy) return false;
      const { retry, routes, profile } = policy;
      return (
        retry !== null || routes.some((r) => r.retry !== null) || profile?.routes.some((r) => r.isRetryable) === true
      );
    });
}

/** Raw counters show what the last incarnation has counted; rate() and increase() see a reset and go on. */
function restarts(flow: Flow, { direction, raw }: Counted, run: RunFacts): Effect | undefined {
  const lost = direction === 'inbound' ? flow.lostInbound : flow.lostOutbound;
  if (!raw || lost.length === 0) return undefined;
  const isWell = new Set(flow.well);
  const well = lost.filter((r) => isWell.has(r)).length;
  const pods = restartedPods(run, direction === 'inbound' ? new Set(lost.map((r) => r.pod)) : null, lost);
  return {
    cause: 'proxy-restarted',
    pods,
    change: (sums) => ({ total: sums.total - lost.length, well: sums.well - well }),
    evidence: [`${lost.length} requests were counted by proxies that have restarted since: ${pods.join(', ')} (truth)`],
  };
}

function restartedPods({ input }: RunFacts, named: ReadonlySet<string> | null, lost: readonly unknown[]): string[] {
  const concerned = input.truth.filter((journal) =>
    named === null ? journal.made.some((r) => lost.includes(r)) : named.has(journal.pod),
  );
  return [...new Set(concerned.map(({ workload, pod }) => `${workload.split('/')[0]}/${pod}`))].sort();
}
