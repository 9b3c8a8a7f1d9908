import { mkdir, readFile } from 'node:fs/promises';
import { HarnessError } from '../../../core/errors.ts';
import { withLock } from '../../../core/lock.ts';
import { createNodes, deleteCluster } from '../clusters/create.ts';
import { clusterFiles, ownCluster, sharedCluster } from '../clusters/names.ts';
import { areOurs, clusterNodes, controlPlane } from '../clusters/nodes.ts';
import { takeOrRemake } from '../clusters/reuse.ts';
import type { Cluster, StepContext } from '../contract.ts';

const LOCK_DEADLINE_MS = 10 * 60_000;
const BOOT_ID = '/proc/sys/kernel/random/boot_id';

/** A cluster for a run; disposing of it deletes it, unless it is the one that runs share. */
export interface RunCluster extends AsyncDisposable {
  cluster: Cluster;
}

/**
 * Makes the run's own cluster, or with --reuse takes the one that runs share, and makes that when there is none.
 * When it fails or is interrupted, nothing is left of what it made.
 * @throws HarnessError CLUSTER_NOT_OURS when a cluster of that name was made by somebody else, CLUSTER_EXISTS,
 * CLUSTER_OTHER_IMAGE, CLUSTER_NOT_CREATED, CLUSTER_NOT_READY, IMAGE_MISSING, TOOL_MISSING; the signal's reason
 */
export async function createCluster(context: StepContext): Promise<RunCluster> {
  const { reuse } = context.options;
  const name = reuse ? sharedCluster() : ownCluster(context.runId);
  const files = clusterFiles(name);
  await mkdir(files.dir, { recursive: true });
  const waiting = () => context.note(`another run is making the cluster ${name}; waiting`);
  const options = { waiting, deadlineMs: LOCK_DEADLINE_MS, signal: context.signal };
  const reused = await withLock(files.lock, options, () => provide(name, context));
  // Of a run that is killed, `meshproof clean` removes the objects that it left there.
  if (reused) context.registration.addCluster(name);
  const dispose = async () => {
    if (!reuse) await deleteCluster(name, context.docker);
    context.registration.removeCluster(name);
  };
  try {
    return { cluster: await describeCluster(name, reused, context), [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** @returns whether it was there before */
async function provide(name: string, context: StepContext): Promise<boolean> {
  const nodes = await clusterNodes(context.docker, name, { signal: context.signal });
  if (nodes.length === 0) {
    await createNodes(name, context);
    return false;
  }
  if (!areOurs(nodes)) throw notOurs(name);
  if (context.options.reuse) return takeOrRemake(name, nodes, context);
  throw new HarnessError('CLUSTER_EXISTS', `there is a cluster ${name} already, of another run with this id`, {
    hint: `if that run has ended: kind delete cluster --name ${name}`,
  });
}

function notOurs(name: string): HarnessError {
  return new HarnessError('CLUSTER_NOT_OURS', `there is a cluster ${name} that meshproof did not make`, {
    hint: `meshproof touches only clusters it made itself; if that one is of no use: kind delete cluster --name ${name}`,
  });
}

async function describeCluster(name: string, reused: boolean, context: StepContext): Promise<Cluster> {
  const { docker, signal } = context;
  const nodes = await clusterNodes(docker, name, { signal });
  const control = controlPlane(nodes)!.name;
  const [theirs, ours] = await Promise.all([
    docker.exec(control, ['cat', BOOT_ID], { signal }),
    readFile(BOOT_ID, 'utf8').catch(() => null),
  ]);
  return {
    name,
    kubeconfig: clusterFiles(name).kubeconfig,
    nodes: nodes.filter((node) => node.role !== 'external-load-balancer').map((node) => node.name),
    reused,
    sameKernel: ours !== null && theirs.trim() === ours.trim(),
  };
}
