import { describe, expect, it } from 'vitest';
import { isScraped } from './scraped.ts';

describe('a name that is recorded', () => {
  it.each([
    'request_total',
    'response_latency_ms_bucket',
    'route_response_total',
    'tcp_open_connections',
    'control_identity_cert_refreshes_total',
    'identity_cert_expiration_timestamp_seconds',
    'outbound_http_route_request_statuses_total',
    'outbound_http_route_request_duration_seconds_count',
    'tcp_connection_duration_ms',
    'gateway_http_balancer_endpoints',
    'outbound_http_http_route_backend_requests_total',
    'up',
    'ALERTS',
    'scrape_samples_scraped',
  ])('is scraped: %s', (name) => {
    expect(isScraped(name)).toBe(true);
  });

  it.each([
    'request_rate',
    'route_errors',
    'response_success_ratio',
    'request_total_rate5m',
    'response_latency_ms_p99',
    'tcp_connections',
    'inbound_http_error_ratio',
    'outbound_http_success',
    'process_count',
    'control_plane_up',
    'workload:request_rate',
    'upstream',
  ])("is the user's own: %s", (name) => {
    expect(isScraped(name)).toBe(false);
  });
});
