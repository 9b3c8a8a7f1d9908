import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor } from '../../core/wait.ts';
import { startPrometheus } from '../../prometheus/server.ts';
import { freePort, prometheusBinary } from '../../prometheus/testing/binary.ts';
import { loopback } from '../../prometheus/testing/loopback.ts';

/** A counter of a pod's proxy: it is on the page from its first event on, or that of its histogram. */
export interface History {
  name: string;
  labels: Record<string, string>;
  /** Epoch ms, in any order. */
  events: number[];
  /** Of the histogram that it is a bucket of. */
  siblings?: number[];
  /** When the page was read, epoch ms, ascending. */
  scrapes: number[];
  /** When the proxy began anew, epoch ms. */
  resets?: number[];
}

/** What a scrape at each of the times would have stored. */
function lines({ name, labels, events, siblings = events, scrapes, resets = [] }: History): string[] {
  const text = Object.entries(labels)
    .map(([label, value]) => `${label}=${JSON.stringify(value)}`)
    .join(',');
  return scrapes.flatMap((t) => {
    const since = Math.max(0, ...resets.filter((reset) => reset <= t));
    const until = (some: number[]) => some.filter((event) => event > since && event <= t).length;
    return until(siblings) > 0 ? [`${name}{${text}} ${until(events)} ${t}`] : [];
  });
}

/** A Prometheus that has stored these histories, as if it had scraped them when they happened. */
export async function prometheusWith(histories: readonly History[]) {
  const page = `${histories.flatMap(lines).join('\n')}\n`;
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(page);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const dir = await mkdtemp(join(tmpdir(), 'meshproof-test-'));
  const configFile = join(dir, 'prometheus.yml');
  const target = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  await writeFile(
    configFile,
    `scrape_configs: [{ job_name: history, scrape_interval: 1s, honor_labels: true, static_configs: [{ targets: ["${target}"] }] }]\n`,
  );
  const host = loopback();
  const prometheus = await startPrometheus({
    tool: { path: prometheusBinary() },
    configFile,
    dataDir: join(dir, 'data'),
    listen: { host, port: await freePort(host) },
    logFile: join(dir, 'prometheus.log'),
  });
  const stop = async () => {
    await prometheus.stop();
    server.close();
    server.closeAllConnections();
    await rm(dir, { recursive: true, force: true });
  };
  try {
    await waitFor(
      async () => (await prometheus.client.query('up{job="history"} == 1', Date.now())).length > 0 || undefined,
      { what: 'the page is stored', deadlineMs: 20_000, hint: 'see the log of Prometheus' },
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return { client: prometheus.client, url: prometheus.url, [Symbol.asyncDispose]: stop };
}
