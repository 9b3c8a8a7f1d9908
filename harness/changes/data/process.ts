import type { KnownChange } from '../types.ts';

interface Row {
  id: string;
  since: string;
  linkerd: string;
  family: RegExp;
  text: string;
  instead?: string;
  change?: 'added' | 'removed';
}

const row = ({ id, since, linkerd, family, text, instead, change = 'added' }: Row): KnownChange => ({
  id,
  of: 'proxy',
  since,
  linkerd,
  subject: { kind: 'family', change, family },
  text,
  instead: instead ?? 'the proxies do not say it',
});

/** What a proxy was built from: labels of proxy_build_info. */
const built = (label: string, change: 'added' | 'removed'): KnownChange => ({
  id: `build-info-${label.replace('_', '-')}`,
  of: 'proxy',
  since: '2.205.0',
  linkerd: '2.14',
  subject: { kind: 'label', change, family: /^proxy_build_info$/, label },
  text: '`proxy_build_info` has the labels date, vendor and version instead of git_branch, git_version and rust_version',
  instead: 'the labels git_sha and profile are in all versions',
});

/** The page itself, and what a proxy says of its own process and of its clients. */
export const PROCESS: readonly KnownChange[] = [
  {
    id: 'second-encoder',
    of: 'proxy',
    since: '2.215.0',
    linkerd: '2.15',
    subject: { kind: 'page' },
    text: 'the page is written by two encoders: it ends in `# EOF`, has UNIT lines, TYPE names counters without `_total`, and some HELP texts are worded anew',
    instead: '',
  },
  built('date', 'added'),
  built('vendor', 'added'),
  built('version', 'added'),
  built('git_branch', 'removed'),
  built('git_version', 'removed'),
  built('rust_version', 'removed'),
  row({
    id: 'process-threads',
    since: '2.215.0',
    linkerd: '2.15',
    family: /^process_threads$/,
    text: 'the number of threads is shown',
  }),
  row({
    id: 'process-clock',
    since: '2.252.0',
    linkerd: '2.17',
    family: /^process_clock_time_seconds$/,
    text: "the proxy's clock is shown",
  }),
  row({
    id: 'tokio-runtime',
    since: '2.252.0',
    linkerd: '2.17',
    family: /^tokio_rt_/,
    text: "the proxy's runtime shows its workers and queues",
  }),
  row({
    id: 'opentelemetry-spans',
    since: '2.256.0',
    linkerd: '2.17',
    family: /^opentelemetry_span_/,
    text: 'spans exported to OpenTelemetry are counted',
    instead: 'older proxies have opencensus_span_*',
  }),
  row({
    id: 'process-network',
    since: '2.286.0',
    linkerd: '2.18',
    family: /^process_network_(?:receive|transmit)_bytes_total$/,
    text: "the bytes of the pod's network are shown",
  }),
  {
    id: 'duplicate-series',
    of: 'proxy',
    since: '2.286.0',
    linkerd: '2.18',
    until: '2.306.0',
    untilLinkerd: '2.19',
    subject: { kind: 'page' },
    text: 'a proxy that saw both direct and transport-header connections to one port prints the same series twice, and Prometheus drops one of them',
    instead:
      'take proxy v2.306 (Linkerd 2.19) or newer, or restart the pods once all their callers are upgraded: then only connections with a transport header reach them',
  },
  row({
    id: 'dns-resolutions',
    since: '2.290.0',
    linkerd: '2.18',
    family: /^control_dns_resolutions_total$/,
    text: 'DNS look-ups of the control plane are counted',
  }),
  row({
    id: 'rustls-info',
    since: '2.313.0',
    linkerd: '2.19',
    family: /^rustls_info$/,
    text: 'the TLS library and its algorithms are shown',
  }),
  row({
    id: 'opencensus-spans',
    since: '2.323.0',
    linkerd: '2.19',
    family: /^opencensus_(?:span|balancer)_/,
    change: 'removed',
    text: 'nothing is exported to OpenCensus any more',
    instead: 'ask for opentelemetry_span_*',
  }),
  {
    id: 'headers-of-empty-families',
    of: 'proxy',
    since: '2.362.0',
    linkerd: 'edge-26.7.1',
    subject: { kind: 'page' },
    text: 'HELP, TYPE and UNIT of families without a series are not printed any more',
    instead: '',
  },
];
