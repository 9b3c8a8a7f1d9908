import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import net, { type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { request } from 'undici';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { NO_TIMEOUTS, type OutboundPolicy } from '../../../core/policy.ts';
import { waitFor } from '../../../core/wait.ts';
import type { Address, MeshConfig, MeshPodConfig } from '../../contract.ts';
import { startMesh } from '../../mesh.ts';
import { meshConfig } from '../testing/mesh-config.ts';

const OPAQUE: OutboundPolicy = {
  ...{ opaque: true, routes: [], retry: null, timeouts: NO_TIMEOUTS, failureAccrual: null, profile: null },
};

let dir: string;
let config: MeshConfig;
const servers: net.Server[] = [];
const sockets = new Set<Socket>();

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mesh-tcp-'));
  config = meshConfig(dir, ['web', 'db']);
  config.services.find(({ name }) => name === 'db')!.policy = OPAQUE;
  const load = podOf('load');
  const at = (port: number) => ({ host: load.ip, port });
  load.egressOf = [
    { service: { namespace: 'shop', name: 'db', port: 80 }, address: at(21_400) },
    { service: { namespace: 'shop', name: 'web', port: 80 }, address: at(21_401) },
  ];
  const db = podOf('db');
  db.app!.probe = { host: db.ip, port: 9999 };
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers.splice(0)) server.close();
  await rm(dir, { recursive: true });
});

const podOf = (deployment: string) => config.pods.find((pod) => pod.deployment === deployment) as MeshPodConfig;

async function listen(server: net.Server, { host, port }: Address): Promise<void> {
  servers.push(server);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
}

async function startApps(db: (socket: Socket) => void): Promise<void> {
  const web = http.createServer((incoming, response) => response.end(`web for ${incoming.headers.host}`));
  await listen(web, podOf('web').app!.address);
  await listen(net.createServer({ allowHalfOpen: true }, db), podOf('db').app!.address);
  const ready = http.createServer((_, response) => response.end('ready'));
  await listen(ready, podOf('db').app!.probe!);
}

function connect(index: number): Socket {
  const { host, port } = podOf('load').egressOf![index]!.address;
  const socket = net.connect({ host, port, allowHalfOpen: true });
  sockets.add(socket);
  return socket.on('error', () => {}).once('close', () => sockets.delete(socket));
}

