import { describe, expect, it } from 'vitest';
import { misleadingQueries, vizStatFrom, vizStatTo } from '../queries.ts';
import {
  bare,
  matches,
  nameOf,
  numberOf,
  PromqlError,
  parse,
  print,
  type Selector,
  same,
  selectorsOf,
  transform,
  tryParse,
  walk,
} from './index.ts';

/** What is written, and what it reads as, where that is spelled otherwise. */
const READ: [written: string, printed?: string][] = [
  ['up'],
  ['{__name__="up"}'],
  ['{"http.requests", a="b"}'],
  ['x{"k8s.pod"!="a", b=~"c.*", d!~"e"}'],
  ["x{a='b\"c'}", 'x{a="b\\"c"}'],
  ['x{a=`\\d`}', 'x{a="\\\\d"}'],
  ['x{a="\\u00e9\\x41\\101\\n"}', 'x{a="éAA\\n"}'],
  ['x{a="b",}', 'x{a="b"}'],
  ['x[5m]'],
  ['x[ 1h30m ] offset  -5m', 'x[1h30m] offset -5m'],
  ['x offset 5m @ 10', 'x @ 10 offset 5m'],
  ['x[5m] @ START()', 'x[5m] @ start()'],
  ['rate(x[5m] smoothed)'],
  ['x[300]'],
  ['x[step()]'],
  ['rate(x[5m])[1h:30s] offset 1d'],
  ['x[5m:]'],
  ['(a + b)[5m:]'],
  ['SUM(x) BY (a, b)', 'sum by (a, b) (x)'],
  ['sum without (a) (x)'],
  ['sum by () (x)'],
  ['topk(3, x)'],
  ['count_values("le", x)'],
  ['quantile by ("k8s.pod") (0.9, x)'],
  ['a + on (b) group_left (c, d) e'],
  ['a * ignoring () group_right () e'],
  ['a > bool 1'],
  ['a + fill (0) b'],
  ['a - on (x) fill_left (1) fill_right (2) b'],
  ['a and b or c unless d'],
  ['a atan2 b'],
  ['a + b offset 5m * c'],
  ['1 - a @ 5'],
  ['-x[5m:] ^ rate(y[5m:1m] offset 1h)'],
  ['a / b[5m]'],
  ['-x ^ 2'],
  ['-1 ^ 2'],
  ['2 ^ 3 ^ 2'],
  ['2 ^ -x * y'],
  ['a - 1'],
  ['a-1', 'a - 1'],
  ['1 - -1'],
  ['-(a + b)'],
  ['Inf + NaN'],
  ['1_000 * 0x1F'],
  ['5m * 2'],
  ['x # a comment\n + y', 'x + y'],
  ['# first\nx', 'x'],
  ['label_replace(up, "a", "$1", "b", "(.*)")'],
  ['absent(up{job="x"})'],
];

describe('what is written', () => {
  it.each(READ)('%s', (written, printed = written) => {
    const tree = parse(written);
    expect(print(tree)).toBe(printed);
    expect(parse(print(tree))).toEqual(tree);
  });

  it('binds as Prometheus does', () => {
    // A sign binds less tightly than the power, even where it looks like a part of a number.
    expect(parse('-1 ^ 2')).toMatchObject({ kind: 'unary', expr: { kind: 'binary', op: '^' } });
    expect(parse('2 ^ 3 ^ 2')).toMatchObject({ op: '^', right: { op: '^' } });
    // Ranges and offsets bind most tightly.
    expect(parse('a + b offset 5m * c')).toMatchObject({
      op: '+',
      right: { op: '*', left: { time: { offset: { ms: 300_000 } } } },
    });
    expect(parse('-x[5m:]')).toMatchObject({ kind: 'unary', expr: { kind: 'subquery' } });
    expect(parse('8 - 4 - 2')).toMatchObject({ op: '-', left: { op: '-' } });
    expect(parse('a or b and c')).toMatchObject({ op: 'or', right: { op: 'and' } });
    expect(parse('1 + 2 * 3 == 7')).toMatchObject({ op: '==', left: { op: '+', right: { op: '*' } } });
  });

  it('knows values and times', () => {
    expect(parse('1h30m')).toMatchObject({ value: 5400 });
    expect(parse('1e3')).toMatchObject({ value: 1000 });
    expect(parse('0x10')).toMatchObject({ value: 16 });
    expect(parse('x[1m30s500ms] offset -2h')).toMatchObject({
      range: { ms: 90_500 },
      time: { offset: { ms: -7_200_000 } },
    });
    expect(parse('x[90]')).toMatchObject({ range: { ms: 90_000 } });
    expect(parse('x[step() + 5m]')).toMatchObject({ range: { ms: null } });
  });
});

