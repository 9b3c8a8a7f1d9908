import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PodObject } from '../contract.ts';
import { notFound, StandInApi, status } from '../testing/api.ts';
import { podObject } from '../testing/pods.ts';
import { KubeEvidence } from './index.ts';
import { openReadOnly, type ReadOnlyTransport } from './read-only.ts';

const TARGET = {
  namespace: 'shop',
  pod: 'web-1',
  ip: '10.1.2.3',
  port: 4191,
  scheme: 'http',
  deadlineMs: 5000,
} as const;
const PROXY = '/api/v1/namespaces/shop/pods/web-1:4191/proxy';
const PROMETHEUS: PodObject = {
  ...podObject('prometheus-1'),
  metadata: { name: 'prometheus-1', namespace: 'viz' },
  spec: { serviceAccountName: 'prom', containers: [{ name: 'linkerd-proxy' }, { name: 'prometheus' }] },
};

let api: StandInApi;
let transport: ReadOnlyTransport;
let source: KubeEvidence;
beforeEach(async () => {
  api = await StandInApi.start();
  transport = await openReadOnly({ kubeconfig: api.kubeconfig });
  source = new KubeEvidence(transport, { prometheus: PROMETHEUS });
});
afterEach(async () => {
  transport.close();
  await api[Symbol.asyncDispose]();
});

describe('what is read', () => {
  it('is nothing but GET, whoever asks, and stands in the account', async () => {
    await expect(transport.send('POST', '/api/v1/pods', { body: {} })).rejects.toMatchObject({ code: 'NOT_READ_ONLY' });
    await expect(transport.send('DELETE', '/api/v1/namespaces/shop')).rejects.toMatchObject({ code: 'NOT_READ_ONLY' });
    await transport.send('GET', '/version');
    await transport.send('GET', '/version');
    expect(api.asked).toHaveLength(2);
    const read = { method: 'GET', verb: 'get', path: '/version', as: null, outcome: 200 };
    expect(transport.account.entries()).toEqual([{ ...read, count: 2 }]);
  });

  it('lists a kind page by page', async () => {
    api.on('GET', '/apis/policy.linkerd.io/v1alpha1/authorizationpolicies', ({ query }) =>
      query.get('continue') === 'more'
        ? { body: { items: [{ metadata: { name: 'two' } }] } }
        : { body: { metadata: { continue: 'more' }, items: [{ metadata: { name: 'one' } }] } },
    );
    const kind = { apiVersion: 'policy.linkerd.io/v1alpha1', kind: 'AuthorizationPolicy' };
    const names = (await source.list(kind)).map((object) => [object.kind, object.metadata.name]);
    expect(names).toEqual([
      ['AuthorizationPolicy', 'one'],
      ['AuthorizationPolicy', 'two'],
    ]);
    expect(transport.account.entries().map(({ verb }) => verb)).toEqual(['list', 'list']);
  });

  it('says which kind the API does not serve, and what it may not list', async () => {
    await expect(source.list({ apiVersion: 'linkerd.io/v1alpha2', kind: 'ServiceProfile' })).rejects.toMatchObject({
      code: 'KIND_UNKNOWN',
    });
    api.on('GET', '/api/v1/pods', () => status(403, 'Forbidden', 'pods is forbidden'));
    await expect(source.list({ apiVersion: 'v1', kind: 'Pod' })).rejects.toMatchObject({ code: 'CLUSTER_REFUSED' });
  });
});

describe('a page by way of the API server', () => {
  it('is the page of that pod and port', async () => {
    api.on('GET', `${PROXY}/metrics`, () => ({ body: 'a 1\n' }));
    const page = await source.fetchPage(TARGET);
    expect(page).toMatchObject({ namespace: 'shop', pod: 'web-1', url: 'http://10.1.2.3:4191/metrics', outcome: 'ok' });
    expect(page.page?.samples).toEqual([{ name: 'a', labels: {}, value: 1 }]);
  });

  it('asks for TLS where it is told to', async () => {
    api.on('GET', '/api/v1/namespaces/shop/pods/https:web-1:4191/proxy/metrics', () =>
      status(
        503,
        'ServiceUnavailable',
        'error trying to reach service: tls: first record does not look like a TLS handshake',
      ),
    );
    expect(await source.fetchPage({ ...TARGET, scheme: 'https' })).toMatchObject({
      ...{ url: 'https://10.1.2.3:4191/metrics', outcome: 'tls-failed', connected: true },
    });
  });

  it.each([
    ['refused', false, 'error trying to reach service: dial tcp 10.1.2.3:4191: connect: connection refused'],
    ['timeout', false, 'error trying to reach service: dial tcp 10.1.2.3:4191: i/o timeout'],
    ['failed', false, 'no endpoints available'],
  ])('%s, as the API server says', async (outcome, connected, message) => {
    api.on('GET', `${PROXY}/metrics`, () => status(503, 'ServiceUnavailable', message));
    api.on('GET', `${PROXY}/ready`, () => status(503, 'ServiceUnavailable', message));
    expect(await source.fetchPage(TARGET)).toMatchObject({ outcome, connected, status: null });
  });

  it("tells the proxy's 403 from the API server's", async () => {
    api.on('GET', `${PROXY}/metrics`, () => ({ status: 403, body: '' }));
    expect(await source.fetchPage(TARGET)).toMatchObject({ outcome: 'status', status: 403 });
    api.on('GET', `${PROXY}/metrics`, () => status(403, 'Forbidden', 'pods "web-1" is forbidden'));
    expect(await source.fetchPage(TARGET)).toMatchObject({
      outcome: 'failed',
      status: null,
      error: expect.stringContaining('403'),
    });
  });

  it('is cut off', async () => {
    api.on('GET', `${PROXY}/metrics`, (_asked, { response }) => {
      response
        .writeHead(200, { 'content-type': 'text/plain', 'content-length': '100' })
        .write('a 1\n', () => response.destroy());
      return null;
    });
    expect(await source.fetchPage(TARGET)).toMatchObject({
      outcome: 'cut-off',
      connected: true,
      status: 200,
      bytes: 4,
    });
  });

  it('knows a slow page from a pod that does not answer at all', async () => {
    const silent = () => null;
    api.on('GET', `${PROXY}/metrics`, silent);
    api.on('GET', `${PROXY}/ready`, () => ({ body: 'ready\n' }));
    expect(await source.fetchPage({ ...TARGET, deadlineMs: 1000 })).toMatchObject({
      outcome: 'timeout',
      connected: true,
      answers: true,
    });
    api.on('GET', `${PROXY}/ready`, silent);
    expect(await source.fetchPage({ ...TARGET, deadlineMs: 1000 })).toMatchObject({
      outcome: 'timeout',
      connected: false,
      answers: false,
    });
  });

  it('knows neither where there is no API server any more', async () => {
    await api.stop();
    expect(await source.fetchPage(TARGET)).toMatchObject({ outcome: 'failed', connected: false });
  });
});

