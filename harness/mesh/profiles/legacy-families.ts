import { AUTHZ, CLASS, legacy, ROUTE, SRV, TARGET, TLS } from './label-groups.ts';
import type { FamilyProfile } from './types.ts';

const LATENCY_HELP = "Elapsed times between a request's headers being received and its response stream completing";
const HTTP_ERROR_HELP = 'The total number of inbound HTTP requests that could not be processed due to a proxy error.';
/** Facts 1.4. */
const INBOUND_ERRORS = [
  'loadshed',
  'failfast',
  'tls detection timeout',
  'gateway loop',
  'gateway domain invalid',
  'i/o',
  'unexpected',
];
const AUTHZ_HELP = (what: string, outcome: string) => `The total number of inbound ${what} that were ${outcome}`;

/** request_total, response_latency_ms and response_total under a prefix (facts 1.1, 1.2, 1.8). */
function requests(prefix: string, labels: readonly string[], latency = true): FamilyProfile[] {
  const total = `${prefix}request_total`;
  return [
    legacy(total, 'counter', 'Total count of HTTP requests.', labels),
    ...(latency
      ? [legacy(`${prefix}response_latency_ms`, 'histogram', LATENCY_HELP, [...labels, 'status_code'], total)]
      : []),
    legacy(`${prefix}response_total`, 'counter', 'Total count of HTTP responses.', [...labels, ...CLASS], total),
  ];
}

const TCP_LABELS = ['direction', 'peer', 'authority', ...TARGET, ...TLS, 'dst_*', ...SRV];
const STACK_LABELS = ['direction', 'protocol', 'name'];

/** First part of the page, in its order (facts 1.0). The odd HELP texts are the proxy's own. */
export const LEGACY_FAMILIES: readonly FamilyProfile[] = [
  legacy('inbound_http_authz_allow_total', 'counter', AUTHZ_HELP('HTTP requests', 'authorized'), [
    ...TARGET,
    ...SRV,
    ...ROUTE,
    ...AUTHZ,
    ...TLS,
  ]),
  legacy('inbound_http_authz_deny_total', 'counter', HTTP_ERROR_HELP, [...TARGET, ...SRV, ...ROUTE, ...TLS]),
  legacy(
    'inbound_http_route_not_found_total',
    'counter',
    'The total number of inbound HTTP requests that could not be associated with a route',
    [...TARGET, ...SRV, ...TLS],
  ),
  legacy('inbound_http_local_ratelimit_total', 'counter', AUTHZ_HELP('HTTP requests', 'rate-limited'), [
    ...TARGET,
    ...SRV,
    'ratelimit_group',
    'ratelimit_kind',
    'ratelimit_name',
    'ratelimit_scope',
    ...TLS,
  ]),
  {
    ...legacy('inbound_http_errors_total', 'counter', HTTP_ERROR_HELP, ['error', ...TARGET, ...SRV]),
    values: { error: INBOUND_ERRORS },
  },
  legacy('inbound_tcp_authz_allow_total', 'counter', AUTHZ_HELP('TCP connections', 'authorized'), [
    ...TARGET,
    ...SRV,
    ...AUTHZ,
    ...TLS,
  ]),
  legacy('inbound_tcp_authz_deny_total', 'counter', AUTHZ_HELP('TCP connections', 'denied'), [
    ...TARGET,
    ...SRV,
    ...TLS,
  ]),
  legacy(
    'inbound_tcp_authz_terminate_total',
    'counter',
    AUTHZ_HELP('TCP connections', 'terminated due to an authorization change'),
    [...TARGET, ...SRV, ...TLS],
  ),
  legacy(
    'inbound_tcp_errors_total',
    'counter',
    'The total number of inbound TCP connections that could not be processed due to a proxy error.',
    ['error', ...TARGET],
  ),
  legacy('outbound_http_errors_total', 'counter', HTTP_ERROR_HELP, ['error']),
  legacy(
    'outbound_tcp_errors_total',
    'counter',
    'The total number of outbound TCP connections that could not be processed due to a proxy error.',
    [...TARGET, 'error'],
  ),

  ...requests('', ['direction', 'authority', ...TARGET, ...TLS, 'dst_*', ...SRV, ...ROUTE, ...AUTHZ]),
  ...requests('route_', ['direction', 'dst', 'rt_*']),
  legacy('route_retryable_total', 'counter', 'Total count of retryable HTTP responses.', [
    'direction',
    'dst',
    'rt_*',
    'skipped',
  ]),
  ...requests('route_actual_', ['direction', 'dst', 'rt_*'], false),
  ...requests('control_', ['addr', ...TLS]),

  legacy('tcp_open_total', 'counter', 'Total count of opened connections', TCP_LABELS),
  legacy('tcp_open_connections', 'gauge', 'Number of currently-open connections', TCP_LABELS),
  legacy('tcp_read_bytes_total', 'counter', 'Total count of bytes read from peers', TCP_LABELS),
  legacy('tcp_write_bytes_total', 'counter', 'Total count of bytes written to peers', TCP_LABELS),
  legacy('tcp_close_total', 'counter', 'Total count of closed connections', [...TCP_LABELS, 'errno'], 'tcp_open_total'),

  legacy('opentelemetry_span_export_streams', 'counter', 'Total count of opened span export streams', []),
  legacy('opentelemetry_span_export_requests', 'counter', 'Total count of span export request messages', []),
  legacy('opentelemetry_span_exports', 'counter', 'Total count of spans exported', []),

  legacy('stack_create_total', 'counter', 'Total number of services created', STACK_LABELS),
  legacy('stack_drop_total', 'counter', 'Total number of services dropped', STACK_LABELS),
  legacy('stack_poll_total', 'counter', 'Total number of stack polls', [...STACK_LABELS, 'ready']),
  legacy(
    'stack_poll_total_ms',
    'counter',
    'Total number of milliseconds this service has spent awaiting readiness',
    STACK_LABELS,
  ),
];
