import { describe, expect, it } from 'vitest';
import { CANARY, GRPC_ROUTE, HTTP_ROUTE, Sim, WEB, WEB_POD } from './testing/sim.ts';
import type { ExchangeError, OutboundRouteRef } from './types.ts';

/** Declared routes and their backends (facts 1.10): what counts on which of the three layers, and under which labels. */

const FAILFAST: ExchangeError = { response: 'unclassified', proxy: 'failfast', route: 'FAIL_FAST' };
const TIMEOUT: ExchangeError = { response: 'unclassified', proxy: 'unexpected', route: 'REQUEST_TIMEOUT' };
const ROUTE = ['route_group', 'route_kind', 'route_namespace', 'route_name'];
const BACKEND = ['parent_name', 'backend_name', 'backend_port'];

/** A request of `route` and its attempts, each layer dispatched. */
function layers(sim: Sim, route?: OutboundRouteRef) {
  const request = sim.telemetry.outboundRoute(WEB, false, 0, route, true);
  request.dispatch(0);
  return {
    request,
    attempt(backend = CANARY) {
      const above = sim.telemetry.outboundBackend(backend, false, 0, route);
      above.dispatch(0);
      const below = () => {
        const one = sim.telemetry.outboundEndpoint(backend, WEB_POD, false, 0, true);
        one.dispatch(0);
        return one;
      };
      return { above, below };
    },
  };
}

