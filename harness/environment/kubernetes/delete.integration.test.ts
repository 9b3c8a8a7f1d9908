import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectKube } from './connect.ts';
import type { Kube, ObjectRef } from './contract.ts';
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

const configMap = (name: string, namespace = 'shop'): ObjectRef => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  namespace,
  name,
});
const NAMESPACE = { apiVersion: 'v1', kind: 'Namespace', name: 'shop' };
const A = '/api/v1/namespaces/shop/configmaps/a';
/** Deletions are accepted; nothing is there afterwards. */
const acceptAll = () => api.on('DELETE', /./, () => ({ body: { kind: 'Status', details: { uid: 'u1' } } }));
const stored = (uid: string, metadata: object = {}) => ({ body: { metadata: { name: 'a', uid, ...metadata } } });

describe('delete', () => {
  it('waits until it is gone', async () => {
    acceptAll();
    const states = [stored('u1'), notFound('configmaps', 'a')];
    api.on('GET', A, () => states.shift()!);
    await kube.delete([configMap('a')]);
    expect(states).toEqual([]);
    expect(api.asked.find(({ method }) => method === 'DELETE')!.json).toEqual({
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      propagationPolicy: 'Foreground',
    });
  });

  it('does not wait when told so', async () => {
    acceptAll();
    await kube.delete([configMap('a')], { wait: false, propagation: 'Background', graceSeconds: 0 });
    expect(api.paths('GET')).not.toContain(A);
    expect(api.asked.at(-1)!.json).toMatchObject({ propagationPolicy: 'Background', gracePeriodSeconds: 0 });
  });

  it('takes what is not there, of an unknown kind too, for deleted', async () => {
    api.on('DELETE', A, () => notFound('configmaps', 'a'));
    await kube.delete([configMap('a'), { apiVersion: 'gone.io/v1', kind: 'Gone', name: 'x' }]);
    expect(api.paths('DELETE')).toEqual([A]);
  });

  it('does not wait for another object of the same name', async () => {
    acceptAll();
    api.on('GET', A, () => stored('u2'));
    await kube.delete([configMap('a')]);
  });

  it('begins with what answers for others, ends with definitions, and leaves namespaces their own', async () => {
    acceptAll();
    const definition = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', name: 'd' };
    const service = { apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService', name: 's' };
    await kube.delete([definition, NAMESPACE, configMap('in it'), configMap('b', 'other'), service], {
      graceSeconds: 1,
    });
    expect(api.paths('DELETE').map((path) => path.replace(/^.*\/v1\//, ''))).toEqual([
      'apiservices/s',
      'namespaces/other/configmaps/b',
      'namespaces/shop',
      'namespaces/shop/pods',
      'customresourcedefinitions/d',
    ]);
  });

  it('NAMESPACE_STUCK says what the API says about it', async () => {
    acceptAll();
    const said = 'Discovery failed for some groups, 1 failing: unable to retrieve tap.linkerd.io/v1alpha1';
    const conditions = [
      { type: 'NamespaceDeletionDiscoveryFailure', status: 'True', message: said },
      { type: 'NamespaceContentRemaining', status: 'False', message: 'All content removed' },
    ];
    api.on('GET', '/api/v1/namespaces/shop', () => ({
      body: { metadata: { name: 'shop', uid: 'u1' }, status: { conditions } },
    }));
    await expect(kube.delete([NAMESPACE], { deadlineMs: 0 })).rejects.toMatchObject({
      code: 'NAMESPACE_STUCK',
      message: `namespace shop is being deleted and was not gone after 0 s; ${said}`,
      hint: expect.stringContaining('APIService'),
    });
  });

  it('OBJECT_STUCK names the finalizers', async () => {
    acceptAll();
    api.on('GET', A, () => stored('u1', { finalizers: ['x/y'] }));
    await expect(kube.delete([configMap('a')], { deadlineMs: 0 })).rejects.toMatchObject({
      code: 'OBJECT_STUCK',
      message: 'ConfigMap shop/a is being deleted and was not gone after 0 s; it waits for x/y',
    });
  });

  it('CLUSTER_REFUSED at once', async () => {
    api.on('DELETE', A, () => status(403, 'Forbidden', 'no'));
    await expect(kube.delete([configMap('a')])).rejects.toMatchObject({ code: 'CLUSTER_REFUSED' });
  });

  it('CLUSTER_UNREACHABLE when the API server goes away meanwhile', async () => {
    acceptAll();
    api.on('GET', A, () => {
      void api.stop();
      return null;
    });
    await expect(kube.delete([configMap('a')], { deadlineMs: 0 })).rejects.toMatchObject({
      code: 'CLUSTER_UNREACHABLE',
    });
  });

  it('ends with the signal', async () => {
    acceptAll();
    const interrupted = new AbortController();
    api.on('GET', A, () => {
      interrupted.abort(new Error('enough'));
      return stored('u1');
    });
    await expect(kube.delete([configMap('a')], { signal: interrupted.signal })).rejects.toThrow('enough');
  });
});

describe('labelled', () => {
  const items = (...names: string[]) => ({
    body: { items: names.map((name) => ({ metadata: { name, namespace: 'shop' } })) },
  });

  it('finds every kind once, in its preferred version, without what is made from others', async () => {
    for (const kind of ['namespaces', 'configmaps', 'pods', 'endpoints']) {
      api.on('GET', `/api/v1/${kind}`, () => ({ body: { items: [] } }));
    }
    api.on('GET', /apis\/.*v1\/(deployments|customresourcedefinitions|apiservices)$/, () => ({ body: { items: [] } }));
    api.on('GET', '/api/v1/configmaps', () => items('a'));
    api.on('GET', '/api/v1/endpoints', () => items('derived'));
    api.on('GET', '/apis/policy.linkerd.io/v1beta3/servers', () => items('s'));
    api.on('GET', '/apis/policy.linkerd.io/v1beta1/servers', () => items('s'));
    const owner = [{ kind: 'ReplicaSet', name: 'web-1', controller: true }];
    const owned = { metadata: { name: 'owned', namespace: 'shop', ownerReferences: owner } };
    api.on('GET', '/api/v1/pods', () => ({ body: { items: [owned] } }));
    expect(await kube.labelled({ a: 'b', c: 'd' })).toEqual([
      configMap('a'),
      { apiVersion: 'policy.linkerd.io/v1beta3', kind: 'Server', namespace: 'shop', name: 's' },
    ]);
    const lists = api.asked.filter(({ query }) => query.size > 0);
    expect(new Set(lists.map(({ query }) => query.get('labelSelector')))).toEqual(new Set(['a=b,c=d']));
    expect(lists.map(({ path }) => path)).not.toContain('/api/v1/componentstatuses');
  });

  it('does not take "must not look" for "nothing there"', async () => {
    api.on('GET', /^\/apis?\/.*v1\//, () => ({ body: { items: [] } }));
    // A kind that is not its own may be unreadable.
    expect(await kube.labelled({ a: 'b' })).toEqual([]);
    api.on('GET', '/api/v1/configmaps', () => status(403, 'Forbidden', 'no'));
    await expect(kube.labelled({ a: 'b' })).rejects.toMatchObject({ code: 'CLUSTER_REFUSED' });
  });
});
