import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { epochMs } from '../../core/clock.ts';
import { parsePage } from '../../core/page-parser.ts';
import { waitFor } from '../../core/wait.ts';
import { type PrometheusConfig, prometheusYaml } from '../../prometheus/scrape-config.ts';
import { startPrometheus } from '../../prometheus/server.ts';
import { freePort, prometheusBinary } from '../../prometheus/testing/binary.ts';
import { loopback } from '../../prometheus/testing/loopback.ts';
import { describeShape, shapeFor } from '../pages/shape.ts';
import { Traffic } from '../pages/traffic.ts';
import { boundsOf } from './histograms.ts';
import { dropBounds, familyCosts, sparseBounds, yamlOf } from './index.ts';

const host = loopback();
let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'meshproof-test-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const FRAMES = 'outbound_http_route_request_frame_size_bytes';
const BOUNDS = sparseBounds(boundsOf('response_latency_ms')!);

it('drops what it says and nothing else, in a real Prometheus', async () => {
  const shape = shapeFor({ version: '2.20', edges: 2 });
  const page = new Traffic(shape).render();
  const queries = [{ place: 'mine', records: '', variables: {}, expr: `rate(${FRAMES}_count[5m])` }];
  const costs = familyCosts(describeShape(shape), null, { queries });
  const dropOf = (family: string) => costs.find((one) => one.family === family)!.drop;
  const jobs: Record<string, string> = {
    none: yamlOf([]),
    histogram: dropOf('response_latency_ms'),
    counter: dropOf('request_total'),
    buckets: dropOf(FRAMES),
    bounds: yamlOf(dropBounds('response_latency_ms', BOUNDS)),
  };
  await using server = await serving(page);
  const config: PrometheusConfig = {
    global: { scrape_interval: '1s', scrape_timeout: '1s' },
    scrape_configs: Object.entries(jobs).map(([job, yaml]) => ({
      job_name: job,
      static_configs: [{ targets: [`${host}:${server.port}`] }],
      ...parseYaml(yaml),
    })),
  };
  const configFile = join(dir, 'prometheus.yml');
  await writeFile(configFile, prometheusYaml(config));
  await using prometheus = await startPrometheus({
    tool: { path: prometheusBinary() },
    configFile,
    dataDir: join(dir, 'data'),
    listen: { host, port: await freePort(host) },
    logFile: join(dir, 'prometheus.log'),
  });
  await waitFor(async () => ((await prometheus.client.query('sum(up)', epochMs()))[0]?.v === 5 ? true : undefined), {
    what: 'all jobs are scraped',
    deadlineMs: 15_000,
    hint: '',
  });
  const kept = await prometheus.client.query(
    'count by (job, __name__) ({job!="", __name__!~"up|scrape_.+"})',
    epochMs(),
  );
  const of = (job: string) =>
    new Map(kept.filter(({ labels }) => labels.job === job).map(({ labels, v }) => [labels.__name__!, v]));
  const all = of('none');
  expect([...all.values()].reduce((sum, n) => sum + n, 0)).toBe(parsePage(page).samples.length);
  const without = (drops: (name: string) => boolean) => new Map([...all].filter(([name]) => !drops(name)));
  expect(of('histogram')).toEqual(without((name) => name.startsWith('response_latency_ms_')));
  expect(of('counter')).toEqual(without((name) => name === 'request_total'));
  expect(of('buckets')).toEqual(without((name) => name === `${FRAMES}_bucket`));
  const bucket = 'response_latency_ms_bucket';
  const left = (all.get(bucket)! * (26 - BOUNDS.length)) / 26;
  expect(of('bounds')).toEqual(new Map([...all, [bucket, left]]));
});

async function serving(page: string): Promise<AsyncDisposable & { port: number }> {
  const server = createServer((_, response) => response.setHeader('content-type', 'text/plain').end(page));
  server.listen(0, host);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
