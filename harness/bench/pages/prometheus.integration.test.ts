import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { epochMs } from '../../core/clock.ts';
import { parsePage } from '../../core/page-parser.ts';
import { waitFor } from '../../core/wait.ts';
import { startPrometheus } from '../../prometheus/server.ts';
import { freePort, prometheusBinary } from '../../prometheus/testing/binary.ts';
import { loopback } from '../../prometheus/testing/loopback.ts';
import { startFleet } from './fleet.ts';
import { Generator } from './generator.ts';
import { describeShape, shapeFor } from './shape.ts';
import type { PodInfo } from './types.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'meshproof-test-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** Passes a pod's pages on, and keeps each. */
async function recorder({ ip, port }: PodInfo) {
  const pages: string[] = [];
  const server = http.createServer(async (_request, response) => {
    const page = await (await fetch(`http://${ip}:${port}/metrics`)).text();
    pages.push(page);
    response.writeHead(200, { 'content-type': 'text/plain' }).end(page);
  });
  const host = loopback();
  server.listen(0, host);
  await once(server, 'listening');
  return {
    pages,
    target: `${host}:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

it('is ingested by Prometheus, compressed and not, without a sample refused', async () => {
  // 2.18, whose stores could put one series on a page twice.
  const versions = ['v2.366.0', 'v2.294.0'] as const;
  const shapes = versions.map((version) => shapeFor({ version, series: 1000 }));
  await using servers = new AsyncDisposableStack();
  const fleets = [];
  for (const [seed, shape] of shapes.entries()) {
    fleets.push(
      servers.use(await Generator.start({ pods: 10, shape, seed }, { logFile: join(dir, `pages-${seed}.log`) })),
    );
  }
  const alone = servers.use(await startFleet({ pods: 1, shape: shapes[0]!, seed: 9 }));
  const recorded = servers.use(await recorder(alone.pods()[0]!));
  const job = (name: string, targets: string[], compress: boolean) => ({
    job_name: name,
    scrape_interval: '3s',
    scrape_timeout: '3s',
    enable_compression: compress,
    static_configs: [{ targets }],
  });
  const jobs = fleets.flatMap((fleet, i) => {
    const targets = fleet.pods().map(({ ip, port }) => `${ip}:${port}`);
    return [job(`${versions[i]} gzip`, targets, true), job(`${versions[i]} plain`, targets, false)];
  });
  const configFile = join(dir, 'prometheus.yml');
  await writeFile(configFile, JSON.stringify({ scrape_configs: [...jobs, job('recorded', [recorded.target], true)] }));
  const host = loopback();
  const { client, url } = servers.use(
    await startPrometheus({
      tool: { path: prometheusBinary() },
      configFile,
      dataDir: join(dir, 'data'),
      listen: { host, port: await freePort(host) },
      logFile: join(dir, 'prometheus.log'),
    }),
  );
  await waitFor(
    async (seen) => {
      const scrapes = await client.query('min(count_over_time(up[1m]))', epochMs());
      seen(scrapes);
      return (scrapes[0]?.v ?? 0) >= 4 ? true : undefined;
    },
    { what: 'four scrapes of each target', deadlineMs: 45_000, everyMs: 500, hint: 'see prometheus.log' },
  );

  const now = epochMs();
  expect((await client.targets()).active.filter(({ lastError }) => lastError !== '')).toEqual([]);
  expect((await client.query('min_over_time(up[1m]) == 1', now)).length).toBe(41);
  for (const [i, version] of versions.entries()) {
    const { series } = describeShape(shapes[i]!);
    for (const how of ['gzip', 'plain']) {
      const kept = `scrape_samples_post_metric_relabeling{job="${version} ${how}"}`;
      const read = await client.query(`min_over_time(${kept}[1m]) == ${series} == max_over_time(${kept}[1m])`, now);
      expect(read.length, `${version} ${how}`).toBe(10);
      const up = await client.query(`count({job="${version} ${how}",__name__!~"up|scrape_.*"})`, now);
      expect(up[0]?.v).toBe(10 * series);
    }
  }

  const refused = parsePage(await (await fetch(`${url}/metrics`)).text()).samples.filter(({ name }) =>
    /^prometheus_(?:target_scrapes?_.*(?:sample|exceeded|invalid|out_of|duplicate).*|tsdb_(?:out_of_|too_old).*)_total$/.test(
      name,
    ),
  );
  expect(refused.length).toBeGreaterThan(5);
  expect(refused.filter(({ value }) => value !== 0)).toEqual([]);

  const stored = await client.query('{job="recorded",__name__!~"up|scrape_.*"}', epochMs());
  const key = (name: string, labels: Record<string, string>) =>
    JSON.stringify([
      name,
      Object.entries(labels)
        .filter(([label, value]) => value !== '' && !['__name__', 'job', 'instance'].includes(label))
        .map(([label, value]) => [label, label === 'le' && /^\d+$/.test(value) ? `${value}.0` : value])
        .toSorted(),
    ]);
  const read = new Map(stored.map(({ labels, v }) => [key(labels.__name__ ?? '', labels), v]));
  const pages = recorded.pages.map(
    (page) => new Map(parsePage(page).samples.map(({ name, labels, value }) => [key(name, labels), value])),
  );
  const uptime = (page: ReadonlyMap<string, number>) => page.get(key('process_uptime_seconds_total', {}));
  const same = pages.find((page) => uptime(page) === uptime(read));
  expect(same?.size).toBe(describeShape(shapes[0]!).series);
  expect(read).toEqual(same);
}, 120_000);