/** Begins with what the error says. */
const BROKEN: [written: string, message: string, hint?: string][] = [
  ['', 'column 1 of the query: there is no expression'],
  ['sum(rate(x[5m])', 'column 16 of the query: it ends too early', 'close what is open: )'],
  ['sum(x{a="("}', 'column 13 of the query: it ends too early', 'close what is open: )'],
  ['a +', 'column 4 of the query: it ends too early'],
  ['rate(x[5m]))', "column 12 of the query: ) can't stand here"],
  ['x y', "column 3 of the query: y can't stand here"],
  ['sum(\n  x y\n)', "line 2, column 5 of the query: y can't stand here"],
  ['rte(x[5m])', 'column 1 of the query: there is no function rte'],
  [
    'rate(x[$__rate_interval])',
    'column 8 of the query: $__rate_interval is a variable of a dashboard',
    'put its value there',
  ],
  ['rate(x[[[window]]])', 'column 8 of the query: [[window]] is a variable of a dashboard'],
  [
    'sum(x)[5m]',
    'column 8 of the query: a range can only stand right after a selector',
    'for other expressions, write a subquery: [5m:]',
  ],
  ['x offset 5m [5m]', 'column 14 of the query: a range can only stand right after a selector'],
  ['sum(x) offset 5m', 'column 8 of the query: offset can only stand after a selector or a subquery'],
  ['sum()', 'column 1 of the query: sum takes 1 argument, not 0'],
  ['topk(x)', 'column 1 of the query: topk takes 2 arguments, not 1'],
  ['a{"b"}', 'column 1 of the query: a metric has one name, not a and b'],
  ['x{a="\\q"}', 'column 5 of the query: "\\q" is no whole string', 'close it; escapes are those of Go'],
];

describe('what is no PromQL', () => {
  it.each(BROKEN)('%s', (written, message, hint) => {
    const error = (() => {
      try {
        return parse(written);
      } catch (e) {
        return e;
      }
    })();
    expect(error).toBeInstanceOf(PromqlError);
    expect((error as PromqlError).message).toBe(message);
    if (hint) expect((error as PromqlError).hint).toBe(hint);
    expect((error as PromqlError).code).toBe('PROMQL_SYNTAX');
    expect(tryParse(written)).toBeNull();
  });
});

/** Of the tools that come with Linkerd (telemetry facts, section 5), with values for the variables of dashboards. */
const LINKERD = [
  'sum(increase(response_total{deployment="web", direction="inbound", namespace="emojivoto"}[1m])) by (namespace, deployment, classification, tls)',
  'histogram_quantile(0.5, sum(irate(response_latency_ms_bucket{deployment="web", direction="inbound", namespace="emojivoto"}[1m])) by (le, namespace, deployment))',
  'sum(tcp_open_connections{deployment="web", direction="inbound", namespace="emojivoto"}) by (namespace, deployment)',
  'sum(increase(route_response_total{dst=~"(web-svc.emojivoto.svc.cluster.local)(:\\\\d+)?"}[1m])) by (rt_route, dst, classification)',
  'sum(tcp_open_connections{direction="outbound", deployment!="", dst_deployment!="", namespace="x"}) by (deployment, dst_deployment, pod, server_id, namespace, dst_namespace, no_tls_reason)',
  'max(process_start_time_seconds{namespace="x"}) by (pod, namespace)',
  'sum(gateway_alive{}) by (gateway_namespace,target_cluster_name,gateway_name)',
  'sum(irate(response_total{classification="success", namespace="$namespace"}[1m])) / sum(irate(response_total{namespace="x"}[1m]))',
  'count(count(request_total{dst_namespace="x", deployment!="", dst_deployment!="", direction="outbound"}) by (namespace, deployment))',
  'sum(irate(request_total{deployment=~"web|cart"}[30s]))',
  'sum(irate(request_total{dst_target_cluster="c", dst_target_cluster!="", direction="outbound"}[30s]))',
];