async function value(deployment: string, family: string, ...parts: string[]): Promise<number> {
  const { host, port } = podOf(deployment).admin;
  const { body } = await request(`http://${host}:${port}/metrics`);
  return (await body.text())
    .split('\n')
    .filter((line) => line.startsWith(`${family}{`) && parts.every((part) => line.includes(part)))
    .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

it('takes a connection to the Service whose listener it came to, and to no other', async () => {
  await startApps((socket) => socket.pipe(socket));
  await using mesh = await startMesh(config);
  await mesh.waitReady(20_000);
  const socket = connect(0);
  socket.end('GET / HTTP/1.1\r\nHost: web.shop\r\n\r\n');
  expect((await buffer(socket)).toString()).toContain('web.shop');
  const written = [
    'direction="outbound"',
    'peer="dst"',
    'authority="db.shop.svc.cluster.local"',
    'server_id="db.shop.',
  ];
  expect(await value('load', 'tcp_write_bytes_total', ...written)).toBe(34);
  expect(await value('load', 'request_total', 'direction="outbound"')).toBe(0);
  expect(await value('db', 'tcp_read_bytes_total', 'peer="src"', 'client_id="load.meshproof.')).toBe(34);
  expect(await value('db', 'inbound_tcp_authz_allow_total', 'tls="true"')).toBe(1);
});

it('sends HTTP to that Service whatever the Host says, past a proxy that is skipped', async () => {
  podOf('web').skipsInbound = true;
  podOf('web').app!.probe = podOf('web').app!.address;
  await startApps((socket) => socket.end());
  await using mesh = await startMesh(config);
  await mesh.waitReady(20_000);
  const { host, port } = podOf('load').egressOf![1]!.address;
  const { body } = await request(`http://${host}:${port}/`, { headers: { host: 'elsewhere.example' } });
  expect(await body.text()).toBe('web for elsewhere.example');
  const labels = ['dst_deployment="web"', 'no_tls_reason="not_provided_by_service_discovery"', 'dst_control_plane_ns='];
  expect(await value('load', 'response_total', ...labels)).toBe(1);
  expect(await value('load', 'outbound_tcp_detect_http_results_total', 'result="http/1"', 'parent_name="web"')).toBe(1);
  expect(await value('web', 'inbound_tcp_transport_header_connections_total')).toBe(0);
});

it('cuts what is forwarded when a proxy is killed, and forwards again through the next one', async () => {
  const apps: Socket[] = [];
  await startApps((socket) => void apps.push(socket.resume()));
  await using mesh = await startMesh(config);
  await mesh.waitReady(20_000);
  const before = connect(0);
  before.write('hello');
  await waitFor(() => (apps[0]?.bytesRead === 5 ? true : undefined), {
    ...{ what: 'the app has it', deadlineMs: 20_000, everyMs: 2, hint: 'it was not forwarded' },
  });
  const cut = Promise.all([once(before.resume(), 'end'), once(apps[0]!, 'end')]);
  await mesh.killPod('shop', podOf('db').name);
  await cut;
  before.destroy();
  expect(await value('load', 'outbound_tcp_errors_total', 'error="i/o"')).toBe(1);
  expect(await value('load', 'outbound_tcp_route_close_total', 'error="unexpected"')).toBe(1);
  expect(await value('load', 'tcp_open_connections', 'direction="outbound"')).toBe(0);
  await mesh.startPod('shop', podOf('db').name);
  await mesh.waitReady(20_000);
  const after = connect(0);
  after.end('hello again');
  await waitFor(() => (apps[1]?.bytesRead === 11 ? true : undefined), {
    ...{ what: 'the app has it', deadlineMs: 20_000, everyMs: 2, hint: 'it was not forwarded' },
  });
  expect(await value('db', 'tcp_read_bytes_total', 'peer="src"', 'tls="true"')).toBe(11);
});

it('chooses the Service by the port alone where that is all that is known, if only one has it', async () => {
  config.services.find(({ name }) => name === 'db')!.port = 5432;
  const load = podOf('load');
  const egressByPort = [5432, 80, 7000].map((port, index) => ({
    port,
    address: { host: load.ip, port: 21_400 + index },
  }));
  load.egressOf = [];
  Object.assign(load, { egressByPort });
  await startApps((socket) => socket.pipe(socket));
  await using mesh = await startMesh(config);
  await mesh.waitReady(20_000);
  const to = (port: number) => {
    const { address } = egressByPort.find((each) => each.port === port)!;
    return net.connect({ ...address, allowHalfOpen: true }).on('error', () => {});
  };
  const db = to(5432);
  db.end('hello');
  expect((await buffer(db)).toString()).toBe('hello');
  const web = to(80);
  web.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  expect((await buffer(web)).toString()).toContain('web for x');
  const nobody = to(7000);
  expect((await buffer(nobody)).length).toBe(0);
  nobody.destroy();
});

it('forwards what comes to the listener of opaque ports without looking at it', async () => {
  const db = podOf('db');
  const opaqueInbound = { host: db.ip, port: 4144 };
  Object.assign(db, { opaqueInbound });
  await startApps((socket) => void socket.write('220'));
  await using mesh = await startMesh(config);
  await mesh.waitReady(20_000);
  const client = net.connect({ host: db.ip, port: opaqueInbound.port }).on('error', () => {});
  const [greeting] = await once(client, 'data');
  expect(String(greeting)).toBe('220');
  expect(await value('db', 'inbound_tcp_authz_allow_total', 'no_tls_reason="port_skipped"')).toBe(1);
  client.destroy();
});