describe('what Prometheus may list', () => {
  const forbidden = status(403, 'Forbidden', 'pods is forbidden: User "u" cannot list resource "pods"');

  it('is tried in its name', async () => {
    api.on('GET', '/api/v1/pods', () => ({ body: { items: [] } }));
    expect(await source.access(['shop'])).toMatchObject({
      how: 'impersonation',
      everywhere: 'allowed',
      namespaces: {},
    });
    const { headers, query } = api.asked.at(-1)!;
    expect(headers['impersonate-user']).toBe('system:serviceaccount:viz:prom');
    expect(query.get('limit')).toBe('1');
    expect(transport.account.entries().at(-1)).toMatchObject({ verb: 'list', as: 'system:serviceaccount:viz:prom' });
  });

  it('is tried namespace by namespace where it may not everywhere', async () => {
    api.on('GET', '/api/v1/pods', () => forbidden);
    api.on('GET', '/api/v1/namespaces/shop/pods', () => ({ body: { items: [] } }));
    api.on('GET', '/api/v1/namespaces/bank/pods', () => forbidden);
    expect(await source.access(['shop', 'bank'])).toMatchObject({
      ...{ everywhere: 'forbidden', namespaces: { shop: 'allowed', bank: 'forbidden' } },
      message: expect.stringContaining('cannot list'),
    });
  });

  it('is read from roles and bindings where we may not try', async () => {
    const refused = 'serviceaccounts "prom" is forbidden: User "u" cannot impersonate resource "serviceaccounts"';
    api.on('GET', '/api/v1/pods', () => status(403, 'Forbidden', refused));
    const rbac = '/apis/rbac.authorization.k8s.io/v1';
    const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['list'] }];
    const bound = {
      roleRef: { kind: 'Role', name: 'r' },
      subjects: [{ kind: 'ServiceAccount', name: 'prom', namespace: 'viz' }],
    };
    const lists: Record<string, object[]> = {
      clusterroles: [{ metadata: { name: 'r' }, rules }],
      clusterrolebindings: [],
      roles: [{ metadata: { name: 'r', namespace: 'shop' }, rules }],
      rolebindings: [{ metadata: { name: 'b', namespace: 'shop' }, ...bound }],
    };
    for (const [name, items] of Object.entries(lists)) api.on('GET', `${rbac}/${name}`, () => ({ body: { items } }));
    expect(await source.access(['shop', 'bank'])).toEqual({
      ...{ how: 'roles and bindings', user: 'system:serviceaccount:viz:prom', everywhere: 'forbidden' },
      ...{ namespaces: { shop: 'allowed', bank: 'forbidden' }, message: 'it is bound to r' },
    });
  });

  it('is not known without its pod', async () => {
    const outside = new KubeEvidence(transport, { prometheus: null });
    await expect(outside.access([])).rejects.toMatchObject({ code: 'PROMETHEUS_POD_UNKNOWN' });
    await expect(outside.prometheusLog()).rejects.toMatchObject({ code: 'PROMETHEUS_POD_UNKNOWN' });
  });
});

describe('its log', () => {
  it('is that of the container prometheus, warnings and errors alone', async () => {
    const lines = ['level=INFO msg=a', 'time=x level=WARN msg=b', 'level=error msg=c'];
    api.on('GET', '/api/v1/namespaces/viz/pods/prometheus-1/log', ({ query }) =>
      query.get('container') === 'prometheus' ? { body: `${lines.join('\n')}\n` } : notFound('pods', 'prometheus-1'),
    );
    expect(await source.prometheusLog()).toEqual(lines.slice(1));
  });
});

describe('a certificate', () => {
  it('can not be had where no port may be forwarded', async () => {
    api.on('GET', '/api/v1/namespaces/shop/pods/web-1', () => ({ body: podObject('web-1') }));
    await expect(source.certificate({ namespace: 'shop', pod: 'web-1' })).rejects.toMatchObject({
      code: 'PORT_FORWARD_REFUSED',
    });
  });
});
