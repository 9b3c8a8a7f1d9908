import { describe, expect, it } from 'vitest';
import { FROM_CLIENT, PROBE, SCRAPE, Sim, WEB } from './testing/sim.ts';
import type { ExchangeError, InboundTarget } from './types.ts';

/** What only one layer of the proxy counts (facts 1.4, 1.9, 1.10, section 2). */

const UNEXPECTED: ExchangeError = { response: 'unclassified', proxy: 'unexpected', route: 'UNKNOWN' };

describe('inbound only', () => {
  it('allows each request once, whatever becomes of it', () => {
    const sim = new Sim();
    for (const target of [FROM_CLIENT, FROM_CLIENT, PROBE, SCRAPE]) {
      sim.telemetry.inboundExchange(target, false, 0).dispatch(0);
    }
    expect(sim.read('inbound_http_authz_allow_total', 'target_port', 'route_name', 'authz_name', 'tls')).toEqual({
      'inbound_http_authz_allow_total{target_port="8080",route_name="default",authz_name="all-unauthenticated",tls="true"}': 2,
      'inbound_http_authz_allow_total{target_port="8080",route_name="probe",authz_name="probe",tls="no_identity"}': 1,
      'inbound_http_authz_allow_total{target_port="4191",route_name="default",authz_name="all-unauthenticated",tls="no_identity"}': 1,
    });
  });

  it('counts a request that has waited in vain for its app above the queue alone', () => {
    const sim = new Sim();
    const error: ExchangeError = { response: 'unclassified', proxy: 'failfast', route: 'FAIL_FAST' };
    sim.telemetry.inboundExchange(FROM_CLIENT, false, 0).fail(error, 1000);
    sim.telemetry.inboundExchange(FROM_CLIENT, false, 0).cancel(500);
    expect(sim.read('inbound_http_authz_allow_total')).toEqual({ inbound_http_authz_allow_total: 2 });
    expect(sim.read('inbound_http_requests_total')).toEqual({ inbound_http_requests_total: 2 });
    expect(sim.read('inbound_http_statuses_total', 'status')).toEqual({ 'inbound_http_statuses_total{status=""}': 1 });
    expect(sim.read('inbound_http_errors_total', 'error')).toEqual({
      'inbound_http_errors_total{error="failfast"}': 1,
    });
    expect(sim.read('request_total').request_total).toBe(0);
    expect(sim.read('response_total')).toEqual({});
  });

  it("keeps the admin server out of the registry's families", () => {
    const sim = new Sim();
    const one = sim.telemetry.inboundExchange(SCRAPE, false, 0);
    one.dispatch(0);
    one.head(200, 1);
    one.responseFrame(50, 1);
    one.complete(1);
    expect(sim.read('inbound_http_', 'target_addr')).toEqual({
      'inbound_http_authz_allow_total{target_addr="0.0.0.0:4191"}': 1,
    });
    expect(sim.read('response_total', 'target_addr')).toEqual({ 'response_total{target_addr="0.0.0.0:4191"}': 1 });
  });

  it("shows errors of meshed connections at the proxy's port, the server by the app's", () => {
    const sim = new Sim();
    const failed = (target: InboundTarget) => {
      const one = sim.telemetry.inboundExchange(target, false, 0);
      one.dispatch(0);
      one.fail(UNEXPECTED, 1);
      return sim.read('inbound_http_errors_total', 'error', 'target_addr', 'srv_port');
    };
    const meshed = 'inbound_http_errors_total{error="unexpected",target_addr="10.244.0.7:4143",srv_port="8080"}';
    expect(failed(FROM_CLIENT)).toEqual({ [meshed]: 1 });
    expect(failed(PROBE)).toEqual({
      [meshed]: 1,
      'inbound_http_errors_total{error="unexpected",target_addr="10.244.0.7:8080",srv_port="8080"}': 1,
    });
  });

  it('measures the request from its start, the response from the end of the request', () => {
    const sim = new Sim();
    const one = sim.telemetry.inboundExchange(FROM_CLIENT, false, 100);
    one.dispatch(130);
    one.head(200, 150);
    one.responseFrame(200, 150);
    one.complete(160);
    expect(sim.read('inbound_http_request_duration_seconds_sum')).toEqual({
      inbound_http_request_duration_seconds_sum: 0.06,
    });
    expect(sim.read('inbound_http_response_duration_seconds_sum')).toEqual({
      inbound_http_response_duration_seconds_sum: 0.03,
    });
    expect(sim.read('inbound_http_response_frame_size_bytes_sum')).toEqual({
      inbound_http_response_frame_size_bytes_sum: 200,
    });
  });

  it('counts a refused request as denied or not found, and as nothing else', () => {
    const sim = new Sim();
    sim.telemetry.inboundRefused(FROM_CLIENT, 'denied');
    sim.telemetry.inboundRefused(FROM_CLIENT, 'no-route');
    expect(sim.read('inbound_http', 'authz_name', 'route_name')).toEqual({
      'inbound_http_authz_deny_total{route_name="default"}': 1,
      inbound_http_route_not_found_total: 1,
    });
    expect(sim.read('request_total')).toEqual({});
  });

  it('counts a limited request as allowed, limited and unexpected', () => {
    const sim = new Sim();
    sim.telemetry.inboundRateLimited(FROM_CLIENT, 'identity');
    expect(sim.read('inbound_http', 'ratelimit_scope', 'error')).toEqual({
      inbound_http_authz_allow_total: 1,
      'inbound_http_local_ratelimit_total{ratelimit_scope="identity"}': 1,
      'inbound_http_errors_total{error="unexpected"}': 1,
    });
  });
});

