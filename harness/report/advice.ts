import type { Reason } from '../result/types.ts';

/** What to do next, by the code of a reason or an error. One sentence that can be acted on. */
const ADVICE: Record<string, string> = {
  UNEXPLAINED_SERIES: 'find who made it: traffic that is not of this run, or a label that two workloads share',
  UNMESHED_UNKNOWN:
    'the proxy shows requests without TLS that the service has not served: look for meshed traffic counted as plaintext',
  NOT_EQUAL_AT_END:
    'compare the proxies with Prometheus: when they agree the proxy counts wrong, else a scrape or a relabelling does',
  LEDGERS_DIFFER: "the proxy's page and Prometheus differ: look for relabelling, a second target, or a lost scrape",
  COUNTER_FELL: 'a counter fell without a restart: look for two targets that write one series',
  HISTOGRAM_INCONSISTENT: 'buckets, sum and count contradict each other: look for a scrape that dropped some of them',
  LATENCIES_MISSING:
    'latencies and responses of one flow differ at the end: look for a histogram that misses answers of the mesh',
  BOUND_VIOLATED: 'look at that family at that time: a request was counted that had not happened yet, or one was lost',
  NOT_IDLE: 'find who called it: its inbound series name the client by its identity',
  SLO_MISSED: "the metrics are right, the service is not: compare the scenario's behaviour with its expectations",
  SLO_DISAGREEMENT:
    'by the truth the objective holds: look for what the queries count beside the traffic, or leave out',
  SLO_NO_DATA: 'check the flow that the objective names: nothing like it was seen',
  NO_DATA: "look for the pod in Prometheus under Status > Targets: one that isn't there was not found, or was dropped",
  NO_TRAFFIC: 'look at k6.log: the load generator has sent nothing',
  TARGET_DOWN: 'open the target under Status > Targets in Prometheus: its last error says why it was down',
  DUPLICATE_TARGET: 'look under Status > Targets which two scrape jobs or ports find the pod, and drop one of them',
  DUPLICATE_SERIES:
    'roll out a proxy of v2.306 (Linkerd 2.19) or later; until then take inbound rates from the callers',
  QUERY_MISLEADS: 'compare the query with the samples it reads: they are right, and it says something else',
  QUERY_NOT_EVALUATED: 'mend the query, as Prometheus says; it has said nothing yet, true or false',
  QUERY_WITHOUT_TRUTH: 'ask about a flow and a time in which there was traffic',
  DROPPED_ITERATIONS: 'lower the rate or raise maxVUs of the traffic, or give the machine more room, and run again',
  INTERRUPTED: 'run again; what had been measured until then is in result.json',
};

const FALLBACK: Record<Reason['verdict'], string> = {
  fail: 'result.json has every bound of the flows named here',
  inconclusive: 'remove the cause and run again; no verdict is possible from this run',
};

export function adviceFor(reason: Pick<Reason, 'code' | 'verdict'>): string {
  return Object.hasOwn(ADVICE, reason.code) ? ADVICE[reason.code]! : FALLBACK[reason.verdict];
}
