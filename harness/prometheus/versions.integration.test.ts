import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describe as inWords } from '../core/errors.ts';
import { waitFor } from '../core/wait.ts';
import type { PrometheusClient } from './client.ts';
import { type PrometheusServer, startPrometheus } from './server.ts';
import { freePort, prometheusBinary } from './testing/binary.ts';
import { loopback } from './testing/loopback.ts';
import { prometheus2OrSkip } from './testing/prometheus-2.ts';

/**
 * What a query, a scrape or the API answers otherwise after an upgrade from Prometheus 2 to 3: both store exactly the same
 * samples, of times that are whole seconds, and are asked the same. Whatever is not here is the same in both, as far as this
 * project uses it.
 */

const two = await prometheus2OrSkip();
/** Some of it came before 3, between 2.42 and 2.55. */
const isOld = two?.version.startsWith('2.42.') ?? false;
const host = loopback();
const STEP_MS = 1000;
const STEPS = 10;
const firstMs = Math.floor(Date.now() / STEP_MS) * STEP_MS - 60_000;
const lastMs = firstMs + (STEPS - 1) * STEP_MS;

const SERIES: Record<string, (step: number) => number> = {
  '# TYPE steps_total counter\nsteps_total': (step) => 10 * step,
  '# TYPE level gauge\nlevel{where="a\\nb"}': (step) => step,
  '# TYPE latency_ms histogram\nlatency_ms_bucket{le="1"}': (step) => 5 * step,
  'latency_ms_bucket{le="2.5"}': (step) => 10 * step,
  'latency_ms_bucket{le="+Inf"}': (step) => 10 * step,
  latency_ms_sum: (step) => 10 * step,
  latency_ms_count: (step) => 10 * step,
  '# TYPE size summary\nsize{quantile="0.5"}': () => 3,
  'size{quantile="1"}': () => 4,
  size_sum: (step) => 10 * step,
  size_count: (step) => 10 * step,
  '# TYPE twice gauge\ntwice': () => 1,
};

/** Every step of every series, with its time: whenever and however often it is scraped, the same is stored. */
const PAGE = `${Object.entries(SERIES)
  .flatMap(([series, at]) =>
    Array.from({ length: STEPS }, (_, step) => {
      const name = step === 0 ? series : series.split('\n').at(-1);
      return `${name} ${at(step)} ${firstMs + step * STEP_MS}`;
    }),
  )
  .join('\n')}
twice 2 ${lastMs}
`;

