import { join } from 'node:path';
import { cacheDir } from '../../../core/cache-dir.ts';
import { EXIT, HarnessError } from '../../../core/errors.ts';
import { CLUSTER_NAME } from '../../../core/registry.ts';

const PREFIX = 'meshproof';

/** kind makes host names of it, `<name>-control-plane`, and a host name has 63 characters at most. */
const MAX_LENGTH = 45;

/**
 * The cluster that runs with --reuse find and leave: `meshproof`, or what MESHPROOF_SHARED_CLUSTER names.
 * @throws HarnessError CLUSTER_NAME_BAD when its name does not begin with `meshproof-`
 */
export function sharedCluster(env: NodeJS.ProcessEnv = process.env): string {
  const name = env.MESHPROOF_SHARED_CLUSTER || PREFIX;
  if (name.length <= MAX_LENGTH && CLUSTER_NAME.test(name)) return name;
  throw new HarnessError('CLUSTER_NAME_BAD', `MESHPROOF_SHARED_CLUSTER is ${name}`, {
    hint: `name it ${PREFIX}- and small letters, digits and dashes, ${MAX_LENGTH} characters at most`,
    exitCode: EXIT.invalidInput,
  });
}

/** Name of a run's own cluster; what a cluster's name can't have becomes a dash. */
export function ownCluster(runId: string): string {
  const id = runId.toLowerCase().replaceAll(/[^a-z0-9.-]+/g, '-');
  return `${PREFIX}-${id}`.slice(0, MAX_LENGTH).replace(/[.-]+$/, '');
}

/** Files about a cluster, in meshproof's cache: the user's own kubeconfig is never touched. */
export interface ClusterFiles {
  dir: string;
  kubeconfig: string;
  /** Says whose the cluster is; mounted into its nodes. */
  owner: string;
  lock: string;
}

export function clusterFiles(name: string, env: NodeJS.ProcessEnv = process.env): ClusterFiles {
  const dir = join(cacheDir(env), 'clusters');
  const file = (kind: string) => join(dir, `${name}.${kind}`);
  return { dir, kubeconfig: file('kubeconfig'), owner: file('owner.json'), lock: file('lock') };
}
