import type { Step } from '../testdata/forty-expected.ts';

/**
 * What a person is told of each step from one release to the next, from the table of changes (telemetry facts, section 9) and from
 * the releases' own sources: kind, what, subject; of what has no family of its own also what was before and after.
 */

const BALANCERS = [
  'new family control_destination_balancer_* (11 families)',
  'new family control_identity_balancer_* (11 families)',
  'new family control_policy_balancer_* (11 families)',
  'new family outbound_http_balancer_* (10 families)',
  'new family outbound_tcp_balancer_* (11 families)',
];
const BUILD_INFO = [
  'gone label proxy_build_info: git_branch, git_version, rust_version -> ',
  'new label proxy_build_info:  -> date, vendor, version',
];
const BACKEND_REQUESTS = 'new family outbound_{grpc,http}_route_backend_requests_total';
const HTTP_ENDPOINTS = 'new family outbound_http_balancer_endpoints';
// That `grpc_status` and `error` always stand there, and what a stream without trailers has.
const RESPONSES = 'changed meaning control_response_total, response_total, route_* (4 families)';
const POLICY_TARGET = 'new targets linkerd-controller:  -> policy';
const DST_ZONE = 'new label request_total, response_*, tcp_*{direction="outbound"}:  -> dst_zone';
const SECOND_ENCODER = 'changed page page: it ends in no mark -> it ends in # EOF';
const THREADS = 'new family process_threads';
const EXPIRATION = 'renamed family identity_cert_expiration_timestamp_seconds';
const ROUTE_STATISTICS =
  'new family outbound_{grpc,http}_route_{backend_response,request}_duration_seconds, outbound_{grpc,http}_route_{backend_response,request}_statuses_total';
const RETRIES = 'new family outbound_{grpc,http}_route_retry_* (8 families)';
const GATEWAY = (kind: 'gone' | 'new') => [
  `${kind} family gateway_{grpc,http}_route_backend_requests_total`,
  `${kind} family gateway_http_balancer_* (11 families)`,
  `${kind} family gateway_tcp_balancer_* (11 families)`,
];
const OF_2_17 = [
  'new family inbound_http_local_ratelimit_total',
  'new family opentelemetry_span_export_requests, opentelemetry_span_export_streams, opentelemetry_span_exports',
  'new family outbound_{grpc,http}_route_backend_response_frame_size_bytes',
  'new family outbound_{tcp,tls}_route_{close,open}_total',
  'new family outbound_tcp_transfer_cost_bytes_total',
  'new family outbound_tls_balancer_* (11 families)',
  'new family process_clock_time_seconds',
  'new family tokio_rt_* (14 families)',
  'new label request_total, response_*, tcp_*{direction="outbound"}:  -> dst_zone_locality',
];
const OF_2_18 = [
  'new family control_dns_resolutions_total',
  'new family {inbound,outbound}_tcp_detect_http_duration_seconds, {inbound,outbound}_tcp_detect_http_results_total',
  'new family inbound_tcp_transport_header_connections_total',
  'new family outbound_tcp_protocol_connections_total',
  'new family process_network_{receive,transmit}_bytes_total',
  'new label inbound_*, request_total, response_*, tcp_*{direction="inbound"}:  -> srv_port',
  'gone label request_total, response_latency_ms, response_total{direction="inbound"}: authority -> ',
  // Transport headers.
  'changed meaning tcp_open_total',
  'renamed targets linkerd-service-mirror: linkerd-service-mirror -> linkerd-multicluster-controller',
];
const OF_2_19 = [
  'gone family opencensus_span_export_requests, opencensus_span_export_streams, opencensus_span_exports',
  'new family inbound_{grpc,http}_request_frame_size_bytes, outbound_{grpc,http}_route_request_frame_size_bytes',
  'new family inbound_{grpc,http}_requests_total, inbound_{grpc,http}_response_frame_size_bytes',
  'new family rustls_info',
];
const CONTROL_PLANE = 'destination, identity, policy, proxy-injector, sp-validator';
const NEW_PORTS = 'dest-admin, ident-admin, injector-admin, policy-admin, spval-admin';
const OF_2_20 = [
  'new family inbound_{grpc,http}_request_duration_seconds',
  'new family inbound_{grpc,http}_response_duration_seconds',
  'new family inbound_{grpc,http}_statuses_total',
  'gone label-value inbound_http_errors_total: error="gateway identity required" -> ',
  'changed targets linkerd-proxy: what is kept:  -> keep __meta_kubernetes_pod_phase =~ (Pending|Running)',
  'changed targets linkerd-proxy: proxies: containers -> native sidecars (init containers that stay)',
];
const KEPT = 'keep __meta_kubernetes_pod_container_port_name =~';
const KEPT_SINCE_2_20 = `${KEPT} .*admin$; drop __meta_kubernetes_pod_container_port_name =~ linkerd-admin`;

