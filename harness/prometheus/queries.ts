import { promDuration } from './duration.ts';
import { labelSet, quote } from './promql.ts';

/** What people look at, of which an answer is one number. */
export type PeopleMetric = 'successRate' | 'rate' | 'p50' | 'p95' | 'p99';

/** A query of a tool that people use, rendered for one workload and window; evaluate it with `queryScalar` at the end of the window. */
export interface PeopleQuery {
  /** `linkerd viz stat deploy`, `Grafana: SUCCESS RATE`, ... */
  tool: string;
  /** `successRate` is a ratio from 0 to 1, `rate` requests per second, quantiles are milliseconds. */
  metric: PeopleMetric;
  expr: string;
  /** How it can differ from the truth although every sample is right. */
  caveat: string;
}

export interface Subject {
  namespace: string;
  deployment: string;
}

const QUANTILES = [
  { metric: 'p50', q: 0.5 },
  { metric: 'p95', q: 0.95 },
  { metric: 'p99', q: 0.99 },
] as const;

const INTERPOLATION =
  'a quantile is interpolated within its bucket, so it can lie anywhere between the edges of that bucket; beyond 50 s it is 50 s';
const PROBES = 'kubelet probes and scrapes of the admin port are among the inbound requests';
const FIRST_FRAME = 'latency is the time to the first frame of the body, truncated to whole milliseconds';

/**
 * The queries of `linkerd viz stat` and of Linkerd's Grafana dashboards for what a deployment serves (telemetry facts, section 5).
 * `windowMs` is stat's time window and Grafana's `$__rate_interval`.
 */
export function misleadingQueries(subject: Subject, windowMs: number): PeopleQuery[] {
  return [...vizStat(subject, windowMs), ...grafanaDeployment(subject, windowMs), grafanaTopLine(subject, windowMs)];
}

/** `linkerd viz stat deploy/<deployment>`. */
export function vizStat(subject: Subject, windowMs: number): PeopleQuery[] {
  const labels = { ...subjectLabels(subject), direction: 'inbound' };
  return stat('linkerd viz stat deploy', labels, 'namespace, deployment', windowMs, PROBES);
}

/** `linkerd viz stat deploy/<source> --to deploy/<destination>`, as the source's proxies saw it. */
export function vizStatTo(source: Subject, destination: Subject, windowMs: number): PeopleQuery[] {
  return stat(
    'linkerd viz stat deploy --to',
    edgeLabels(source, destination),
    'namespace, deployment',
    windowMs,
    OUTBOUND,
  );
}

/** `linkerd viz stat deploy/<destination> --from deploy/<source>`: the same series, grouped by destination. */
export function vizStatFrom(source: Subject, destination: Subject, windowMs: number): PeopleQuery[] {
  return stat(
    'linkerd viz stat deploy --from',
    edgeLabels(source, destination),
    'dst_namespace, dst_deployment',
    windowMs,
    OUTBOUND,
  );
}

const OUTBOUND = 'what fails above the endpoint (failfast, no endpoint ready) is not counted at all';

function stat(
  tool: string,
  labels: Record<string, string>,
  by: string,
  windowMs: number,
  caveat: string,
): PeopleQuery[] {
  const window = promDuration(windowMs);
  // The metrics-api rounds each group to a whole number before it adds them up.
  const responses = (more: Record<string, string> = {}) =>
    `sum(round(sum(increase(response_total${labelSet({ ...labels, ...more })}[${window}])) by (${by}, classification, tls)))`;
  const rounding =
    'increase() extrapolates to the edges of the window and each group is rounded to whole responses; what a series counted before its first sample is missing';
  return [
    {
      tool,
      metric: 'successRate',
      expr: `(${responses({ classification: 'success' })} or vector(0)) / ${responses()}`,
      caveat: `4xx count as success; ${caveat}; ${rounding}`,
    },
    {
      tool,
      metric: 'rate',
      expr: `${responses()} / ${windowMs / 1000}`,
      caveat: `it counts responses, never requests that got none; ${caveat}; ${rounding}`,
    },
    ...QUANTILES.map(
      ({ metric, q }): PeopleQuery => ({
        tool,
        metric,
        expr: `histogram_quantile(${q}, sum(irate(response_latency_ms_bucket${labelSet(labels)}[${window}])) by (le, ${by}))`,
        caveat: `irate() sees only the last two scrapes of the window; ${INTERPOLATION}; ${FIRST_FRAME}; ${caveat}`,
      }),
    ),
  ];
}

/** Panels of the deployment dashboard. */
export function grafanaDeployment(subject: Subject, windowMs: number): PeopleQuery[] {
  const interval = promDuration(windowMs);
  // In the order in which the dashboards write their matchers.
  const labels = `namespace=${quote(subject.namespace)}, deployment=${quote(subject.deployment)}, direction="inbound"`;
  const irate = 'irate() sees only the last two scrapes of the window, so it shows an instant, not the window';
  return [
    {
      tool: 'Grafana: SUCCESS RATE',
      metric: 'successRate',
      expr: `sum(irate(response_total{classification="success", ${labels}}[${interval}])) / sum(irate(response_total{${labels}}[${interval}]))`,
      caveat: `4xx count as success; ${PROBES}; ${irate}; without any success there is no data rather than 0`,
    },
    {
      tool: 'Grafana: REQUEST RATE',
      metric: 'rate',
      expr: `sum(irate(request_total{${labels}, tls="true"}[${interval}])) by (deployment)`,
      caveat: `it counts requests, those that never got a response included, and only meshed ones; ${irate}`,
    },
    ...QUANTILES.map(
      ({ metric, q }): PeopleQuery => ({
        tool: 'Grafana: LATENCY',
        metric,
        expr: `histogram_quantile(${q}, sum(irate(response_latency_ms_bucket{${labels}}[${interval}])) by (le, deployment))`,
        caveat: `${irate}; ${INTERPOLATION}; ${FIRST_FRAME}; ${PROBES}`,
      }),
    ),
  ];
}

/** The top-line dashboard's request rate. */
export function grafanaTopLine(subject: Subject, windowMs: number): PeopleQuery {
  return {
    tool: 'Grafana: top line',
    metric: 'rate',
    // As the dashboard has it: neither the namespace nor the direction is selected.
    expr: `sum(irate(request_total{deployment=~${quote(escapeRegex(subject.deployment))}}[${promDuration(windowMs)}]))`,
    caveat:
      'no direction is selected, so a request is counted at each proxy of the deployment that it passes, inbound and outbound, and deployments of the same name in other namespaces add to it; ' +
      PROBES,
  };
}

function subjectLabels(subject: Subject): Record<string, string> {
  return { namespace: subject.namespace, deployment: subject.deployment };
}

function edgeLabels(source: Subject, destination: Subject): Record<string, string> {
  return {
    ...subjectLabels(source),
    direction: 'outbound',
    dst_namespace: destination.namespace,
    dst_deployment: destination.deployment,
  };
}

/** Names of deployments may hold dots; Grafana escapes the values of a variable in the same way. */
function escapeRegex(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
