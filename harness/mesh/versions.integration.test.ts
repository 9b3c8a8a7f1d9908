import { mkdtemp, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parsePage } from '../core/page-parser.ts';
import type { MeshConfig, MeshPodConfig } from './contract.ts';
import { startMesh } from './mesh.ts';
import { meshConfig, startApp } from './proxy/testing/mesh-config.ts';

let dir: string;
let config: MeshConfig;
const apps: Server[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mesh-'));
  config = meshConfig(dir, ['web', 'cart']);
  for (const name of ['web', 'cart'])
    apps.push(await startApp(podOf(name), (_request, response) => response.end(name)));
});

afterEach(async () => {
  for (const app of apps.splice(0)) {
    app.closeAllConnections();
    app.close();
  }
  await rm(dir, { recursive: true });
});

const podOf = (deployment: string) => config.pods.find((pod) => pod.deployment === deployment) as MeshPodConfig;

/** Two pods of one workload, of these versions, call a third; its page, and that of the first. */
async function mixed(
  callers: [first: string, second: string],
  callee: string,
): Promise<[callee: string, caller: string]> {
  const [load, web, cart] = ['load', 'web', 'cart'].map(podOf) as [MeshPodConfig, MeshPodConfig, MeshPodConfig];
  Object.assign(load, { namespace: web.namespace, serviceAccount: web.serviceAccount });
  load.version = callers[0];
  web.version = callers[1];
  cart.version = callee;
  await using mesh = await startMesh(config);
  await mesh.waitReady(20_000);
  const get = async (from: string) => {
    const { host, port } = podOf(from).outbound;
    const answer = await request(`http://${host}:${port}/`, { headers: { host: 'cart.shop:80' } });
    expect(await answer.body.text()).toBe('cart');
  };
  for (let i = 0; i < 3; i++) for (const from of ['load', 'web']) await get(from);
  const page = async ({ admin: { host, port } }: MeshPodConfig) => {
    const { body } = await request(`http://${host}:${port}/metrics`);
    return body.text();
  };
  return [await page(cart), await page(load)];
}

/** Values of a family's series of the app's port that TLS came to. */
function values(page: string, family: string, ...labels: string[]): [shown: string, value: number][] {
  const { samples } = parsePage(page);
  const own = samples.filter(
    ({ name, labels: of }) => name === family && of.tls === 'true' && of.target_ip !== '0.0.0.0',
  );
  return own.map((sample) => [labels.map((name) => sample.labels[name] ?? '-').join(' '), sample.value]);
}

const headers = (page: string) =>
  parsePage(page)
    .samples.filter(({ name }) => name === 'inbound_tcp_transport_header_connections_total')
    .map(({ value }) => value);

describe('proxies of several versions', () => {
  it('a 2.18 server that an old and a new caller of one workload reach has the same series twice', async () => {
    const [page] = await mixed(['2.17', '2.18'], '2.18');
    for (const family of ['request_total', 'response_total', 'inbound_http_authz_allow_total']) {
      expect(values(page, family, 'authority')).toEqual([
        ['-', 3],
        ['-', 3],
      ]);
    }
    expect(headers(page)).toEqual([1]);
    // What has no transport header is looked at.
    const detected = parsePage(page).samples.filter(
      ({ name, labels }) => name === 'inbound_tcp_detect_http_results_total' && labels.srv_port !== '4191',
    );
    expect(detected.find(({ labels }) => labels.result === 'http/2')?.value).toBe(1);
    // Connections know no such difference.
    expect(values(page, 'tcp_open_total')).toEqual([['', 2]]);
  });

  it.each([
    ['2.17', '2.17', '2.17'],
    ['2.18', '2.18', '2.18'],
    ['2.17', '2.17', '2.18'],
    ['2.17', '2.18', '2.19'],
    ['2.12', '2.20', 'edge-26.8.3'],
  ])('callers of %s and %s are one series to a %s server', async (first, second, callee) => {
    const [page] = await mixed([first, second], callee);
    expect(values(page, 'request_total')).toEqual([['', 6]]);
    const direct = [first, second].filter((version) => ['2.12', '2.17'].includes(version)).length;
    expect(headers(page)).toEqual(callee === '2.17' || direct === 2 ? [] : [2 - direct]);
  });

  it('show the Host as the version of each does', async () => {
    const [callee, caller] = await mixed(['2.17', '2.17'], '2.17');
    expect(values(callee, 'request_total', 'authority', 'srv_port')).toEqual([['cart.shop -', 6]]);
    const route = parsePage(caller).samples.filter(({ name }) => name === 'outbound_http_route_request_statuses_total');
    expect(route.map(({ labels, value }) => [labels.hostname, value])).toEqual([['cart.shop', 3]]);
  });

  it('each tell their own version', async () => {
    const pages = await mixed(['2.16', '2.17'], '2.19');
    const versions = pages.map((page) => parsePage(page).samples.find(({ name }) => name === 'proxy_build_info'));
    expect(versions.map((info) => info?.labels.version)).toEqual(['2.326.0', '2.246.0']);
  });
});
