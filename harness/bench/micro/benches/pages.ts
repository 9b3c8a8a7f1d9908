import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent, request } from 'undici';
import { parsePage } from '../../../core/page-parser.ts';
import type { ProxyPage } from '../../../environment/contract.ts';
import { readProxyLedger } from '../../../ledger/proxy.ts';
import { Pages } from '../../pages/pages.ts';
import { shapeFor } from '../../pages/shape.ts';
import type { Bench, Ready } from '../types.ts';
import { proxyWithManyClients, seriesOf } from './telemetry.ts';

/** Pages of proxies: served, made for many from one process, and read. */
export const PAGES: readonly Bench[] = [
  { name: 'page: served over loopback', unit: 'series', setUp: served },
  { name: 'page: made for one of many proxies', unit: 'series', setUp: () => made(false) },
  { name: 'page: made and compressed', unit: 'series', setUp: () => made(true) },
  { name: 'page: parsed', unit: 'series', setUp: parsed },
  { name: 'ledger: of the pages of 20 proxies', unit: 'series', setUp: ledger },
];

const SHAPE = { version: 'v2.366.0', series: 1000 };
const PROXIES = 20;
/** Epoch s. */
const NOW = 1_800_000_000;

/** Rendered, sent and received, all in this process: what a scrape costs both sides together. */
async function served(): Promise<Ready> {
  const sim = proxyWithManyClients();
  const server = createServer((_request, response) => response.end(Buffer.from(sim.render())));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const agent = new Agent({ connections: 1 });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
  return {
    unitsPerRun: seriesOf(sim.render()),
    run: async () => (await request(url, { dispatcher: agent })).body.arrayBuffer(),
    async dispose() {
      await agent.close();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function fleet() {
  const pages = new Pages({ pods: PROXIES, shape: shapeFor(SHAPE), seed: 1 });
  const page = Buffer.alloc(pages.maxBytes);
  const proxies = Array.from({ length: PROXIES }, (_, i) => pages.proxy(i % 2, `10.244.0.${i + 1}`, NOW, 600));
  return { pages, page, proxies };
}

function made(gzip: boolean): Ready {
  const { pages, page, proxies } = fleet();
  const compressed = gzip ? Buffer.alloc(pages.maxBytesOfGzip) : null;
  let scrape = 0;
  return {
    unitsPerRun: pages.samples,
    run() {
      scrape++;
      const length = pages.write(proxies[scrape % PROXIES]!, NOW + scrape, page);
      return compressed ? pages.compress(page.subarray(0, length), compressed) : length;
    },
  };
}

function parsed(): Ready {
  const { pages, page, proxies } = fleet();
  const text = page.toString('utf8', 0, pages.write(proxies[0]!, NOW, page));
  return { unitsPerRun: pages.samples, run: () => parsePage(text) };
}

function ledger(): Ready {
  const { pages, page, proxies } = fleet();
  const texts = proxies.map(
    (proxy, i): ProxyPage => ({
      ...{ namespace: 'shop', pod: `pod-${i}`, instance: `10.244.0.${i + 1}:4191` },
      ...{ fromMs: NOW * 1000, untilMs: NOW * 1000 + 10 },
      text: page.toString('utf8', 0, pages.write(proxy, NOW, page)),
    }),
  );
  return { unitsPerRun: PROXIES * pages.samples, run: () => readProxyLedger(texts) };
}