describe('a declared HTTPRoute', () => {
  it('labels request and backend, which is not its parent', () => {
    const sim = new Sim();
    const { request, attempt } = layers(sim, HTTP_ROUTE);
    const { above, below } = attempt();
    for (const layer of [below(), above, request]) {
      layer.head(200, 30);
      layer.responseFrame(2000, 30);
      layer.complete(60);
    }
    const named =
      'route_group="gateway.networking.k8s.io",route_kind="HTTPRoute",route_namespace="shop",route_name="split"';
    expect(sim.read('outbound_http_route_request_statuses_total', 'parent_name', ...ROUTE, 'http_status')).toEqual({
      [`outbound_http_route_request_statuses_total{parent_name="web",${named},http_status="200"}`]: 1,
    });
    expect(sim.read('outbound_http_route_backend_requests_total', ...BACKEND, ...ROUTE)).toEqual({
      [`outbound_http_route_backend_requests_total{parent_name="web",backend_name="canary",backend_port="80",${named}}`]: 1,
    });
    expect(sim.read('outbound_http_route_backend_response_duration_seconds_sum', 'backend_name')).toEqual({
      'outbound_http_route_backend_response_duration_seconds_sum{backend_name="canary"}': 0.06,
    });
    expect(sim.read('outbound_http_route_backend_response_frame_size_bytes_sum', 'backend_name')).toEqual({
      'outbound_http_route_backend_response_frame_size_bytes_sum{backend_name="canary"}': 2000,
    });
    expect(sim.read('request_total')).toEqual({ request_total: 1 });
    expect(sim.read('outbound_grpc_')).toEqual({});
  });

  it("is the Service's own, also of one that is another's backend", () => {
    const sim = new Sim();
    sim.telemetry.outboundRoute(CANARY, false, 0, HTTP_ROUTE, true).complete(1);
    expect(sim.read('outbound_http_route_request_statuses_total', 'parent_name')).toEqual({
      'outbound_http_route_request_statuses_total{parent_name="canary"}': 1,
    });
  });

  it('shows its backends at zero, and no more than once', () => {
    const sim = new Sim();
    sim.telemetry.outboundBackends([WEB, CANARY], HTTP_ROUTE);
    sim.telemetry.outboundBackends([WEB, CANARY], HTTP_ROUTE);
    expect(sim.read('outbound_http_route_backend', 'backend_name', 'le')).toMatchObject({
      'outbound_http_route_backend_requests_total{backend_name="web"}': 0,
      'outbound_http_route_backend_requests_total{backend_name="canary"}': 0,
      'outbound_http_route_backend_response_frame_size_bytes_count{backend_name="canary"}': 0,
    });
    expect(sim.read('outbound_http_route_backend_response_statuses_total')).toEqual({});
    expect(sim.read('stack_create_total', 'direction', 'protocol', 'name')).toMatchObject({
      'stack_create_total{direction="outbound",protocol="http",name="balance"}': 2,
    });
  });

  it('counts each attempt at its backend: the discarded one by its status and an error, the last one as it is', () => {
    const sim = new Sim();
    const { request, attempt } = layers(sim, HTTP_ROUTE);
    const [first, second] = [attempt(WEB), attempt(CANARY)];
    const discarded = first.below();
    for (const layer of [discarded, first.above]) {
      layer.head(503, 10);
      layer.cancel(11);
    }
    for (const layer of [second.below(), second.above, request]) {
      layer.head(200, 20);
      layer.complete(20);
    }
    sim.telemetry.outboundRetry(WEB, 'retry', HTTP_ROUTE);
    sim.telemetry.outboundRetry(WEB, 'success', HTTP_ROUTE);
    const statuses = 'outbound_http_route_backend_response_statuses_total';
    expect(sim.read(statuses, 'backend_name', 'http_status', 'error')).toEqual({
      [`${statuses}{backend_name="web",http_status="503",error="UNKNOWN"}`]: 1,
      [`${statuses}{backend_name="canary",http_status="200",error=""}`]: 1,
    });
    expect(sim.read('outbound_http_route_request_statuses_total', 'http_status', 'error')).toEqual({
      'outbound_http_route_request_statuses_total{http_status="200",error=""}': 1,
    });
    expect(sim.read('response_total', 'status_code', 'classification')).toEqual({
      'response_total{status_code="503",classification="failure"}': 1,
      'response_total{status_code="200",classification="success"}': 1,
    });
    expect(sim.read('outbound_http_route_retry_', 'route_name')).toEqual({
      'outbound_http_route_retry_limit_exceeded_total{route_name="split"}': 0,
      'outbound_http_route_retry_overflow_total{route_name="split"}': 0,
      'outbound_http_route_retry_requests_total{route_name="split"}': 1,
      'outbound_http_route_retry_successes_total{route_name="split"}': 1,
    });
  });

  it('counts a failfast once, at request and backend, and nothing below', () => {
    const sim = new Sim();
    const { request, attempt } = layers(sim, HTTP_ROUTE);
    attempt().above.fail(FAILFAST, 3000);
    request.fail(FAILFAST, 3000);
    const labels = ['route_name', 'backend_name', 'http_status', 'error'];
    expect(sim.read('outbound_http_route', ...labels)).toMatchObject({
      'outbound_http_route_backend_requests_total{route_name="split",backend_name="canary"}': 1,
      'outbound_http_route_backend_response_statuses_total{route_name="split",backend_name="canary",http_status="",error="FAIL_FAST"}': 1,
      'outbound_http_route_request_statuses_total{route_name="split",http_status="",error="FAIL_FAST"}': 1,
    });
    expect(Object.keys(sim.read('outbound_http_route_backend', ...labels)).join()).not.toContain('backend_name="web"');
    expect(sim.read('outbound_http_errors_total', 'error')).toEqual({
      'outbound_http_errors_total{error="failfast"}': 1,
    });
    expect(sim.read('response_total')).toEqual({});
  });

  it('counts a timeout on all three layers, and one error of the proxy', () => {
    const sim = new Sim();
    const { request, attempt } = layers(sim, HTTP_ROUTE);
    const { above, below } = attempt();
    for (const layer of [below(), above, request]) layer.fail(TIMEOUT, 200);
    expect(sim.read('response_total', 'status_code', 'classification', 'error')).toEqual({
      'response_total{classification="failure",error="unclassified"}': 1,
    });
    expect(sim.read('outbound_http_route', 'http_status', 'error')).toMatchObject({
      'outbound_http_route_backend_response_statuses_total{http_status="",error="REQUEST_TIMEOUT"}': 1,
      'outbound_http_route_request_statuses_total{http_status="",error="REQUEST_TIMEOUT"}': 1,
    });
    expect(sim.read('outbound_http_errors_total', 'error')).toEqual({
      'outbound_http_errors_total{error="unexpected"}': 1,
    });
  });

  it('counts a request that no rule takes as an error of the proxy only', () => {
    const sim = new Sim();
    sim.telemetry.outboundHttpError('unexpected');
    expect(sim.read('outbound_http', 'error')).toEqual({ 'outbound_http_errors_total{error="unexpected"}': 1 });
  });
});

describe('balancers', () => {
  it('are one for each parent and backend', () => {
    const sim = new Sim();
    const change = { ready: 1, pending: 0, added: 1, removed: 0 };
    sim.telemetry.balancerEndpoints(WEB, change);
    sim.telemetry.balancerEndpoints({ ...WEB, parent: WEB }, { ...change, ready: 2 });
    sim.telemetry.balancerEndpoints(CANARY, { ...change, ready: 3 });
    sim.telemetry.balancerEndpoints({ ...CANARY, parent: undefined } as never, { ...change, ready: 4 });
    const p2c = 'outbound_http_balancer_p2c_endpoints';
    expect(sim.read(p2c, 'parent_name', 'backend_name')).toEqual({
      [`${p2c}{parent_name="web",backend_name="web"}`]: 2,
      [`${p2c}{parent_name="web",backend_name="canary"}`]: 3,
      [`${p2c}{parent_name="canary",backend_name="canary"}`]: 4,
    });
    const updates = 'outbound_http_balancer_p2c_updates_total';
    expect(sim.read(updates, 'parent_name', 'backend_name', 'op')).toMatchObject({
      [`${updates}{parent_name="web",backend_name="web",op="Reset"}`]: 1,
      [`${updates}{parent_name="web",backend_name="web",op="Add"}`]: 1,
      [`${updates}{parent_name="web",backend_name="canary",op="Add"}`]: 0,
    });
  });
});

