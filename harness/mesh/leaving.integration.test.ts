import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { Server, ServerResponse } from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sleep, waitFor } from '../core/wait.ts';
import type { MeshConfig, MeshPodConfig } from './contract.ts';
import { type Mesh, startMesh } from './mesh.ts';
import { meshConfig, startApp } from './proxy/testing/mesh-config.ts';

/** Longer than any of this takes: who waits for it waits for nothing. */
const LONG_MS = 30_000;

let dir: string;
let config: MeshConfig;
let mesh: Mesh;
const apps: Server[] = [];
/** Answers of cart that are held back. */
let held: ServerResponse[] = [];
let holds = false;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mesh-'));
  config = meshConfig(dir, ['web', 'cart', 'cart-next']);
  // Both are cart's; the second comes later, with another version.
  const [cart, next] = [podOf('cart'), podOf('cart-next')];
  config.services = config.services.filter(({ name }) => name !== 'cart-next');
  config.services.find(({ name }) => name === 'cart')!.pods = [cart.name, next.name];
  Object.assign(next, { startsLater: true, version: '2.17', deployment: 'cart', podTemplateHash: 'def' });
  held = [];
  holds = false;
  for (const pod of [cart, next, podOf('web')]) {
    apps.push(
      await startApp(pod, (_request, response) => {
        if (holds && pod === cart) held.push(response);
        else response.end(pod.name);
      }),
    );
  }
  mesh = await startMesh(config);
  await mesh.waitReady(20_000);
});

afterEach(async () => {
  for (const response of held) response.end();
  await mesh?.[Symbol.asyncDispose]();
  for (const app of apps.splice(0)) {
    app.closeAllConnections();
    app.close();
  }
  await rm(dir, { recursive: true });
});

const podOf = (name: string) => config.pods.find((pod) => pod.name === `${name}-abc-0`) as MeshPodConfig;

/** Who answered. */
async function call(): Promise<string> {
  const { host, port } = podOf('load').outbound;
  const { body } = await request(`http://${host}:${port}/`, { headers: { host: 'cart.shop' } });
  return body.text();
}

async function page(pod: MeshPodConfig): Promise<string> {
  const { body } = await request(`http://${pod.admin.host}:${pod.admin.port}/metrics`, { dispatcher: new Agent() });
  return body.text();
}

/** What the API shows of it. */
async function shown(pod: MeshPodConfig) {
  const { kubernetesApiUrl, operator } = mesh.started;
  const [ca, token] = await Promise.all([readFile(operator.caFile, 'utf8'), readFile(operator.tokenFile, 'utf8')]);
  const { body } = await request(`${kubernetesApiUrl}/api/v1/pods`, {
    dispatcher: new Agent({ connect: { ca } }),
    headers: { authorization: `Bearer ${token}` },
  });
  type Shown = { metadata: { name: string; deletionTimestamp?: string; annotations: Record<string, string> } };
  const { items } = (await body.json()) as { items: Shown[] };
  return items.find(({ metadata }) => metadata.name === pod.name)?.metadata;
}

const until = <T>(what: string, look: () => T | undefined | Promise<T | undefined>) =>
  waitFor(look, { what, deadlineMs: 20_000, hint: 'it does not happen' });

async function startNext(): Promise<void> {
  const next = podOf('cart-next');
  await mesh.startPod(next.namespace, next.name);
  await mesh.waitReady(20_000, [`${next.namespace}/${next.name}`]);
}

const drain = (pod: MeshPodConfig, graceMs = LONG_MS) => mesh.drainPod(pod.namespace, pod.name, graceMs);

