import { describe, expect, it } from 'vitest';
import { FROM_CLIENT, Sim } from './testing/sim.ts';
import type { ExchangeError } from './types.ts';

/** Traffic of a Service with a ServiceProfile: route_*, route_actual_* and route_retryable_total (facts 1.2, section 2). */

const DST = 'web.shop.svc.cluster.local:80';
const TIMEOUT: ExchangeError = { response: 'timeout', proxy: 'response timeout', route: 'UNKNOWN' };
const FAILFAST: ExchangeError = { response: 'unclassified', proxy: 'failfast', route: 'FAIL_FAST' };
const CLASS = ['status_code', 'classification', 'grpc_status', 'error'];

function exchange(sim: Sim, layer: 'effective' | 'actual', route: string | null = 'GET /') {
  const one = sim.telemetry.profileRoute('outbound', DST, route, layer, false, 0);
  one.dispatch(0);
  return one;
}

describe('timeouts and failures of the proxy', () => {
  it('a timeout of the route fails the request and leaves its attempts open', () => {
    const sim = new Sim();
    const [effective, actual] = [exchange(sim, 'effective'), exchange(sim, 'actual')];
    actual.cancel(500);
    effective.fail(TIMEOUT, 500);
    expect(sim.read('route_response_total', ...CLASS)).toEqual({
      'route_response_total{classification="failure",grpc_status="",error="timeout"}': 1,
    });
    expect(sim.read('route_actual_')).toEqual({ route_actual_request_total: 1 });
    expect(sim.read('outbound_http_errors_total', 'error')).toEqual({
      'outbound_http_errors_total{error="response timeout"}': 1,
    });
  });

  it('counts an error of the proxy once, whatever the layers', () => {
    const sim = new Sim();
    exchange(sim, 'actual').fail(FAILFAST, 3000);
    exchange(sim, 'effective').fail(FAILFAST, 3000);
    const inbound = sim.telemetry.profileRoute('inbound', DST, 'GET /', 'effective', false, 0);
    inbound.dispatch(0);
    inbound.fail({ ...FAILFAST, proxy: 'unexpected' }, 1);
    expect(sim.read('outbound_http_errors_total', 'error')).toEqual({
      'outbound_http_errors_total{error="failfast"}': 1,
    });
    expect(sim.read('inbound_http_errors_total')).toEqual({});
    expect(sim.read('route_response_total', 'direction', 'error')).toEqual({
      'route_response_total{direction="outbound",error="unclassified"}': 1,
      'route_response_total{direction="inbound",error="unclassified"}': 1,
    });
    expect(sim.read('outbound_http_route')).toEqual({});
  });
});

describe('responseClasses', () => {
  it.each([
    [404, 'failure', false],
    [503, 'success', false],
    [200, 'failure', true],
  ] as const)('take %i for %s, in every family', (status, classification, grpc) => {
    const sim = new Sim();
    const layers = [
      exchange(sim, 'effective'),
      exchange(sim, 'actual'),
      sim.telemetry.inboundExchange(FROM_CLIENT, false, 0),
    ];
    for (const layer of layers) {
      layer.dispatch(0);
      layer.head(status, 1, grpc, classification);
      layer.complete(2, grpc ? '0' : null);
    }
    for (const family of ['route_response_total', 'route_actual_response_total', 'response_total']) {
      expect(sim.read(family, ...CLASS)).toEqual({
        [`${family}{status_code="${status}",classification="${classification}",grpc_status="",error=""}`]: 1,
      });
    }
  });

  it('do not matter when the stream breaks; a body that is dropped keeps its class', () => {
    const sim = new Sim();
    const [broken, dropped] = [exchange(sim, 'effective'), exchange(sim, 'effective')];
    for (const one of [broken, dropped]) one.head(404, 1, false, 'failure');
    broken.fail(FAILFAST, 2);
    dropped.cancel(2);
    expect(sim.read('route_response_total', ...CLASS)).toEqual({
      'route_response_total{status_code="404",classification="failure",grpc_status="",error="unclassified"}': 1,
      'route_response_total{status_code="404",classification="failure",grpc_status="",error=""}': 1,
    });
  });
});

it('counts retryable failures, those without a budget twice, and shows both with the first use', () => {
  const sim = new Sim();
  const counted = () => sim.read('route_retryable_total', 'direction', 'dst', 'rt_route', 'skipped');
  const labels = `direction="outbound",dst="${DST}",rt_route="GET /"`;
  sim.telemetry.profileRetryable('outbound', DST, 'GET /', 'seed');
  expect(counted()).toEqual({
    [`route_retryable_total{${labels}}`]: 0,
    [`route_retryable_total{${labels},skipped="no_budget"}`]: 0,
  });
  sim.telemetry.profileRetryable('outbound', DST, 'GET /', null);
  sim.telemetry.profileRetryable('outbound', DST, 'GET /', 'no_budget');
  expect(counted()).toEqual({
    [`route_retryable_total{${labels}}`]: 2,
    [`route_retryable_total{${labels},skipped="no_budget"}`]: 1,
  });
});
