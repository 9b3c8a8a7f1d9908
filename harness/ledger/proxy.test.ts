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

  it.each([
    ['version="2.268.0",vendor="linkerd"', '2.268.0'],
    ['version="v2.366.0"', '2.366.0'],
    ['git_version="release/v2.188.0",rust_version="rustc 1.64.0 (a55dd71d5 2022-09-19)"', '2.188.0'],
    ['git_version="4e1720430",rust_version="rustc 1.64.0 (a55dd71d5 2022-09-19)"', ''],
    ['git_version="",rust_version="rustc 1.64.0"', ''],
    ['version="dev"', undefined],
    ['profile="release"', undefined],
  ])('knows the version of a proxy by {%s}', (labels, version) => {
    const ledger = readProxyLedger([page('web', 100, [`proxy_build_info{${labels}} 1`])]);
    expect(ledger.targets[0]!.scrapes[0]!.version).toBe(version);
  });

  it('adds up series that a page has twice, and says of which families', () => {
    const line = 'request_total{direction="inbound",grpc_status=""}';
    const ledger = readProxyLedger([
      page('web', 100, [`${line} 2`]),
      page('web', 200, [`${line} 3`, 'request_total{direction="inbound"} 4', 'tcp_open_total{peer="src"} 1']),
    ]);
    expect(ledger.series[0]!.samples).toEqual([
      { t: 100, v: 2 },
      { t: 200, v: 7 },
    ]);
    expect(ledger.targets[0]!.scrapes.map((s) => s.duplicates)).toEqual([undefined, ['request_total']]);
  });

  it('reads a page of the older encoder alone: whole seconds, and no end mark', () => {
    const ledger = readProxyLedger([
      page('web', 100, [
        '# TYPE process_start_time_seconds gauge',
        'process_start_time_seconds 1669000000',
        '# TYPE proxy_build_info gauge',
        'proxy_build_info{git_branch="HEAD",git_sha="4e1720430",git_version="release/v2.188.0",rust_version="rustc"} 1',
      ]),
    ]);
    expect(ledger.targets[0]!.scrapes[0]).toMatchObject({ ok: true, startTime: 1669000000, version: '2.188.0' });
  });
});
