import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectKube } from './connect.ts';
import type { Kube, KubernetesObject } from './contract.ts';
import { notFound, StandInApi, status } from './testing/api.ts';

let api: StandInApi;
let kube: Kube;
beforeEach(async () => {
  api = await StandInApi.start();
  kube = await connectKube({ kubeconfig: api.kubeconfig });
});
afterEach(async () => {
  await kube.close();
  await api[Symbol.asyncDispose]();
});

const labels = { 'meshproof.io/run': 'r1' };
const configMap = (name: string): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'shop', labels: { own: 'x' } },
});
const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } };
const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'things.example.org' },
  spec: {
    group: 'example.org',
    scope: 'Namespaced',
    names: { kind: 'Thing', plural: 'things' },
    versions: [
      { name: 'v1', served: true },
      { name: 'v0', served: false },
    ],
  },
};
const thing = { apiVersion: 'example.org/v1', kind: 'Thing', metadata: { name: 't', namespace: 'shop' } };
const DEFINITION_PATH = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.example.org';
const THING_PATH = '/apis/example.org/v1/namespaces/shop/things/t';

/** Accepts everything. */
const acceptAll = () => api.on('PATCH', /^\/apis?\//, ({ json }) => ({ body: json }));

describe('apply', () => {
  it('is server-side, forced, with labels on the object itself only', async () => {
    acceptAll();
    const deployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'shop', labels: { own: 'x' } },
      spec: { template: { metadata: { labels: { app: 'web' } } } },
    };
    await kube.apply([deployment], { labels });
    const asked = api.asked.at(-1)!;
    expect(asked).toMatchObject({ method: 'PATCH', path: '/apis/apps/v1/namespaces/shop/deployments/web' });
    expect(Object.fromEntries(asked.query)).toEqual({ fieldManager: 'meshproof', force: 'true' });
    expect(asked.headers['content-type']).toBe('application/apply-patch+yaml');
    const metadata = { ...deployment.metadata, labels: { own: 'x', 'meshproof.io/run': 'r1' } };
    expect(asked.json).toEqual({ ...deployment, metadata });
    expect(deployment.metadata.labels).toEqual({ own: 'x' });
  });

  it('keeps the order of kinds', async () => {
    acceptAll();
    await kube.apply([namespace, configMap('a'), configMap('b'), { ...namespace, metadata: { name: 'x' } }], {
      labels,
    });
    const kinds = api.asked
      .filter(({ method }) => method === 'PATCH')
      .map(({ json }) => (json as KubernetesObject).kind);
    expect(kinds).toEqual(['Namespace', 'ConfigMap', 'ConfigMap', 'Namespace']);
  });

  it('APPLY_REFUSED has the object, the field and what the API said; nothing further is applied', async () => {
    api.on('PATCH', /configmaps/, () =>
      status(422, 'Invalid', 'ConfigMap "a" is invalid: data: bad', { causes: [{ field: 'data', message: 'bad' }] }),
    );
    await expect(kube.apply([configMap('a'), namespace], { labels })).rejects.toMatchObject({
      code: 'APPLY_REFUSED',
      message: 'ConfigMap shop/a was refused: ConfigMap "a" is invalid: data: bad (data)',
    });
    expect(api.paths('PATCH')).toHaveLength(1);
  });

  it.each([
    ['rights', status(403, 'Forbidden', 'no'), 'may not do this'],
    ['a missing namespace', notFound('namespaces', 'shop'), 'namespace "shop" must be there first'],
    ['a webhook that does not answer', status(500, 'InternalError', 'failed calling webhook "x"'), 'admission webhook'],
  ])('APPLY_REFUSED hints at %s', async (_name, answer, hint) => {
    api.on('PATCH', /configmaps/, () => answer);
    await expect(kube.apply([configMap('a')], { labels })).rejects.toMatchObject({
      code: 'APPLY_REFUSED',
      hint: expect.stringContaining(hint),
    });
  });

  it('tries again what was in conflict or too much at once', async () => {
    const answers = [status(409, 'Conflict'), status(429, 'TooManyRequests', 'busy', { retryAfterSeconds: 0 })];
    api.on('PATCH', /configmaps/, ({ json }) => answers.shift() ?? { body: json });
    await kube.apply([configMap('a')], { labels });
    expect(api.paths('PATCH')).toHaveLength(3);
  });

  it('tries again when a webhook has not heard yet of a namespace that was just made', async () => {
    const object = configMap('a');
    const said = `admission webhook "injector" denied the request: namespaces "${object.metadata.namespace}" not found`;
    const answers = [status(403, 'Forbidden', said)];
    api.on('PATCH', /configmaps/, ({ json }) => answers.shift() ?? { body: json });
    await kube.apply([object], { labels });
    expect(api.paths('PATCH')).toHaveLength(2);
  });

  it('KIND_UNKNOWN after it has looked again', async () => {
    acceptAll();
    await kube.apply([configMap('a')], { labels });
    await expect(kube.apply([thing], { labels })).rejects.toMatchObject({
      code: 'KIND_UNKNOWN',
      message: expect.stringContaining('has no Thing of example.org/v1'),
    });
    expect(api.paths('GET').filter((path) => path === '/apis')).toHaveLength(2);
  });

  it('waits for definitions before the objects of their kinds, which the server may not know yet', async () => {
    acceptAll();
    const conditions = [[], [{ type: 'Established', status: 'False' }], [{ type: 'Established', status: 'True' }]];
    api.on('GET', DEFINITION_PATH, () => ({ body: { status: { conditions: conditions.shift() } } }));
    const unknown = [{ status: 404, body: '404 page not found\n' }];
    api.on('PATCH', THING_PATH, ({ json }) => unknown.shift() ?? { body: json });
    await kube.apply([definition, thing], { labels });
    expect(conditions).toEqual([]);
    expect(api.paths('PATCH')).toEqual([DEFINITION_PATH, THING_PATH, THING_PATH]);
    const notServed = { ...thing, apiVersion: 'example.org/v0' };
    await expect(kube.apply([notServed], { labels })).rejects.toMatchObject({ code: 'KIND_UNKNOWN' });
  });
});

