const FRAMES = "how a body is cut into frames is the proxy's own affair";

/** Families without a truth to compare with, by prefix, and why. */
export const NOT_RECONCILED: readonly { prefix: string; reason: string }[] = [
  {
    prefix: 'tcp_',
    reason: 'compared for services of TCP; of HTTP the services do not see the connections of the mesh',
  },
  { prefix: 'inbound_tcp_', reason: 'connections: the services do not see the connections of the mesh' },
  { prefix: 'outbound_tcp_', reason: 'connections: the services do not see the connections of the mesh' },
  { prefix: 'outbound_tls_', reason: 'connections: the services do not see the connections of the mesh' },
  { prefix: 'inbound_http_request_frame_size_bytes', reason: FRAMES },
  { prefix: 'inbound_http_response_frame_size_bytes', reason: FRAMES },
  { prefix: 'inbound_grpc_request_frame_size_bytes', reason: FRAMES },
  { prefix: 'inbound_grpc_response_frame_size_bytes', reason: FRAMES },
  { prefix: 'outbound_http_route_request_frame_size_bytes', reason: FRAMES },
  { prefix: 'outbound_http_route_backend_response_frame_size_bytes', reason: FRAMES },
  { prefix: 'outbound_grpc_route_request_frame_size_bytes', reason: FRAMES },
  { prefix: 'outbound_grpc_route_backend_response_frame_size_bytes', reason: FRAMES },
  { prefix: 'outbound_http_balancer_', reason: 'state of the balancer: only the proxy knows it' },
  { prefix: 'outbound_http_errors_total', reason: 'errors within the proxy: their effect is compared as responses' },
  { prefix: 'inbound_http_errors_total', reason: 'errors within the proxy: their effect is compared as responses' },
  {
    prefix: 'outbound_http_route_retry_overflow_total',
    reason: 'what circuit breakers leave out: only the proxy knows',
  },
  {
    prefix: 'outbound_grpc_route_retry_overflow_total',
    reason: 'what circuit breakers leave out: only the proxy knows',
  },
  { prefix: 'control_', reason: 'traffic to the control plane: not of the services' },
  { prefix: 'opentelemetry_', reason: 'tracing: not traffic' },
  { prefix: 'stack_', reason: 'internals of the proxy' },
  { prefix: 'tokio_rt_', reason: 'internals of the proxy' },
  { prefix: 'rustls_info', reason: 'a constant' },
  { prefix: 'proxy_build_info', reason: 'a constant' },
  { prefix: 'process_', reason: 'about the process; its start time is used to tell incarnations' },
];
