import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, Pool, request } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DeadlineExceededError } from '../core/errors.ts';
import { waitFor } from '../core/wait.ts';
import type { MeshConfig, MeshPodConfig } from './contract.ts';
import { startMesh } from './mesh.ts';
import { meshConfig, startApp } from './proxy/testing/mesh-config.ts';

let dir: string;
let config: MeshConfig;
const apps: Server[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mesh-'));
  config = meshConfig(dir, ['web', 'cart']);
});

afterEach(async () => {
  for (const app of apps.splice(0)) {
    app.closeAllConnections();
    app.close();
  }
  await rm(dir, { recursive: true });
});

const podOf = (deployment: string) => config.pods.find((pod) => pod.deployment === deployment) as MeshPodConfig;

/** Two apps; cart fails one request in ten. */
async function startApps(): Promise<void> {
  let count = 0;
  apps.push(await startApp(podOf('web'), (_request, response) => response.end('web')));
  apps.push(
    await startApp(podOf('cart'), (_request, response) => {
      count++;
      response.writeHead(count % 10 === 0 ? 503 : 200).end('cart');
    }),
  );
}

async function page(deployment: string): Promise<string> {
  const { host, port } = podOf(deployment).admin;
  const { body } = await request(`http://${host}:${port}/metrics`);
  return body.text();
}

