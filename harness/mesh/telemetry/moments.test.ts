import { describe, expect, it } from 'vitest';
import { FROM_CLIENT, Sim, WEB, WEB_POD } from './testing/sim.ts';
import type { Exchange, ExchangeError } from './types.ts';

/** Each row of the table of moments (facts, section 2), for both sides of the proxy. */

const UNEXPECTED: ExchangeError = { response: 'unclassified', proxy: 'unexpected', route: 'UNKNOWN' };

interface Side {
  name: string;
  exchange: (sim: Sim, hasBody: boolean, startMs: number) => Exchange;
  /** `_total` of requests dispatched, in the registry. */
  dispatched: string;
  statuses: (status: string, error: string) => [family: string, key: string];
  durations: string;
}

const SIDES: Side[] = [
  {
    name: 'inbound',
    exchange: (sim, hasBody, startMs) => sim.telemetry.inboundExchange(FROM_CLIENT, hasBody, startMs),
    dispatched: 'inbound_http_requests_total',
    statuses: (status) => ['inbound_http_statuses_total', `inbound_http_statuses_total{status="${status}"}`],
    durations: 'inbound_http_response_duration_seconds',
  },
  {
    name: 'outbound',
    exchange: (sim, hasBody, startMs) => sim.telemetry.outboundEndpoint(WEB, WEB_POD, hasBody, startMs),
    dispatched: 'outbound_http_route_backend_requests_total',
    statuses: (status, error) => [
      'outbound_http_route_backend_response_statuses_total',
      `outbound_http_route_backend_response_statuses_total{http_status="${status}",error="${error}"}`,
    ],
    durations: 'outbound_http_route_backend_response_duration_seconds',
  },
];

