import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { searchPath } from '../core/search-path.ts';
import { waitFor } from '../core/wait.ts';
import { deleteCluster } from '../environment/kind/clusters/create.ts';
import { clusterFiles } from '../environment/kind/clusters/names.ts';
import { connectDocker, type Docker } from '../environment/kind/docker.ts';
import { connectKube } from '../environment/kubernetes/connect.ts';
import { CONTAINER_LABELS, ownLabels } from '../tools/container/owner.ts';
import { environment, KindRun, type KindRunOptions } from './testing/kind-run.ts';
import { cli } from './testing/spawn.ts';

/** What goes wrong around clusters, on a real engine, as whoever runs meshproof meets it. */
const MINUTES = 60_000;
/** A cluster of this test alone, shared by its runs. */
const CLUSTER = `meshproof-faults-${process.pid}`;
const NOWHERE = 'registry.invalid/none:1';
let dir: string;
let docker: Docker;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'meshproof-cluster-faults-'));
  docker = await connectDocker();
});
afterAll(async () => {
  if (docker) await deleteCluster(CLUSTER, docker);
  rmSync(dir, { recursive: true, force: true });
});

let count = 0;
function start(options: KindRunOptions = {}): KindRun {
  count += 1;
  return new KindRun(join(dir, `run-${count}`), options);
}

/** Ids of the containers that are a cluster's. */
async function nodes(cluster: string): Promise<string[]> {
  const filter = `label=io.x-k8s.kind.cluster=${cluster}`;
  const list = await docker.text(['ps', '--all', '--quiet', '--no-trunc', '--filter', filter]);
  return list.split('\n').filter((id) => id !== '');
}

/** Names of the clusters that a run has of its own: the names have the id of its process. */
async function ownClusters(run: KindRun): Promise<string[]> {
  const list = await docker.text(['ps', '--all', '--format', '{{.Label "io.x-k8s.kind.cluster"}}']);
  return list.split('\n').filter((name) => name.startsWith(`meshproof-${run.cli.process.pid}-`));
}

/** The run's own cluster, once it has a node. */
async function ownCluster(run: KindRun): Promise<string> {
  return waitFor(async () => (await ownClusters(run))[0], {
    ...{ what: 'a node', deadlineMs: 2 * MINUTES, hint: run.cli.output().stderr },
  });
}

async function anyImage(): Promise<string> {
  return (await docker.text(['image', 'ls', '--quiet'])).split('\n')[0]!;
}

function withLabels(labels: Record<string, string>): string[] {
  return Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`]);
}

async function expectRefused(run: KindRun, code: string, message: RegExp): Promise<void> {
  const ended = await run.cli.ended;
  expect(ended.stderr + ended.stdout).not.toMatch(/INTERNAL|^\s+at /m);
  const [, said = '', hint = ''] =
    ended.stderr.match(new RegExp(`^error ${code}: (.*)\\n(?: .*\\n)* {2}hint: (.+)`, 'm')) ?? [];
  expect(said, ended.stderr).toMatch(message);
  expect(hint).not.toBe('');
  expect(ended.code).toBe(4);
  await run.gone();
  expect(run.registered()).toEqual([]);
}

it.skipIf(process.getuid?.() === 0 && searchPath('setpriv', process.env).length === 0)(
  'a socket that this user may not open: DOCKER_NO_PERMISSION (as root it needs setpriv, to be somebody else)',
  async () => {
    const bin = join(dir, 'bin');
    mkdirSync(bin);
    chmodSync(dir, 0o755);
    const socket = join(dir, 'docker.sock');
    const engine = createServer().listen(socket);
    await once(engine, 'listening');
    chmodSync(socket, 0o000);
    // Root may open everything.
    const drop = process.getuid?.() === 0 ? 'setpriv --reuid=65534 --regid=65534 --clear-groups ' : '';
    const [real] = searchPath('docker', process.env);
    writeFileSync(join(bin, 'docker'), `#!/bin/sh\nexec ${drop}${real} "$@"\n`, { mode: 0o755 });
    try {
      await using run = start({ env: { PATH: `${bin}:${process.env.PATH}`, DOCKER_HOST: `unix://${socket}` } });
      await expectRefused(run, 'DOCKER_NO_PERMISSION', /permission denied.*docker\.sock/);
      expect(run.folders()).toEqual([]);
    } finally {
      engine.close();
    }
  },
);

it(
  'an image of nodes that there is not: IMAGE_MISSING, and no cluster',
  async () => {
    await using run = start({ args: ['--node-image', NOWHERE] });
    await expectRefused(
      run,
      'IMAGE_MISSING',
      /^the node image registry\.invalid\/none:1: not in Docker's store, and pulling it failed/,
    );
    expect(await ownClusters(run)).toEqual([]);
  },
  3 * MINUTES,
);

it(
  'a base image that there is not: IMAGE_MISSING, and the cluster of the run goes',
  async () => {
    await using run = start({ args: ['--base-image', NOWHERE] });
    const cluster = await ownCluster(run);
    await expectRefused(run, 'IMAGE_MISSING', /registry\.invalid\/none:1/);
    expect(await nodes(cluster)).toEqual([]);
  },
  3 * MINUTES,
);