describe('a declared GRPCRoute', () => {
  const ends = (sim: Sim, head: boolean, end: (layer: ReturnType<Sim['telemetry']['outboundRoute']>) => void) => {
    const { request, attempt } = layers(sim, GRPC_ROUTE);
    const { above, below } = attempt();
    for (const layer of [below(), above, request]) {
      if (head) layer.head(200, 1, true);
      end(layer);
    }
  };

  it.each([
    ['0', 'OK', 'success', '0'],
    ['5', 'NOT_FOUND', 'success', '5'],
    ['14', 'UNAVAILABLE', 'failure', '14'],
    ['16', 'UNAUTHENTICATED', 'success', '16'],
    ['17', 'UNKNOWN', 'failure', '2'],
    ['x', 'UNKNOWN', 'success', '2'],
    [null, 'UNKNOWN', 'success', '2'],
  ])('counts grpc-status %s as %s, and below as %s %s', (status, name, classification, code) => {
    const sim = new Sim();
    ends(sim, true, (layer) => layer.complete(2, status));
    expect(sim.read('outbound_grpc_route_request_statuses_total', 'http_status', 'grpc_status', 'error')).toEqual({
      [`outbound_grpc_route_request_statuses_total{grpc_status="${name}",error=""}`]: 1,
    });
    const statuses = 'outbound_grpc_route_backend_response_statuses_total';
    expect(sim.read(statuses, 'backend_name', 'grpc_status', 'error')).toEqual({
      [`${statuses}{backend_name="canary",grpc_status="${name}",error=""}`]: 1,
    });
    expect(sim.read('response_total', 'status_code', 'classification', 'grpc_status', 'error')).toEqual({
      [`response_total{status_code="200",classification="${classification}",grpc_status="${code}",error=""}`]: 1,
    });
    expect(sim.read('outbound_http_')).toEqual({});
  });

  it('counts what failed or was dropped as unknown, with the error', () => {
    const sim = new Sim();
    ends(sim, false, (layer) => layer.fail(TIMEOUT, 2));
    ends(sim, true, (layer) => layer.cancel(2));
    ends(sim, false, (layer) => layer.cancel(2));
    expect(sim.read('outbound_grpc_route_request_statuses_total', 'grpc_status', 'error')).toEqual({
      'outbound_grpc_route_request_statuses_total{grpc_status="UNKNOWN",error="REQUEST_TIMEOUT"}': 1,
      'outbound_grpc_route_request_statuses_total{grpc_status="UNKNOWN",error="UNKNOWN"}': 1,
    });
    expect(sim.read('response_total', 'status_code', 'classification', 'grpc_status', 'error')).toEqual({
      'response_total{classification="failure",grpc_status="",error="unclassified"}': 1,
      'response_total{status_code="200",classification="success",grpc_status="2",error=""}': 1,
    });
    expect(sim.read('outbound_grpc_route_backend_requests_total')).toEqual({
      outbound_grpc_route_backend_requests_total: 3,
    });
  });

  it('has retries of its own', () => {
    const sim = new Sim();
    sim.telemetry.outboundRetry(WEB, 'none', GRPC_ROUTE);
    sim.telemetry.outboundRetry(WEB, 'limit-exceeded', GRPC_ROUTE);
    sim.telemetry.outboundRetry(WEB, 'overflow', GRPC_ROUTE);
    expect(sim.read('outbound_grpc_route_retry_')).toEqual({
      outbound_grpc_route_retry_limit_exceeded_total: 1,
      outbound_grpc_route_retry_overflow_total: 1,
      outbound_grpc_route_retry_requests_total: 0,
      outbound_grpc_route_retry_successes_total: 0,
    });
    expect(sim.read('outbound_http_route_retry_')).toEqual({});
  });
});

it('detected gRPC without a GRPCRoute counts among HTTP, with its status', () => {
  const sim = new Sim();
  const [request, attempt] = [
    sim.telemetry.outboundRoute(WEB, false, 0),
    sim.telemetry.outboundEndpoint(WEB, WEB_POD, false, 0),
  ];
  for (const layer of [request, attempt]) {
    layer.dispatch(0);
    layer.head(200, 1, true);
    layer.complete(1, '14');
  }
  for (const family of [
    'outbound_http_route_request_statuses_total',
    'outbound_http_route_backend_response_statuses_total',
  ]) {
    expect(sim.read(family, 'http_status', 'grpc_status', 'error')).toEqual({
      [`${family}{http_status="200",error=""}`]: 1,
    });
  }
  expect(sim.read('response_total', 'classification', 'grpc_status')).toEqual({
    'response_total{classification="failure",grpc_status="14"}': 1,
  });
  expect(sim.read('outbound_grpc_')).toEqual({});
});
