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
 * Deletes clusters, as far as meshproof made them. Never throws for want of Docker: then all are left, with the reason.
 * @param options.runId the run that registered them and died: of one that runs share only what that run left in it is
 * removed, unless the run was still making it
 */
export async function cleanClusters(
  names: readonly string[],
  options: { runId?: string; env?: NodeJS.ProcessEnv; connect?: typeof connectDocker } = {},
): Promise<CleanedClusters> {
  const { runId, env = process.env, connect = connectDocker } = options;
  const cleaned: CleanedClusters = { deleted: [], emptied: [], left: [] };
  if (names.length === 0) return cleaned;
  let docker: Docker;
  try {
    docker = await connect({ env });
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error;
    return { ...cleaned, left: names.map((name) => ({ name, reason: error.message })) };
  }
  for (const name of names) {
    try {
      const of = runId === undefined ? null : await runIn(name, runId, docker);
      if (of !== null) cleaned.emptied.push({ name, objects: await removeObjects(name, of) });
      else if (await deleteCluster(name, docker)) cleaned.deleted.push(name);
    } catch (error) {
      cleaned.left.push({ name, reason: (error as Error).message });
    }
  }
  return cleaned;
}

/** The run, when it is to be removed from the cluster; null when the cluster is to be deleted with all that is in it. */
async function runIn(name: string, runId: string, docker: Docker): Promise<string | null> {
  const owner = await readOwner(clusterFiles(name));
  const shared = owner ? owner.shared === 'yes' : name === sharedCluster();
  const nodes = await clusterNodes(docker, name);
  const control = controlPlane(nodes);
  if (!shared || !control || !areOurs(nodes)) return null;
  const marked = await isMarked(docker, control.name, {});
  if (marked === true) return runId;
  if (owner?.runId === runId) return null;
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
