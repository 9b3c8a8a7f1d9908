import { once } from 'node:events';
import http2 from 'node:http2';
import https from 'node:https';
import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from '../../core/wait.ts';
import { loopback } from '../../prometheus/testing/loopback.ts';
import { IdentityAuthority } from '../identity/authority.ts';
import { type AuditEntry, type KubernetesApi, startKubernetesApi } from './api.ts';
import { injectedPod, kubernetesObjects } from './objects.ts';
import { serviceAccountUser, vizPrometheusGrant } from './rbac.ts';
import { meshConfig, podConfig, RELEASE } from './testing/mesh-config.ts';

const host = loopback();
const authority = new IdentityAuthority({ trustDomain: 'cluster.local', controlPlaneNamespace: 'linkerd' });
const certificate = authority.issueServing([host]);
const config = meshConfig([podConfig()]);
const WEB = 'web-664f644f88-4lkzv';

interface Answer {
  status: number;
  headers: Record<string, unknown>;
  body: string;
}

/** One request over HTTP/1.1 or HTTP/2, trusting the run's anchor. */
interface Client {
  get(path: string, options?: { token?: string; method?: string; accept?: string }): Promise<Answer>;
  /** Lines of a watch as they come. */
  watch(path: string): {
    lines: { type: string; object: Record<string, unknown> }[];
    opened: Promise<unknown>;
    closed: Promise<string>;
  };
  close(): void;
}

function headersOf(options: { token?: string; accept?: string } = {}) {
  const token = options.token ?? 'secret';
  return { ...(token && { authorization: `Bearer ${token}` }), accept: options.accept ?? 'application/json, */*' };
}

function splitLines<T>(into: T[]): (chunk: string) => void {
  let rest = '';
  return (chunk) => {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop()!;
    into.push(...parts.map((line) => JSON.parse(line) as T));
  };
}

function http1(url: string): Client {
  const agent = new https.Agent({ keepAlive: true, ca: authority.anchorPem });
  return {
    async get(path, options = {}) {
      const request = https.request(url + path, {
        agent,
        method: options.method ?? 'GET',
        headers: headersOf(options),
      });
      request.end();
      const [response] = await once(request, 'response');
      let body = '';
      for await (const chunk of response.setEncoding('utf8')) body += chunk;
      return { status: response.statusCode, headers: response.headers, body };
    },
    watch(path) {
      const lines: { type: string; object: Record<string, unknown> }[] = [];
      const request = https.get(url + path, { agent, headers: headersOf() });
      const opened = once(request, 'response');
      const closed = new Promise<string>((resolve) => {
        request.on('error', () => resolve('cut'));
        request.on('response', (response) => {
          response.setEncoding('utf8').on('data', splitLines(lines));
          response.on('end', () => resolve('end')).on('error', () => resolve('cut'));
        });
      });
      return { lines, opened, closed };
    },
    close: () => agent.destroy(),
  };
}

function http2Client(url: string): Client {
  const session = http2.connect(url, { ca: authority.anchorPem });
  session.on('error', () => {});
  const open = (path: string, options: { token?: string; method?: string; accept?: string } = {}) =>
    session.request({ ':path': path, ':method': options.method ?? 'GET', ...headersOf(options) });
  return {
    async get(path, options) {
      const stream = open(path, options);
      const [headers] = await once(stream, 'response');
      let body = '';
      for await (const chunk of stream.setEncoding('utf8')) body += chunk;
      return { status: headers[':status'], headers, body };
    },
    watch(path) {
      const lines: { type: string; object: Record<string, unknown> }[] = [];
      const stream = open(path);
      const opened = once(stream, 'response');
      const closed = new Promise<string>((resolve) => {
        stream.on('error', () => resolve('cut')).on('end', () => resolve('end'));
      });
      stream.setEncoding('utf8').on('data', splitLines(lines));
      return { lines, opened, closed };
    },
    close: () => session.destroy(),
  };
}

