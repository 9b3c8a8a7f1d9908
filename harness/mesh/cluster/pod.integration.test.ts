import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NO_TIMEOUTS, type OutboundPolicy } from '../../core/policy.ts';
import type { Child } from '../../core/process.ts';
import { waitFor } from '../../core/wait.ts';
import { PROXY_UID, SIDECAR_ENV } from './contract.ts';
import { Namespaces, noNamespaces } from './testing/namespaces.ts';
import { settingsOf, snapshotPod, snapshotService, sum } from './testing/pods.ts';

const { POD, NODE } = Namespaces;
const APP_PORT = 8080;
const PLAIN_PORT = 9000;
const DATABASE_PORT = 5432;
/** Of no Service. */
const UNKNOWN_PORT = 3306;
const EGRESS_PORTS = [UNKNOWN_PORT, DATABASE_PORT];
const OPAQUE: OutboundPolicy = {
  ...{ opaque: true, routes: [], retry: null, timeouts: NO_TIMEOUTS, failureAccrual: null, profile: null },
};
const AS_PROXY = ['--reuid', String(PROXY_UID), '--regid', String(PROXY_UID), '--clear-groups'];
const reason = await noNamespaces();

const APP = `
  require('node:http').createServer((request, response) => response.end('from ' + process.argv[1]))
    .listen(Number(process.argv[2]), '0.0.0.0', () => console.log('listening'));`;
/** Greets, as a database does, before the client says anything. */
const DATABASE = `
  require('node:net').createServer((socket) => socket.on('error', () => {}).end('greeting'))
    .listen(Number(process.argv[1]), '0.0.0.0', () => console.log('listening'));`;
const HEAR = `
  const [host, port] = process.argv.slice(1);
  const socket = require('node:net').connect({ host, port: Number(port) });
  socket.on('data', (data) => process.stdout.write(data));
  socket.on('error', (error) => process.stdout.write(error.code));`;
const GET = `
  const [host, port, path, authority] = process.argv.slice(1);
  require('node:http').get({ host, port, path, headers: authority ? { host: authority } : {} }, async (response) => {
    const chunks = [];
    for await (const chunk of response) chunks.push(chunk);
    process.stdout.write(Buffer.concat(chunks));
  }).on('error', (error) => process.stdout.write(error.code));`;

let dir: string;
let namespaces: Namespaces;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pod-'));
  // The sidecar reads its program and its token as a user of its own.
  await chmod(dir, 0o755);
});
afterEach(async () => {
  await namespaces?.[Symbol.asyncDispose]();
  await rm(dir, { recursive: true });
});

const seen = (child: Child, text: string) =>
  waitFor(() => (child.tail().includes(text) ? child.tail() : undefined), {
    what: `${child.name} says ${text}`,
    deadlineMs: 20_000,
    everyMs: 20,
    hint: 'see its log',
    check: () => {
      if (child.exit) throw new Error(child.tail());
    },
  });

async function get(from: 'pod' | 'node', host: string, port: number, path: string, authority = ''): Promise<string> {
  return (await namespaces.run(from, process.execPath, '-e', GET, host, String(port), path, authority)).text;
}

/** The program as it is in the image: one file. */
async function bundle(): Promise<string> {
  const outfile = join(dir, 'sidecar.mjs');
  const js = "import{createRequire}from'node:module';const require=createRequire(import.meta.url);";
  await build({
    entryPoints: [join(import.meta.dirname, 'sidecar.ts')],
    ...{ outfile, bundle: true, platform: 'node', format: 'esm', target: 'node24', banner: { js }, logLevel: 'silent' },
  });
  return outfile;
}

