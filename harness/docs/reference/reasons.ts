/** Why a scenario did not pass: the codes of `reasons` in result.json, as the judge (harness/verdict/) gives them. */
export interface ReasonCode {
  verdict: 'fail' | 'inconclusive';
  meaning: string;
}

export const REASONS: Record<string, ReasonCode> = {
  BOUND_VIOLATED: {
    verdict: 'fail',
    meaning: 'while traffic ran, a sample was below the least or above the most that the truth allows at its time',
  },
  NOT_EQUAL_AT_END: { verdict: 'fail', meaning: 'when everything had come to rest, a count was not that of the truth' },
  COUNTER_FELL: { verdict: 'fail', meaning: 'a counter went down though its proxy had not restarted' },
  UNEXPLAINED_SERIES: {
    verdict: 'fail',
    meaning:
      'a series counts something that the truth does not know: an identity, a status, a route, a label that contradicts the topology',
  },
  UNMESHED_UNKNOWN: {
    verdict: 'fail',
    meaning: 'requests without mutual TLS were counted that no probe and no known client explains',
  },
  LEDGERS_DIFFER: { verdict: 'fail', meaning: "Prometheus has not what the proxy's own page says" },
  HISTOGRAM_INCONSISTENT: {
    verdict: 'fail',
    meaning: 'a histogram contradicts itself: its buckets, its count or its sum',
  },
  LATENCIES_MISSING: { verdict: 'fail', meaning: 'fewer latencies were recorded than answers were counted, or more' },
  QUANTILE_OUTSIDE: {
    verdict: 'fail',
    meaning: 'a quantile of the truth lies in none of the buckets that it may lie in',
  },
  DUPLICATE_TARGET: {
    verdict: 'fail',
    meaning: 'Prometheus has a pod as several targets, so that sums count it several times',
  },
  DUPLICATE_SERIES: {
    verdict: 'fail',
    meaning: "a series stands on a proxy's page twice; Prometheus keeps one of them",
  },
  REFUSED_WITHOUT_POLICY: { verdict: 'fail', meaning: 'the mesh refused requests that no declared policy refuses' },
  NOT_IDLE: { verdict: 'fail', meaning: 'a service that must be idle had traffic, or is said to have had some' },
  SLO_MISSED: { verdict: 'fail', meaning: 'an expectation under `expect.slo` does not hold' },
  SLO_DISAGREEMENT: {
    verdict: 'fail',
    meaning: 'an expectation under `expect.slo` holds by the truth and not by Prometheus, or the other way round',
  },
  QUERY_MISLEADS: { verdict: 'fail', meaning: 'a query under `expect.queries` says something else than what is true' },
  SLO_NO_DATA: {
    verdict: 'inconclusive',
    meaning: 'an expectation under `expect.slo` is about traffic that there was not',
  },
  QUERY_WITHOUT_TRUTH: {
    verdict: 'inconclusive',
    meaning: 'a query under `expect.queries` has nothing to be compared with',
  },
  QUERY_NOT_EVALUATED: {
    verdict: 'inconclusive',
    meaning: 'Prometheus could not evaluate a query under `expect.queries`',
  },
  NO_TRAFFIC: { verdict: 'inconclusive', meaning: 'nobody has made a request' },
  NO_DATA: {
    verdict: 'inconclusive',
    meaning: 'a pod has no target, no reading at the end, none while traffic ran, or no journal',
  },
  TARGET_DOWN: {
    verdict: 'inconclusive',
    meaning: 'a target could not be scraped for part of the time that traffic ran',
  },
  DROPPED_ITERATIONS: { verdict: 'inconclusive', meaning: 'k6 did not send all the requests that it should have sent' },
  CLOCKS_NOT_ALIGNED: {
    verdict: 'inconclusive',
    meaning: 'two clocks are further apart than what can be compared, or nobody knows how far',
  },
};

/** What looks like a code in harness/verdict/ and is none: names of others. */
export const NO_REASONS = ['FAIL_FAST', 'LINKERD2_PROXY_ADMIN_LISTEN_ADDR', 'LINKERD2_PROXY_METRICS_RETAIN_IDLE'];
