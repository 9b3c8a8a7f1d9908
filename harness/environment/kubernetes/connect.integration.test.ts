import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectKube } from './connect.ts';
import { OTHER_AUTHORITY, StandInApi, status, TOKEN } from './testing/api.ts';

let api: StandInApi;
beforeEach(async () => {
  api = await StandInApi.start();
});
afterEach(() => api[Symbol.asyncDispose]());

const CONFIG_MAP = { apiVersion: 'v1', kind: 'ConfigMap' };

describe('connectKube', () => {
  it('says where it is connected to, and shows its token', async () => {
    const kube = await connectKube({ kubeconfig: api.kubeconfig });
    expect(kube).toMatchObject({ server: api.url, kubeconfig: api.kubeconfig, context: 'kind-test' });
    expect(api.asked[0]).toMatchObject({ path: '/version', headers: { authorization: `Bearer ${TOKEN}` } });
    await kube.close();
  });

  it.each([
    ['a file that is not there', (a: StandInApi) => ({ kubeconfig: `${a.dir}/none` }), 'there is no such file'],
    ['a folder', (a: StandInApi) => ({ kubeconfig: a.dir }), "can't be read as a kubeconfig"],
    ['an empty file', (a: StandInApi) => ({ kubeconfig: a.file('empty', '') }), "can't be read as a kubeconfig"],
    ['broken YAML', (a: StandInApi) => ({ kubeconfig: a.file('bad', '{a: [') }), "can't be read as a kubeconfig"],
    [
      'another document',
      (a: StandInApi) => ({ kubeconfig: a.file('other', '{"a": 1}') }),
      'no current context; it has none',
    ],
    [
      'an unknown context',
      (a: StandInApi) => ({ kubeconfig: a.kubeconfig, context: 'kind-x' }),
      'no context "kind-x"; it has kind-test, broken',
    ],
    [
      'a context without its cluster',
      (a: StandInApi) => ({ kubeconfig: a.kubeconfig, context: 'broken' }),
      'names the cluster "nowhere"',
    ],
    [
      'a server that is no URL',
      (a: StandInApi) => ({ kubeconfig: a.writeKubeconfig({ server: 'nothing' }) }),
      'is no URL: nothing',
    ],
  ])('KUBECONFIG_BAD: %s', async (_name, options, message) => {
    const given = options(api);
    await expect(connectKube(given)).rejects.toMatchObject({
      code: 'KUBECONFIG_BAD',
      message: expect.stringContaining(message),
    });
    await expect(connectKube(given)).rejects.toThrow(given.kubeconfig);
  });

  it('CLUSTER_GONE: nobody answers at the address', async () => {
    await api.stop();
    await expect(connectKube({ kubeconfig: api.kubeconfig })).rejects.toMatchObject({
      code: 'CLUSTER_GONE',
      message: expect.stringMatching(/context "kind-test" is gone: nobody answers at https:.*ECONNREFUSED/),
    });
  });

  it('CLUSTER_GONE: nobody has the name', async () => {
    const kubeconfig = api.writeKubeconfig({ server: 'https://cluster.invalid:6443' });
    await expect(connectKube({ kubeconfig })).rejects.toMatchObject({ code: expect.stringMatching(/CLUSTER_GONE/) });
  });

  it('CLUSTER_GONE: another cluster has taken the address', async () => {
    await using other = await StandInApi.start(OTHER_AUTHORITY);
    await expect(connectKube({ kubeconfig: other.kubeconfig })).rejects.toMatchObject({
      code: 'CLUSTER_GONE',
      message: expect.stringContaining('another cluster answers'),
    });
  });

  it('CLUSTER_UNREACHABLE: somebody is there and hangs up', async () => {
    const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const kubeconfig = api.writeKubeconfig({ server: `https://127.0.0.1:${port}` });
    await expect(connectKube({ kubeconfig })).rejects.toMatchObject({ code: 'CLUSTER_UNREACHABLE' });
    server.close();
  });

  it('CLUSTER_REFUSED: the token is not accepted', async () => {
    const kubeconfig = api.writeKubeconfig({ token: 'stale' });
    await expect(connectKube({ kubeconfig })).rejects.toMatchObject({
      code: 'CLUSTER_REFUSED',
      message: 'GET /version: 401: Unauthorized',
      hint: expect.stringContaining('credentials'),
    });
  });

  it('ends with the signal while nothing answers', async () => {
    const interrupted = new AbortController();
    api.on('GET', '/version', () => {
      interrupted.abort(new Error('enough'));
      return null;
    });
    await expect(connectKube({ kubeconfig: api.kubeconfig, signal: interrupted.signal })).rejects.toThrow('enough');
  });
});