describe.skipIf(reason)(`a pod with its sidecar${reason ? ` (skipped: ${reason})` : ''}`, () => {
  it('has its traffic led through the proxy, both ways, and none of the proxy own', async ({ skip }) => {
    namespaces = await Namespaces.create();
    const runnable = await namespaces.run('pod', 'setpriv', ...AS_PROXY, process.execPath, '--version');
    if (runnable.code !== 0) skip(`another user cannot run ${process.execPath}`);
    const snapshot = {
      services: [
        snapshotService('web', APP_PORT, ['web-abc-0']),
        snapshotService('plain', PLAIN_PORT, ['plain-abc-0'], { clusterIp: '10.96.0.2' }),
        snapshotService('db', DATABASE_PORT, ['plain-abc-0'], {
          ...{ clusterIp: '10.96.0.3', port: DATABASE_PORT },
          policy: OPAQUE,
        }),
      ],
      pods: [snapshotPod('web', POD), snapshotPod('plain', NODE, { meshed: false })],
    };
    const standIn = namespaces.start(
      'node',
      process.execPath,
      join(import.meta.dirname, 'testing/stand-in-main.ts'),
      NODE,
      JSON.stringify(snapshot),
    );
    const control = JSON.parse(await seen(standIn, 'anchorPem')) as Record<
      'identity' | 'destination' | 'anchorPem',
      string
    >;
    const tokenFile = join(dir, 'token');
    await writeFile(tokenFile, 'web.shop');
    const redirect = ['sh', join(import.meta.dirname, 'redirect.sh'), '', '', EGRESS_PORTS.join(',')] as const;
    expect(await namespaces.run('pod', ...redirect)).toMatchObject({ code: 0 });
    const env = {
      [SIDECAR_ENV.podName]: 'web-abc-0',
      [SIDECAR_ENV.podNamespace]: 'shop',
      [SIDECAR_ENV.podUid]: 'web',
      [SIDECAR_ENV.podIp]: POD,
      [SIDECAR_ENV.serviceAccount]: 'web',
      [SIDECAR_ENV.settings]: JSON.stringify({ ...settingsOf('web', APP_PORT), egressPorts: EGRESS_PORTS }),
      [SIDECAR_ENV.trustAnchors]: control.anchorPem,
      [SIDECAR_ENV.tokenFile]: tokenFile,
      LINKERD2_PROXY_IDENTITY_SVC_ADDR: `${NODE}:${control.identity}`,
      LINKERD2_PROXY_DESTINATION_SVC_ADDR: `${NODE}:${control.destination}`,
    };
    const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    const program = await bundle();
    const sidecar = namespaces.start('pod', 'setpriv', ...AS_PROXY, 'env', ...variables, process.execPath, program);
    await Promise.all([
      seen(sidecar, 'ready: web.shop.serviceaccount.identity.linkerd.cluster.local'),
      seen(namespaces.start('pod', process.execPath, '-e', APP, 'web', String(APP_PORT)), 'listening'),
      seen(namespaces.start('node', process.execPath, '-e', APP, 'plain', String(PLAIN_PORT)), 'listening'),
      seen(namespaces.start('node', process.execPath, '-e', DATABASE, String(DATABASE_PORT)), 'listening'),
    ]);

    // As the kubelet does, and as an app of another pod without a proxy would.
    expect(await get('node', POD, APP_PORT, '/readyz')).toBe('from web');
    expect(await get('node', POD, APP_PORT, '/')).toBe('from web');
    // The pod's app calls services; wherever it connects to, the name is what counts.
    expect(await get('pod', '10.99.0.77', 80, '/', 'plain.shop')).toBe('from plain');
    expect(await get('pod', NODE, 80, '/', 'web.shop.svc.cluster.local')).toBe('from web');
    // And where there are no names, the port counts.
    const hear = (port: number) =>
      namespaces.run('pod', process.execPath, '-e', HEAR, '10.99.0.77', String(port)).then(({ text }) => text);
    expect(await hear(DATABASE_PORT)).toBe('greeting');
    expect(await hear(UNKNOWN_PORT)).toBe('');
    expect(sidecar.tail()).toContain('to port 3306 was closed: by the port alone, its destination may be no Service');

    const page = await get('node', POD, 4191, '/metrics');
    const requests = (...labels: string[]) => sum(page, 'request_total', ...labels);
    const inbound = ['direction="inbound"', `target_addr="${POD}:${APP_PORT}"`];
    expect(requests(...inbound, 'route_name="probe"', 'no_tls_reason="no_tls_from_remote"')).toBe(1);
    expect(requests(...inbound, 'route_name="default"', 'no_tls_reason="no_tls_from_remote"')).toBe(1);
    expect(requests(...inbound, 'route_name="default"', 'client_id="web.shop.')).toBe(1);
    const outbound = 'direction="outbound"';
    expect(requests(outbound, 'dst_service="plain"', 'no_tls_reason="not_provided_by_service_discovery"')).toBe(1);
    expect(requests(outbound, 'dst_service="web"', 'server_id="web.shop.')).toBe(1);
    expect(requests(outbound)).toBe(2);
    const database = ['peer="dst"', 'dst_service="db"', 'no_tls_reason="not_provided_by_service_discovery"'];
    expect(sum(page, 'tcp_read_bytes_total', outbound, ...database)).toBe('greeting'.length);
    expect(sum(page, 'outbound_tcp_route_close_total', 'parent_name="db"', 'error=""')).toBe(1);
    expect(await sidecar.stop()).toMatchObject({ code: 0 });
  });
});
