import { HarnessError } from '../../../core/errors.ts';
import { connectKube } from '../../kubernetes/connect.ts';
import { connectDocker, type Docker } from '../docker.ts';
import { removeRun } from '../remove.ts';
import { deleteCluster } from './create.ts';
import { clusterFiles, sharedCluster } from './names.ts';
import { areOurs, clusterNodes, controlPlane } from './nodes.ts';
import { isMarked, readOwner } from './owner.ts';

export interface CleanedClusters {
  deleted: string[];
  /** The run's objects were removed from it; it stays, as later runs use it. */
  emptied: { name: string; objects: number }[];
  /** Could not be cleaned now; to be tried again. */
  left: { name: string; reason: string }[];
}

/**
 * Deletes what a run that died left of these clusters; in the one that runs share, only that run's objects, unless the run
 * was still making it. Clusters that meshproof did not make are left alone. Never throws for want of Docker: then all are
 * left, with the reason.
 * @param runId the run that registered them
 */
export async function cleanClusters(
  names: readonly string[],
  runId: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<CleanedClusters> {
  const cleaned: CleanedClusters = { deleted: [], emptied: [], left: [] };
  if (names.length === 0) return cleaned;
  let docker: Docker;
  try {
    docker = await connectDocker({ env });
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error;
    return { ...cleaned, left: names.map((name) => ({ name, reason: error.message })) };
  }
  for (const name of names) {
    try {
      const what = await whatIsLeft(name, runId, docker);
      if (what === 'cluster' && (await deleteCluster(name, docker))) cleaned.deleted.push(name);
      if (what === 'objects') cleaned.emptied.push({ name, objects: await removeObjects(name, runId) });
    } catch (error) {
      cleaned.left.push({ name, reason: (error as Error).message });
    }
  }
  return cleaned;
}

async function whatIsLeft(name: string, runId: string, docker: Docker): Promise<'cluster' | 'objects' | 'nothing'> {
  const nodes = await clusterNodes(docker, name);
  if (nodes.length === 0 || !areOurs(nodes)) return 'nothing';
  if (name !== sharedCluster()) return 'cluster';
  const control = controlPlane(nodes);
  if (control && (await isMarked(docker, control.name, {})) === true) return 'objects';
  if ((await readOwner(clusterFiles(name)))?.runId === runId) return 'cluster';
  throw new HarnessError('CLUSTER_UNREACHABLE', 'it does not answer, so what the run left in it can not be removed', {
    hint: `start it, or: kind delete cluster --name ${name}`,
  });
}

async function removeObjects(name: string, runId: string): Promise<number> {
  const kube = await connectKube({ kubeconfig: clusterFiles(name).kubeconfig });
  try {
    return (await removeRun(kube, runId)).length;
  } finally {
    await kube.close();
  }
}
