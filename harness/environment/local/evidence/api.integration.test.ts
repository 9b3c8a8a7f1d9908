import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { IdentityAuthority } from '../../../mesh/identity/authority.ts';
import { type KubernetesApi, startKubernetesApi } from '../../../mesh/kubernetes/api.ts';
import { kubernetesObjects } from '../../../mesh/kubernetes/objects.ts';
import { vizPrometheusGrant } from '../../../mesh/kubernetes/rbac.ts';
import { meshConfig, podConfig, RELEASE } from '../../../mesh/kubernetes/testing/mesh-config.ts';
import { accessWith, listObjects } from './api.ts';

const USER = 'system:serviceaccount:linkerd-viz:prometheus';
const trust = { trustDomain: 'cluster.local', controlPlaneNamespace: 'linkerd' };
const authority = new IdentityAuthority(trust);
const grant = vizPrometheusGrant('linkerd-viz');

let dir: string;
let api: KubernetesApi;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'access-'));
  api = await startKubernetesApi({
    listen: { host: '127.0.0.1', port: 0 },
    tls: authority.issueServing(['127.0.0.1']),
    objects: kubernetesObjects(meshConfig([podConfig()]), RELEASE),
    users: [{ name: USER, token: 'abc' }],
    rules: [grant],
  });
});
afterAll(async () => {
  await api.close();
  await rm(dir, { recursive: true });
});

const credentials = () => ({ url: api.url, caFile: join(dir, 'ca.crt'), tokenFile: join(dir, 'token') });
beforeEach(async () => {
  await writeFile(credentials().caFile, authority.anchorPem);
  await writeFile(credentials().tokenFile, 'abc\n');
  api.setRules([grant]);
});

describe('listing', () => {
  it('has whole objects', async () => {
    const pods = await listObjects(credentials(), { apiVersion: 'v1', kind: 'Pod' });
    expect(pods).toMatchObject([{ apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'shop' } }]);
  });

  it('says what is not served, what is not allowed, and that nobody answers', async () => {
    const list = (apiVersion: string, kind: string, of = credentials()) => listObjects(of, { apiVersion, kind });
    await expect(list('policy.linkerd.io/v1beta3', 'Server')).rejects.toMatchObject({ code: 'KIND_UNKNOWN' });
    await expect(list('v1', 'Service')).rejects.toMatchObject({
      code: 'CLUSTER_REFUSED',
      message: expect.stringContaining('services is forbidden'),
    });
    await expect(list('v1', 'Pod', { ...credentials(), url: 'https://127.0.0.1:1' })).rejects.toMatchObject({
      code: 'CLUSTER_UNREACHABLE',
    });
  });
});

describe('access', () => {
  const access = (of = credentials()) => accessWith(of, USER, ['shop', 'other']);

  it('is allowed', async () => {
    const allowed = { how: 'own credentials', user: USER, everywhere: 'allowed', namespaces: {}, message: '' };
    expect(await access()).toEqual(allowed);
  });

  it('is forbidden, here and there or everywhere', async () => {
    api.setRules([{ ...grant, namespaces: ['shop'] }]);
    expect(await access()).toMatchObject({
      everywhere: 'forbidden',
      namespaces: { shop: 'allowed', other: 'forbidden' },
      message: expect.stringMatching(/^pods is forbidden: User ".*:prometheus" cannot list .* at the cluster scope$/),
    });
  });

  it('is that of the token as it is now', async () => {
    await writeFile(credentials().tokenFile, 'old');
    expect(await access()).toMatchObject({ everywhere: 'unauthorized', namespaces: {}, message: 'Unauthorized' });
  });

  it('has the CA that Prometheus has', async () => {
    await writeFile(credentials().caFile, new IdentityAuthority(trust).anchorPem);
    expect(await access()).toMatchObject({ everywhere: 'untrusted', namespaces: {} });
  });

  it('is none where nobody answers', async () => {
    expect(await access({ ...credentials(), url: 'https://127.0.0.1:1' })).toMatchObject({ everywhere: 'unreachable' });
  });
});