async function target(page: string, contentType: string | null = 'text/plain; version=0.0.4; charset=utf-8') {
  const server = createServer((_, response) => {
    if (contentType !== null) response.setHeader('content-type', contentType);
    response.end(page);
  });
  server.listen(0, host);
  await once(server, 'listening');
  return {
    address: `${host}:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface One extends AsyncDisposable {
  server: PrometheusServer;
  client: PrometheusClient;
  log(): Promise<string>;
}

async function start(path: string): Promise<One> {
  await using stack = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), 'meshproof-test-'));
  stack.defer(() => rm(dir, { recursive: true, force: true }));
  const targets = {
    stepped: stack.use(await target(PAGE)),
    untyped: stack.use(await target('plain 1\n', null)),
    dotted: stack.use(await target('{"with.dots"} 1\n')),
  };
  const jobs = Object.entries(targets).map(
    ([name, { address }]) => `{ job_name: ${name}, static_configs: [{ targets: ["${address}"] }] }`,
  );
  const configFile = join(dir, 'prometheus.yml');
  await writeFile(
    configFile,
    `global: { scrape_interval: 1s, scrape_timeout: 1s }\nscrape_configs: [${jobs.join(', ')}]\n`,
  );
  const logFile = join(dir, 'prometheus.log');
  const listen = { host, port: await freePort(host) };
  const server = stack.use(
    await startPrometheus({ tool: { path }, configFile, dataDir: join(dir, 'data'), listen, logFile }),
  );
  await waitFor(
    async (seen) => {
      const [count] = await server.client.query('count_over_time(steps_total[1h])', lastMs);
      seen(count?.v);
      const { active } = await server.client.targets();
      return count?.v === STEPS && active.every(({ health }) => health !== 'unknown') ? true : undefined;
    },
    { what: 'every step is stored', deadlineMs: 30_000, hint: `see ${logFile}` },
  );
  const owned = stack.move();
  return {
    ...{ server, client: server.client, log: () => readFile(logFile, 'utf8') },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Values in the order of their labels; or what it says instead. */
async function ask({ client }: One, expr: string, atMs: number): Promise<unknown> {
  try {
    const samples = await client.query(expr, atMs);
    return samples.map(({ v }) => v).sort();
  } catch (error) {
    return inWords(error).replace(/^.*?refuses .*?: (?=\w+: )/s, '');
  }
}

describe.skipIf(two === null)('Prometheus 2 and 3', () => {
  let older: One;
  let newer: One;
  beforeAll(async () => {
    [older, newer] = await Promise.all([start(two!.path), start(prometheusBinary())]);
  });
  afterAll(async () => {
    await older?.[Symbol.asyncDispose]();
    await newer?.[Symbol.asyncDispose]();
  });

  const t = firstMs + 5 * STEP_MS;
  const after = lastMs + STEP_MS;
  const unknown = (name: string) => expect.stringContaining(`unknown function with name "${name}"`);
  const notEnabled = (name: string) => expect.stringContaining(`function "${name}" is not enabled`);

  /** Query, when, what Prometheus 2 answers, what 3 does. */
  const DIFFERENT: Record<string, [expr: string, atMs: number, two: unknown, three: unknown][]> = {
    'bounds of buckets and quantiles are stored as floats': [
      ['latency_ms_bucket{le="1"}', t, [25], []],
      ['latency_ms_bucket{le="1.0"}', t, [], [25]],
      ['size{quantile="1"}', t, [4], []],
      ['size{quantile="1.0"}', t, [], [4]],
    ],
    'a range leaves out the sample on its left edge': [
      ['count_over_time(steps_total[3s])', t, [4], [3]],
      ['sum_over_time(level[2s])', t, [3 + 4 + 5], [4 + 5]],
      ['avg_over_time(level[4s])', t, [3], [3.5]],
      ['quantile_over_time(0.5, level[4s])', t, [3], [3.5]],
      ['changes(level[4s])', t, [4], [3]],
    ],
    'of a range as long as the interval one sample is left': [
      ['increase(steps_total[1s])', t, [10], []],
      ['idelta(level[1s])', t, [1], []],
    ],
    'and none, when it begins at the last one': [
      ['last_over_time(level[1s])', after, [9], []],
      ['present_over_time(steps_total[1s])', after, [1], []],
      ['absent_over_time(steps_total[1s])', after, [], [1]],
    ],
    'a subquery likewise: its times are whole multiples of its step': [
      ['rate(steps_total[1s:1s])', t, [10], []],
      ['count_over_time(steps_total[2s:1s])', t, [3], [2]],
    ],
    'a sample is too old when it is as old as the lookback': [['steps_total', lastMs + 300_000, [90], []]],
    'a dot matches the end of a line': [
      ['level{where=~"a.b"}', t, [], [5]],
      ['level{where=~"a.*"}', t, [], [5]],
      ['level{where!~"a.*"}', t, [5], []],
    ],
    'a function has another name, and must be enabled': [
      ['holt_winters(steps_total[5s], 0.5, 0.5)', t, [50], unknown('holt_winters')],
      [
        'double_exponential_smoothing(steps_total[5s], 0.5, 0.5)',
        t,
        unknown('double_exponential_smoothing'),
        notEnabled('double_exponential_smoothing'),
      ],
    ],
    'functions came, some of which must be enabled': [
      ['histogram_avg(latency_ms_count)', t, unknown('histogram_avg'), []],
      ['mad_over_time(level[4s])', t, unknown('mad_over_time'), notEnabled('mad_over_time')],
      ['sort_by_label(level, "where")', t, unknown('sort_by_label'), notEnabled('sort_by_label')],
    ],
    'names may have any character': [
      ['{"with.dots"}', Date.now() + 60_000, expect.stringContaining('parse error: unexpected string'), [1]],
    ],
  };
  const CAME_BEFORE = ['functions came, some of which must be enabled', 'names may have any character'];
  const cases = Object.entries(DIFFERENT).filter(([name]) => isOld || !CAME_BEFORE.includes(name));
  describe.each(cases)('%s', (_, rows) => {
    it.each(rows)('%s', async (expr, atMs, inTwo, inThree) => {
      expect(await ask(older, expr, atMs)).toEqual(inTwo);
      expect(await ask(newer, expr, atMs)).toEqual(inThree);
    });
  });

  // What a query can be written as to say the same to both; and what does not differ, though one may think so.
  it.each<[expr: string, atMs: number, value: number[]]>([
    ['latency_ms_bucket{le=~"1(\\.0)?"}'.replaceAll('\\', '\\\\'), t, [25]],
    ['latency_ms_bucket{le="2.5"}', t, [50]],
    ['latency_ms_bucket{le="+Inf"}', t, [50]],
    ['size{quantile="0.5"}', t, [3]],
    ['histogram_quantile(0.5, rate(latency_ms_bucket[4s]))', t, [1]],
    ['count_over_time(steps_total[3s])', t + 1, [3]],
    ['count_over_time(steps_total[2999ms])', t, [3]],
    // Both extrapolate to the whole range.
    ['rate(steps_total[3s])', t, [10]],
    ['irate(steps_total[2s])', t, [10]],
    ['delta(level[4s])', t, [4]],
    ['deriv(level[4s])', t, [1]],
    ['steps_total', lastMs + 299_999, [90]],
    ['level{where=~"(?s:a.b)"}', t, [5]],
    ['level{where=~"(?-s:a.b)"}', t, []],
    // Of a series that a page has twice, the first.
    ['twice', lastMs, [1]],
  ])('%s is the same', async (expr, atMs, value) => {
    expect(await ask(older, expr, atMs)).toEqual(value);
    expect(await ask(newer, expr, atMs)).toEqual(value);
  });

  it('stored samples are read the same: those on the left edge by neither', async () => {
    for (const { client } of [older, newer]) {
      const [series] = await client.rawSamples('steps_total', 3 * STEP_MS, t);
      expect(series!.samples).toEqual([3, 4, 5].map((n) => ({ t: firstMs + n * STEP_MS, v: 10 * n })));
      expect(await client.rawSamples('steps_total', STEP_MS, after)).toEqual([]);
    }
  });

  it('a page must say what it is, and may have names with any character', async () => {
    const errors = async ({ client }: One) => {
      const { active } = await client.targets();
      return Object.fromEntries(active.map(({ scrapePool, lastError }) => [scrapePool, lastError]));
    };
    expect(await errors(older)).toEqual({
      ...{ stepped: '', untyped: '' },
      dotted: expect.stringMatching(/^"INVALID" is not a valid start token|^invalid metric name/),
    });
    expect(await errors(newer)).toEqual({
      ...{ stepped: '', dotted: '' },
      untyped: expect.stringContaining('sending blank Content-Type and no fallback_scrape_protocol'),
    });
  });

  it.runIf(isOld)('the API says less in 2: no counts of dropped targets, no warnings, no parser', async () => {
    const get = async ({ server }: One, path: string) => {
      const response = await fetch(server.url + path);
      const text = await response.text();
      return response.ok ? (JSON.parse(text) as { data: Record<string, unknown>; infos?: string[] }) : response.status;
    };
    const newLabels = [
      ...['__always_scrape_classic_histograms__', '__convert_classic_histograms_to_nhcb__'],
      '__scrape_native_histograms__',
    ];
    const discovered = async ({ client }: One) =>
      Object.keys((await client.targets()).active[0]!.discoveredLabels).filter((name) => newLabels.includes(name));
    expect((await older.client.targets()).droppedCounts).toEqual({});
    expect((await newer.client.targets()).droppedCounts).toEqual({ dotted: 0, stepped: 0, untyped: 0 });
    expect(await discovered(older)).toEqual([]);
    expect((await discovered(newer)).sort()).toEqual(newLabels);
    const rate = `/api/v1/query?query=rate(level[4s])&time=${t / 1000}`;
    expect(await get(older, rate)).not.toHaveProperty('infos');
    expect(await get(newer, rate)).toMatchObject({ infos: [expect.stringContaining('might not be a counter')] });
    for (const path of ['/api/v1/parse_query?query=up', '/api/v1/notifications', '/api/v1/features']) {
      expect(await get(older, path)).toBe(404);
      expect(await get(newer, path)).toHaveProperty('data');
    }
    for (const path of ['/api/v1/format_query?query=up', '/api/v1/scrape_pools', '/api/v1/status/runtimeinfo']) {
      expect(Object.keys(await get(older, path))).toEqual(Object.keys(await get(newer, path)));
    }
    expect((await older.client.buildInfo()).version).toMatch(/^2\./);
  });

  it('the log has another form', async () => {
    const line = async (one: One) => (await one.log()).split('\n').find((each) => each.includes('level='));
    expect(await line(older)).toMatch(/^ts=\S+ caller=\S+ level=[a-z]+ /);
    expect(await line(newer)).toMatch(/^time=\S+ level=[A-Z]+ source=\S+ /);
  });
});
