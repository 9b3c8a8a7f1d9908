import { once } from 'node:events';
import tls from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from '../../core/wait.ts';
import type { SnapshotPod } from './contract.ts';
import { runSidecar, type SidecarPod, type SidecarPodOptions } from './sidecar-pod.ts';
import { App, get, load, podAddresses, settingsOf, snapshotPod, snapshotService, sum } from './testing/pods.ts';
import { StandIn, type StandInOptions } from './testing/stand-in.ts';

let address: () => string;
let standIn: StandIn;
let log: string[];
const running: SidecarPod[] = [];

beforeEach(() => {
  address = podAddresses();
  log = [];
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((sidecar) => sidecar.stop()));
  await standIn[Symbol.asyncDispose]();
});

async function controlPlane(options: StandInOptions = {}): Promise<void> {
  standIn = await StandIn.start(options);
}

async function start(
  workload: string,
  ip: string,
  appPort: number | null,
  extra: Partial<SidecarPodOptions> = {},
): Promise<SidecarPod> {
  const sidecar = await runSidecar({
    pod: { namespace: 'shop', name: `${workload}-abc-0`, uid: workload, ip, serviceAccount: workload },
    settings: settingsOf(workload, appPort),
    trustAnchorsPem: standIn.authority.anchorPem,
    readToken: async () => `${workload}.shop`,
    addresses: {
      inbound: { host: ip, port: 4143 },
      outbound: { host: ip, port: 4140 },
      admin: { host: ip, port: 4191 },
      identity: standIn.identity.address,
      destination: standIn.destination.address,
    },
    log: (line) => log.push(line),
    ...extra,
  });
  running.push(sidecar);
  return sidecar;
}

const page = async (ip: string) => (await get(ip, 4191, '/metrics'))?.text ?? '';
const until = <T>(what: string, probe: () => T | undefined | Promise<T | undefined>) =>
  waitFor(probe, { what, deadlineMs: 20_000, everyMs: 10, hint: log.join('\n') });

/** A client in the mesh, and an app at an address of its own that is not. */
async function clientOf(app: App | number, ip: string, extra: Partial<SnapshotPod> = {}): Promise<string> {
  const client = address();
  const port = typeof app === 'number' ? app : app.port;
  standIn.tell({
    services: [snapshotService('web', port, ['web-abc-0'])],
    pods: [snapshotPod('web', ip, { meshed: false, ...extra })],
  });
  await (await start('client', client, null)).ready;
  return client;
}

describe('the certificate of a sidecar in a pod', () => {
  it('is renewed by the identity service, under traffic, without losing a request', async () => {
    await controlPlane();
    const [web, client] = [address(), address()];
    await using app = await App.start((_request, response) => response.end('web'));
    standIn.tell({ services: [snapshotService('web', app.port, ['web-abc-0'])], pods: [snapshotPod('web', web)] });
    const refresh = { share: 0.7, minMs: 50, maxMs: 100 };
    await (await start('web', web, app.port, { refresh })).ready;
    await (await start('client', client, null, { refresh })).ready;
    const serials = new Set<string>();
    let handshakes = true;
    const shake = (async () => {
      const { certPem, keyPem } = standIn.authority.issueWorkload('test', 'shop');
      while (handshakes) {
        const servername = 'web.shop.serviceaccount.identity.linkerd.cluster.local';
        const ca = standIn.authority.anchorPem;
        const socket = tls.connect({ host: web, port: 4143, servername, ca, cert: certPem, key: keyPem });
        await once(socket, 'secureConnect');
        serials.add(socket.getPeerX509Certificate()!.serialNumber);
        socket.destroy();
      }
    })();
    const statuses = await load({ host: client, port: 4140 }, 'web', () => serials.size >= 4);
    handshakes = false;
    await shake;
    expect(Object.keys(statuses)).toEqual(['200']);
    const text = await page(web);
    expect(sum(text, 'request_total', 'client_id="client.shop.')).toBe(statuses[200]);
    expect(sum(text, 'control_identity_cert_refreshes_total', 'result="ok"')).toBeGreaterThanOrEqual(4);
    // Each was asked for, and answered with success.
    const identity = ['addr="linkerd-identity-headless.linkerd.svc.cluster.local:8080"'];
    const later = await page(web);
    expect(sum(later, 'control_response_total', ...identity, 'classification="success"')).toBe(
      sum(later, 'control_identity_cert_refreshes_total', 'result="ok"'),
    );
  });

  it('stays when it cannot be renewed; the failures are counted', async () => {
    await controlPlane();
    const web = address();
    await using app = await App.start((_request, response) => response.end('web'));
    await (await start('web', web, app.port, { refresh: { share: 0.7, minMs: 20, maxMs: 20 } })).ready;
    await standIn.identity.stop();
    const failed = ['addr="linkerd-identity', 'classification="failure"'];
    const errors = async () => sum(await page(web), 'control_response_total', ...failed);
    await until('renewals fail', async () => ((await errors()) >= 2 ? true : undefined));
    expect((await get(web, 4191, '/ready'))?.status).toBe(200);
    expect((await get(web, 4143, '/readyz'))?.status).toBe(200);
    await standIn.identity.start();
    const ok = sum(await page(web), 'control_identity_cert_refreshes_total', 'result="ok"');
    await until('it is renewed again', async () =>
      sum(await page(web), 'control_identity_cert_refreshes_total', 'result="ok"') > ok ? true : undefined,
    );
  });

  it('is not taken from a server that is not the identity service, though the anchor is right', async () => {
    await controlPlane({ servingNames: ['web.shop.serviceaccount.identity.linkerd.cluster.local'] });
    const web = address();
    await start('web', web, null);
    await until('both are refused', () =>
      log.some((line) => line.startsWith('not certified')) && log.some((line) => line.startsWith('destination'))
        ? true
        : undefined,
    );
    expect(log.join('\n')).toMatch(/altnames/);
    expect(standIn.certified).toEqual([]);
    expect((await get(web, 4191, '/ready'))?.status).toBe(503);
  });
});

