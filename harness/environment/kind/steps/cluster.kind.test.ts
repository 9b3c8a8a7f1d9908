import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunRegistration, registerRun } from '../../../core/registry.ts';
import { connectKube } from '../../kubernetes/connect.ts';
import { LABELS } from '../../kubernetes/contract.ts';
import { cleanClusters } from '../clusters/clean.ts';
import { clusterFiles } from '../clusters/names.ts';
import { clusterNodes } from '../clusters/nodes.ts';
import { OWNER_CONFIG_MAP } from '../clusters/owner.ts';
import type { StepContext } from '../contract.ts';
import { connectDocker, type Docker } from '../docker.ts';
import { readVersions } from '../versions.ts';
import { createCluster } from './cluster.ts';

/** Clusters of their own, one after the other, beside the one that the other tests share. */
const SHARED = `meshproof-steps-${process.pid}`;
const root = mkdtempSync(join(tmpdir(), 'meshproof-cluster-test-'));
const before = process.env.MESHPROOF_SHARED_CLUSTER;
const runs: RunRegistration[] = [];
let docker: Docker;

beforeAll(async () => {
  process.env.MESHPROOF_SHARED_CLUSTER = SHARED;
  docker = await connectDocker();
});

afterAll(async () => {
  await cleanClusters([SHARED, ...runs.map((run) => `meshproof-${run.runId}`)]);
  if (before === undefined) delete process.env.MESHPROOF_SHARED_CLUSTER;
  else process.env.MESHPROOF_SHARED_CLUSTER = before;
  rmSync(root, { recursive: true, force: true });
});

async function context(reuse: boolean, signal = new AbortController().signal): Promise<StepContext> {
  const registration = registerRun({ runId: `t${process.pid}-${runs.length}`, dir: join(root, 'runs') });
  runs.push(registration);
  return {
    ...{ runId: registration.runId, dir: join(root, registration.runId), registration, signal, docker },
    versions: await readVersions(),
    options: { reuse, nodeImage: null, registryMirror: null },
    ...{ note: () => {}, progress: () => {} },
    tool: async () => ({ name: 'kind', path: process.env.MESHPROOF_KIND ?? 'kind', version: '', source: 'given' }),
  } as unknown as StepContext;
}

const namesOf = async (cluster: string) => (await clusterNodes(docker, cluster)).map((node) => node.name);

describe('a cluster of the run’s own', () => {
  it('leaves nothing when it is interrupted while it is made', async () => {
    const stop = new AbortController();
    const of = await context(false, stop.signal);
    const name = `meshproof-${of.runId}`;
    const creating = createCluster(of);
    const outcome = creating.catch((error: Error) => error.message);
    await expect.poll(() => namesOf(name), { timeout: 60_000, interval: 50 }).toHaveLength(1);
    stop.abort(new Error('told to stop'));
    expect(await outcome).toBe('told to stop');
    expect(await namesOf(name)).toEqual([]);
    expect(existsSync(clusterFiles(name).kubeconfig)).toBe(false);
  });
});

describe('the cluster that runs share', () => {
  it('is made once by two at the same time, and answers', async () => {
    const both = await Promise.all([createCluster(await context(true)), createCluster(await context(true))]);
    expect(both.map((made) => made.cluster.reused).sort()).toEqual([false, true]);
    const [{ cluster }] = both;
    expect(cluster).toMatchObject({ name: SHARED, nodes: [`${SHARED}-control-plane`] });
    const kube = await connectKube({ kubeconfig: cluster.kubeconfig });
    try {
      const namespace = 'kube-system';
      const map = await kube.get({ apiVersion: 'v1', kind: 'ConfigMap', namespace, name: OWNER_CONFIG_MAP });
      expect(map).toMatchObject({ data: { cluster: SHARED, shared: 'yes', runId: expect.stringMatching(/^t\d/) } });
    } finally {
      await kube.close();
    }
    for (const made of both) await made[Symbol.asyncDispose]();
    expect(await namesOf(SHARED)).toHaveLength(1);
  });

  it('is started when it was stopped, and its kubeconfig is good whatever stood there', async () => {
    await docker.text(['stop', '--time', '2', `${SHARED}-control-plane`]);
    rmSync(clusterFiles(SHARED).kubeconfig);
    await using made = await createCluster(await context(true));
    expect(made.cluster.reused).toBe(true);
    await (await connectKube({ kubeconfig: made.cluster.kubeconfig })).close();
  });

  it('keeps nothing of a run that died in it, once it is cleaned', async () => {
    const { cluster } = await createCluster(await context(true));
    const { runId } = runs.at(-1)!;
    const kube = await connectKube({ kubeconfig: cluster.kubeconfig });
    try {
      const ref = { apiVersion: 'v1', kind: 'Namespace', name: `of-${runId}` };
      const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: ref.name } };
      await kube.apply([object], { labels: { [LABELS.managedBy]: 'meshproof', [LABELS.run]: runId } });
      const cleaned = await cleanClusters([SHARED], { runId });
      expect(cleaned).toEqual({ deleted: [], emptied: [{ name: SHARED, objects: 1 }], left: [] });
      expect(await kube.get(ref)).toBeNull();
    } finally {
      await kube.close();
    }
  });

  /** Where the machine has cgroup v1: a process that runc left frozen, as happens when a node is killed at the wrong moment. */
  it('goes though a process in it is frozen', async ({ skip }) => {
    const control = `${SHARED}-control-plane`;
    const freezer = '/sys/fs/cgroup/freezer/kubelet';
    const v1 = await docker.run(['exec', control, 'test', '-d', freezer]);
    if (v1.code !== 0) skip('cgroup v2, where what is frozen can be killed');
    const script = `mkdir ${freezer}/frozen; sleep 1000 & echo $! > ${freezer}/frozen/cgroup.procs; echo FROZEN > ${freezer}/frozen/freezer.state`;
    await docker.exec(control, ['sh', '-c', `(${script}) > /dev/null 2>&1`]);
    expect((await docker.exec(control, ['cat', `${freezer}/frozen/freezer.state`])).trim()).toBe('FROZEN');
    expect(await cleanClusters([SHARED])).toEqual({ deleted: [SHARED], emptied: [], left: [] });
    expect(await namesOf(SHARED)).toEqual([]);
  });
});

it('a cluster that somebody else made is refused, and stays as it is', async () => {
  const [image] = (await readVersions()).kind.nodeImages.slice(-1);
  const labels = [`io.x-k8s.kind.cluster=${SHARED}`, 'io.x-k8s.kind.role=control-plane'];
  const id = await docker.text(['create', ...labels.flatMap((label) => ['--label', label]), image!.name]);
  try {
    await expect(createCluster(await context(true))).rejects.toMatchObject({ code: 'CLUSTER_NOT_OURS' });
    expect(await cleanClusters([SHARED])).toEqual({ deleted: [], emptied: [], left: [] });
    expect((await clusterNodes(docker, SHARED)).map((node) => node.state)).toEqual(['created']);
  } finally {
    await docker.text(['rm', '--force', id.trim()]);
  }
});

it('the user’s own kubeconfig is not touched', async () => {
  const own = process.env.KUBECONFIG ?? join(process.env.HOME ?? '', '.kube', 'config');
  const text = await readFile(own, 'utf8').catch(() => '');
  expect(text).not.toContain(SHARED);
});
