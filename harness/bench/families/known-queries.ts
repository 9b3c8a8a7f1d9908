import { misleadingQueries, type PeopleQuery, vizStatFrom, vizStatTo } from '../../prometheus/queries.ts';
import type { KnownQuery } from './types.ts';

const WINDOW_MS = 60_000;
const SUBJECT = { namespace: 'shop', deployment: 'web' };
const OTHER = { namespace: 'shop', deployment: 'cart' };

/** Names of what is asked for; an expression each, or several. */
type Queries = Record<string, string | readonly string[]>;

/** What the command line and the dashboards of linkerd-viz ask beside `viz stat` of HTTP (facts, section 5). */
const VIZ: Queries = {
  'linkerd viz stat: TCP': [
    'sum(tcp_open_connections{direction="inbound"}) by (namespace, deployment)',
    'sum(increase(tcp_read_bytes_total{direction="inbound", peer="src"}[1m])) by (namespace, deployment)',
    'sum(increase(tcp_write_bytes_total{direction="inbound", peer="src"}[1m])) by (namespace, deployment)',
  ],
  'linkerd viz stat-inbound': [
    'sum(increase(response_total{direction="inbound"}[1m])) by (srv_name, route_name, classification, target_port)',
    'histogram_quantile(0.95, sum(irate(response_latency_ms_bucket{direction="inbound"}[1m])) by (le, srv_name, route_name))',
  ],
  'linkerd viz stat-outbound': ['http', 'grpc'].flatMap((protocol) => [
    `sum(increase(outbound_${protocol}_route_backend_response_statuses_total[1m])) by (parent_name, backend_name, error)`,
    `sum(increase(outbound_${protocol}_route_request_statuses_total[1m])) by (parent_name, route_name, error)`,
    `sum(increase(outbound_${protocol}_route_retry_requests_total[1m])) by (parent_name, route_name)`,
    `histogram_quantile(0.95, sum(irate(outbound_${protocol}_route_request_duration_seconds_bucket[1m])) by (le, parent_name))`,
    `histogram_quantile(0.95, sum(irate(outbound_${protocol}_route_backend_response_duration_seconds_bucket[1m])) by (le, backend_name))`,
  ]),
  'linkerd viz routes': [
    'sum(increase(route_response_total[1m])) by (rt_route, dst, classification)',
    'sum(increase(route_actual_response_total{direction="outbound"}[1m])) by (rt_route, dst, classification)',
    'histogram_quantile(0.95, sum(irate(route_response_latency_ms_bucket[1m])) by (le, dst, rt_route))',
  ],
  'linkerd viz authz': [
    'sum(increase(inbound_http_authz_allow_total[1m])) by (authz_kind, authz_name, srv_name)',
    'sum(increase(inbound_http_authz_deny_total[1m])) by (srv_name)',
  ],
  'linkerd viz edges': 'sum(tcp_open_connections{direction="outbound"}) by (deployment, dst_deployment, server_id)',
  'linkerd viz list': 'max(process_start_time_seconds) by (pod, namespace)',
  'Grafana: TCP': [
    'sum(tcp_open_connections{direction="inbound", peer="src"}) by (deployment)',
    'sum(irate(tcp_close_total{direction="inbound", errno!=""}[1m])) by (deployment)',
    'sum(irate(tcp_open_total{direction="inbound"}[1m])) by (deployment)',
    'sum(irate(tcp_read_bytes_total{direction="inbound"}[1m])) by (deployment)',
    'sum(irate(tcp_write_bytes_total{direction="inbound"}[1m])) by (deployment)',
  ],
  'Grafana: choice of namespaces and deployments': 'process_start_time_seconds{deployment!=""}',
  'Grafana: edges of a deployment':
    'count(count(request_total{direction="outbound", dst_deployment!=""}) by (namespace, deployment, dst_deployment))',
  'Grafana: routes': [
    'sum(irate(route_request_total[1m])) by (rt_route)',
    'sum(irate(route_response_total{classification="success"}[1m])) by (rt_route)',
    'histogram_quantile(0.95, sum(irate(route_response_latency_ms_bucket[1m])) by (le, rt_route))',
  ],
  'Grafana: health of proxies': [
    'rate(process_cpu_seconds_total{job="linkerd-proxy"}[1m])',
    'process_resident_memory_bytes{job="linkerd-proxy"}',
    'process_open_fds{job="linkerd-proxy"}',
  ],
};

