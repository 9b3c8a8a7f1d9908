import type { Reason } from '../result/types.ts';

/** What to do next, by the code of a reason or an error. One sentence that can be acted on. */
const ADVICE: Record<string, string> = {
  BOUND_VIOLATED:
    'look up the bound below at that time: its proxy counted a request that did not happen then, or lost one',
  NOT_EQUAL_AT_END:
    'compare proxy and prometheus of the flow: when they agree the proxy counts wrong, else a scrape or a relabelling does',
  PROXY_MISMATCH:
    "the proxy's own page is wrong, so Prometheus can't be right: check its version and its configuration",
  NO_DATA:
    "look for the pod in Prometheus under Status > Targets: a target that isn't there was never found, or dropped",
  TARGET_DOWN: 'open the target under Status > Targets in Prometheus, its last error says why it was down',
  DROPPED_ITERATIONS: 'lower the rate or raise maxVUs of the traffic, or give the machine more room, and run again',
  SLO_MISSED: "the metrics are right and the service is not: compare the scenario's behaviour with its expectations",
  UNEXPECTED_TRAFFIC: 'find who sent it: the series beside names the client by its identity',
  QUANTILE_OUTSIDE_BUCKET: 'compare the buckets of the family with the truth: one of them counts at the wrong moment',
  CLOCK_UNCERTAIN: 'check that the clocks of all machines are synchronised (NTP), and run again',
  INTERRUPTED: 'run again; what had been measured until then is in result.json',
};

const FALLBACK: Record<Reason['verdict'], string> = {
  fail: 'result.json has every bound of the flows named here',
  inconclusive: 'remove the cause and run again; no verdict is possible from this run',
};

export function adviceFor(reason: Pick<Reason, 'code' | 'verdict'>): string {
  return Object.hasOwn(ADVICE, reason.code) ? ADVICE[reason.code]! : FALLBACK[reason.verdict];
}
