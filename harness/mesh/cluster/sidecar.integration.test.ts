import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Child, childDied, startChild } from '../../core/process.ts';
import { waitFor } from '../../core/wait.ts';
import { SIDECAR_ENV } from './contract.ts';
import { App, get, load, podAddresses, settingsOf, snapshotPod, snapshotService, sum } from './testing/pods.ts';
import { StandIn } from './testing/stand-in.ts';

const program = join(import.meta.dirname, 'sidecar.ts');

let dir: string;
let address: () => string;
let standIn: StandIn;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sidecar-'));
  address = podAddresses();
  standIn = await StandIn.start();
});
afterEach(async () => {
  await standIn[Symbol.asyncDispose]();
  await rm(dir, { recursive: true });
});

/** The process of one pod's sidecar, told as the injector tells it. */
async function startSidecar(workload: string, ip: string, appPort: number | null): Promise<Child> {
  const tokenFile = join(dir, `${workload}.token`);
  await writeFile(tokenFile, `${workload}.shop\n`);
  return startChild({
    name: workload,
    file: process.execPath,
    args: [program],
    logFile: join(dir, `${workload}.log`),
    whenWeDie: 'SIGKILL',
    env: {
      [SIDECAR_ENV.podName]: `${workload}-abc-0`,
      [SIDECAR_ENV.podNamespace]: 'shop',
      [SIDECAR_ENV.podUid]: workload,
      [SIDECAR_ENV.podIp]: ip,
      [SIDECAR_ENV.serviceAccount]: workload,
      [SIDECAR_ENV.settings]: JSON.stringify(settingsOf(workload, appPort)),
      [SIDECAR_ENV.trustAnchors]: standIn.authority.anchorPem,
      [SIDECAR_ENV.tokenFile]: tokenFile,
      LINKERD2_PROXY_INBOUND_LISTEN_ADDR: `${ip}:4143`,
      LINKERD2_PROXY_OUTBOUND_LISTEN_ADDRS: `${ip}:4140`,
      LINKERD2_PROXY_ADMIN_LISTEN_ADDR: `${ip}:4191`,
      LINKERD2_PROXY_IDENTITY_SVC_ADDR: `127.0.0.1:${standIn.identity.address.port}`,
      LINKERD2_PROXY_DESTINATION_SVC_ADDR: `127.0.0.1:${standIn.destination.address.port}`,
    },
  });
}

async function probe(child: Child, ip: string, path: string, status: number): Promise<void> {
  await waitFor(
    async (seen) => {
      const answer = await get(ip, 4191, path);
      seen(`${answer?.status}\n${child.tail()}`);
      return answer?.status === status ? true : undefined;
    },
    {
      what: `${child.name} answers ${path} with ${status}`,
      deadlineMs: 20_000,
      everyMs: 20,
      hint: 'see its log',
      check: () => {
        if (child.exit) throw childDied(child);
      },
    },
  );
}

const page = async (ip: string) => (await get(ip, 4191, '/metrics'))?.text ?? '';