/** What people who watch a mesh commonly have alerts and recording rules of. */
const WATCHED: Queries = {
  'alert: success rate':
    'sum by (deployment) (rate(response_total{direction="inbound", classification="success"}[5m])) / sum by (deployment) (rate(response_total{direction="inbound"}[5m])) < 0.95',
  'alert: error budget burns':
    'sum by (deployment) (rate(response_total{direction="inbound", classification="failure"}[1h])) / sum by (deployment) (rate(response_total{direction="inbound"}[1h])) > 0.0144',
  'alert: p99':
    'histogram_quantile(0.99, sum by (le, deployment) (rate(response_latency_ms_bucket{direction="inbound"}[5m]))) > 500',
  'alert: share of fast answers':
    'sum(rate(response_latency_ms_bucket{direction="inbound", le=~"100(\\\\.0)?"}[5m])) / sum(rate(response_latency_ms_count{direction="inbound"}[5m])) < 0.9',
  'alert: requests without an answer':
    'sum(increase(request_total{direction="outbound"}[10m])) - sum(increase(response_total{direction="outbound"}[10m])) > 100',
  'alert: plaintext':
    'sum by (namespace) (rate(request_total{direction="inbound", tls!="true"}[5m])) / sum by (namespace) (rate(request_total{direction="inbound"}[5m])) > 0',
  'alert: certificate expires': [
    'control_identity_cert_expiration_timestamp_seconds - time() < 3600',
    'identity_cert_expiration_timestamp_seconds - time() < 3600',
  ],
  'alert: identity fails':
    'sum(rate(control_response_total{addr=~"linkerd-identity.*", classification="failure"}[5m])) > 0',
  'alert: requests denied':
    'sum by (srv_name) (rate(inbound_http_authz_deny_total[5m])) / sum by (srv_name) (rate(inbound_http_authz_allow_total[5m])) > 0.01',
  'alert: rate limited': 'sum by (srv_name) (rate(inbound_http_local_ratelimit_total[5m])) > 0',
  'alert: failfast, which no response counts':
    'sum by (deployment) (rate(outbound_http_errors_total{error="failfast"}[5m])) > 0',
  'alert: errors of proxies': [
    'sum by (deployment, error) (rate(inbound_http_errors_total[5m])) > 0',
    'sum by (deployment, error) (rate(outbound_tcp_errors_total[5m])) > 0',
  ],
  'alert: no endpoint is ready': 'sum by (deployment) (outbound_http_balancer_endpoints{endpoint_state="ready"}) == 0',
  'alert: memory of proxies': 'process_resident_memory_bytes{job="linkerd-proxy"} > 500e6',
  'panel: proxies by version': 'count by (version) (proxy_build_info)',
  'panel: latency of routes':
    'histogram_quantile(0.95, sum by (le, parent_name) (rate(outbound_http_route_request_duration_seconds_bucket[5m])))',
  'panel: backends of routes':
    'sum by (parent_name, backend_name) (rate(outbound_http_route_backend_requests_total[5m]))',
  'panel: zones that requests cross':
    'sum by (dst_zone_locality) (rate(request_total{direction="outbound", dst_zone_locality!=""}[5m]))',
};

/** The queries that people use: those of linkerd-viz and its dashboards, and what is commonly watched. */
export function knownQueries(): KnownQuery[] {
  const people = [
    ...misleadingQueries(SUBJECT, WINDOW_MS),
    ...vizStatTo(SUBJECT, OTHER, WINDOW_MS),
    ...vizStatFrom(SUBJECT, OTHER, WINDOW_MS),
  ];
  return [...people.map(named), ...listed(VIZ), ...listed(WATCHED)];
}

const METRICS: Record<PeopleQuery['metric'], string> = {
  successRate: 'success rate',
  rate: 'rate',
  p50: 'latency',
  p95: 'latency',
  p99: 'latency',
};

function named({ tool, metric, expr }: PeopleQuery): KnownQuery {
  return { name: tool.startsWith('Grafana') ? tool : `${tool}: ${METRICS[metric]}`, expr };
}

function listed(queries: Queries): KnownQuery[] {
  return Object.entries(queries).flatMap(([name, exprs]) =>
    [exprs].flat().map((expr): KnownQuery => ({ name, expr: expr as string })),
  );
}
