import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deleteCluster } from '../../environment/kind/clusters/create.ts';
import { clusterFiles, sharedCluster } from '../../environment/kind/clusters/names.ts';
import { connectDocker } from '../../environment/kind/docker.ts';
import { quietContext } from './context.ts';
import { openKind } from './kind.ts';

/** One cluster with its mesh for all tests of `make test-kind`; deleted at the end unless MESHPROOF_KEEP_CLUSTER is set. */
export async function setup(): Promise<() => Promise<void>> {
  process.env.MESHPROOF_SHARED_CLUSTER ??= 'meshproof-test';
  const name = sharedCluster();
  process.env.MESHPROOF_TEST_KUBECONFIG = clusterFiles(name).kubeconfig;
  const mesh = process.env.MESHPROOF_TEST_MESH === 'linkerd' ? 'linkerd' : 'simulated';
  const dir = await mkdtemp(join(tmpdir(), 'meshproof-kind-setup-'));
  const remove = async () => {
    await rm(dir, { recursive: true, force: true });
    if (!process.env.MESHPROOF_KEEP_CLUSTER) await deleteCluster(name, await connectDocker());
  };
  try {
    const session = await openKind({ mesh }, { ...quietContext(dir), note: say, progress: sayStep });
    await session[Symbol.asyncDispose]();
    return remove;
  } catch (error) {
    await remove();
    throw error;
  }
}

const say = (line: string) => void process.stdout.write(`${line}\n`);

function sayStep(event: { kind: string; step?: string; state?: string; ms?: number }): void {
  if (event.kind === 'step' && event.state === 'done') say(`${event.step}: ${((event.ms ?? 0) / 1000).toFixed(1)} s`);
}
