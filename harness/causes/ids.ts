/**
 * The causes that a diagnosis can name, in the order of the catalogue. Stable: they stand in results, in the docs and in
 * users' pipelines.
 */
export const CAUSE_IDS = {
  /** Prometheus does not find a target. */
  discovery: [
    'rbac-denied',
    'rbac-some-namespaces',
    'token-expired',
    'api-ca-untrusted',
    'pod-not-injected',
    'annotation-scrape-config',
    'admin-port-renamed',
    'control-plane-ports-renamed',
    'container-renamed',
    'control-plane-label-wrong',
    'keep-rule-keeps-nothing',
    'pod-label-overwrites-target-label',
    'native-sidecars-filtered-out',
  ],
  /** It finds the target, but what it reads there is not what the proxy says, or not when. */
  scrapes: [
    'admin-port-denied',
    'admin-port-dropped',
    'admin-port-refused',
    'tls-to-plaintext-port',
    'plaintext-to-tls-port',
    'scrape-timeout',
    'scrape-limit-exceeded',
    'page-malformed',
    'page-cut-off',
    'duplicate-series',
    'scraped-by-two-jobs',
    'address-reused',
    'prometheus-clock-off',
  ],
  /** The proxy does not see the traffic, or does not say what people take it to say. */
  proxies: [
    'inbound-port-skipped',
    'outbound-port-skipped',
    'port-opaque',
    'http-detection-timed-out',
    'client-not-meshed',
    'retries-counted-as-requests',
    'denials-counted-as-success',
    'probes-counted-as-traffic',
    'requests-abandoned',
    'idle-series-evicted',
    'proxy-restarted',
    'pod-shorter-than-a-scrape',
    'certificate-expired',
    'certificate-not-renewed',
    'trust-anchors-differ',
    'latency-to-first-byte',
    'client-errors-counted-as-success',
  ],
  /** Every sample is right, and the query says something else. */
  queries: [
    'window-too-short',
    'irate-on-a-spiky-load',
    'series-born-above-zero',
    'failure-series-missing',
    'sum-before-rate',
    'quantile-in-a-wide-bucket',
    'no-direction-filter',
    'label-of-another-version',
    'job-label-differs',
  ],
} as const;

export type CauseGroup = keyof typeof CAUSE_IDS;
export type CauseId = (typeof CAUSE_IDS)[CauseGroup][number];

export const ALL_CAUSE_IDS: readonly CauseId[] = Object.values(CAUSE_IDS).flat();

export function isCauseId(text: string): text is CauseId {
  return (ALL_CAUSE_IDS as readonly string[]).includes(text);
}

export function groupOf(id: CauseId): CauseGroup {
  const groups = Object.keys(CAUSE_IDS) as CauseGroup[];
  return groups.find((group) => (CAUSE_IDS[group] as readonly string[]).includes(id))!;
}
