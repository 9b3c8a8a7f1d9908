import { describe, expect, it } from 'vitest';
import type { ProxyPage } from '../environment/contract.ts';
import { readProxyLedger } from './proxy.ts';

const page = (pod: string, fromMs: number, lines: string[]): ProxyPage => ({
  namespace: 'shop',
  pod,
  instance: `${pod}:4191`,
  fromMs,
  untilMs: fromMs + 5,
  text: lines.map((line) => `${line}\n`).join(''),
});

describe('readProxyLedger', () => {
  it('makes one series of several pages of a pod, in the order of time', () => {
    const ledger = readProxyLedger([
      page('web', 200, ['request_total{direction="inbound",tls="true"} 2', 'process_start_time_seconds 20.5']),
      page('cart', 150, ['request_total{direction="inbound",tls="true"} 9']),
      page('web', 100, ['request_total{tls="true",direction="inbound"} 7', 'process_start_time_seconds 10.5']),
    ]);
    expect(ledger.source).toBe('proxy');
    expect(ledger.targets.map((t) => t.pod)).toEqual(['web', 'cart']);
    expect(ledger.targets[0]).toEqual({
      job: 'linkerd-proxy',
      namespace: 'shop',
      pod: 'web',
      instance: 'web:4191',
      scrapes: [
        { t: 100, fromMs: 100, untilMs: 105, ok: true, startTime: 10.5 },
        { t: 200, fromMs: 200, untilMs: 205, ok: true, startTime: 20.5 },
      ],
    });
    expect(ledger.series).toEqual([
      {
        name: 'request_total',
        labels: { direction: 'inbound', tls: 'true' },
        target: 0,
        samples: [
          { t: 100, v: 7 },
          { t: 200, v: 2 },
        ],
      },
      { name: 'request_total', labels: { direction: 'inbound', tls: 'true' }, target: 1, samples: [{ t: 150, v: 9 }] },
    ]);
  });

  it('keeps the families of a ledger, with labels as Prometheus stores them', () => {
    const ledger = readProxyLedger([
      page('web', 100, [
        'response_total{status_code="200",grpc_status="",error=""} 1',
        'response_latency_ms_bucket{le="1"} 1',
        'inbound_http_authz_allow_total{route_name="default"} 1',
        'outbound_http_route_request_statuses_total{http_status="200"} 1',
        'tcp_open_total{peer="src"} 1',
        'route_request_total{dst="x"} 1',
        'inbound_grpc_requests_total{route_name="default"} 1',
        'outbound_tcp_route_open_total{error=""} 1',
        'control_request_total{addr="x"} 1',
        'process_cpu_seconds_total 1',
      ]),
    ]);
    expect(ledger.series.map((s) => [s.name, s.labels])).toEqual([
      ['response_total', { status_code: '200' }],
      ['response_latency_ms_bucket', { le: '1.0' }],
      ['inbound_http_authz_allow_total', { route_name: 'default' }],
      ['outbound_http_route_request_statuses_total', { http_status: '200' }],
      ['tcp_open_total', { peer: 'src' }],
      ['route_request_total', { dst: 'x' }],
      ['inbound_grpc_requests_total', { route_name: 'default' }],
      ['outbound_tcp_route_open_total', {}],
    ]);
  });

  it('takes an empty page for a scrape that failed', () => {
    expect(readProxyLedger([page('web', 100, [])])).toMatchObject({
      targets: [{ scrapes: [{ ok: false, startTime: null }] }],
      series: [],
    });
  });
});
