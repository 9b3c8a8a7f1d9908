import { describe, expect, it } from 'vitest';
import { findProfile } from '../profiles/index.ts';
import { createProxyTelemetry } from './proxy-telemetry.ts';
import {
  CONTROL_PLANE,
  FROM_CLIENT,
  ON_SERVER,
  PROCESS,
  SCRAPE,
  Sim,
  TO_GRPC_SERVER,
  TO_SERVER,
} from './testing/sim.ts';
import type { ExchangeError, InboundTarget } from './types.ts';

/** Servers, their routes and authorizations on the inbound side (facts 1.4, 1.9). */

const UNEXPECTED: ExchangeError = { response: 'unclassified', proxy: 'unexpected', route: 'UNKNOWN' };
const SRV = ['srv_group', 'srv_kind', 'srv_name', 'srv_port'];
const ROUTE = ['route_group', 'route_kind', 'route_name'];
const AUTHZ = ['authz_group', 'authz_kind', 'authz_name'];
const PARENT = ['parent_group', 'parent_kind', 'parent_name', 'parent_port'];
const srv = 'srv_group="policy.linkerd.io",srv_kind="server",srv_name="web-http",srv_port="8080"';
const route = 'route_group="policy.linkerd.io",route_kind="HTTPRoute",route_name="reads"';
const authz = 'authz_group="policy.linkerd.io",authz_kind="authorizationpolicy",authz_name="only-client"';

function served(sim: Sim, target: InboundTarget, grpcStatus?: string | null) {
  const one = sim.telemetry.inboundExchange(target, false, 0);
  one.dispatch(0);
  one.head(200, 1, grpcStatus !== undefined);
  one.complete(1, grpcStatus);
}

describe('a request on a Server', () => {
  it('carries server, route and authorization', () => {
    const sim = new Sim();
    served(sim, TO_SERVER);
    served(sim, FROM_CLIENT);
    const all = [...SRV, ...ROUTE, ...AUTHZ];
    for (const family of ['request_total', 'response_total', 'inbound_http_authz_allow_total']) {
      expect(Object.keys(sim.read(family, ...all))).toContain(`${family}{${srv},${route},${authz}}`);
      expect(Object.keys(sim.read(family, ...all))).toHaveLength(2);
    }
    expect(sim.read('inbound_http_requests_total', ...PARENT, ...ROUTE)).toMatchObject({
      [`inbound_http_requests_total{parent_group="policy.linkerd.io",parent_kind="server",parent_name="web-http",parent_port="8080",${route}}`]: 1,
    });
    expect(sim.read('inbound_grpc')).toEqual({});
  });

  it('is told apart by the authorization alone', () => {
    const sim = new Sim();
    const other = { group: 'policy.linkerd.io', kind: 'authorizationpolicy', namespace: 'shop', name: 'more' };
    for (const applied of [ON_SERVER.authz, other, null])
      served(sim, { ...TO_SERVER, policy: { ...ON_SERVER, authz: applied } });
    expect(sim.read('response_total', 'authz_name')).toEqual({
      'response_total{authz_name="only-client"}': 1,
      'response_total{authz_name="more"}': 1,
      response_total: 1,
    });
  });

  it('shows its errors at the port of the proxy, with the Server', () => {
    const sim = new Sim();
    const one = sim.telemetry.inboundExchange(TO_SERVER, false, 0);
    one.dispatch(0);
    one.fail(UNEXPECTED, 1);
    sim.telemetry.inboundRateLimited(TO_SERVER, 'total');
    expect(sim.read('inbound_http_errors_total', 'error', 'target_addr', ...SRV)).toEqual({
      [`inbound_http_errors_total{error="unexpected",target_addr="10.244.0.7:4143",${srv}}`]: 2,
    });
  });

  it.each([
    ['0', '0', 'success', '0'],
    ['5', '5', 'success', '5'],
    ['14', '14', 'failure', '14'],
    ['99', '2', 'failure', '2'],
    [null, '', 'success', '2'],
  ])('of protocol gRPC counts grpc-status %s as %s', (status, label, classification, code) => {
    const sim = new Sim();
    served(sim, TO_GRPC_SERVER, status);
    expect(sim.read('inbound_grpc_statuses_total', 'status')).toEqual({
      [`inbound_grpc_statuses_total{status="${label}"}`]: 1,
    });
    expect(sim.read('inbound_grpc_requests_total', 'parent_name')).toEqual({
      'inbound_grpc_requests_total{parent_name="web-http"}': 1,
    });
    expect(sim.read('response_total', 'classification', 'grpc_status')).toEqual({
      [`response_total{classification="${classification}",grpc_status="${code}"}`]: 1,
    });
    expect(sim.read('inbound_http_', 'target_port')).toEqual({
      'inbound_http_authz_allow_total{target_port="8080"}': 1,
    });
  });

  it('of protocol gRPC has an empty status when the stream broke or was dropped', () => {
    const sim = new Sim();
    for (const end of ['fail', 'cancel'] as const) {
      const one = sim.telemetry.inboundExchange(TO_GRPC_SERVER, false, 0);
      one.dispatch(0);
      one.head(200, 1, true);
      if (end === 'fail') one.fail(UNEXPECTED, 2);
      else one.cancel(2);
    }
    expect(sim.read('inbound_grpc_statuses_total', 'status')).toEqual({ 'inbound_grpc_statuses_total{status=""}': 2 });
  });

  it('detected as gRPC, on any other Server, has the HTTP status', () => {
    const sim = new Sim();
    served(sim, TO_SERVER, '14');
    expect(sim.read('inbound_http_statuses_total', 'status')).toEqual({
      'inbound_http_statuses_total{status="200"}': 1,
    });
    expect(sim.read('response_total', 'status_code', 'classification', 'grpc_status')).toEqual({
      'response_total{status_code="200",classification="failure",grpc_status="14"}': 1,
    });
  });
});