describe('the admin listener of a pod that is not certified', () => {
  it('ends a connection with TLS, which it cannot serve yet, and goes on', async () => {
    await controlPlane();
    standIn.refuse = 403;
    const web = address();
    await start('web', web, null);
    const socket = tls.connect({ host: web, port: 4191, rejectUnauthorized: false });
    const [error] = await once(socket, 'error');
    expect(error).toBeInstanceOf(Error);
    expect((await get(web, 4191, '/live'))?.status).toBe(200);
  });
});

describe('an endpoint that is not meshed', () => {
  const PLAIN = ['tls="no_identity",no_tls_reason="not_provided_by_service_discovery"', 'dst_deployment="web"'];

  it('is asked in plaintext, as the app asked, over connections that are kept', async () => {
    await controlPlane();
    const web = address();
    const heads: string[] = [];
    await using app = await App.start((request, response) => {
      heads.push(`${request.httpVersion} ${request.headers.host} ${request.headers['l5d-client-id'] ?? '-'}`);
      response.writeHead(201).end('plain');
    }, web);
    const client = await clientOf(app, web);
    expect(await load({ host: client, port: 4140 }, 'web.shop', (sent) => sent >= 50, 1)).toEqual({ 201: 50 });
    expect(new Set(heads)).toEqual(new Set(['1.1 web.shop -']));
    const text = await page(client);
    const labels = [
      'direction="outbound"',
      'authority="web.shop.svc.cluster.local"',
      `target_addr="${web}:${app.port}"`,
    ];
    expect(sum(text, 'request_total', ...labels, ...PLAIN)).toBe(50);
    expect(sum(text, 'response_total', ...labels, ...PLAIN, 'status_code="201",classification="success"')).toBe(50);
    expect(sum(text, 'response_latency_ms_count', ...labels, ...PLAIN)).toBe(50);
    expect(sum(text, 'tcp_open_total', 'peer="dst"', ...labels, ...PLAIN)).toBe(1);
    expect(sum(text, 'outbound_http_route_backend_response_statuses_total', 'http_status="201"')).toBe(50);
    expect(text).not.toContain('server_id="web.');
  });

  it('that refuses connections: 502 each time, counted at the endpoint, which stays in the balancer', async () => {
    await controlPlane();
    const web = address();
    const client = await clientOf(9, web);
    expect(await load({ host: client, port: 4140 }, 'web', (sent) => sent >= 3, 1)).toEqual({ 502: 3 });
    const text = await page(client);
    expect(sum(text, 'request_total', ...PLAIN)).toBe(3);
    expect(sum(text, 'response_total', ...PLAIN, 'status_code="502",classification="failure"')).toBe(3);
    expect(sum(text, 'outbound_http_balancer_endpoints', 'endpoint_state="ready"')).toBe(1);
  });

  it('that closes without an answer: 500, a failure without a status', async () => {
    await controlPlane();
    const web = address();
    await using app = await App.start((request) => request.socket.destroy(), web);
    const client = await clientOf(app, web);
    expect(await load({ host: client, port: 4140 }, 'web', (sent) => sent >= 1, 1)).toEqual({ 500: 1 });
    const text = await page(client);
    const failures = text.split('\n').filter((line) => line.startsWith('response_total{direction="outbound"'));
    expect(failures).toHaveLength(1);
    expect(failures[0]).toMatch(/classification="failure",grpc_status="",error="unclassified"} 1$/);
    expect(failures[0]).not.toContain('status_code');
    expect(sum(text, 'outbound_http_errors_total', 'error="unexpected"')).toBe(1);
  });

  it('that becomes meshed is asked through its proxy from then on', async () => {
    await controlPlane();
    const web = address();
    await using app = await App.start((_request, response) => response.end('web'));
    // The proxy's app and the plain one share a port, on their two addresses.
    await using plain = await App.start((_request, response) => response.end('plain'), web, app.port);
    const client = await clientOf(plain, web);
    expect(await load({ host: client, port: 4140 }, 'web', (sent) => sent >= 5)).toEqual({ 200: 5 });
    await (await start('web', web, app.port)).ready;
    standIn.tell({ services: [snapshotService('web', app.port, ['web-abc-0'])], pods: [snapshotPod('web', web)] });
    await until('its proxy is asked', async () => {
      await load({ host: client, port: 4140 }, 'web', (sent) => sent >= 1, 1);
      return app.requests > 0 ? true : undefined;
    });
    expect(await load({ host: client, port: 4140 }, 'web', (sent) => sent >= 5)).toEqual({ 200: 5 });
    expect(app.requests).toBe(6);
    const text = await page(client);
    expect(sum(text, 'request_total', 'server_id="web.shop.')).toBe(app.requests);
    expect(sum(text, 'request_total', ...PLAIN)).toBe(plain.requests);
    // Its connections close when nothing is under way on them.
    await until('the plain connections are closed', async () =>
      sum(await page(client), 'tcp_open_connections', 'peer="dst"', ...PLAIN) === 0 ? true : undefined,
    );
  });
});

