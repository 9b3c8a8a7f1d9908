import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { epochMs } from '../../core/clock.ts';
import { waitFor } from '../../core/wait.ts';
import { labelSet } from '../../prometheus/promql.ts';
import { REMOTE_WRITE_ARG, remoteWrite } from '../../prometheus/remote-write.ts';
import { startPrometheus } from '../../prometheus/server.ts';
import { freePort, prometheusBinary } from '../../prometheus/testing/binary.ts';
import { loopback } from '../../prometheus/testing/loopback.ts';
import { Counters, type Read } from './counters.ts';
import { measureAccuracy } from './index.ts';
import { accuracyQueries } from './queries.ts';
import { type Stream, streamOf } from './traffic.ts';
import { scraped } from './virtual-scrape.ts';

const host = loopback();
let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'meshproof-test-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const SPAN_MS = 30_000;
const SCRAPES = 5;

describe('virtual scrapes', () => {
  it('leave in Prometheus what real ones do', async () => {
    const kind = { name: 'a', rate: () => 100, peak: 100, failing: (ms: number) => (ms < 2_000 ? 0 : 0.2) };
    const made = streamOf(kind, SPAN_MS, 1);
    // The pod is gone for more than two scrapes, so that one falls into it however late it is; its counters begin anew.
    const gone = { atMs: 3_800, downMs: 2_500 };
    const stream: Stream = { ...made, restarts: [gone] };
    await using app = await serving(stream);
    const configFile = join(dir, 'prometheus.yml');
    await writeFile(
      configFile,
      `scrape_configs: [{ job_name: real, scrape_interval: 1s, scrape_timeout: 1s, static_configs: [{ targets: ["${host}:${app.port}"] }] }]\n`,
    );
    await using prometheus = await startPrometheus({
      tool: { path: prometheusBinary() },
      configFile,
      dataDir: join(dir, 'data'),
      listen: { host, port: await freePort(host) },
      logFile: join(dir, 'prometheus.log'),
      args: [REMOTE_WRITE_ARG],
    });
    const { client } = prometheus;
    const ups = () => client.rawSamples('up{job="real"}', 60_000, epochMs());
    await waitFor(
      async () => {
        const samples = (await ups())[0]?.samples ?? [];
        return samples.filter(({ v }) => v === 1).length >= SCRAPES && samples.some(({ v }) => v === 0)
          ? true
          : undefined;
      },
      { what: 'scrapes before, in and after the restart', deadlineMs: 40_000, hint: '' },
    );
    const atMs = epochMs();
    const originMs = app.originMs()!;
    // The page says when it was made; one that was not read in time shows nothing, as if the pod had been gone.
    const [said] = await client.rawSamples(`${PAGE_MS}{job="real"}`, 60_000, atMs);
    const pageAt = new Map(said!.samples.map(({ t, v }) => [t, v]));
    const scrapes = (await ups())[0]!.samples.filter(({ t }) => t <= atMs);
    expect(scrapes.filter(({ v }) => v === 1).map(({ t }) => t)).toEqual([...pageAt.keys()]);
    const times = scrapes.map(({ t }) => ({ stampMs: t - originMs, pageMs: pageAt.get(t) ?? gone.atMs }));
    // Both know of the same gap: pages were asked for in it, and none was made.
    expect(app.refused.length).toBeGreaterThan(0);
    for (const ms of app.refused) expect(new Counters(stream, {}).at(ms)).toBeNull();
    for (const { pageMs } of times.filter(({ stampMs }) => pageAt.has(stampMs + originMs))) {
      expect(pageMs < gone.atMs || pageMs >= gone.atMs + gone.downMs, `a page at ${pageMs}`).toBe(true);
    }
    await remoteWrite(
      prometheus.url,
      scraped(stream, times, { job: 'virtual' }, originMs),
      AbortSignal.timeout(10_000),
    );

    const stored = async (job: string) => {
      const all = await client.rawSamples(labelSet({ job, direction: 'inbound' }), 60_000, atMs);
      const key = ({ job: _, instance: __, ...labels }: Record<string, string>) =>
        JSON.stringify(Object.entries(labels).sort());
      return new Map(all.map(({ labels, samples }) => [key(labels), samples]));
    };
    const real = await stored('real');
    expect(real.size).toBeGreaterThan(50);
    expect(await stored('virtual')).toEqual(real);
    for (const windowMs of [3_000, 10_000]) {
      const [a, b] = ['real', 'virtual'].map((job) => accuracyQueries({ job }, windowMs));
      for (const [i, { expr }] of a!.entries()) {
        for (const back of [0, 700, 2_300]) {
          const answers = await client.query(expr, atMs - back);
          expect(await client.query(b![i]!.expr, atMs - back)).toEqual(answers);
        }
      }
    }
  }, 90_000);
});

