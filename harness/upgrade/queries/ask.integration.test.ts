import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../core/wait.ts';
import { type PrometheusServer, startPrometheus } from '../../prometheus/server.ts';
import { freePort, prometheusBinary } from '../../prometheus/testing/binary.ts';
import { loopback } from '../../prometheus/testing/loopback.ts';
import type { Query, Variable } from '../types.ts';
import { askQueries } from './ask.ts';
import { recordingRules } from './recording.ts';
import { queryOf } from './testing/answers.ts';

const { signal } = new AbortController();
const INTERVAL_MS = 1000;
const VARIABLES: Record<string, Variable> = {
  ns: { kind: 'label-values', selector: 'request_total', label: 'namespace', regex: '', pick: 'first' },
  app: { kind: 'label-values', selector: 'request_total{namespace="$ns"}', label: 'app', regex: '/^w.*/', pick: 'all' },
  mine: { kind: 'label-values', selector: '', label: 'app', regex: '', pick: 'first', current: ['db'] },
  theirs: { kind: 'label-values', selector: '', label: 'app', regex: '', pick: 'first', current: ['nobody'] },
  gone: { kind: 'label-values', selector: 'no_such_metric', label: 'app', regex: '', pick: 'first' },
  a: { kind: 'label-values', selector: 'x{b="$b"}', label: 'a', regex: '', pick: 'first' },
  b: { kind: 'label-values', selector: 'x{a="$a"}', label: 'b', regex: '', pick: 'first' },
  odd: { kind: 'unsupported', text: 'metrics(x)' },
};
const RECORDED: Query = queryOf('sum(request_total)', { id: 'rec', kind: 'recording', records: 'all:requests' });

let dir: string;
let page: Server;
let prometheus: PrometheusServer;
let window: { originMs: number; trafficEndMs: number; scrapeIntervalMs: number; startsMs: number[] };

/** Requests so far: ten a second. */
const counted = (since: number) => Math.floor((Date.now() - since) / 100);

beforeAll(async () => {
  const originMs = Date.now();
  page = createServer((_, response) => {
    const n = counted(originMs);
    const lines = ['web', 'worker', 'db'].map((app) => `request_total{namespace="shop",app="${app}"} ${n}`);
    response.writeHead(200, { 'content-type': 'text/plain' }).end(`${lines.join('\n')}\nlimit{app="web"} 5\n`);
  }).listen(0, '127.0.0.1');
  await once(page, 'listening');
  dir = await mkdtemp(join(tmpdir(), 'meshproof-test-'));
  const configFile = join(dir, 'prometheus.yml');
  await writeFile(join(dir, 'rules.yaml'), recordingRules([RECORDED], INTERVAL_MS)!);
  const target = `127.0.0.1:${(page.address() as AddressInfo).port}`;
  await writeFile(
    configFile,
    `global: { scrape_interval: 1s }
rule_files: [rules.yaml]
scrape_configs: [{ job_name: it, static_configs: [{ targets: ['${target}'] }] }]\n`,
  );
  const host = loopback();
  prometheus = await startPrometheus({
    tool: { path: prometheusBinary() },
    configFile,
    dataDir: join(dir, 'data'),
    listen: { host, port: await freePort(host) },
    logFile: join(dir, 'prometheus.log'),
  });
  const startsUntil = (ms: number) => {
    const starts = Array.from({ length: counted(originMs) }, (_, i) => originMs + 100 * i);
    return starts.filter((start) => start < ms);
  };
  const { trafficEndMs, startsMs } = await waitFor(
    async () => {
      const now = Date.now();
      const startsMs = startsUntil(now);
      const count = async (range: string) =>
        (await prometheus.client.query(`count_over_time(${range})`, startsMs.at(-1) ?? now)).map(({ v }) => v);
      const [recorded = 0] = await count('all:requests[1m]');
      // The moment that is asked about has a scrape of its own: what an interval earlier was seen is another one.
      const fresh = await count('request_total[1s]');
      return recorded >= 4 && fresh.length === 3 ? { trafficEndMs: now, startsMs } : undefined;
    },
    { what: 'some scrapes', deadlineMs: 60_000, hint: 'look at its log' },
  );
  window = { originMs, trafficEndMs, scrapeIntervalMs: INTERVAL_MS, startsMs };
}, 90_000);
afterAll(async () => {
  await prometheus?.stop();
  page?.close();
  page?.closeAllConnections();
  await rm(dir, { recursive: true, force: true });
});

async function ask(expr: string, over: Partial<Query> = {}) {
  const query = queryOf(expr, { variables: VARIABLES, ...over });
  const answers = await askQueries(prometheus.url, [query, RECORDED], { ...window, signal });
  return answers.get(query.id)!;
}

