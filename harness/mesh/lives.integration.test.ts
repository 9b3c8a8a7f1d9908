import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import http, { type Server, type ServerResponse } from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NO_TIMEOUTS } from '../core/policy.ts';
import { sleep, waitFor } from '../core/wait.ts';
import type { MeshConfig, MeshPodConfig } from './contract.ts';
import type { KubernetesObject, Pod } from './kubernetes/types.ts';
import { type Mesh, startMesh } from './mesh.ts';
import { meshConfig, startApp } from './proxy/testing/mesh-config.ts';

let dir: string;
let config: MeshConfig;
let mesh: Mesh;
const apps: Server[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mesh-'));
  config = meshConfig(dir, ['web', 'cart']);
  for (const name of ['web', 'cart']) {
    apps.push(await startApp(podOf(name), (_request, response) => serve(name, response)));
  }
});

afterEach(async () => {
  await mesh?.[Symbol.asyncDispose]();
  for (const app of apps.splice(0)) {
    app.closeAllConnections();
    app.close();
  }
  await rm(dir, { recursive: true });
});

let arrived = () => {};
/** Every answer takes a while; `arrived` is told of each request. */
function serve(name: string, response: ServerResponse): void {
  arrived();
  setTimeout(() => response.end(name), 50);
}

const podOf = (deployment: string) => config.pods.find((pod) => pod.deployment === deployment) as MeshPodConfig;

async function start(): Promise<void> {
  mesh = await startMesh(config);
  await mesh.waitReady(20_000);
}

async function call(service: string): Promise<number> {
  const { host, port } = podOf('load').outbound;
  const headers = { host: `${service}.shop` };
  const { statusCode, body } = await request(`http://${host}:${port}/`, {
    dispatcher: new Agent(),
    reset: true,
    headers,
  });
  await body.dump();
  return statusCode;
}

async function page(deployment: string): Promise<string> {
  const { host, port } = podOf(deployment).admin;
  const { body, statusCode } = await request(`http://${host}:${port}/metrics`, {
    dispatcher: new Agent(),
    reset: true,
  });
  const text = await body.text();
  return statusCode === 200 ? text : String(statusCode);
}

async function list(resource: string): Promise<KubernetesObject[]> {
  const { kubernetesApiUrl, operator } = mesh.started;
  const [ca, token] = await Promise.all([readFile(operator.caFile, 'utf8'), readFile(operator.tokenFile, 'utf8')]);
  const { body } = await request(`${kubernetesApiUrl}/api/v1/${resource}`, {
    dispatcher: new Agent({ connect: { ca } }),
    headers: { authorization: `Bearer ${token}` },
  });
  return ((await body.json()) as { items: KubernetesObject[] }).items;
}

async function object(deployment: string): Promise<Pod | undefined> {
  const { name } = podOf(deployment);
  return (await list('pods')).find(({ metadata }) => metadata.name === name) as Pod | undefined;
}

async function answers(service: string): Promise<void> {
  await waitFor(async () => ((await call(service)) === 200 ? true : undefined), {
    what: `${service} answers`,
    deadlineMs: 20_000,
    hint: 'it is not ready',
  });
}

describe('a pod that starts later', () => {
  it('is nowhere before, serves, and is gone when it is deleted, with what was under way answered', async () => {
    podOf('cart').startsLater = true;
    await start();
    expect(await object('cart')).toBeUndefined();
    await expect(page('cart')).rejects.toThrow(/ECONNREFUSED/);
    const { namespace, name } = podOf('cart');
    await mesh.startPod(namespace, name);
    expect((await object('cart'))?.metadata.labels?.['linkerd.io/proxy-deployment']).toBe('cart');
    await answers('cart');
    const asked = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const underWay = call('cart');
    await asked;
    await mesh.deletePod(namespace, name);
    expect(await underWay).toBe(200);
    expect(await object('cart')).toBeUndefined();
    await expect(page('cart')).rejects.toThrow(/ECONNREFUSED/);
    await expect(mesh.startPod(namespace, name)).rejects.toMatchObject({ code: 'UNKNOWN_POD' });
  });
});