it('is not ready before it knows the mesh, though it is certified', async () => {
  await controlPlane();
  await standIn.destination.stop();
  const web = address();
  await using app = await App.start((_request, response) => response.end('web'));
  const sidecar = await start('web', web, app.port);
  await until('it is certified', () => (standIn.certified.length > 0 ? true : undefined));
  await until('it has asked for the mesh in vain, twice', () =>
    log.filter((line) => line.startsWith('destination')).length >= 2 ? true : undefined,
  );
  expect((await get(web, 4191, '/ready'))?.status).toBe(503);
  expect(await get(web, 4143, '/readyz')).toBeUndefined();
  await standIn.destination.start();
  await sidecar.ready;
  expect((await get(web, 4191, '/ready'))?.status).toBe(200);
  expect((await get(web, 4143, '/readyz'))?.status).toBe(200);
});

it('stops while it still waits for its certificate', async () => {
  await controlPlane();
  standIn.refuse = 403;
  const web = address();
  const sidecar = await start('web', web, null);
  await sidecar.stop();
  await expect(sidecar.ready).rejects.toThrow('stopped');
  expect(await get(web, 4191, '/live')).toBeUndefined();
});

it('says which port is taken', async () => {
  await controlPlane();
  const web = address();
  await start('web', web, null);
  await expect(start('web', web, null)).rejects.toMatchObject({ code: 'PORT_TAKEN' });
});

describe('the policy of a sidecar in a pod', () => {
  it('holds from the first request on, and as it is told from then on', async () => {
    await controlPlane();
    const web = address();
    await using app = await App.start((_request, response) => response.end('web'));
    const services = [snapshotService('web', app.port, ['web-abc-0'])];
    const tell = (defaultPolicy: 'deny' | 'all-unauthenticated') =>
      standIn.tell({ services, pods: [snapshotPod('web', web, { inboundPolicy: { defaultPolicy, servers: [] } })] });
    tell('deny');
    await (await start('web', web, app.port)).ready;
    expect((await get(web, 4143, '/'))?.status).toBe(403);
    expect((await get(web, 4191, '/metrics'))?.status).toBe(403);
    expect((await get(web, 4191, '/ready'))?.status).toBe(200);
    tell('all-unauthenticated');
    await until('it is let in', async () => ((await get(web, 4143, '/'))?.status === 200 ? true : undefined));
    const text = await page(web);
    expect(sum(text, 'inbound_http_authz_deny_total', 'srv_name="deny"')).toBeGreaterThanOrEqual(2);
    expect(sum(text, 'inbound_http_authz_allow_total', 'srv_name="deny"', 'authz_name="probe"')).toBe(1);
  });
});