describe('outbound route', () => {
  it('takes Services of one name for one, as linkerd2-proxy does', () => {
    const sim = new Sim();
    for (const namespace of ['blue', 'green', 'green']) {
      const route = sim.telemetry.outboundRoute({ ...WEB, namespace }, false, 0);
      route.dispatch(0);
      route.head(200, 1);
      route.complete(1);
    }
    expect(sim.read('outbound_http_route_request_statuses_total', 'parent_namespace')).toEqual({
      'outbound_http_route_request_statuses_total{parent_namespace="blue"}': 3,
    });
  });

  const FAILFAST: ExchangeError = { response: 'unclassified', proxy: 'failfast', route: 'FAIL_FAST' };
  const route = (sim: Sim) => {
    const one = sim.telemetry.outboundRoute(WEB, false, 100);
    one.dispatch(100);
    return one;
  };

  it('counts status and duration from the start when the stream ends', () => {
    const sim = new Sim();
    const one = route(sim);
    one.head(200, 120);
    one.responseFrame(10, 120);
    expect(sim.read('outbound_http_route_request_statuses_total')).toEqual({});
    one.complete(400);
    expect(sim.read('outbound_http_route_request_statuses_total', 'http_status', 'error', 'hostname')).toEqual({
      'outbound_http_route_request_statuses_total{http_status="200",error="",hostname=""}': 1,
    });
    expect(sim.read('outbound_http_route_request_duration_seconds_sum')).toEqual({
      outbound_http_route_request_duration_seconds_sum: 0.3,
    });
    expect(sim.read('request_total')).toEqual({});
  });

  it('shows failfast in route, errors and gate, and in nothing below the balancer', () => {
    const sim = new Sim();
    sim.telemetry.balancerEndpoints(WEB, { ready: 0, pending: 1, added: 1, removed: 0 });
    const one = route(sim);
    sim.telemetry.balancerGate(WEB, 'shut', 1_700_000_003);
    one.fail(FAILFAST, 3100);
    expect(sim.read('outbound_http_route_request_statuses_total', 'http_status', 'error')).toEqual({
      'outbound_http_route_request_statuses_total{http_status="",error="FAIL_FAST"}': 1,
    });
    expect(sim.read('outbound_http_errors_total', 'error')).toEqual({
      'outbound_http_errors_total{error="failfast"}': 1,
    });
    expect(sim.read('outbound_http_balancer_queue_gate_shut')).toEqual({
      outbound_http_balancer_queue_gate_shut_total: 1,
      outbound_http_balancer_queue_gate_shut_time_seconds: 1_700_000_003,
    });
    expect(sim.read('outbound_http_balancer_queue_gate_open_time')).toEqual({
      outbound_http_balancer_queue_gate_open_time_seconds: 0,
    });
    expect(sim.read('outbound_http_route_backend_response_statuses_total', 'http_status', 'error')).toEqual({
      'outbound_http_route_backend_response_statuses_total{http_status="",error="FAIL_FAST"}': 1,
    });
    for (const family of ['request_total', 'response_total', 'response_latency_ms']) {
      expect(sim.read(family)).toEqual({});
    }
  });

  it.each([
    ['before headers', false, {}],
    ['in the body', true, { 'outbound_http_route_request_statuses_total{http_status="200",error="UNKNOWN"}': 1 }],
  ])('given up %s', (_when, headers, counted) => {
    const sim = new Sim();
    const one = route(sim);
    if (headers) one.head(200, 110);
    one.cancel(120);
    expect(sim.read('outbound_http_route_request_statuses_total', 'http_status', 'error')).toEqual(counted);
  });

  it('counts the error of a failed body, which the proxy does not list among its own', () => {
    const sim = new Sim();
    const one = route(sim);
    one.head(200, 110);
    one.fail({ response: 'unclassified', proxy: null, route: 'UNKNOWN' }, 120);
    expect(sim.read('outbound_http_route_request_statuses_total', 'http_status', 'error')).toEqual({
      'outbound_http_route_request_statuses_total{http_status="200",error="UNKNOWN"}': 1,
    });
    expect(sim.read('outbound_http_errors_total')).toEqual({});
  });

  it('leaves the backend to the attempts when anything else fails', () => {
    const sim = new Sim();
    route(sim).fail(UNEXPECTED, 120);
    expect(sim.read('outbound_http_route_request_statuses_total', 'http_status', 'error')).toEqual({
      'outbound_http_route_request_statuses_total{http_status="",error="UNKNOWN"}': 1,
    });
    expect(sim.read('outbound_http_route_backend_requests_total')).toEqual({
      outbound_http_route_backend_requests_total: 0,
    });
    expect(sim.read('outbound_http_route_backend_response_statuses_total')).toEqual({});
  });

  it('has the frames of request bodies', () => {
    const sim = new Sim();
    const one = sim.telemetry.outboundRoute(WEB, true, 0);
    one.dispatch(0);
    one.requestFrame(2000, 1);
    expect(sim.read('outbound_http_route_request_frame_size_bytes', 'le')).toMatchObject({
      'outbound_http_route_request_frame_size_bytes_bucket{le="1024.0"}': 0,
      'outbound_http_route_request_frame_size_bytes_bucket{le="10240.0"}': 1,
      outbound_http_route_request_frame_size_bytes_sum: 2000,
    });
  });
});
