import { HarnessError } from '../../../core/errors.ts';
import { connectDocker, type Docker } from '../docker.ts';
import { deleteCluster } from './create.ts';
import { clusterFiles, SHARED_CLUSTER } from './names.ts';
import { areOurs, clusterNodes, controlPlane } from './nodes.ts';
import { isMarked, readOwner } from './owner.ts';

export interface CleanedClusters {
  deleted: string[];
  /** Could not be deleted now; to be tried again. */
  left: { name: string; reason: string }[];
}

/**
 * Deletes what a run that died left of these clusters. Left alone: those that meshproof did not make, and the shared one
 * unless that run was still making it. Never throws for want of Docker: then all are left, with the reason.
 * @param runId the run that registered them
 */
export async function cleanClusters(names: readonly string[], runId: string): Promise<CleanedClusters> {
  const cleaned: CleanedClusters = { deleted: [], left: [] };
  if (names.length === 0) return cleaned;
  let docker: Docker;
  try {
    docker = await connectDocker();
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error;
    return { deleted: [], left: names.map((name) => ({ name, reason: error.message })) };
  }
  for (const name of names) {
    try {
      if (await isLeftover(name, runId, docker)) {
        if (await deleteCluster(name, docker)) cleaned.deleted.push(name);
      }
    } catch (error) {
      cleaned.left.push({ name, reason: (error as Error).message });
    }
  }
  return cleaned;
}

async function isLeftover(name: string, runId: string, docker: Docker): Promise<boolean> {
  const nodes = await clusterNodes(docker, name);
  if (!areOurs(nodes)) return false;
  if (name !== SHARED_CLUSTER) return true;
  const owner = await readOwner(clusterFiles(name));
  if (owner?.runId !== runId) return false;
  const control = controlPlane(nodes);
  return !control || (await isMarked(docker, control.name, {})) !== true;
}