export const CHANGES: Record<Step, readonly string[]> = {
  '2.12 -> 2.14': [...BUILD_INFO, BACKEND_REQUESTS, HTTP_ENDPOINTS, RESPONSES, RESPONSES, POLICY_TARGET],
  '2.14 -> 2.15': [
    'renamed family identity_cert_refresh_count',
    'new family identity_cert_refresh_timestamp_seconds',
    ...BALANCERS,
    ...GATEWAY('new'),
    THREADS,
    DST_ZONE,
    SECOND_ENCODER,
  ],
  '2.15 -> 2.16': [
    ...GATEWAY('gone'),
    EXPIRATION,
    'renamed family identity_cert_refresh_timestamp_seconds',
    'renamed family identity_cert_refreshes_total',
    ROUTE_STATISTICS,
    RETRIES,
  ],
  '2.16 -> 2.17': [
    ...OF_2_17,
    'new label outbound_{grpc,http}_route_*:  -> hostname',
    'new label outbound_tcp_balancer_*:  -> backend_group, backend_kind, backend_name, backend_namespace, backend_port, backend_section_name, parent_group, parent_kind, parent_name, parent_namespace, parent_port, parent_section_name',
  ],
  '2.17 -> 2.18': [
    ...OF_2_18,
    'changed label-value outbound_{grpc,http}_route_*: hostname with values -> hostname always empty',
    'changed page page: each series once -> the same series may be there twice',
  ],
  '2.18 -> 2.19': [
    ...OF_2_19,
    'changed help control_identity_cert_expiration_timestamp_seconds, control_identity_cert_refresh_timestamp_seconds',
    `gone targets linkerd-controller: ${CONTROL_PLANE} -> `,
    `renamed targets admin ports of ${CONTROL_PLANE}: admin-http -> ${NEW_PORTS}`,
    'changed page page: the same series may be there twice -> each series once',
  ],
  '2.19 -> 2.20': [
    ...OF_2_20,
    `new targets linkerd-controller:  -> ${CONTROL_PLANE}`,
    `changed targets linkerd-controller, linkerd-multicluster-controller: what is kept: ${KEPT} admin -> ${KEPT_SINCE_2_20}`,
  ],
  '2.20 -> edge-26.8.3': [
    'changed page page: families without a series have headers -> families without a series have no headers',
  ],
  '2.12 -> 2.20': [
    ...[BACKEND_REQUESTS, HTTP_ENDPOINTS, RESPONSES, RESPONSES, POLICY_TARGET, ...BUILD_INFO],
    'renamed family identity_cert_refresh_count',
    'new family control_identity_cert_refresh_timestamp_seconds',
    ...[...BALANCERS, THREADS, DST_ZONE, SECOND_ENCODER, EXPIRATION, ROUTE_STATISTICS, RETRIES],
    ...[...OF_2_17, ...OF_2_18, ...OF_2_19, ...OF_2_20],
    `changed targets linkerd-controller: what is kept: ${KEPT} admin-http -> ${KEPT_SINCE_2_20}`,
    `renamed targets admin ports of ${CONTROL_PLANE}: admin, admin-http -> ${NEW_PORTS}`,
  ],
};

/** Why a rule of the forty has another answer, and how it is written then. */
export const REASONS: Record<string, { reason: RegExp; rewrite?: string }> = {
  AuthorityFails: { reason: /^`authority` is no longer on inbound series since proxy v2\.277 \(Linkerd 2\.18\)/ },
  'authority:inbound_requests:rate5m': {
    reason: /^`authority` is no longer on inbound series since proxy v2\.277 \(Linkerd 2\.18\)/,
  },
  ProxyCertificateExpiresOld: {
    reason:
      /^`identity_cert_expiration_timestamp_seconds` is called `control_identity_cert_expiration_timestamp_seconds` since proxy v2\.227 \(Linkerd 2\.16\)$/,
    rewrite: 'control_identity_cert_expiration_timestamp_seconds - time() < 3600',
  },
  ProxyCertificateNeverRefreshed: {
    reason:
      /^`identity_cert_refresh_count` is called `identity_cert_refreshes_total` since proxy v2\.220 \(Linkerd 2\.15\)/,
    rewrite: '_cert_refreshes_total{result="ok"} < 1',
  },
  IssuerExpires: {
    reason: /^Prometheus scrapes destination, identity, .* \(job linkerd-controller\) no more: .*lost without an error/,
  },
  DestinationAbsent: {
    reason: /^Prometheus scrapes destination, identity, .*\(job linkerd-controller\) (?:no more|now): /,
  },
  ControlPlaneDown: { reason: /^Prometheus scrapes destination, identity, .* no more: .*lost without an error/ },
  'linkerd:control_plane_targets:count': {
    reason: /^Prometheus scrapes (?:policy|destination, identity, .*) \(job linkerd-controller\) /,
  },
  'linkerd:proxies:by_version': {
    reason: /^`proxy_build_info` has the labels date, vendor and version .* since proxy v2\.205/,
  },
  'parent:route_backend_requests:rate5m': { reason: /^requests are counted by route and backend since proxy v2\.196/ },
  'parent:route_latency_seconds:p95_5m': { reason: /^outbound routes have durations and statuses since proxy v2\.242/ },
  'hostname:route_requests:rate5m': { reason: /`hostname`.* since proxy v2\.(?:258|280)/ },
  'route:inbound_statuses:rate5m': {
    reason: /^inbound responses are counted by server, route and status since proxy v2\.337/,
  },
  'server:denied:rate5m': { reason: /^`srv_port` goes with the other `srv_\*` labels since proxy v2\.286/ },
  'zone:outbound_requests:rate5m': { reason: /`dst_zone_locality` since proxy v2\.256 \(Linkerd 2\.17\)/ },
};