describe.each(SIDES)('$name', ({ exchange, dispatched, statuses, durations }) => {
  const requests = (sim: Sim) => sim.read('request_total').request_total;
  const responses = (sim: Sim) => sim.read('response_total', 'status_code', 'classification', 'grpc_status', 'error');
  const latencies = (sim: Sim) => {
    const { response_latency_ms_count: count, response_latency_ms_sum: sum } = sim.read('response_latency_ms');
    return count === undefined ? null : { count, sum };
  };
  const ended = (sim: Sim, status = '', error = '') => {
    const [family, key] = statuses(status, error);
    const all = sim.read(family, 'status', 'http_status', 'error');
    expect(Object.keys(all).filter((other) => other !== key)).toEqual([]);
    return all[key] ?? 0;
  };
  const sampled = (sim: Sim) => sim.read(durations)[`${durations}_count`] ?? 0;

  it('counts a request without a body when it is dispatched', () => {
    const sim = new Sim();
    const one = exchange(sim, false, 0);
    expect(requests(sim)).toBe(0);
    one.dispatch(1);
    expect(requests(sim)).toBe(1);
    expect(sim.read(dispatched)[dispatched]).toBe(1);
    one.requestEnd(2);
    expect(requests(sim)).toBe(1);
    expect(responses(sim)).toEqual({});
    expect(latencies(sim)).toBeNull();
  });

  it('counts a request with a body when its first frame is polled, but its dispatch at once', () => {
    const sim = new Sim();
    const one = exchange(sim, true, 0);
    one.dispatch(1);
    expect(requests(sim)).toBe(0);
    expect(sim.read(dispatched)[dispatched]).toBe(1);
    one.requestFrame(10, 2);
    expect(requests(sim)).toBe(1);
    one.requestFrame(10, 3);
    one.requestEnd(4);
    expect(requests(sim)).toBe(1);
  });

  it('counts a body that turns out to have no frame when it ends', () => {
    const sim = new Sim();
    const one = exchange(sim, true, 0);
    one.dispatch(1);
    one.requestEnd(2);
    expect(requests(sim)).toBe(1);
  });

  it('samples latency at the first frame of the response, in whole milliseconds from the dispatch', () => {
    const sim = new Sim();
    const one = exchange(sim, false, 0);
    one.dispatch(100);
    one.head(200, 101);
    expect(latencies(sim)).toBeNull();
    one.responseFrame(10, 106.9);
    expect(latencies(sim)).toEqual({ count: 1, sum: 6 });
    one.responseFrame(10, 900);
    one.complete(901);
    expect(latencies(sim)).toEqual({ count: 1, sum: 6 });
    expect(sim.read('response_latency_ms_bucket', 'le')).toMatchObject({
      'response_latency_ms_bucket{le="5"}': 0,
      'response_latency_ms_bucket{le="10"}': 1,
    });
  });

  it.each([
    [0.2, '1', 0],
    [1.9, '1', 1],
    [2, '2', 2],
    [5.99, '5', 5],
  ])('puts %s ms into the bucket up to %s', (ms, le, sum) => {
    const sim = new Sim();
    const one = exchange(sim, false, 0);
    one.dispatch(0);
    one.head(200, ms);
    one.responseFrame(1, ms);
    const buckets = Object.entries(sim.read('response_latency_ms_bucket', 'le'));
    expect(buckets.find(([, count]) => count === 1)?.[0]).toBe(`response_latency_ms_bucket{le="${le}"}`);
    expect(latencies(sim)?.sum).toBe(sum);
  });

  it('counts the response, its status and its duration when the stream ends', () => {
    const sim = new Sim();
    const one = exchange(sim, false, 0);
    one.dispatch(0);
    one.head(404, 5);
    one.responseFrame(10, 5);
    expect(responses(sim)).toEqual({});
    expect([ended(sim), sampled(sim)]).toEqual([0, 0]);
    one.complete(700);
    expect(responses(sim)).toEqual({
      'response_total{status_code="404",classification="success",grpc_status="",error=""}': 1,
    });
    expect([ended(sim, '404'), sampled(sim)]).toEqual([1, 1]);
    expect(sim.read(`${durations}_sum`)).toEqual({ [`${durations}_sum`]: 0.7 });
  });

  it('samples latency at the end of a response without a frame', () => {
    const sim = new Sim();
    const one = exchange(sim, false, 0);
    one.dispatch(0);
    one.head(204, 5);
    one.complete(8);
    expect(latencies(sim)).toEqual({ count: 1, sum: 8 });
  });

  it('measures the response from the end of the request', () => {
    const sim = new Sim();
    const one = exchange(sim, true, 0);
    one.dispatch(0);
    one.requestFrame(10, 0);
    one.requestEnd(400);
    one.head(200, 500);
    one.responseFrame(1, 500);
    one.complete(600);
    expect(sim.read(`${durations}_sum`)).toEqual({ [`${durations}_sum`]: 0.2 });
  });

  it('counts a body that its consumer drops by its status, as unknown in the route', () => {
    const sim = new Sim();
    const one = exchange(sim, false, 0);
    one.dispatch(0);
    one.head(200, 3);
    one.responseFrame(10, 3);
    one.cancel(9);
    expect(responses(sim)).toEqual({
      'response_total{status_code="200",classification="success",grpc_status="",error=""}': 1,
    });
    expect(latencies(sim)).toEqual({ count: 1, sum: 3 });
    expect([ended(sim, '200', 'UNKNOWN'), sampled(sim)]).toEqual([1, 1]);
  });

  it('samples the latency of a body that is dropped before its first frame', () => {
    const sim = new Sim();
    const one = exchange(sim, false, 0);
    one.dispatch(0);
    one.head(200, 3);
    one.cancel(9);
    expect(latencies(sim)).toEqual({ count: 1, sum: 9 });
  });

  it('counts a body that the next hop cuts off as a failure of its status', () => {
    const sim = new Sim();
    const one = exchange(sim, false, 0);
    one.dispatch(0);
    one.head(200, 3);
    one.responseFrame(10, 3);
    one.fail({ ...UNEXPECTED, proxy: null }, 9);
    expect(responses(sim)).toEqual({
      'response_total{status_code="200",classification="failure",grpc_status="",error="unclassified"}': 1,
    });
    expect(latencies(sim)).toEqual({ count: 1, sum: 3 });
    expect([ended(sim, '200', 'UNKNOWN'), sampled(sim)]).toEqual([1, 1]);
  });

  it('has no latency of a body that is cut off before its first frame', () => {
    const sim = new Sim();
    const one = exchange(sim, false, 0);
    one.dispatch(0);
    one.head(200, 3);
    one.fail({ ...UNEXPECTED, proxy: null }, 9);
    expect(latencies(sim)).toEqual({ count: 0, sum: 0 });
  });

  it('counts nothing but the request when the caller gives up before headers', () => {
    const sim = new Sim();
    const one = exchange(sim, false, 0);
    one.dispatch(0);
    one.cancel(9);
    expect(requests(sim)).toBe(1);
    expect(responses(sim)).toEqual({});
    expect(latencies(sim)).toBeNull();
    expect([ended(sim), sampled(sim)]).toEqual([0, 0]);
  });

  it('counts a failure before headers without a status, with a histogram of zeroes', () => {
    const sim = new Sim();
    const one = exchange(sim, false, 0);
    one.dispatch(0);
    one.fail(UNEXPECTED, 9);
    expect(requests(sim)).toBe(1);
    expect(responses(sim)).toEqual({
      'response_total{classification="failure",grpc_status="",error="unclassified"}': 1,
    });
    expect(sim.read('response_latency_ms_count', 'status_code')).toEqual({ response_latency_ms_count: 0 });
    expect([ended(sim, '', 'UNKNOWN'), sampled(sim)]).toEqual([1, 1]);
  });

  it('never counts the request of a POST whose endpoint refuses the connection, but the 502 it got', () => {
    const sim = new Sim();
    const one = exchange(sim, true, 0);
    one.dispatch(0);
    one.head(502, 1);
    one.responseFrame(20, 1);
    one.complete(1);
    expect(requests(sim)).toBe(0);
    expect(responses(sim)).toEqual({
      'response_total{status_code="502",classification="failure",grpc_status="",error=""}': 1,
    });
  });

  it.each([
    [200, 'success'],
    [403, 'success'],
    [429, 'success'],
    [499, 'success'],
    [500, 'failure'],
    [599, 'failure'],
  ])('classifies %i as %s', (status, classification) => {
    const sim = new Sim();
    const one = exchange(sim, false, 0);
    one.dispatch(0);
    one.head(status, 1);
    one.complete(1);
    expect(Object.keys(sim.read('response_total', 'classification'))).toEqual([
      `response_total{classification="${classification}"}`,
    ]);
  });

  it.each([
    ['0', 'success'],
    ['1', 'success'],
    ['2', 'failure'],
    ['4', 'failure'],
    ['5', 'success'],
    ['7', 'failure'],
    ['8', 'success'],
    ['13', 'failure'],
    ['14', 'failure'],
    ['15', 'failure'],
    ['16', 'success'],
  ])('classifies gRPC code %s as %s', (code, classification) => {
    const sim = new Sim();
    const one = exchange(sim, false, 0);
    one.dispatch(0);
    one.head(200, 1, true);
    one.complete(1, code);
    expect(sim.read('response_total', 'classification', 'grpc_status')).toEqual({
      [`response_total{classification="${classification}",grpc_status="${code}"}`]: 1,
    });
  });

  it('takes a gRPC stream that ends without trailers, or is dropped, for an unknown success', () => {
    const sim = new Sim();
    for (const end of [(e: Exchange) => e.complete(1), (e: Exchange) => e.cancel(1)]) {
      const one = exchange(sim, false, 0);
      one.dispatch(0);
      one.head(200, 1, true);
      end(one);
    }
    expect(sim.read('response_total', 'classification', 'grpc_status')).toEqual({
      'response_total{classification="success",grpc_status="2"}': 2,
    });
  });

  it('ends once', () => {
    const sim = new Sim();
    const one = exchange(sim, false, 0);
    one.dispatch(0);
    one.head(200, 1);
    one.complete(1);
    const page = sim.render();
    one.responseFrame(10, 2);
    one.complete(2);
    one.fail(UNEXPECTED, 2);
    one.cancel(2);
    one.dispatch(2);
    one.requestFrame(10, 2);
    expect(sim.render()).toBe(page);
  });
});