describe('measureAccuracy', () => {
  it('finds what is known: no answer from one sample, quantiles between the edges of a bucket, restarts that lose', async () => {
    const points = await measureAccuracy({
      ...{ tool: { path: prometheusBinary() }, dir, seed: 1, signal: AbortSignal.timeout(30_000), host },
      ...{ intervalsMs: [10_000, 60_000], spanMs: 900_000 },
    });
    const find = (metric: string, traffic: string, intervalMs: number, windowMs: number) =>
      points.find(
        (p) =>
          p.metric === metric &&
          p.traffic.startsWith(traffic) &&
          p.intervalMs === intervalMs &&
          p.windowMs === windowMs,
      )!;
    // Six kinds of traffic, three metrics, four windows each.
    expect(points).toHaveLength(6 * 3 * (4 + 4));
    const single = find('rate', 'steady', 60_000, 60_000);
    expect(single).toMatchObject({ empty: single.evaluations, error: null });
    expect(single.evaluations).toBeGreaterThan(60);
    const steady = find('rate', 'steady', 10_000, 300_000);
    expect(steady).toMatchObject({ empty: 0 });
    expect(steady.error!.p95).toBeLessThan(0.01);
    expect(Math.abs(steady.error!.bias)).toBeLessThan(0.002);
    expect(find('rate', 'steady', 60_000, 300_000).error!.p95).toBeGreaterThan(steady.error!.p95);
    // The true p99 is about 73 ms; the bucket is that from 50 to 100.
    const { bias, worst } = find('p99', 'steady', 10_000, 300_000).error!;
    expect(bias).toBeGreaterThan(0.1);
    expect(worst).toBeLessThan(0.5);
    expect(find('rate', 'restart', 60_000, 300_000).error!.worst).toBeGreaterThan(0.05);
    expect(find('success-rate', 'failures', 60_000, 120_000).error!.worst).toBeGreaterThan(0.05);
  }, 60_000);
});

/** On each page, beside the pod's series: when it was made, ms from the origin. */
const PAGE_MS = 'test_page_ms';

interface App extends AsyncDisposable {
  port: number;
  /** When the first page was asked for: the stream's zero, epoch ms. */
  originMs: () => number | undefined;
  /** When the pod was gone and a page was asked for all the same, ms from the origin. */
  refused: number[];
}

/** A pod's page by the clock of the wall. */
async function serving(stream: Stream): Promise<App> {
  const counters = new Counters(stream, {});
  const refused: number[] = [];
  let originMs: number | undefined;
  const server = createServer((_, response) => {
    originMs ??= Math.floor(epochMs());
    const ms = epochMs() - originMs;
    const reads = counters.at(ms);
    if (reads === null) {
      refused.push(ms);
      response.socket?.destroy();
      return;
    }
    const made = line({ labels: { __name__: PAGE_MS }, value: ms });
    response.setHeader('content-type', 'text/plain').end(reads.map(line).join('') + made);
  });
  server.listen(0, host);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    originMs: () => originMs,
    refused,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function line({ labels: { __name__, ...labels }, value }: Read): string {
  return `${__name__}${labelSet(labels)} ${value}\n`;
}