describe('the sidecar process', () => {
  it('lives before it is certified, is ready after, and counts what passes exactly', async () => {
    const [web, client] = [address(), address()];
    await using app = await App.start((_request, response) => {
      response.writeHead(app.requests % 10 === 0 ? 503 : 200).end('web');
    });
    standIn.tell({
      services: [snapshotService('web', app.port, ['web-abc-0'])],
      pods: [snapshotPod('web', web), snapshotPod('client', client)],
    });
    standIn.refuse = 503;
    await using server = await startSidecar('web', web, app.port);
    await using caller = await startSidecar('client', client, null);
    await probe(server, web, '/live', 200);
    await waitFor(() => (standIn.refused.size === 2 ? true : undefined), {
      what: 'both have asked in vain',
      deadlineMs: 20_000,
      hint: 'see their logs',
    });
    await probe(server, web, '/ready', 503);
    expect(await get(web, 4143, '/readyz')).toBeUndefined();
    const failed = ['addr="linkerd-identity', 'classification="failure"'];
    // Linkerd's would wait ten seconds for its next attempt: a page has no more failures than fit into its time.
    const early = await page(web);
    const upSeconds = Number(/^process_uptime_seconds_total (\S+)$/m.exec(early)?.[1]);
    expect(sum(early, 'control_response_total', ...failed)).toBeLessThanOrEqual(Math.floor(upSeconds / 10));
    standIn.refuse = null;
    await Promise.all([probe(server, web, '/ready', 200), probe(caller, client, '/ready', 200)]);

    const total = 2000;
    const statuses = await load({ host: client, port: 4140 }, 'web', (sent) => sent >= total);
    expect(statuses).toEqual({ 200: 1800, 503: 200 });
    // The cluster's address of the service is a name of it too.
    expect(await load({ host: client, port: 4140 }, '10.96.0.1:80', (sent) => sent >= 5, 1)).toEqual({ 200: 5 });
    expect((await get(web, 4143, '/readyz'))?.status).toBe(200);

    const hops = [
      [client, 'direction="outbound"', `target_addr="${web}:${app.port}"`, 'dst_deployment="web"', 'tls="true"'],
      [web, 'direction="inbound"', `target_addr="${web}:${app.port}"`, 'client_id="client.shop.'],
    ] as const;
    for (const [ip, ...labels] of hops) {
      const text = await page(ip);
      expect(sum(text, 'request_total', ...labels)).toBe(total + 5);
      expect(sum(text, 'response_total', ...labels, 'classification="success"')).toBe(1805);
      expect(sum(text, 'response_total', ...labels, 'status_code="503",classification="failure"')).toBe(200);
      expect(sum(text, 'response_latency_ms_count', ...labels)).toBe(total + 5);
      expect(sum(text, 'tcp_open_total', labels[0])).toBeGreaterThan(0);
    }
    const served = await page(web);
    expect(sum(served, 'request_total', 'route_name="probe"', `target_port="${app.port}"`)).toBe(1);
    expect(sum(served, 'control_identity_cert_refreshes_total', 'result="ok"')).toBe(1);

    expect(await server.stop()).toEqual({ code: 0, signal: null });
    expect(await caller.stop()).toEqual({ code: 0, signal: null });
  });

  it('follows endpoints as they change, in the midst of traffic', async () => {
    const [first, second, client] = [address(), address(), address()];
    const name = (_request: unknown, response: { end(text: string): void }) => response.end('web');
    await using one = await App.start(name);
    // Behind one target port, as replicas are.
    await using two = await App.start(name, second, one.port);
    const service = snapshotService('web', one.port, ['web-abc-0']);
    standIn.tell({ services: [service], pods: [snapshotPod('web', first)] });
    await using server = await startSidecar('web', first, one.port);
    await using caller = await startSidecar('client', client, null);
    await Promise.all([probe(server, first, '/ready', 200), probe(caller, client, '/ready', 200)]);
    let moved = false;
    const traffic = load({ host: client, port: 4140 }, 'web.shop', () => moved && two.requests >= 200);
    await waitFor(() => (one.requests >= 200 ? true : undefined), {
      what: 'the first pod is asked',
      deadlineMs: 20_000,
      hint: 'see the logs',
    });
    // The pod comes up anew elsewhere, and its new template is not meshed.
    standIn.tell({
      services: [service],
      pods: [snapshotPod('web', second, { meshed: false, podTemplateHash: 'new' })],
    });
    moved = true;
    const statuses = await traffic;
    expect(Object.keys(statuses)).toEqual(['200']);
    const text = await page(client);
    const plain = [
      'direction="outbound"',
      `target_ip="${second}"`,
      'tls="no_identity",no_tls_reason="not_provided_by_service_discovery"',
      'dst_pod_template_hash="new"',
    ];
    expect(sum(text, 'request_total', ...plain)).toBe(two.requests);
    expect(sum(text, 'response_total', ...plain, 'classification="success"')).toBe(two.requests);
    expect(
      text.split('\n').filter((line) => /server_id|dst_control_plane_ns/.test(line) && line.includes(second)),
    ).toEqual([]);
    expect(sum(text, 'request_total', `target_ip="${first}"`, 'tls="true"')).toBe(one.requests);
    expect(sum(await page(first), 'request_total', 'client_id="client.shop.')).toBe(one.requests);
    // The connection to the old address goes with the pod.
    expect(sum(text, 'tcp_open_connections', `target_ip="${first}"`, 'peer="dst"')).toBe(0);
  });

  it('goes on without the control plane, and finds it again', async () => {
    const [web, client] = [address(), address()];
    await using app = await App.start((_request, response) => response.end('web'));
    const service = snapshotService('web', app.port, ['web-abc-0']);
    const pods = [snapshotPod('web', web), snapshotPod('client', client)];
    standIn.tell({ services: [service], pods });
    await using server = await startSidecar('web', web, app.port);
    await using caller = await startSidecar('client', client, null);
    await Promise.all([probe(server, web, '/ready', 200), probe(caller, client, '/ready', 200)]);
    await Promise.all([standIn.identity.stop(), standIn.destination.stop()]);
    // Before it asks for anything else: the one watch that it has is counted as lost, and no other.
    const lost = ['control_response_total', 'linkerd-policy', 'classification="failure"'] as const;
    await waitFor(async () => sum(await page(client), ...lost) || undefined, {
      what: 'the sidecar sees that the control plane is gone',
      deadlineMs: 20_000,
      hint: 'see its log',
    });
    const ask = () => load({ host: client, port: 4140 }, 'web.shop.svc.cluster.local', (sent) => sent >= 100);
    expect(await ask()).toEqual({ 200: 100 });
    await probe(server, web, '/ready', 200);
    await standIn.destination.start();
    standIn.tell({ services: [], pods });
    await waitFor(
      async () => ((await load({ host: client, port: 4140 }, 'web', (sent) => sent >= 1, 1))[502] ? true : undefined),
      {
        what: 'the service is gone for the sidecar',
        deadlineMs: 20_000,
        hint: 'see its log',
      },
    );
    standIn.tell({ services: [service], pods });
    await waitFor(
      async () => ((await load({ host: client, port: 4140 }, 'web', (sent) => sent >= 1, 1))[200] ? true : undefined),
      {
        what: 'the service is back for the sidecar',
        deadlineMs: 20_000,
        hint: 'see its log',
      },
    );
    const text = await page(client);
    const updates = (op: string) => sum(text, 'outbound_http_balancer_p2c_updates_total', `op="${op}"`);
    expect([updates('Reset'), updates('Remove'), updates('Add')]).toEqual([1, 1, 1]);
    const failures = sum(text, 'control_response_total', 'linkerd-dst-headless', 'classification="failure"');
    expect(failures).toBe(0);
    expect(sum(text, ...lost)).toBe(1);
  });

  it('lets what is under way end when it is told to, and ends with 0', async () => {
    const [web, client] = [address(), address()];
    let finish = () => {};
    await using app = await App.start((_request, response) => {
      finish = () => response.end('late');
    });
    standIn.tell({ services: [snapshotService('web', app.port, ['web-abc-0'])], pods: [snapshotPod('web', web)] });
    await using server = await startSidecar('web', web, app.port);
    await using caller = await startSidecar('client', client, null);
    await Promise.all([probe(server, web, '/ready', 200), probe(caller, client, '/ready', 200)]);
    const answer = load({ host: client, port: 4140 }, 'web', (sent) => sent >= 1, 1);
    await waitFor(() => (app.requests === 1 ? true : undefined), { what: 'it has come', deadlineMs: 20_000, hint: '' });
    const ended = server.stop(10_000);
    await waitFor(async () => ((await get(web, 4143, '/readyz')) === undefined ? true : undefined), {
      what: 'nothing new is taken',
      deadlineMs: 20_000,
      hint: '',
    });
    finish();
    expect(await answer).toEqual({ 200: 1 });
    expect(await ended).toEqual({ code: 0, signal: null });
  });

  it('says what is wrong with its environment, and ends with 1', async () => {
    await using child = startChild({
      name: 'sidecar',
      file: process.execPath,
      args: [program],
      logFile: join(dir, 'bad.log'),
      env: { [SIDECAR_ENV.settings]: '{', [SIDECAR_ENV.podName]: 'x' },
    });
    expect(await child.exited).toEqual({ code: 1, signal: null });
    expect(child.tail()).toContain('_pod_ns is not set');
    expect(child.tail()).toContain('MESHPROOF_SIDECAR is not JSON');
  });
});