describe.each([
  ['HTTP/1.1', http1],
  ['HTTP/2', http2Client],
])('the API over %s', (_version, connect) => {
  let api: KubernetesApi;
  let client: Client;
  let audit: AuditEntry[];

  beforeEach(async () => {
    audit = [];
    api = await startKubernetesApi({
      listen: { host, port: 0 },
      tls: certificate,
      objects: kubernetesObjects(config, RELEASE),
      users: [{ name: serviceAccountUser('linkerd-viz', 'prometheus'), token: 'secret' }],
      rules: [vizPrometheusGrant('linkerd-viz')],
      audit: (entry) => audit.push(entry),
    });
    client = connect(api.url);
  });
  afterEach(async () => {
    client.close();
    await api.close();
  });

  const json = async (path: string, options?: Parameters<Client['get']>[1]) => {
    const { status, headers, body } = await client.get(path, options);
    expect(headers['content-type']).toBe('application/json');
    return { status, body: JSON.parse(body) };
  };

  it('lists, gets and discovers', async () => {
    expect((await json('/api/v1/pods')).body.items).toHaveLength(1);
    expect((await json(`/api/v1/namespaces/shop/pods/${WEB}`)).body).toMatchObject({ kind: 'Pod', apiVersion: 'v1' });
    expect((await json('/api/v1/namespaces/other/pods?limit=500&resourceVersion=0')).body.items).toEqual([]);
    expect((await json('/api/v1/pods?fieldSelector=metadata.name%3Dnone')).body.items).toEqual([]);
    expect((await json('/api/v1/nodes')).body).toMatchObject({ kind: 'NodeList', items: [{ spec: {} }] });
    expect((await json('/version', { token: '' })).body).toMatchObject({ major: '1' });
    expect((await json('/api')).body).toMatchObject({ kind: 'APIVersions' });
    expect((await json('/apis')).body).toMatchObject({ kind: 'APIGroupList' });
    expect((await json('/api/v1')).body.resources).toHaveLength(4);
  });

  it('answers what it refuses with a Status', async () => {
    const refusals: [string, Parameters<Client['get']>[1], number, string][] = [
      ['/api/v1/pods', { token: 'wrong' }, 401, 'Unauthorized'],
      ['/api/v1/pods', { token: '' }, 403, 'pods is forbidden: User "system:anonymous" cannot list'],
      ['/api/v1/services', {}, 403, 'cannot list resource "services" in API group "" at the cluster scope'],
      ['/apis/apps/v1/deployments', {}, 403, 'cannot list resource "deployments" in API group "apps"'],
      ['/metrics', {}, 403, 'cannot get path "/metrics"'],
      ['/api/v1/pods', { method: 'POST' }, 403, 'cannot create resource "pods"'],
      ['/api/v1/namespaces/shop/pods/none', {}, 404, 'pods "none" not found'],
      ['/api/v2', {}, 404, 'the server could not find the requested resource'],
      ['/api/v1/pods', { accept: 'application/vnd.kubernetes.protobuf' }, 406, 'only the following media types'],
      ['/api/v1/pods?watch=1&sendInitialEvents=true', {}, 422, 'sendInitialEvents requires'],
      ['/api/v1/pods?labelSelector=%3D', {}, 400, 'unable to parse requirement'],
    ];
    for (const [path, options, status, message] of refusals) {
      const answer = await json(path, options);
      expect(answer, path).toMatchObject({ status, body: { kind: 'Status', status: 'Failure', code: status } });
      expect(answer.body.message).toContain(message);
    }
    expect(audit.map((entry) => entry.code)).toEqual(refusals.map(([, , status]) => status));
  });

  it('allows no change, not even to those who may', async () => {
    api.setRules([
      {
        role: 'admin',
        users: [serviceAccountUser('linkerd-viz', 'prometheus')],
        rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }],
      },
    ]);
    expect(await json(`/api/v1/namespaces/shop/pods/${WEB}`, { method: 'DELETE' })).toMatchObject({
      status: 405,
      body: { reason: 'MethodNotAllowed' },
    });
    expect((await json('/apis/apps/v1/deployments')).status).toBe(404);
    expect((await json('/api/v1/services')).body.items).toHaveLength(1);
  });

  it('passes on the kubelet page', async () => {
    const { status, headers, body } = await client.get('/api/v1/nodes/meshproof-node/proxy/metrics/cadvisor');
    expect(status).toBe(200);
    expect(headers['content-type']).toContain('text/plain');
    expect(body).toMatch(/^#.*\n$/);
  });

  it('streams changes until it is cut, and 410 after its history was forgotten', async () => {
    const query = 'watch=true&allowWatchBookmarks=true';
    const first = client.watch(`/api/v1/pods?${query}&sendInitialEvents=true&resourceVersionMatch=NotOlderThan`);
    const types = (of: typeof first) => of.lines.map((line) => line.type);
    const see = (of: typeof first, expected: string[]) =>
      waitFor(() => (types(of).length >= expected.length ? true : undefined), {
        what: expected.join(),
        deadlineMs: 20_000,
        everyMs: 5,
        hint: '',
      }).then(() => expect(types(of)).toEqual(expected));
    await see(first, ['ADDED', 'BOOKMARK']);
    api.setPodStatus('shop', WEB, { ready: false, restartCount: 2 });
    api.upsertPod(
      injectedPod(
        config,
        podConfig({ name: 'web-2', ip: '127.9.8.8', admin: { host: '127.9.8.8', port: 4191 } }),
        RELEASE,
      ),
    );
    api.deletePod('shop', WEB);
    await see(first, ['ADDED', 'BOOKMARK', 'MODIFIED', 'ADDED', 'DELETED']);
    expect(() => api.deletePod('shop', WEB)).toThrow(`has no pod shop/${WEB}`);
    expect(api.openWatches).toBe(1);
    api.dropWatches();
    expect(await first.closed).toBe('cut');
    expect(api.openWatches).toBe(0);

    const version = (first.lines.at(-1)!.object.metadata as { resourceVersion: string }).resourceVersion;
    const resumed = client.watch(`/api/v1/pods?${query}&resourceVersion=${version}&timeoutSeconds=1`);
    expect(await resumed.closed).toBe('end');
    expect(types(resumed)).toEqual(['BOOKMARK']);

    api.compact();
    const stale = client.watch(`/api/v1/pods?${query}&resourceVersion=${version}`);
    expect(await stale.closed).toBe('end');
    expect(stale.lines).toMatchObject([{ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } }]);
  });

  it('answers an empty watch at once, and forgets clients that went away', async () => {
    const watch = client.watch('/api/v1/namespaces/empty/pods?watch=true');
    await watch.opened;
    expect(api.openWatches).toBe(1);
    expect(watch.lines).toEqual([]);
    client.close();
    await waitFor(() => (api.openWatches === 0 ? true : undefined), {
      what: 'no watch',
      deadlineMs: 20_000,
      everyMs: 5,
      hint: '',
    });
  });
});

it('says which port is taken', async () => {
  const other = createServer().listen(0, host);
  await once(other, 'listening');
  const { port } = other.address() as { port: number };
  await expect(
    startKubernetesApi({ listen: { host, port }, tls: certificate, objects: [], users: [], rules: [] }),
  ).rejects.toMatchObject({ code: 'PORT_TAKEN', message: expect.stringContaining(`${host}:${port}`) });
  other.close();
});