describe('a proxy that restarts alone', () => {
  it('shows in the status of its container, not in that of the app', async () => {
    await start();
    const { namespace, name } = podOf('cart');
    await answers('cart');
    await mesh.killPod(namespace, name, true);
    await mesh.startPod(namespace, name);
    await answers('cart');
    const { initContainerStatuses = [], containerStatuses } = (await object('cart'))!.status;
    const proxy = initContainerStatuses.find((one) => one.name === 'linkerd-proxy')!;
    expect(proxy).toMatchObject({ restartCount: 1, lastState: { terminated: { exitCode: 137 } } });
    expect(containerStatuses.map((one) => [one.restartCount, one.lastState])).toEqual([[0, undefined]]);
  });
});

describe('a policy on the admin port', () => {
  it('keeps everybody out but the kubelet, as long as it is there', async () => {
    config.probeIntervalMs = 50;
    await start();
    const { namespace, name } = podOf('cart');
    await mesh.setPodFaults(namespace, name, { admin: { deniedBy: 'proxy-admin' } });
    expect(await page('cart')).toBe('403');
    await sleep(300);
    expect(await call('cart')).toBe(200);
    await mesh.setPodFaults(namespace, name, {});
    const denied = (await page('cart')).split('\n').find((line) => line.startsWith('inbound_http_authz_deny_total{'));
    expect(denied).toMatch(/target_port="4191",srv_group="policy.linkerd.io",srv_kind="server",srv_name="proxy-admin"/);
  });
});

describe('detection of HTTP', () => {
  it('gives up on an app that says nothing in time, and forwards what it says later as bytes', async () => {
    const load = podOf('load');
    const address = { host: load.ip, port: 21_400 };
    load.egressOf = [{ service: { namespace: 'shop', name: 'cart', port: 80 }, address }];
    load.faults = { detectTimeoutMs: 1000 };
    await start();
    const ask = async (silentMs: number) => {
      const socket = net.connect(address);
      await new Promise((resolve) => socket.once('connect', resolve));
      await sleep(silentMs);
      const status = await new Promise<number | undefined>((resolve) => {
        http.get({ path: '/', headers: { host: 'cart.shop' }, createConnection: () => socket }, (response) => {
          response.resume();
          response.once('end', () => resolve(response.statusCode));
        });
      });
      socket.destroy();
      return status;
    };
    expect(await ask(0)).toBe(200);
    expect(await ask(1500)).toBe(200);
    const text = await page('load');
    const value = (start: string, part: string) =>
      text
        .split('\n')
        .filter((line) => line.startsWith(start) && line.includes(part))
        .map((line) => Number(line.slice(line.lastIndexOf(' ') + 1)));
    expect(value('outbound_tcp_detect_http_results_total', 'result="read_timeout"')).toEqual([1]);
    expect(value('outbound_tcp_detect_http_results_total', 'result="http/1"')).toEqual([1]);
    expect(value('request_total', 'dst_service="cart"')).toEqual([1]);
    expect((await page('cart')).match(/^request_total\{.*client_id="load.*$/gm)).toHaveLength(1);
  });
});

describe('what the API says of pods and services', () => {
  it('is which anchors a pod was given, and which ports are opaque', async () => {
    podOf('cart').faults = { identity: { certificate: 'other-anchor' } };
    const none = { routes: [], retry: null, timeouts: NO_TIMEOUTS, failureAccrual: null, profile: null };
    config.services[0]!.policy = { ...none, opaque: true };
    await start();
    const root = async (name: string) => (await object(name))!.metadata.annotations!['linkerd.io/trust-root-sha256'];
    const anchor = await readFile(mesh.started.operator.caFile);
    expect(await root('web')).toBe(createHash('sha256').update(anchor).digest('hex'));
    expect(await root('linkerd-identity')).toBe(await root('web'));
    expect(await root('cart')).toMatch(/^[0-9a-f]{64}$/);
    expect(await root('cart')).not.toBe(await root('web'));
    const opaque = (await list('services')).map(({ metadata }) => [
      metadata.name,
      metadata.annotations?.['config.linkerd.io/opaque-ports'],
    ]);
    expect(Object.fromEntries(opaque)).toMatchObject({ web: '80', cart: undefined });
  });
});