describe('what a query comes to', () => {
  it('has its series, their deviations and its parts', async () => {
    const answer = await ask('sum by (app) (request_total) > 1e9');
    expect(answer).toMatchObject({ evaluated: 'sum by (app) (request_total) > 1e9', series: [], error: '' });
    expect(answer.parts.map(({ expr }) => expr)).toEqual(['sum by (app) (request_total)', 'request_total']);
    const [sums, selected] = answer.parts;
    expect(sums!.series.map(({ labels }) => labels.app).sort()).toEqual(['db', 'web', 'worker']);
    for (const { value, sigma, phase } of sums!.series) {
      expect(value).toBeGreaterThan(10);
      expect(sigma).toBeCloseTo(Math.sqrt(value), 6);
      expect(phase).toBeGreaterThan(1);
    }
    expect(selected!.series).toHaveLength(3);
    expect(answer.volume).toBeGreaterThan(20);
  });

  it('counts the requests of its shortest window', async () => {
    const long = await ask('sum(rate(request_total[1h]))');
    const short = await ask('sum(irate(request_total[1h]))');
    expect(short.volume).toBeGreaterThan(15);
    expect(short.volume).toBeLessThan(22);
    expect(long.volume).toBeGreaterThan(short.volume!);
  });

  it('may build on what is recorded', async () => {
    const answer = await ask('all:requests > 0');
    expect(answer.series).toHaveLength(1);
    expect(answer.series[0]!.sigma).toBeCloseTo(Math.sqrt(answer.series[0]!.value), 6);
    expect(answer.recorded).toEqual({ 'all:requests': 'sum(request_total)' });
  });

  it("is an error in Prometheus' own words", async () => {
    const answer = await ask('sum(nonsense(request_total))');
    expect(answer.series).toEqual([]);
    expect(answer.error).toMatch(/^bad_data: .*unknown function with name "nonsense"/);
    expect((await ask('request_total[5m]')).error).toContain('matrix');
    const many = await ask('request_total * on (namespace) limit');
    expect(many.error).toMatch(/^$|execution/);
  });
});

describe('variables', () => {
  it.each([
    ['x{a="$ns"}', 'x{a="shop"}'],
    ['x{a="$app"}', 'x{a=~"(web|worker)"}'],
    ['x{a="$mine"}', 'x{a="db"}'],
    ['x{a="$theirs"}', 'x{a=~"(db|web|worker)"}'],
    ['x{a="$gone"}', 'x{a=~"__no_value__"}'],
    ['x{a=~"$odd"}', 'x{a=~".*"}'],
    // They are asked by way of each other.
    ['x{a=~"$a"}', 'x{a=~".*"}'],
    ['rate(x[$__rate_interval])', 'rate(x[4s])'],
  ])('%s', async (expr, evaluated) => {
    expect(await ask(expr)).toMatchObject({ evaluated, error: '' });
  });

  it('that were asked for are parts', async () => {
    const { parts } = await ask('sum(request_total{app="$app"})');
    expect(parts.slice(0, 2).map(({ expr, series }) => [expr, series.length])).toEqual([
      ['group by (namespace) (request_total)', 1],
      ['group by (app) (request_total{namespace="shop"})', 3],
    ]);
  });

  it('without a value are an error where one is needed', async () => {
    expect(await ask('rate(request_total[$odd])')).toMatchObject({
      evaluated: 'rate(request_total[$odd])',
      error: 'variable $odd has no value here: metrics(x) is not supported',
    });
  });
});

describe('the moment', () => {
  it('is when the last request was begun', async () => {
    const { originMs } = window;
    const answers = await askQueries(prometheus.url, [queryOf('time()')], {
      ...window,
      startsMs: [originMs, originMs + 3000],
      signal,
    });
    expect(answers.get('time()')!.series[0]!.value).toBeCloseTo((originMs + 3000) / 1000, 3);
  });

  it('is earlier where scrapes failed just then', async () => {
    const atMs = window.trafficEndMs + 30_000;
    await new Promise((resolve) => page.close(resolve).closeAllConnections());
    const downMs = await waitFor(
      async () => {
        const now = Date.now();
        const [up] = await prometheus.client.query('up', now);
        return up?.v === 0 ? now : undefined;
      },
      { what: 'a failed scrape', deadlineMs: 30_000, hint: 'look at its log' },
    );
    expect(downMs).toBeLessThan(atMs);
    const answers = await askQueries(prometheus.url, [queryOf('request_total')], {
      ...window,
      startsMs: [downMs],
      signal,
    });
    expect(answers.get('request_total')!.series).toHaveLength(3);
  });
});

it('says that nobody answers, and does not ask on and on', async () => {
  const queries = Array.from({ length: 30 }, (_, i) => queryOf(`x${i}`));
  const answers = await askQueries('http://127.0.0.1:1', queries, { ...window, signal });
  expect(answers.size).toBe(30);
  for (const { error } of answers.values()) expect(error).toContain('Prometheus at http://127.0.0.1:1 does not answer');
});

it('ends when it is told to', async () => {
  const stopped = AbortSignal.abort(new Error('stop'));
  await expect(askQueries(prometheus.url, [queryOf('up')], { ...window, signal: stopped })).rejects.toThrow('stop');
});