it("the admin server's errors are at its own port, meshed or not", () => {
  const sim = new Sim();
  sim.telemetry.inboundRateLimited({ ...SCRAPE, tls: FROM_CLIENT.tls }, 'total');
  expect(sim.read('inbound_http_errors_total', 'target_addr')).toEqual({
    'inbound_http_errors_total{target_addr="0.0.0.0:4191"}': 1,
  });
});

describe('what policy refuses', () => {
  it('is denied on its route, by no authorization, and no request', () => {
    const sim = new Sim();
    const target = { ...TO_SERVER, policy: { ...ON_SERVER, authz: null } };
    sim.telemetry.inboundRefused(target, 'denied');
    sim.telemetry.inboundRefused(TO_SERVER, 'denied');
    sim.telemetry.inboundRefused(TO_SERVER, 'no-route');
    expect(sim.read('inbound_http', ...SRV, ...ROUTE, ...AUTHZ, 'tls')).toEqual({
      [`inbound_http_authz_deny_total{${srv},${route},tls="true"}`]: 2,
      [`inbound_http_route_not_found_total{${srv},tls="true"}`]: 1,
    });
    expect({ ...sim.read('request_total'), ...sim.read('response_') }).toEqual({});
  });

  it('names the limit that was hit, and counts the request as allowed', () => {
    const sim = new Sim();
    const limit = { group: 'policy.linkerd.io', kind: 'HTTPLocalRateLimitPolicy', namespace: 'shop', name: 'few' };
    sim.telemetry.inboundRateLimited(TO_SERVER, 'identity', limit);
    const labels = ['ratelimit_group', 'ratelimit_kind', 'ratelimit_name', 'ratelimit_scope'];
    expect(sim.read('inbound_http', ...SRV, ...AUTHZ, ...labels)).toEqual({
      [`inbound_http_authz_allow_total{${srv},${authz}}`]: 1,
      [`inbound_http_local_ratelimit_total{${srv},ratelimit_group="policy.linkerd.io",ratelimit_kind="HTTPLocalRateLimitPolicy",ratelimit_name="few",ratelimit_scope="identity"}`]: 1,
      [`inbound_http_errors_total{${srv}}`]: 1,
    });
    expect(sim.render()).toMatch(/srv_port="8080",ratelimit_group=.*ratelimit_scope="identity",tls="true"/);
  });
});

