import { describe, expect, it } from 'vitest';
import { familyHistory, hasIt, labelHistory, spanText } from './history.ts';

describe('labels by version', () => {
  it('are there from the first proxy that has them to the last before they went', () => {
    const hostname = labelHistory('outbound_http_route_request_statuses_total', 'hostname', undefined)!;
    const versions = ['2.246.0', '2.257.9', '2.258.0', 'v2.268.0', '2.279.9', '2.280.0', '2.366.0'];
    expect(versions.filter((version) => hasIt(hostname, version))).toEqual(['2.258.0', 'v2.268.0', '2.279.9']);
    expect(spanText(hostname)).toBe('proxies from v2.258 (Linkerd 2.17) and before v2.280 (Linkerd 2.18)');
  });

  it('are compared as numbers', () => {
    const port = labelHistory('response_total', 'srv_port', 'inbound')!;
    expect([hasIt(port, '2.285.10'), hasIt(port, '2.286.0'), hasIt(port, '2.1000.0')]).toEqual([false, true, true]);
  });

  it('are those of a direction, where only that one lost them', () => {
    expect(labelHistory('request_total', 'authority', 'inbound')).toBeDefined();
    expect(labelHistory('request_total', 'authority', undefined)).toBeDefined();
    expect(labelHistory('request_total', 'authority', 'outbound')).toBeUndefined();
    expect(labelHistory('response_latency_ms_bucket', 'authority', 'inbound')).toBeDefined();
    expect(labelHistory('my_request_total', 'authority', 'inbound')).toBeUndefined();
    expect(labelHistory('request_total', 'deployment', 'inbound')).toBeUndefined();
  });
});

describe('families by version', () => {
  it.each([
    ['identity_cert_expiration_timestamp_seconds', '2.226.0', '2.227.0'],
    ['tcp_connection_duration_ms_bucket', '2.124.2', '2.138.0'],
    ['opencensus_span_exports', '2.322.0', '2.323.0'],
  ])('%s went', (family, with_, without) => {
    const history = familyHistory(family)!;
    expect([hasIt(history, with_), hasIt(history, without)]).toEqual([true, false]);
  });

  it.each([
    ['control_identity_cert_expiration_timestamp_seconds', '2.227.0', '2.226.0'],
    ['inbound_http_requests_total', '2.319.0', '2.318.0'],
    ['outbound_grpc_route_request_statuses_total', '2.246.0', '2.221.0'],
    ['outbound_http_route_backend_requests_total', '2.196.0', '2.195.0'],
    ['inbound_http_request_duration_seconds_bucket', '2.342.0', '2.341.0'],
  ])('%s came', (family, with_, without) => {
    const history = familyHistory(family)!;
    expect([hasIt(history, with_), hasIt(history, without)]).toEqual([true, false]);
  });

  it('have a name before and one after', () => {
    const names = [
      'identity_cert_refresh_count',
      'identity_cert_refreshes_total',
      'control_identity_cert_refreshes_total',
    ];
    const having = (version: string) => names.filter((name) => hasIt(familyHistory(name)!, version));
    expect(['2.210.4', '2.221.0', '2.246.0'].map(having)).toEqual(names.map((name) => [name]));
  });

  it('are unknown where they have always been there', () => {
    expect(['request_total', 'up', 'outbound_http_balancer'].map(familyHistory)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});