it(
  'a cluster that meshproof did not make: CLUSTER_NOT_OURS, and it is not touched',
  async () => {
    const name = `${CLUSTER}-foreign`;
    const labels = { 'io.x-k8s.kind.cluster': name, 'io.x-k8s.kind.role': 'control-plane' };
    const args = ['--name', `${name}-control-plane`, ...withLabels(labels), await anyImage(), 'none'];
    const id = (await docker.text(['create', ...args])).trim();
    try {
      const state = () => docker.text(['inspect', '--format', '{{json .State}}', id]);
      const before = await state();
      await using run = start({ env: { MESHPROOF_SHARED_CLUSTER: name } });
      await expectRefused(
        run,
        'CLUSTER_NOT_OURS',
        new RegExp(`^there is a cluster ${name} that meshproof did not make`),
      );
      expect((await run.clean()).stdout).not.toContain('cluster');
      expect(await state()).toBe(before);
    } finally {
      await docker.run(['rm', '--force', '--volumes', id]);
    }
  },
  3 * MINUTES,
);

it('`clean` removes the containers of tools whose run has died, and no others', async () => {
  const image = await anyImage();
  const living = ownLabels('k6');
  const owners = [living, { ...living, [CONTAINER_LABELS.owner]: `${2 ** 22 + 1} never` }];
  const create = async (labels: Record<string, string>) =>
    (await docker.text(['create', ...withLabels(labels), image, 'none'])).trim();
  const [ofLiving, ofDead] = (await Promise.all(owners.map(create))) as [string, string];
  try {
    const { code, stdout } = await cli(['clean'], { env: environment(dir) });
    expect(stdout).toContain(`removed a container of k6 (${ofDead.slice(0, 12)})\n`);
    expect(code).toBe(0);
    const left = await docker.text(['ps', '--all', '--quiet', '--no-trunc']);
    expect(left).toContain(ofLiving);
    expect(left).not.toContain(ofDead);
  } finally {
    await docker.run(['rm', '--force', ofLiving, ofDead]);
  }
});

it(
  'SIGKILL in the middle of making a cluster, then `clean`: it is gone',
  async () => {
    await using run = start({ args: [] });
    const cluster = await ownCluster(run);
    run.cli.process.kill('SIGKILL');
    await run.cli.ended;
    const dead = run.runId();
    const cleaned = await run.clean();
    expect(cleaned).toMatchObject({ code: 0, stderr: '' });
    expect(cleaned.stdout).toContain(`cleaned run ${dead}: `);
    expect(cleaned.stdout).toContain(`  deleted the cluster ${cluster}\n`);
    await run.gone();
    expect(await nodes(cluster)).toEqual([]);
    expect(existsSync(clusterFiles(cluster).owner)).toBe(false);
    expect(run.registered()).toEqual([]);
  },
  3 * MINUTES,
);

it(
  'Ctrl-C in the middle of making a cluster: 130, and it is gone',
  async () => {
    await using run = start({ args: [] });
    const cluster = await ownCluster(run);
    run.cli.process.kill('SIGINT');
    expect((await run.cli.ended).code).toBe(130);
    expect((await run.result()).error).toMatchObject({ code: 'INTERRUPTED' });
    await run.gone();
    expect(await nodes(cluster)).toEqual([]);
    expect(run.registered()).toEqual([]);
  },
  3 * MINUTES,
);

it(
  'a cluster that was deleted behind its back: its kubeconfig leads nowhere, and it is made anew',
  async () => {
    const env = { MESHPROOF_SHARED_CLUSTER: CLUSTER };
    const { kubeconfig } = clusterFiles(CLUSTER);
    const first = start({ env });
    await first.step('cluster');
    // What is shared stays when the run that made it is interrupted.
    first.cli.process.kill('SIGINT');
    expect((await first.cli.ended).code).toBe(130);
    const old = await nodes(CLUSTER);
    expect(old).toHaveLength(1);
    const stale = readFileSync(kubeconfig, 'utf8');

    await docker.text(['rm', '--force', '--volumes', ...old]);
    await expect(connectKube({ kubeconfig })).rejects.toMatchObject({ code: 'CLUSTER_GONE' });
    await using second = start({ env });
    await second.step('cluster');
    second.cli.process.kill('SIGINT');
    expect((await second.cli.ended).code).toBe(130);
    expect(await nodes(CLUSTER)).not.toEqual(old);

    // The kubeconfig of the one before, with a cluster that answers: it is replaced.
    writeFileSync(kubeconfig, stale);
    await using third = start({ env });
    await third.step('cluster');
    third.cli.process.kill('SIGINT');
    expect((await third.cli.ended).code).toBe(130);
    const kube = await connectKube({ kubeconfig });
    await kube.close();
    for (const run of [first, second, third]) {
      await run.gone();
      expect(run.registered()).toEqual([]);
    }
  },
  5 * MINUTES,
);
