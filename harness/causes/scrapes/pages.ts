import type { Cause } from '../types.ts';

export const PAGE_CAUSES: Cause[] = [
  {
    id: 'scrape-limit-exceeded',
    title: 'The page exceeds a limit of the job',
    kind: 'fault',
    symptom:
      'Targets are down with `sample limit exceeded`, `body size limit exceeded` or `label_limit exceeded`; those with much traffic first. Nothing of the page is stored.',
    evidence: [
      'the last error of the target, which names the limit',
      'the job: sample_limit, label_limit, label_name_length_limit, label_value_length_limit, body_size_limit, target_limit',
      'the page: its samples, labels and bytes',
      'prometheus_target_scrapes_exceeded_sample_limit_total, ..._exceeded_body_size_limit_total, prometheus_target_scrape_pool_exceeded_label_limits_total',
    ],
    reason:
      "A limit that is exceeded fails the whole scrape. An idle proxy shows some 480 lines and 50 KB, one with eight destinations 1,600 lines and 440 KB (facts, section 1.0); the target's labels, with every label of the pod, count for label_limit as well. Pages grow with traffic, routes and clients.",
    remedy: [
      'Raise the limit, or set it to 0 (none): `sample_limit: 0`, `body_size_limit: 0`, `label_limit: 0` in the job.',
      'What costs most: `topk(10, count by (__name__) ({job="linkerd-proxy"}))`; drop families by metric_relabel_configs, which sample_limit counts after.',
    ],
    looksLike: [
      { cause: 'scrape-timeout', toldApartBy: 'there the page comes too late' },
      { cause: 'page-malformed', toldApartBy: 'there the error quotes a line' },
    ],
    question: 'What does the page come to: samples, labels of a series, bytes?',
  },
  {
    id: 'page-malformed',
    title: 'The page is malformed',
    kind: 'fault',
    symptom:
      'Targets of some pods are down with an error of the parser, such as `expected value after metric, got ...`. Nothing of the page is stored.',
    evidence: ['the last error of the target, which quotes the line', 'the page, fetched directly, does not parse'],
    reason:
      "Prometheus parses the page of a proxy as text format 0.0.4 and stores all of it or nothing. Labels are not escaped by the proxy's older encoder: a quote or a line break that gets into a label value (a name, a route) breaks its line (facts, section 1.0). So does whatever changes the page on its way.",
    remedy: [
      '`linkerd diagnostics proxy-metrics -n NAMESPACE po/POD > page`, then `promtool check metrics < page` names the line.',
      "Find where the value comes from (a route's name, a Host header with LINKERD2_PROXY_INBOUND_METRICS_AUTHORITY_LABELS=unsafe) and change it.",
    ],
    looksLike: [
      { cause: 'page-cut-off', toldApartBy: 'there the page ends before its length' },
      { cause: 'plaintext-to-tls-port', toldApartBy: 'there the answer is no HTTP' },
    ],
    question: 'Which line of the page does not parse?',
  },
  {
    id: 'page-cut-off',
    title: 'The page is cut off',
    kind: 'fault',
    symptom:
      'Targets of some pods are down with `unexpected EOF` or `connection reset by peer`. Nothing of the page is stored.',
    evidence: [
      'the last error of the target',
      'a direct request: the connection ends before as many bytes have come as were announced',
    ],
    reason:
      'The connection is closed while the page is on its way: by a proxy or a middlebox with a limit on size or time, or by a proxy that ends. The page has a content-length, so that a part of it is never taken for the whole.',
    remedy: [
      "`curl -sS http://$(kubectl -n NAMESPACE get pod POD -o jsonpath={.status.podIP}):4191/metrics | tail -1` from the node and from Prometheus' pod: the page ends with `# EOF`.",
      "If it is whole on the node, something in between cuts it: another mesh's sidecar of Prometheus, an egress gateway, an MTU that is too large.",
    ],
    looksLike: [
      { cause: 'page-malformed', toldApartBy: 'there the page is whole, and a line of it is wrong' },
      { cause: 'proxy-restarted', toldApartBy: 'there it happens once, and counters begin at zero' },
    ],
    question: 'How much of the page comes, and how much was announced?',
  },
  {
    id: 'duplicate-series',
    title: 'Some series stand on the page twice',
    kind: 'fault',
    symptom:
      'Counters of some proxies are too low, or jump. Prometheus logs `Error on ingesting samples with different value but same timestamp`; the targets are up.',
    evidence: [
      'the page, fetched directly: series with the same name and labels more than once',
      'prometheus_target_scrapes_sample_duplicate_timestamp_total rises',
      'proxy_build_info: the version',
    ],
    reason:
      'Proxies before v2.306 print some series twice when they have seen both direct connections and such with a transport header: each with its own count. So it is while 2.18 is rolled out, which makes transport headers the default and whose own proxy (v2.294) does so too. Prometheus stores the first and drops the other. Fixed in v2.306 (edge-25.7.1, Linkerd 2.19; facts, section 9).',
    remedy: [
      'Upgrade the data plane to 2.19 or later, then `kubectl -n NAMESPACE rollout restart deploy`.',
      'Only the proxy: annotation `config.linkerd.io/proxy-version: edge-25.7.1`.',
      "Until then take inbound rates from the clients' outbound series.",
    ],
    looksLike: [
      {
        cause: 'scraped-by-two-jobs',
        toldApartBy: 'there each series stands once on the page, and in Prometheus under two jobs',
      },
    ],
    question: 'Which series stand on the page more than once?',
  },
];