describe('connections to a Server', () => {
  const { server } = ON_SERVER;

  it('carry it in all their families', () => {
    const sim = new Sim();
    const { ip, port, tls } = FROM_CLIENT;
    sim.telemetry.inboundSrcTcp(ip, port, tls, server).read(3);
    sim.telemetry.inboundSrcTcp(ip, port, tls).read(4);
    sim.telemetry.inboundDetected(port, 'not_http', 0.01, server);
    sim.telemetry.inboundDetected(port, 'http/1', 0.01);
    sim.telemetry.inboundTcpAuthorized(ip, port, tls, 'allow', ON_SERVER);
    sim.telemetry.inboundTcpAuthorized(ip, port, tls, 'deny', { ...ON_SERVER, authz: null });
    const other = 'srv_group="",srv_kind="default",srv_name="all-unauthenticated",srv_port="8080"';
    expect(sim.read('tcp_read_bytes_total', ...SRV)).toEqual({
      [`tcp_read_bytes_total{${srv}}`]: 3,
      [`tcp_read_bytes_total{${other}}`]: 4,
    });
    const results = sim.read('inbound_tcp_detect_http_results_total', ...SRV, 'result');
    expect(results[`inbound_tcp_detect_http_results_total{${srv},result="not_http"}`]).toBe(1);
    expect(results[`inbound_tcp_detect_http_results_total{${srv},result="http/1"}`]).toBe(0);
    expect(results[`inbound_tcp_detect_http_results_total{${other},result="http/1"}`]).toBe(1);
    expect(Object.keys(results)).toHaveLength(10);
    expect(sim.read('inbound_tcp_authz', ...SRV, ...AUTHZ)).toEqual({
      [`inbound_tcp_authz_allow_total{${srv},${authz}}`]: 1,
      [`inbound_tcp_authz_deny_total{${srv}}`]: 1,
    });
  });

  it('are those of the default server when it is named', () => {
    const sim = new Sim();
    const { ip, port, tls } = FROM_CLIENT;
    const byName = { group: '', kind: 'default', namespace: 'shop', name: 'all-unauthenticated' };
    const [one, two] = [sim.telemetry.inboundSrcTcp(ip, port, tls), sim.telemetry.inboundSrcTcp(ip, port, tls, byName)];
    expect(sim.read('tcp_open_connections')).toEqual({ tcp_open_connections: 2 });
    one.close('');
    expect(sim.read('tcp_open_connections')).toEqual({ tcp_open_connections: 1 });
    two.close('');
    served(sim, FROM_CLIENT);
    served(sim, {
      ...FROM_CLIENT,
      policy: { server: byName, route: { ...byName, name: 'default' }, authz: byName, grpc: false },
    });
    expect(sim.read('request_total', ...SRV, ...ROUTE, ...AUTHZ)).toEqual({
      'request_total{srv_group="",srv_kind="default",srv_name="all-unauthenticated",srv_port="8080",route_group="",route_kind="default",route_name="default",authz_group="",authz_kind="default",authz_name="all-unauthenticated"}': 2,
    });
  });

  it('keep the series of its requests alive', () => {
    const sim = new Sim();
    served(sim, TO_SERVER);
    const connection = sim.telemetry.inboundSrcTcp(FROM_CLIENT.ip, FROM_CLIENT.port, FROM_CLIENT.tls, server);
    sim.nowMs = 3_600_000;
    sim.render();
    expect(sim.read('request_total')).toEqual({ request_total: 1 });
    connection.close('');
    sim.nowMs = 7_200_000;
    sim.render();
    expect(sim.read('request_total')).toEqual({});
  });
});

it('a default policy names server and authorization', () => {
  const telemetry = createProxyTelemetry({
    profile: findProfile('v2.366.0'),
    defaultPolicy: 'cluster-authenticated',
    controlPlane: CONTROL_PLANE,
    process: { startEpochSeconds: 1_700_000_000, read: () => PROCESS },
    nowMs: () => 0,
    timeOriginMs: 1_700_000_000_000,
  });
  telemetry.inboundExchange(FROM_CLIENT, false, 0).dispatch(0);
  expect(telemetry.render(0)).toMatch(
    /request_total\{.*srv_kind="default",srv_name="cluster-authenticated",.*authz_name="cluster-authenticated"\} 1/,
  );
});
