import { mkdtemp, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parsePage } from '../core/page-parser.ts';
import { sleep, waitFor } from '../core/wait.ts';
import type { MeshConfig, MeshPodConfig, PodFaults } from './contract.ts';
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
    apps.push(await startApp(podOf(name), (_request, response) => response.end(name)));
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

const podOf = (deployment: string) => config.pods.find((pod) => pod.deployment === deployment) as MeshPodConfig;
const url = (deployment: string, scheme = 'http') => {
  const { host, port } = podOf(deployment).admin;
  return `${scheme}://${host}:${port}/metrics`;
};

async function start(faults: Record<string, PodFaults> = {}): Promise<void> {
  for (const [deployment, of] of Object.entries(faults)) podOf(deployment).faults = of;
  mesh = await startMesh(config);
  await mesh.waitReady(20_000);
}

function setFaults(deployment: string, faults: PodFaults): Promise<void> {
  const { namespace, name } = podOf(deployment);
  return mesh.setPodFaults(namespace, name, faults);
}

/** A new connection for each request, as Prometheus makes them after a failure. */
async function page(deployment: string): Promise<string> {
  const { body } = await request(url(deployment), { dispatcher: new Agent(), reset: true });
  return body.text();
}

async function call(service: string): Promise<number> {
  const { host, port } = podOf('load').outbound;
  const { statusCode, body } = await request(`http://${host}:${port}/`, {
    dispatcher: new Agent(),
    reset: true,
    headers: { host: `${service}.shop` },
  });
  await body.dump();
  return statusCode;
}