describe('apply into a namespace that is being deleted', () => {
  const terminating = status(403, 'Forbidden', 'being terminated', { causes: [{ reason: 'NamespaceTerminating' }] });
  const conditions = [
    { type: 'NamespaceFinalizersRemaining', status: 'True', message: 'x/y in 1 resource instances ' },
  ];
  const dying = { ...namespace, metadata: { name: 'shop', deletionTimestamp: 'now' }, status: { conditions } };

  it('waits until it is gone, and makes it anew', async () => {
    const stored = [dying, namespace];
    api.on('PATCH', /namespaces\/shop$/, () => ({ body: stored.shift() }));
    const states = [{ body: dying }, notFound('namespaces', 'shop')];
    api.on('GET', '/api/v1/namespaces/shop', () => states.shift()!);
    await kube.apply([namespace], { labels });
    expect(api.paths('PATCH')).toHaveLength(2);
    expect(states).toEqual([]);
  });

  it('NAMESPACE_STUCK when it does not go, with what holds it', async () => {
    api.on('PATCH', /configmaps/, () => terminating);
    api.on('GET', '/api/v1/namespaces/shop', () => ({ body: dying }));
    api.on('GET', '/api/v1/namespaces/shop/configmaps', () => ({
      body: { items: [{ metadata: { name: 'held', finalizers: ['x/y'] } }, { metadata: { name: 'free' } }] },
    }));
    const options = { labels, namespaceDeadlineMs: 0 };
    await expect(kube.apply([configMap('a')], options)).rejects.toMatchObject({
      code: 'NAMESPACE_STUCK',
      message:
        'namespace shop is being deleted and was not gone after 0 s; x/y in 1 resource instances; ' +
        'waiting for finalizers: ConfigMap held (x/y)',
      hint: expect.stringContaining('kubectl -n shop patch'),
    });
  });
});