describe('a pod of another version', () => {
  it('has the proxy and the annotations of that, beside the others', async () => {
    await startNext();
    const [mine, other] = [await page(podOf('cart-next')), await page(podOf('cart'))];
    expect(mine).toMatch(/^proxy_build_info\{.*version="2\.268\.0"/m);
    expect(other).toMatch(/^proxy_build_info\{.*version="2\.366\.0"/m);
    expect((await shown(podOf('cart-next')))?.annotations['linkerd.io/proxy-version']).toBe('2.17');
    expect((await shown(podOf('cart')))?.annotations['linkerd.io/proxy-version']).toBe('edge-26.8.3');
  });
});

describe('a pod that leaves', () => {
  it('finishes what is under way, is sent nothing more, and keeps no connection of its peers', async () => {
    const cart = podOf('cart');
    await startNextAndSendBoth();
    holds = true;
    const underWay = Array.from({ length: 6 }, call);
    await until('requests are under way', () => held.length || undefined);
    let drained = false;
    const draining = drain(cart).then(() => {
      drained = true;
    });
    await until('the API says so', async () => (await shown(cart))?.deletionTimestamp);
    for (let i = 0; i < 20; i += 1) expect(await call()).toBe(podOf('cart-next').name);
    // Longer than it serves on as ever.
    await sleep(400);
    expect(drained).toBe(false);
    expect(await page(cart)).toMatch(/^tcp_open_connections\{direction="inbound",peer="src",.*tls="true".*\} 1$/m);
    for (const response of held.splice(0)) response.end(cart.name);
    await draining;
    expect(new Set(await Promise.all(underWay))).toContain(cart.name);
    expect(await page(cart)).toMatch(/^tcp_open_connections\{direction="inbound",peer="src",.*tls="true".*\} 0$/m);
    await mesh.settlePod(cart.namespace, cart.name, LONG_MS);
    await mesh.deletePod(cart.namespace, cart.name);
    expect(await shown(cart)).toBeUndefined();
    expect(await call()).toBe(podOf('cart-next').name);
  });

  it('is sent nothing from the moment on at which it begins to leave', async () => {
    await startNextAndSendBoth();
    const draining = drain(podOf('cart'));
    await until('the API says so', async () => (await shown(podOf('cart')))?.deletionTimestamp);
    const answers = await Promise.all(Array.from({ length: 20 }, call));
    expect(new Set(answers)).toEqual(new Set([podOf('cart-next').name]));
    await draining;
  });

  it('waits no longer than its grace', async () => {
    holds = true;
    const answer = call();
    await until('a request is under way', () => held.length || undefined);
    await drain(podOf('cart'), 300);
    expect(held).toHaveLength(1);
    held.splice(0)[0]!.end('late');
    expect(await answer).toBe('late');
  });

  it('closes plaintext connections that are idle', async () => {
    const client = plaintext();
    client.ask();
    await until('it is answered', () => client.text().length || undefined);
    expect(client.text()).not.toMatch(/connection: close/i);
    await drain(podOf('cart'));
    await client.closed;
  });

  it('says with the answer that is under way that a plaintext connection ends', async () => {
    holds = true;
    const client = plaintext();
    client.ask();
    await until('it is under way', () => held.length || undefined);
    const draining = drain(podOf('cart'));
    await until('the API says so', async () => (await shown(podOf('cart')))?.deletionTimestamp);
    // Longer than it serves on as ever.
    await sleep(400);
    held.splice(0)[0]!.end('mine');
    await Promise.all([draining, client.closed]);
    expect(client.text()).toMatch(/connection: close.*mine$/is);
  });

  it('is not waited for among those that are to be ready', async () => {
    await drain(podOf('cart'));
    await mesh.waitReady(20_000);
  });
});

/** A client without a proxy, on a connection of its own. */
function plaintext() {
  const { host, port } = podOf('cart').inbound;
  const socket = net.connect(port, host);
  const received: string[] = [];
  socket.on('data', (chunk) => received.push(chunk.toString()));
  return {
    ask: () => socket.write('GET / HTTP/1.1\r\nhost: cart.shop\r\n\r\n'),
    text: () => received.join(''),
    closed: new Promise<void>((resolve) => socket.once('close', () => resolve())),
  };
}

async function startNextAndSendBoth(): Promise<void> {
  await startNext();
  const answered = new Set<string>();
  await until('both answer', async () => (answered.add(await call()).size === 2 ? true : undefined));
}