describe("Linkerd's own queries", () => {
  const subject = { namespace: 'shop', deployment: 'cart' };
  const other = { namespace: 'shop', deployment: 'web.v2' };
  const generated = [
    ...misleadingQueries(subject, 60_000),
    ...vizStatTo(other, subject, 10_000),
    ...vizStatFrom(other, subject, 1500),
  ].map((query) => query.expr);

  it.each([...LINKERD, ...new Set(generated)])('%s', (expr) => {
    const tree = parse(expr);
    expect(parse(print(tree))).toEqual(tree);
    for (const selector of selectorsOf(tree)) expect(nameOf(selector)).toMatch(/^[a-z_]+$/);
  });
});

describe('trees', () => {
  const tree = parse('sum by (a) (rate(x{b="c"}[5m])) / (y or vector(0))');

  it('are walked from the outside, with what stands around', () => {
    const kinds = [...walk(tree)].map(({ expr }) => expr.kind);
    expect(kinds).toEqual([
      'binary',
      'aggregation',
      'call',
      'selector',
      'paren',
      'binary',
      'selector',
      'call',
      'number',
    ]);
    const y = [...walk(tree)].find(({ expr }) => expr.kind === 'selector' && expr.name === 'y')!;
    expect(y.around.map(({ kind }) => kind)).toEqual(['binary', 'paren', 'binary']);
  });

  it('are changed without harm to the one given', () => {
    const before = structuredClone(tree);
    const changed = transform(tree, (expr) => (expr.kind === 'selector' ? { ...expr, name: 'z' } : expr));
    expect(print(changed)).toBe('sum by (a) (rate(z{b="c"}[5m])) / (z or vector(0))');
    expect(tree).toEqual(before);
  });

  it('get the parentheses that they need', () => {
    const sum = parse('a + b');
    expect(print({ kind: 'unary', op: '-', expr: sum })).toBe('-(a + b)');
    expect(print({ ...(parse('x * y') as object), right: sum } as typeof tree)).toBe('x * (a + b)');
    expect(print({ ...(parse('x - y') as object), right: sum } as typeof tree)).toBe('x - (a + b)');
    expect(print({ ...(parse('x ^ y') as object), left: parse('a ^ b') } as typeof tree)).toBe('(a ^ b) ^ y');
    expect(print({ ...(parse('x[5m:]') as object), expr: sum } as typeof tree)).toBe('(a + b)[5m:]');
  });

  it('are the same whatever their outermost parentheses', () => {
    expect(same(parse('((a))'), parse('a'))).toBe(true);
    expect(same(parse('(a) + b'), parse('a + b'))).toBe(false);
    expect(bare(parse('((1))'))).toEqual(numberOf(1));
  });

  it('know the name of a metric wherever it stands', () => {
    const name = (text: string) => nameOf(parse(text) as Selector);
    expect(['up', '{__name__="up"}', '{"up"}', '{__name__=~"up"}'].map(name)).toEqual(['up', 'up', 'up', '']);
  });

  it('know what a matcher lets pass', () => {
    const matcher = (text: string) => (parse(`x{${text}}`) as Selector).matchers[0]!;
    expect(matches(matcher('a="b"'), 'b')).toBe(true);
    expect(matches(matcher('a!="b"'), 'b')).toBe(false);
    expect(matches(matcher('a=~"b|c"'), 'c')).toBe(true);
    expect(matches(matcher('a=~"b"'), 'abc')).toBe(false);
    expect(matches(matcher('a!~"b.*"'), 'bc')).toBe(false);
    expect(matches(matcher('a=~"(?i)b"'), 'B')).toBeNull();
  });
});
