import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { promDuration } from './duration.ts';
import { labelSet, quote } from './promql.ts';
import { misleadingQueries, vizStatFrom, vizStatTo } from './queries.ts';

const web = { namespace: 'emojivoto', deployment: 'web' };
const expr = (queries: { tool: string; metric: string; expr: string }[], tool: string, metric: string) =>
  queries.find((query) => query.tool === tool && query.metric === metric)?.expr;

describe('misleadingQueries', () => {
  const queries = misleadingQueries(web, 60_000);

  it('renders viz stat as its metrics-api does, rounding included', () => {
    const increase =
      'sum(increase(response_total{deployment="web", direction="inbound", namespace="emojivoto"}[1m])) by (namespace, deployment, classification, tls)';
    expect(expr(queries, 'linkerd viz stat deploy', 'rate')).toBe(`sum(round(${increase})) / 60`);
    expect(expr(queries, 'linkerd viz stat deploy', 'successRate')).toBe(
      `(sum(round(${increase.replace('{', '{classification="success", ')})) or vector(0)) / sum(round(${increase}))`,
    );
    expect(expr(queries, 'linkerd viz stat deploy', 'p95')).toBe(
      'histogram_quantile(0.95, sum(irate(response_latency_ms_bucket{deployment="web", direction="inbound", namespace="emojivoto"}[1m])) by (le, namespace, deployment))',
    );
  });

  it('renders the panels of Grafana', () => {
    const labels = 'namespace="emojivoto", deployment="web", direction="inbound"';
    expect(expr(queries, 'Grafana: SUCCESS RATE', 'successRate')).toBe(
      `sum(irate(response_total{classification="success", ${labels}}[1m])) / sum(irate(response_total{${labels}}[1m]))`,
    );
    expect(expr(queries, 'Grafana: REQUEST RATE', 'rate')).toBe(
      `sum(irate(request_total{${labels}, tls="true"}[1m])) by (deployment)`,
    );
    expect(expr(queries, 'Grafana: LATENCY', 'p50')).toBe(
      `histogram_quantile(0.5, sum(irate(response_latency_ms_bucket{${labels}}[1m])) by (le, deployment))`,
    );
    expect(expr(queries, 'Grafana: top line', 'rate')).toBe('sum(irate(request_total{deployment=~"web"}[1m]))');
  });

  it('says of each how it can mislead', () => {
    for (const query of queries) expect(query.caveat.length).toBeGreaterThan(30);
  });

  it('takes a dotted name for itself in a regular expression', () => {
    const dotted = misleadingQueries({ namespace: 'a', deployment: 'web.v2' }, 30_000);
    expect(expr(dotted, 'Grafana: top line', 'rate')).toBe('sum(irate(request_total{deployment=~"web\\\\.v2"}[30s]))');
  });
});

it('viz stat --to and --from ask for one edge, from either end', () => {
  const cart = { namespace: 'shop', deployment: 'cart' };
  const edge =
    '{deployment="web", direction="outbound", dst_deployment="cart", dst_namespace="shop", namespace="emojivoto"}';
  const to = expr(vizStatTo(web, cart, 1500), 'linkerd viz stat deploy --to', 'rate');
  expect(to).toBe(
    `sum(round(sum(increase(response_total${edge}[1500ms])) by (namespace, deployment, classification, tls))) / 1.5`,
  );
  const from = expr(vizStatFrom(web, cart, 1500), 'linkerd viz stat deploy --from', 'rate');
  expect(from).toBe(to?.replace('(namespace, deployment,', '(dst_namespace, dst_deployment,'));
});

/** Go's reading of a string literal, for the escapes in use; a quote that is not escaped ends it. */
function unquote(literal: string): string {
  const body = /^"((?:[^"\\]|\\.)*)"$/s.exec(literal)![1]!;
  const plain: Record<string, string> = { n: '\n', r: '\r', x00: '\0' };
  return body.replace(/\\(x00|.)/g, (_, code: string) => plain[code] ?? code);
}

describe('PromQL text', () => {
  it('quotes any text so that it is read back', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('\\', '"', '\n', '\r', '\0', 'n', 'x', '0', 'é', '$') }),
        (text) => {
          const literal = quote(text);
          expect(literal).not.toMatch(/[\n\r\0]/);
          expect(unquote(literal)).toBe(text);
        },
      ),
    );
  });
  it('sorts label sets', () => {
    expect(labelSet({ b: 'x"y', a: '\\' })).toBe('{a="\\\\", b="x\\"y"}');
    expect(labelSet({})).toBe('{}');
  });
  it.each([
    [10_000, '10s'],
    [60_000, '1m'],
    [90_000, '90s'],
    [1500, '1500ms'],
    [3_600_000, '60m'],
  ])('%i ms is %s', (ms, text) => expect(promDuration(ms)).toBe(text));
  it.each([0, -1, 1.5, Number.NaN])('%d ms is no duration', (ms) => expect(() => promDuration(ms)).toThrow(RangeError));
});