/** Sum of the samples of a family whose labels contain all of `parts`. */
function sum(text: string, family: string, ...parts: string[]): number {
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${family}{`) && parts.every((part) => line.includes(part)))
    .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

describe('startMesh', () => {
  it('counts 20,000 requests exactly, on both sides', async () => {
    await startApps();
    await using mesh = await startMesh(config);
    await mesh.waitReady(20_000);
    const total = 20_000;
    const { host, port } = podOf('load').outbound;
    const pool = new Pool(`http://${host}:${port}`, { connections: 32 });
    const statuses = new Map<number, number>();
    let sent = 0;
    const user = async () => {
      while (sent < total) {
        sent++;
        const { statusCode, body } = await pool.request({ path: '/', method: 'GET', headers: { host: 'cart.shop' } });
        await body.dump();
        statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1);
      }
    };
    await Promise.all(Array.from({ length: 32 }, user));
    await pool.close();
    expect(Object.fromEntries(statuses)).toEqual({ 200: 18_000, 503: 2_000 });
    const hops = [
      ['load', 'direction="outbound"', 'dst_service="cart"'],
      ['cart', 'direction="inbound"', 'client_id="load.meshproof.'],
    ] as const;
    for (const [pod, ...labels] of hops) {
      const text = await page(pod);
      expect(sum(text, 'request_total', ...labels)).toBe(total);
      expect(sum(text, 'response_total', ...labels, 'classification="success"')).toBe(18_000);
      expect(sum(text, 'response_total', ...labels, 'status_code="503",classification="failure"')).toBe(2_000);
      expect(sum(text, 'response_latency_ms_count', ...labels)).toBe(total);
      // One connection between two pods, however many requests.
      if (labels[0].includes('outbound')) expect(sum(text, 'tcp_open_total', 'peer="dst"', ...labels)).toBe(1);
    }
  });

  it('gives Prometheus what it must read, and pods that are ready in the Kubernetes API', async () => {
    await startApps();
    await using mesh = await startMesh(config);
    await mesh.waitReady(20_000);
    expect(mesh.started).toMatchObject({ proxyVersion: 'v2.366.0', caFile: join(dir, 'ca.crt') });
    const ca = await readFile(mesh.started.caFile, 'utf8');
    const token = await readFile(mesh.started.tokenFile, 'utf8');
    const dispatcher = new Agent({ connect: { ca } });
    const { statusCode, body } = await request(`${mesh.started.kubernetesApiUrl}/api/v1/pods`, {
      dispatcher,
      headers: { authorization: `Bearer ${token}` },
    });
    expect(statusCode).toBe(200);
    const list = (await body.json()) as { items: { status: { conditions: { type: string; status: string }[] } }[] };
    const ready = list.items.map(({ status }) => status.conditions.find(({ type }) => type === 'Ready')?.status);
    expect(ready).toEqual(config.pods.map(() => 'True'));
    await dispatcher.close();
  });

  it('kills a pod and brings it back: counters start anew, requests meanwhile fail, then succeed', async () => {
    await startApps();
    await using mesh = await startMesh(config);
    await mesh.waitReady(20_000);
    const { host, port } = podOf('load').outbound;
    const get = async () => {
      const { statusCode, body } = await request(`http://${host}:${port}/`, { headers: { host: 'cart.shop' } });
      await body.dump();
      return statusCode;
    };
    expect(await get()).toBe(200);
    const before = await page('cart');
    await mesh.killPod('shop', 'cart-abc-0');
    await expect(page('cart')).rejects.toThrow('ECONNREFUSED');
    expect(await get()).toBe(502);
    await mesh.startPod('shop', 'cart-abc-0');
    await mesh.waitReady(20_000);
    expect(await get()).toBe(200);
    const after = await page('cart');
    expect(sum(after, 'request_total', 'client_id="load.meshproof.')).toBe(1);
    const start = (text: string) => Number(/^process_start_time_seconds (\S+)/m.exec(text)?.[1]);
    expect(start(after)).toBeGreaterThan(start(before));
    await expect(mesh.startPod('shop', 'cart-abc-0')).rejects.toMatchObject({ code: 'POD_RUNNING' });
    await expect(mesh.killPod('shop', 'nobody')).rejects.toMatchObject({ code: 'UNKNOWN_POD' });
  });

  it('withdraws an endpoint whose app is gone, and says in waitReady who is missing', async () => {
    config.probeIntervalMs = 20;
    await startApps();
    await using mesh = await startMesh(config);
    await mesh.waitReady(20_000);
    const cart = apps.pop()!;
    cart.closeAllConnections();
    await new Promise((resolve) => cart.close(resolve));
    const missing = await waitFor(
      () =>
        mesh.waitReady(0).then(
          () => undefined,
          (error: DeadlineExceededError) => error,
        ),
      { what: 'a pod is withdrawn', deadlineMs: 20_000, hint: 'see the probes' },
    );
    expect(missing.lastSeen).toBe('not ready: shop/cart-abc-0');
    expect(sum(await page('cart'), 'response_total', 'route_name="probe"', '"502"')).toBeGreaterThanOrEqual(3);
  });

  it('shows the control plane: its proxy tells of its kind, its container has its own families', async () => {
    await startApps();
    await using mesh = await startMesh(config);
    await mesh.waitReady(20_000);
    const { host } = podOf('linkerd-identity').componentPorts[0]!.address;
    const { headers, body } = await request(`http://${host}:9990/metrics`);
    expect(headers['content-type']).toMatch(/^text\/plain/);
    const text = await body.text();
    expect(Number(/^issuer_cert_ttl_seconds (\S+)/m.exec(text)?.[1])).toBeGreaterThan(3600);
    for (const family of ['go_goroutines', 'process_cpu_seconds_total', 'http_server_requests_total']) {
      expect(text).toMatch(new RegExp(`^# TYPE ${family} `, 'm'));
    }
    expect(text).not.toMatch(/nodejs_/);
    const proxy = await page('linkerd-identity');
    expect(proxy).toContain(
      'control_request_total{addr="localhost:8080",tls="no_identity",no_tls_reason="loopback"} 1',
    );
    expect(sum(proxy, 'request_total', 'target_port="9990"')).toBeGreaterThan(0);
  });

  it('leaves nothing behind when an address is taken', async () => {
    const { host, port } = podOf('cart').admin;
    const squatter = net.createServer().listen(port, host);
    await expect(startMesh(config)).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      message: expect.stringContaining('cart'),
    });
    squatter.close();
    await using mesh = await startMesh(config);
    expect(mesh.started.proxyVersion).toBe('v2.366.0');
  });

  it('refuses a folder that is not there', async () => {
    config.dir = join(dir, 'missing');
    await expect(startMesh(config)).rejects.toMatchObject({ code: 'DIR_NOT_WRITABLE' });
  });
});
