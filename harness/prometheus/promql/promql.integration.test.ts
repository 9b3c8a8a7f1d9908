import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PrometheusServer, startPrometheus } from '../server.ts';
import { freePort, prometheusBinary } from '../testing/binary.ts';
import { loopback } from '../testing/loopback.ts';
import { type Expr, parse, print, type Selector } from './index.ts';

let dir: string;
let prometheus: PrometheusServer;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'meshproof-test-'));
  const configFile = join(dir, 'prometheus.yml');
  await writeFile(configFile, 'scrape_configs: []\n');
  const host = loopback();
  prometheus = await startPrometheus({
    tool: { path: prometheusBinary() },
    configFile,
    dataDir: join(dir, 'data'),
    listen: { host, port: await freePort(host) },
    logFile: join(dir, 'prometheus.log'),
  });
});
afterAll(async () => {
  await prometheus?.stop();
  await rm(dir, { recursive: true, force: true });
});

async function ask(path: string, query: string): Promise<unknown> {
  const response = await fetch(`${prometheus.url}/api/v1/${path}`, {
    method: 'POST',
    body: new URLSearchParams({ query }),
  });
  const answer = (await response.json()) as { status: string; data: unknown; error?: string };
  if (answer.status !== 'success') throw new Error(`${query}: ${answer.error}`);
  return answer.data;
}

/** How operators, signs, ranges and offsets hang together, as Prometheus' own parser says it. */
interface Theirs {
  type: string;
  op?: string;
  lhs?: Theirs;
  rhs?: Theirs;
  expr?: Theirs;
  args?: Theirs[];
  name?: string;
  val?: string;
  range?: number;
  offset?: number;
}

function shapeOfTheirs(node: Theirs): unknown {
  switch (node.type) {
    case 'binaryExpr':
      return [node.op, shapeOfTheirs(node.lhs!), shapeOfTheirs(node.rhs!)];
    case 'unaryExpr':
      return [`unary ${node.op}`, shapeOfTheirs(node.expr!)];
    case 'parenExpr':
      return ['()', shapeOfTheirs(node.expr!)];
    case 'subquery':
      return [`[${node.range}:] offset ${node.offset}`, shapeOfTheirs(node.expr!)];
    case 'call':
      return ['call', ...node.args!.map(shapeOfTheirs)];
    case 'aggregation':
      return ['aggregation', shapeOfTheirs(node.expr!)];
    case 'numberLiteral':
      return Number(node.val);
    default:
      return `${node.name} ${node.range ?? ''} offset ${node.offset}`;
  }
}

function shapeOf(expr: Expr): unknown {
  switch (expr.kind) {
    case 'binary':
      return [expr.op, shapeOf(expr.left), shapeOf(expr.right)];
    case 'unary':
      // Prometheus takes a sign before a number for a part of it, in the end.
      return expr.expr.kind === 'number'
        ? Number(`${expr.op}${expr.expr.value}`)
        : [`unary ${expr.op}`, shapeOf(expr.expr)];
    case 'paren':
      return ['()', shapeOf(expr.expr)];
    case 'subquery':
      return [`[${expr.range.ms}:] offset ${expr.time.offset?.ms ?? 0}`, shapeOf(expr.expr)];
    case 'call':
      return ['call', ...expr.args.map(shapeOf)];
    case 'aggregation':
      return ['aggregation', shapeOf(expr.expr)];
    case 'number':
      return expr.value;
    case 'string':
      return expr.value;
    case 'selector':
      return `${nameIn(expr)} ${expr.range?.ms ?? ''} offset ${expr.time.offset?.ms ?? 0}`;
  }
}
const nameIn = ({ name }: Selector) => name;

const operand = fc.constantFrom(
  'a',
  'b offset 5m',
  'c{x="y"}',
  '-a',
  '+b offset -1m',
  '2',
  'rate(a[5m])',
  'sum(a + b offset 1h)',
  '(a - b)',
  'max_over_time(a[1h:1m])',
  'max_over_time(rate(a[5m])[1h:1m] offset 1d)',
);
/** Arithmetic alone: with sets and comparisons, Prometheus has opinions about their operands. */
const operator = fc.constantFrom('+', '-', '*', '/', '%', '^', 'atan2');
const expression = fc
  .tuple(operand, fc.array(fc.tuple(operator, operand), { maxLength: 4 }))
  .map(([first, rest]) => [first, ...rest.flat()].join(' '));

describe("Prometheus' own parser", () => {
  it('has operators, signs, ranges and offsets hang together as ours has', async () => {
    await fc.assert(
      fc.asyncProperty(expression, async (text) => {
        expect(shapeOf(parse(text))).toEqual(shapeOfTheirs((await ask('parse_query', text)) as Theirs));
      }),
      { numRuns: 150 },
    );
  });

  it('reads what we print as it reads what was written', async () => {
    const written = [
      'a and b or c unless d',
      'a == bool 1 > bool 2',
      'sum by (x) (rate(a{b!~"c.*", d=\'e"f\'}[1h30m] offset -5m)) / on (x) group_left (y) count without (z) (g)',
      'topk(3, a @ 1609746000 offset 1h)',
      'histogram_quantile(0.9, sum by (le) (rate({"http.requests_bucket", "k8s.pod"="x"}[5m])))',
      'label_replace(up, "a", "$1", "b", `(.*)\\d`)',
      'max_over_time(sum(rate(a[1m] @ end()))[1h:30s])',
      'absent(a) or vector(-1)',
    ];
    for (const text of written) {
      expect(await ask('format_query', print(parse(text)))).toEqual(await ask('format_query', text));
    }
  });
});