function value(text: string, family: string, ...parts: string[]): number {
  return text
    .split('\n')
    .filter((line) => new RegExp(`^${family}[ {]`).test(line) && parts.every((part) => line.includes(part)))
    .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

describe('a pod without a proxy', () => {
  it('is dialled in plaintext, as a pod that discovery knows to be unmeshed', async () => {
    await start({ cart: { absent: true } });
    expect(await call('cart')).toBe(200);
    const text = await page('load');
    const line = text
      .split('\n')
      .find((each) => each.startsWith('request_total') && each.includes('dst_service="cart"'));
    expect(line).toContain('tls="no_identity",no_tls_reason="not_provided_by_service_discovery"');
    expect(line).not.toContain('dst_control_plane_ns');
    await expect(page('cart')).rejects.toThrow(/ECONNREFUSED/);
  });

  it('may get one, and lose it again', async () => {
    await start();
    await setFaults('cart', { absent: true });
    await waitReady('cart');
    expect(await call('cart')).toBe(200);
    await setFaults('cart', {});
    await waitReady('cart');
    expect(value(await page('cart'), 'request_total', 'client_id="load.meshproof.')).toBe(1);
  });
});

/** By what peers see of it. */
async function waitReady(service: string): Promise<void> {
  await waitFor(async () => ((await call(service)) === 200 ? true : undefined), {
    what: `${service} answers`,
    deadlineMs: 20_000,
    hint: 'it is not ready',
  });
}

describe('the admin port', () => {
  it('answers nobody who connects, while the pod stays ready', async () => {
    config.probeIntervalMs = 50;
    await start();
    await setFaults('cart', { admin: { reach: 'drop' } });
    const { host, port } = podOf('cart').admin;
    const socket = net.connect({ host, port });
    await sleep(400);
    expect({ connecting: socket.connecting, closed: socket.destroyed }).toEqual({ connecting: true, closed: false });
    socket.destroy();
    expect(await call('cart')).toBe(200);
    await setFaults('cart', {});
    expect(await page('cart')).toContain('# EOF');
  });

  it('refuses connections, those that it had too', async () => {
    config.probeIntervalMs = 50;
    await start();
    const kept = new Agent();
    const first = await request(url('cart'), { dispatcher: kept });
    await first.body.dump();
    await setFaults('cart', { admin: { reach: 'refuse' } });
    await expect(request(url('cart'), { dispatcher: kept })).rejects.toThrow(/ECONNREFUSED|other side closed/);
    await expect(page('cart')).rejects.toThrow(/ECONNREFUSED/);
    await sleep(300);
    expect(await call('cart')).toBe(200);
    await setFaults('cart', {});
    expect(await page('cart')).toContain('# EOF');
  });

  it('speaks TLS alone, with a certificate that nobody knows', async () => {
    await start({ cart: { admin: { reach: 'tls-only' } } });
    await expect(page('cart')).rejects.toThrow();
    await expect(request(url('cart', 'https'))).rejects.toThrow(/certificate/);
    const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
    const { body } = await request(url('cart', 'https'), { dispatcher });
    expect(await body.text()).toContain('proxy_build_info');
    expect(await call('cart')).toBe(200);
  });

  it('shows its page late', async () => {
    await start({ cart: { admin: { delayMs: 300 } } });
    const began = performance.now();
    await page('cart');
    expect(performance.now() - began).toBeGreaterThan(290);
  });

  it.each(['value', 'label', 'type', 'quote'] as const)('shows a page with a broken %s', async (malformed) => {
    await start({ cart: { admin: { malformed } } });
    const text = await page('cart');
    expect(() => parsePage(text)).toThrow();
    await setFaults('cart', {});
    expect(parsePage(await page('cart')).samples.length).toBeGreaterThan(100);
  });

  it.each(['gzip', 'identity'])('ends the connection before the end of the page (%s)', async (encoding) => {
    await start({ cart: { admin: { cutAfter: 0.5 } } });
    const { body, headers } = await request(url('cart'), { headers: { 'accept-encoding': encoding } });
    let bytes = 0;
    const read = async () => {
      for await (const chunk of body) bytes += (chunk as Buffer).length;
    };
    await expect(read()).rejects.toThrow(/other side closed|terminated|aborted/);
    expect(bytes).toBe(Math.floor(Number(headers['content-length']) / 2));
  });

  it('shows series of meshed peers twice, with other values', async () => {
    await start();
    await call('cart');
    await page('cart');
    await setFaults('cart', { admin: { duplicates: true } });
    await page('cart');
    for (let i = 0; i < 3; i++) await call('cart');
    const lines = (await page('cart'))
      .split('\n')
      .filter((line) => line.startsWith('request_total') && line.includes('client_id="load.meshproof.'));
    expect(lines.map((line) => line.slice(line.lastIndexOf(' ') + 1))).toEqual(['1', '3']);
    expect(new Set(lines.map((line) => line.slice(0, line.lastIndexOf(' ')))).size).toBe(1);
  });
});

describe('certificates', () => {
  const EXPIRES = 'control_identity_cert_expiration_timestamp_seconds';
  const REFRESHES = 'control_identity_cert_refreshes_total';

  it('that have expired are taken by nobody, and not renewed', async () => {
    await start({ cart: { identity: { certificate: 'expired' } } });
    expect(await call('cart')).toBe(502);
    const text = await page('cart');
    expect(value(text, EXPIRES)).toBeLessThan(Date.now() / 1000);
    expect(value(text, REFRESHES, 'result="error"')).toBe(0);
    expect(value(text, 'inbound_tcp_errors_total', 'error="i/o"', ':4143"')).toBeGreaterThan(0);
    expect(value(text, 'control_response_total', 'classification="failure"', 'linkerd-identity')).toBe(1);
    expect(await call('web')).toBe(200);
  });

  it('of a client that have expired are not taken either', async () => {
    await start({ load: { identity: { certificate: 'expired' } } });
    expect(await call('cart')).toBe(502);
    expect(value(await page('cart'), 'inbound_tcp_errors_total', 'error="i/o"', ':4143"')).toBeGreaterThan(0);
  });

  it('expire while everything runs: what is open goes on, and ends well once they are renewed', async () => {
    await start();
    expect(await call('cart')).toBe(200);
    await setFaults('cart', { identity: { certificate: 'expired' } });
    expect(await call('cart')).toBe(200);
    expect(await call('web')).toBe(200);
    await setFaults('cart', {});
    const text = await page('cart');
    expect(value(text, EXPIRES)).toBeGreaterThan(Date.now() / 1000);
    expect(value(text, REFRESHES, 'result="ok"')).toBe(3);
  });

  it.each(['unusable', 'unreachable'] as const)('that can not be renewed stay (%s)', async (renewalFails) => {
    await start();
    await setFaults('cart', { identity: { renewalFails } });
    expect(await call('cart')).toBe(200);
    const text = await page('cart');
    expect(value(text, REFRESHES, 'result="error"')).toBe(renewalFails === 'unusable' ? 1 : 0);
    const answers = (classification: string) =>
      value(text, 'control_response_total', `classification="${classification}"`, 'linkerd-identity');
    expect([answers('success'), answers('failure')]).toEqual(renewalFails === 'unusable' ? [2, 0] : [1, 1]);
    expect(value(text, REFRESHES, 'result="ok"')).toBe(1);
    expect(value(text, EXPIRES)).toBeGreaterThan(Date.now() / 1000 + 3600);
    await setFaults('cart', {});
    expect(value(await page('cart'), REFRESHES, 'result="ok"')).toBe(2);
  });

  it('of another anchor are taken by those alone that have it too', async () => {
    await start({ cart: { identity: { certificate: 'other-anchor' } } });
    expect(await call('cart')).toBe(502);
    expect(await call('web')).toBe(200);
    await setFaults('load', { identity: { certificate: 'other-anchor' } });
    expect(await call('cart')).toBe(200);
  });
});

describe('what a proxy forgets', () => {
  it('is gone when it has rested for as long as its faults say', async () => {
    await start({ load: { retainIdleMs: 50 } });
    const { name } = podOf('load');
    await call('cart');
    expect(value(await page('load'), 'request_total', 'dst_service="cart"'), name).toBe(1);
    // Its stack rests for five seconds before it lets go of its series.
    await waitFor(
      async () => (value(await page('load'), 'request_total', 'dst_service="cart"') === 0 ? true : undefined),
      { what: 'the series is gone', deadlineMs: 20_000, hint: 'nothing forgot it' },
    );
  }, 30_000);
});
