import { mkdtemp, readFile, rm } from 'node:fs/promises';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { loopback } from '../../prometheus/testing/loopback.ts';
import type { ClusterFaults } from '../contract.ts';
import { IdentityAuthority } from '../identity/authority.ts';
import { type KubernetesApi, startKubernetesApi } from './api.ts';
import { Cluster } from './cluster.ts';
import { kubernetesObjects } from './objects.ts';
import { serviceAccountUser } from './rbac.ts';
import { meshConfig, podConfig, RELEASE } from './testing/mesh-config.ts';
import type { Pod } from './types.ts';

const host = loopback();
const trust = { trustDomain: 'cluster.local', controlPlaneNamespace: 'linkerd' };
const authority = new IdentityAuthority(trust);
const WEB = 'web-664f644f88-4lkzv';
const config = meshConfig([podConfig()]);

let dir: string;
let api: KubernetesApi;
let cluster: Cluster;

async function start(faults?: ClusterFaults): Promise<void> {
  const objects = kubernetesObjects(config, RELEASE);
  cluster = new Cluster(
    objects,
    {
      vizNamespace: 'linkerd-viz',
      prometheus: { name: serviceAccountUser('linkerd-viz', 'prometheus'), token: 'prom' },
      operator: { name: 'operator', token: 'op' },
      caFile: join(dir, 'ca.crt'),
      caPem: authority.anchorPem,
      otherCaPem: () => new IdentityAuthority(trust).anchorPem,
    },
    faults,
  );
  const { pods, users, rules } = cluster.atFirst;
  const tls = authority.issueServing([host]);
  const others = objects.filter(({ kind }) => kind !== 'Pod');
  api = await startKubernetesApi({ listen: { host, port: 0 }, tls, objects: [...others, ...pods], users, rules });
  await cluster.shownBy(api);
}

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'cluster-'));
});
afterEach(async () => {
  await api.close();
  await rm(dir, { recursive: true });
});

async function list(token: string, path = '/api/v1/pods'): Promise<{ status: number; pods: Pod[] }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; pods: Pod[] }>();
  const options = { agent: false as const, ca: authority.anchorPem, headers: { authorization: `Bearer ${token}` } };
  https
    .get(api.url + path, options, async (response) => {
      const body = JSON.parse((await buffer(response)).toString()) as { items?: Pod[] };
      resolve({ status: response.statusCode!, pods: body.items ?? [] });
    })
    .once('error', reject);
  return promise;
}

const statuses = async (...tokens: string[]) => Promise.all(tokens.map(async (token) => (await list(token)).status));

it('lets Prometheus and the operator list, each as far as it goes', async () => {
  await start();
  expect(await statuses('prom', 'op', 'nobody')).toEqual([200, 200, 401]);
  expect((await list('prom', '/api/v1/services')).status).toBe(403);
  expect((await list('op', '/api/v1/services')).status).toBe(200);
  expect(await readFile(join(dir, 'ca.crt'), 'utf8')).toBe(authority.anchorPem);
});

it('denies, forgets and misleads Prometheus, from the start and later, but not the operator', async () => {
  await start({ prometheusMayList: [] });
  expect(await statuses('prom', 'op')).toEqual([403, 200]);
  // What concerns nodes is another right.
  expect((await list('prom', '/api/v1/nodes')).status).toBe(200);

  await cluster.setFaults({ prometheusMayList: ['shop'] });
  expect(await statuses('prom')).toEqual([403]);
  expect((await list('prom', '/api/v1/namespaces/shop/pods')).status).toBe(200);
  expect((await list('prom', '/api/v1/namespaces/linkerd/pods')).status).toBe(403);

  await cluster.setFaults({ tokenExpired: true, otherCa: true });
  expect(await statuses('prom', 'op')).toEqual([401, 200]);
  const other = await readFile(join(dir, 'ca.crt'), 'utf8');
  expect(other).not.toBe(authority.anchorPem);
  await cluster.setFaults({ otherCa: true });
  expect(await readFile(join(dir, 'ca.crt'), 'utf8')).toBe(other);

  await cluster.setFaults({});
  expect(await statuses('prom', 'op')).toEqual([200, 200]);
  expect(await readFile(join(dir, 'ca.crt'), 'utf8')).toBe(authority.anchorPem);
});

it('shows pods otherwise than they are, and follows what becomes of them meanwhile', async () => {
  const edits = [{ op: 'label', name: 'job', value: 'blue' } as const, { op: 'phase', phase: 'Pending' } as const];
  await start({ pods: [{ namespace: 'shop', name: WEB, edits }] });
  const web = async () => (await list('op')).pods.find((pod) => pod.metadata.name === WEB)!;
  expect(await web()).toMatchObject({ metadata: { labels: { job: 'blue' } }, status: { phase: 'Pending' } });

  cluster.setPodStatus('shop', WEB, { restartCount: 3 });
  expect(await web()).toMatchObject({
    metadata: { labels: { job: 'blue' } },
    status: { phase: 'Pending', containerStatuses: [{ restartCount: 3 }] },
  });

  await cluster.setFaults({});
  const now = await web();
  expect(now.metadata.labels).not.toHaveProperty('job');
  expect(now.status).toMatchObject({ phase: 'Running', containerStatuses: [{ restartCount: 3 }] });
});

it('has completed copies come and go, and tells nobody of what has not changed', async () => {
  await start({ completedCopies: [{ namespace: 'shop', of: WEB, name: 'web-old' }] });
  const shown = async () => (await list('op')).pods.map(({ metadata, status }) => `${metadata.name} ${status.phase}`);
  expect(await shown()).toEqual([`${WEB} Running`, 'web-old Succeeded']);
  const version = api.getPod('shop', WEB)?.metadata.resourceVersion;
  await cluster.setFaults({ completedCopies: [{ namespace: 'shop', of: WEB, name: 'web-older' }] });
  expect(await shown()).toEqual([`${WEB} Running`, 'web-older Succeeded']);
  expect(api.getPod('shop', WEB)?.metadata.resourceVersion).toBe(version);
  cluster.deletePod('shop', WEB);
  expect(await shown()).toEqual(['web-older Succeeded']);
  await cluster.setFaults({});
  expect(await shown()).toEqual([]);
  expect(() => cluster.setPodStatus('shop', WEB, { ready: true })).toThrow(`no pod shop/${WEB}`);
});
