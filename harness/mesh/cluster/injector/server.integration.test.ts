import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApiError } from '../api/client.ts';
import { SERVICES, servingHosts } from '../component-env.ts';
import type { PodTemplate } from '../objects.ts';
import { ANYWHERE, newAuthority, page, SPEC, send } from '../testing/control-plane.ts';
import { inject } from './inject.ts';
import { InjectorServer } from './server.ts';

const authority = newAuthority();
const settings = { mesh: SPEC, anchorPem: authority.anchorPem };
const ENABLED = { 'linkerd.io/inject': 'enabled' };

let server: InjectorServer;
let asked: string[];
let failures: number;
let namespaces: Record<string, Record<string, string>>;

beforeEach(async () => {
  [asked, failures, namespaces] = [[], 0, { shop: ENABLED }];
  server = await InjectorServer.start({
    settings,
    tls: authority.issueServing(servingHosts(SPEC, 'proxy-injector', SERVICES['proxy-injector'])),
    api: {
      async request<T>(_method: string, path: string): Promise<T> {
        asked.push(path);
        if (failures-- > 0) throw new ApiError(500, path, 'etcd is slow');
        return { metadata: { annotations: namespaces[path.split('/').at(-1)!] } } as T;
      },
    },
    listen: ANYWHERE,
    admin: ANYWHERE,
    log: () => {},
  });
});
afterEach(() => server[Symbol.asyncDispose]());

const pod = (annotations?: Record<string, string>): PodTemplate => ({
  metadata: {
    generateName: 'web-1-',
    annotations,
    labels: { 'pod-template-hash': '1' },
    ownerReferences: [{ kind: 'ReplicaSet', name: 'web-1', controller: true }],
  },
  spec: { containers: [{ name: 'app', ports: [{ containerPort: 8080 }] }] },
});

async function admit(object: PodTemplate, namespace = 'shop', kind = 'Pod') {
  const request = { uid: 'u-1', kind: { kind }, namespace, operation: 'CREATE', object };
  const body = JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request });
  const { status, text } = await send(server.port, authority.anchorPem, { body });
  if (status !== 200) return { status, text };
  const { apiVersion, response } = JSON.parse(text);
  expect(apiVersion).toBe('admission.k8s.io/v1');
  const { patch, ...rest } = response;
  return { status, ...rest, patch: patch && JSON.parse(Buffer.from(patch, 'base64').toString()) };
}

describe('InjectorServer', () => {
  it('answers with the patch of a pod whose namespace is annotated', async () => {
    const asAdmitted = { ...pod(), metadata: { ...pod().metadata, namespace: 'shop' } };
    expect(await admit(pod())).toEqual({
      status: 200,
      uid: 'u-1',
      allowed: true,
      patchType: 'JSONPatch',
      patch: inject(asAdmitted, ENABLED, settings),
    });
    expect(asked).toEqual(['/api/v1/namespaces/shop']);
  });

  it.each([
    ['the pod does not want it', pod({ 'linkerd.io/inject': 'disabled' }), 'shop', 'Pod'],
    ['its namespace says nothing', pod(), 'other', 'Pod'],
    ['it is no pod', pod(), 'shop', 'Service'],
  ])('allows without a patch when %s', async (_, object, namespace, kind) => {
    expect(await admit(object, namespace, kind)).toEqual({ status: 200, uid: 'u-1', allowed: true });
  });

  it('refuses a pod that asks for what cannot be, and says what', async () => {
    const answer = await admit(pod({ 'config.linkerd.io/proxy-version': '0.1' }));
    expect(answer).toMatchObject({ allowed: false, status: { message: expect.stringContaining('"0.1"') } });
  });

  it('asks for a namespace once for pods that come together', async () => {
    await Promise.all([admit(pod()), admit(pod()), admit(pod(), 'other')]);
    expect(asked.toSorted()).toEqual(['/api/v1/namespaces/other', '/api/v1/namespaces/shop']);
  });

  it('fails where it cannot know, and asks again for the next', async () => {
    failures = 1;
    expect(await admit(pod())).toMatchObject({ status: 500, text: expect.stringContaining('etcd is slow') });
    expect(await admit(pod())).toMatchObject({ status: 200, patchType: 'JSONPatch' });
  });

  it.each(['', '{}', 'null', '[1'])('fails for the body %o', async (body) => {
    expect((await send(server.port, authority.anchorPem, { body })).status).toBe(500);
  });

  it('counts on its admin port', async () => {
    await admit(pod());
    await admit(pod());
    await admit(pod({ 'linkerd.io/inject': 'disabled' }));
    await page(server.adminPort);
    const { text } = await page(server.adminPort);
    const lines = text.split('\n').filter((line) => line.startsWith('proxy_inject_admission_'));
    expect(lines).toEqual([
      'proxy_inject_admission_requests_total{owner_kind="deployment",namespace="shop"} 3',
      'proxy_inject_admission_responses_total{owner_kind="deployment",namespace="shop",skip="false"} 2',
      'proxy_inject_admission_responses_total{owner_kind="deployment",namespace="shop",skip="true"} 1',
    ]);
  });
});