describe('a request', () => {
  it('CLUSTER_REFUSED says what was asked and who may not', async () => {
    api.on('GET', '/api/v1/configmaps', () =>
      status(403, 'Forbidden', 'configmaps is forbidden: User "x" cannot list'),
    );
    const kube = await connectKube({ kubeconfig: api.kubeconfig });
    await expect(kube.list(CONFIG_MAP)).rejects.toMatchObject({
      code: 'CLUSTER_REFUSED',
      message: 'GET /api/v1/configmaps: 403: configmaps is forbidden: User "x" cannot list',
    });
    await kube.close();
  });

  it('API_FAILED has the status', async () => {
    api.on('GET', '/boom', () => ({ status: 500, body: 'first line\nsecond' }));
    const kube = await connectKube({ kubeconfig: api.kubeconfig });
    const failing = kube.request('GET', '/boom');
    await expect(failing).rejects.toMatchObject({
      code: 'API_FAILED',
      status: 500,
      message: 'GET /boom: 500: first line',
    });
    await kube.close();
  });

  it('CLUSTER_UNREACHABLE once the API server has gone', async () => {
    const kube = await connectKube({ kubeconfig: api.kubeconfig });
    await api.stop();
    await expect(kube.request('GET', '/version')).rejects.toMatchObject({
      code: 'CLUSTER_UNREACHABLE',
      message: expect.stringContaining('GET /version'),
    });
    await kube.close();
  });

  it('CLUSTER_UNREACHABLE when it goes away in the middle of an answer', async () => {
    api.on('GET', '/half', (_asked, { response }) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half', () => response.destroy());
      return null;
    });
    const kube = await connectKube({ kubeconfig: api.kubeconfig });
    await expect(kube.request('GET', '/half')).rejects.toMatchObject({ code: 'CLUSTER_UNREACHABLE' });
    await kube.close();
  });

  it('CLUSTER_UNREACHABLE when nothing comes, before the answer and in it', async () => {
    api.on('GET', '/silent', () => null);
    api.on('GET', '/stops', (_asked, { response }) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half');
      return null;
    });
    const kube = await connectKube({ kubeconfig: api.kubeconfig });
    for (const path of ['/silent', '/stops']) {
      await expect(kube.request('GET', path, undefined, { timeoutMs: 20 }), path).rejects.toMatchObject({
        code: 'CLUSTER_UNREACHABLE',
        message: expect.stringContaining('nothing came for 0.02 s'),
      });
    }
    await kube.close();
  });

  it('takes a new connection when the server has closed the one it kept', async () => {
    const kube = await connectKube({ kubeconfig: api.kubeconfig });
    let first = true;
    api.on('PATCH', '/once', (_asked, { request }) => {
      if (!first) return { body: { ok: true } };
      first = false;
      request.socket.destroy();
      return null;
    });
    expect(await kube.request('PATCH', '/once', { a: 1 })).toEqual({ ok: true });
    await kube.close();
  });

  it('does not repeat what must not happen twice', async () => {
    const kube = await connectKube({ kubeconfig: api.kubeconfig });
    api.on('POST', '/once', (_asked, { request }) => {
      request.socket.destroy();
      return null;
    });
    await expect(kube.request('POST', '/once', { a: 1 })).rejects.toMatchObject({ code: 'CLUSTER_UNREACHABLE' });
    expect(api.paths('POST')).toHaveLength(1);
    await kube.close();
  });

  it('keeps its connection', async () => {
    const kube = await connectKube({ kubeconfig: api.kubeconfig });
    const ports = new Set<number | undefined>();
    api.on('GET', '/port', (_asked, { request }) => {
      ports.add(request.socket.remotePort);
      return { body: {} };
    });
    for (let i = 0; i < 3; i++) await kube.request('GET', '/port');
    expect(ports.size).toBe(1);
    await kube.close();
  });
});

describe('get and list', () => {
  it('get is null for what is not there, object or kind', async () => {
    const kube = await connectKube({ kubeconfig: api.kubeconfig });
    expect(await kube.get({ ...CONFIG_MAP, namespace: 'shop', name: 'a' })).toBeNull();
    expect(await kube.get({ apiVersion: 'none.io/v1', kind: 'None', name: 'a' })).toBeNull();
    await kube.close();
  });

  it('list selects, and says what its items are', async () => {
    api.on('GET', '/api/v1/namespaces/shop/configmaps', () => ({ body: { items: [{ metadata: { name: 'a' } }] } }));
    const kube = await connectKube({ kubeconfig: api.kubeconfig });
    const options = { namespace: 'shop', labelSelector: 'a=b,c in (d,e)', fieldSelector: 'metadata.name=a' };
    expect(await kube.list(CONFIG_MAP, options)).toEqual([{ ...CONFIG_MAP, metadata: { name: 'a' } }]);
    expect(Object.fromEntries(api.asked.at(-1)!.query)).toEqual({
      labelSelector: 'a=b,c in (d,e)',
      fieldSelector: 'metadata.name=a',
    });
    await expect(kube.list({ apiVersion: 'none.io/v1', kind: 'None' })).rejects.toMatchObject({ code: 'KIND_UNKNOWN' });
    await kube.close();
  });

  it('does not guess a namespace', async () => {
    const kube = await connectKube({ kubeconfig: api.kubeconfig });
    await expect(kube.get({ ...CONFIG_MAP, name: 'a' })).rejects.toMatchObject({ code: 'OBJECT_BAD' });
    await kube.close();
  });

  it('refuses a server without aggregated discovery', async () => {
    api.on('GET', '/apis', () => ({ body: { kind: 'APIGroupList', groups: [] } }));
    const kube = await connectKube({ kubeconfig: api.kubeconfig });
    await expect(kube.list(CONFIG_MAP)).rejects.toMatchObject({ code: 'CLUSTER_TOO_OLD' });
    await kube.close();
  });
});
