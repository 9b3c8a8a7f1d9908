import { describe, expect, it } from 'vitest';
import { schemaOf } from './testing/schemas.ts';

const PAGE = `
# HELP request_total Total count of HTTP requests.
# TYPE request_total counter
request_total{direction="inbound",authority="web.shop",target_addr="10.0.0.1:80",tls="true"} 4
request_total{direction="outbound",authority="cart.shop",tls="no_identity"} 2
request_total{direction="outbound",authority="",tls="true"} 2
# HELP response_latency_ms Elapsed times
# TYPE response_latency_ms histogram
response_latency_ms_bucket{direction="inbound",le="1"} 1
response_latency_ms_bucket{direction="inbound",le="10"} 1
response_latency_ms_bucket{direction="inbound",le="+Inf"} 2
response_latency_ms_count{direction="inbound"} 2
response_latency_ms_sum{direction="inbound"} 20
# HELP tcp_close_total Total count of closed connections
# TYPE tcp_close_total counter
# HELP proxy_build_info Proxy build info.
# TYPE proxy_build_info gauge
proxy_build_info{version="2.366.0"} 1
# HELP tokio_rt_busy_seconds Total duration.
# TYPE tokio_rt_busy_seconds counter
# UNIT tokio_rt_busy_seconds seconds
tokio_rt_busy_seconds_total 0.5
# HELP outbound_tls_route_open The number of connections opened.
# TYPE outbound_tls_route_open counter
# EOF`;

describe('the schema of pages', () => {
  const schema = schemaOf(PAGE);
  const family = (name: string) => schema.families.find((one) => one.name === name);

  it('has families under the names of their samples', () => {
    expect(schema.families.map(({ name, type, empty }) => `${name} ${type}${empty ? ' empty' : ''}`)).toEqual([
      'outbound_tls_route_open_total counter empty',
      'proxy_build_info gauge',
      'request_total counter',
      'response_latency_ms histogram',
      'tokio_rt_busy_seconds_total counter',
    ]);
    expect(family('tokio_rt_busy_seconds_total')).toMatchObject({ unit: 'seconds', help: 'Total duration.' });
  });

  it('tells the labels of each direction apart, and which of them are of this mesh', () => {
    expect(family('request_total')?.variants).toEqual([
      {
        of: { direction: 'inbound' },
        series: 1,
        labels: [
          { name: 'authority', open: true, values: ['*'], everywhere: true },
          { name: 'target_addr', open: true, values: ['*'], everywhere: true },
          { name: 'tls', open: false, values: ['true'], everywhere: true },
        ],
      },
      {
        of: { direction: 'outbound' },
        series: 2,
        labels: [
          { name: 'authority', open: true, values: ['', '*'], everywhere: true },
          { name: 'tls', open: false, values: ['no_identity', 'true'], everywhere: true },
        ],
      },
    ]);
  });

  it('counts a histogram once, and has its bounds in their order', () => {
    const { variants, buckets } = family('response_latency_ms')!;
    expect(variants[0]).toMatchObject({ series: 1, labels: [] });
    expect(buckets).toEqual(['1', '10', '+Inf']);
  });

  it('takes headers of legacy families without a series for no evidence', () => {
    expect(family('tcp_close_total')).toBeUndefined();
  });

  it('so does a page that has no other encoder', () => {
    const legacy = '# TYPE proxy_build_info gauge\nproxy_build_info 1\n# TYPE tcp_close_total counter';
    expect(schemaOf(legacy).families.map(({ name }) => name)).toEqual(['proxy_build_info']);
    expect(schemaOf(`${legacy}\n# EOF`).families).toHaveLength(2);
  });

  it('knows how the page is written, and what it costs', () => {
    expect(schema.page).toEqual({ end: '# EOF', 'families without a series': 'headers', duplicates: '' });
    expect(schema.seriesPerProxy).toBe(10);
    expect(schemaOf([PAGE, 'up 1']).bytesPerScrape).toBe((PAGE.trim().length + 1 + 5) / 2);
  });

  it('sees the same series twice, whatever the order of its labels', () => {
    const page = schemaOf('a{x="1",y="2"} 1\na{y="2",x="1"} 2\nb{x="1"} 1\nb{x="2"} 1').page;
    expect(page).toMatchObject({ duplicates: 'a', end: 'no mark', 'families without a series': 'nothing' });
  });

  it('takes a label that nobody knows for open when its values are names of the mesh, or many', () => {
    const open = (values: string[]) =>
      schemaOf(values.map((value) => `a{thing="${value}"} 1`).join('\n')).families[0]!.variants[0]!.labels[0]!.open;
    expect(open(['red', 'green'])).toBe(false);
    expect(open(['red', 'cart'])).toBe(true);
    expect(open(['10.0.0.1:80'])).toBe(true);
    expect(open(Array.from({ length: 17 }, (_, i) => `v${i}`))).toBe(true);
  });
});
