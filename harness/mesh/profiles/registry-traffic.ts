import { BACKEND, balancer, OUTBOUND_ROUTE, PARENT, ROUTE, registry, SRV } from './label-groups.ts';
import type { FamilyProfile } from './types.ts';

const FRAME_BYTES = [128, 1024, 10240];
/** Coarse for outbound requests and inbound responses, fine for the other two (facts 1.10). */
const COARSE_SECONDS = [0.05, 0.5, 1, 10];
const FINE_SECONDS = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 10];
const DETECT_SECONDS = [0.001, 0.1];

const REQUEST_DURATION = 'The time between request initialization and response completion.';
const RESPONSE_DURATION = 'The time between request completion and response completion.';
const REQUESTS = 'The total number of requests dispatched.';
const REQUEST_FRAMES = 'Request data frame sizes.';
const RESPONSE_FRAMES = 'Response data frame sizes.';

const INBOUND_ROUTE = ['parent_group', 'parent_kind', 'parent_name', 'parent_port', ...ROUTE];

function detect(prefix: string, labels: readonly string[]): FamilyProfile[] {
  return [
    registry(`${prefix}_duration_seconds`, 'histogram', 'Time taken for protocol detection.', {
      labels,
      unit: 'seconds',
      buckets: DETECT_SECONDS,
    }),
    registry(`${prefix}_results`, 'counter', 'Protocol detection results.', { labels: ['result', ...labels] }),
  ];
}

/** The registry has one sub-registry for each pair, gRPC before HTTP. */
function inboundPair(make: (protocol: 'grpc' | 'http') => FamilyProfile): FamilyProfile[] {
  return [make('grpc'), make('http')];
}

const bytes = (labels: readonly string[]) => ({ labels, unit: 'bytes', buckets: FRAME_BYTES });

export const INBOUND_FAMILIES: readonly FamilyProfile[] = [
  ...detect('inbound_tcp_detect_http', SRV),
  registry('inbound_tcp_transport_header_connections', 'counter', 'TCP connections with transport headers.', {
    labels: ['session_protocol', 'target_port', 'target_name', 'client_id'],
  }),
  ...inboundPair((p) => registry(`inbound_${p}_requests`, 'counter', REQUESTS, { labels: INBOUND_ROUTE })),
  ...inboundPair((p) =>
    registry(`inbound_${p}_request_frame_size_bytes`, 'histogram', REQUEST_FRAMES, bytes(INBOUND_ROUTE)),
  ),
  ...inboundPair((p) =>
    registry(`inbound_${p}_request_duration_seconds`, 'histogram', REQUEST_DURATION, {
      labels: INBOUND_ROUTE,
      unit: 'seconds',
      buckets: FINE_SECONDS,
    }),
  ),
  ...inboundPair((p) =>
    registry(`inbound_${p}_response_frame_size_bytes`, 'histogram', RESPONSE_FRAMES, bytes(INBOUND_ROUTE)),
  ),
  ...inboundPair((p) =>
    registry(`inbound_${p}_response_duration_seconds`, 'histogram', RESPONSE_DURATION, {
      labels: INBOUND_ROUTE,
      unit: 'seconds',
      buckets: COARSE_SECONDS,
    }),
  ),
  ...inboundPair((p) =>
    registry(
      `inbound_${p}_statuses`,
      'counter',
      p === 'grpc' ? 'Completed gRPC responses.' : 'Completed HTTP responses.',
      { labels: [...INBOUND_ROUTE, 'status'] },
    ),
  ),
];

const BALANCER_LABELS = [...PARENT, ...BACKEND];

function outboundRoute(protocol: 'http' | 'grpc'): FamilyProfile[] {
  const prefix = `outbound_${protocol}_route`;
  const status = [`${protocol}_status`, 'error'];
  const route = [...PARENT, ...OUTBOUND_ROUTE, 'hostname'];
  const backend = [...PARENT, ...OUTBOUND_ROUTE, ...BACKEND];
  const retry = (name: string, help: string) => registry(`${prefix}_retry_${name}`, 'counter', help, { labels: route });
  return [
    registry(`${prefix}_request_duration_seconds`, 'histogram', REQUEST_DURATION, {
      labels: route,
      unit: 'seconds',
      buckets: COARSE_SECONDS,
    }),
    registry(`${prefix}_request_frame_size_bytes`, 'histogram', REQUEST_FRAMES, bytes(route)),
    registry(`${prefix}_backend_requests`, 'counter', REQUESTS, { labels: backend }),
    registry(`${prefix}_backend_response_duration_seconds`, 'histogram', RESPONSE_DURATION, {
      labels: backend,
      unit: 'seconds',
      buckets: FINE_SECONDS,
    }),
    registry(`${prefix}_backend_response_frame_size_bytes`, 'histogram', RESPONSE_FRAMES, bytes(backend)),
    registry(`${prefix}_backend_response_statuses`, 'counter', 'Completed responses.', {
      labels: [...backend, ...status],
    }),
    registry(`${prefix}_request_statuses`, 'counter', 'Completed request-response streams.', {
      labels: [...route, ...status],
    }),
    retry('limit_exceeded', 'Retryable requests not sent due to retry limits.'),
    retry('overflow', 'Retryable requests not sent due to circuit breakers.'),
    retry('requests', 'Retry requests emitted.'),
    retry('successes', 'Successful responses to retry requests.'),
  ];
}

function connectionRoute(prefix: string, labels: readonly string[]): FamilyProfile[] {
  return [
    registry(`${prefix}_open`, 'counter', 'The number of connections opened.', { labels }),
    registry(`${prefix}_close`, 'counter', 'The number of connections closed.', { labels: [...labels, 'error'] }),
  ];
}

export const OUTBOUND_FAMILIES: readonly FamilyProfile[] = [
  registry('outbound_tcp_protocol_connections', 'counter', 'Outbound TCP connections by protocol configuration.', {
    labels: ['protocol', ...PARENT],
  }),
  ...detect('outbound_tcp_detect_http', PARENT),
  ...outboundRoute('http'),
  ...balancer('outbound_http_balancer', BALANCER_LABELS),
  ...outboundRoute('grpc'),
  ...balancer('outbound_tcp_balancer', [...BALANCER_LABELS, 'logical', 'concrete']),
  ...connectionRoute('outbound_tcp_route', [...PARENT, ...OUTBOUND_ROUTE, 'target_ip', 'target_port']),
  registry(
    'outbound_tcp_transfer_cost_bytes',
    'counter',
    'The total amount of data transferred in and out of this proxy, by cost zone.',
    { labels: ['op', 'zone_locality'], unit: 'bytes' },
  ),
  ...balancer('outbound_tls_balancer', ['concrete']),
  ...connectionRoute('outbound_tls_route', [...PARENT, ...OUTBOUND_ROUTE, 'hostname']),
];
