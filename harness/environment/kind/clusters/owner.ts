import { readFile, writeFile } from 'node:fs/promises';
import { LABELS } from '../../kubernetes/contract.ts';
import type { Docker, DockerOptions } from '../docker.ts';
import type { ClusterFiles } from './names.ts';

/**
 * Whose a cluster is, is told twice. The owner's file is mounted into the nodes, which Docker knows from their first moment
 * on and while they are stopped; it is on every node that meshproof made, and on no other. A ConfigMap in the cluster says
 * so to whoever looks inside, and that the cluster was made to the end.
 */
export const OWNER_MOUNT = '/etc/meshproof/owner.json';
export const OWNER_CONFIG_MAP = 'meshproof-owner';

export interface Owner {
  cluster: string;
  /** Run that made it. */
  runId: string;
  /** `yes`: it stays for later runs. */
  shared: 'yes' | 'no';
  /** ISO 8601. */
  createdAt: string;
}

export async function writeOwner(files: ClusterFiles, owner: Owner): Promise<void> {
  await writeFile(files.owner, `${JSON.stringify(owner, null, 2)}\n`);
}

/** null when there is none, or it can't be read. */
export async function readOwner(files: ClusterFiles): Promise<Owner | null> {
  try {
    const owner = JSON.parse(await readFile(files.owner, 'utf8')) as Partial<Owner>;
    return typeof owner.runId === 'string' ? (owner as Owner) : null;
  } catch {
    return null;
  }
}

/** Marks a cluster as made to the end. */
export async function mark(docker: Docker, node: string, owner: Owner, options: DockerOptions): Promise<void> {
  const map = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: OWNER_CONFIG_MAP,
      namespace: 'kube-system',
      labels: { [LABELS.managedBy]: 'meshproof', [LABELS.run]: 'shared' },
    },
    data: owner,
  };
  // The document is an argument of the shell and no part of its script.
  const script = 'printf %s "$1" | kubectl --kubeconfig /etc/kubernetes/admin.conf apply --filename -';
  await docker.exec(node, ['sh', '-c', script, 'sh', JSON.stringify(map)], options);
}

/** Whether a cluster was made to the end: `unknown` while its API does not answer. */
export async function isMarked(docker: Docker, node: string, options: DockerOptions): Promise<boolean | 'unknown'> {
  const args = ['get', 'configmap', OWNER_CONFIG_MAP, '--namespace', 'kube-system', '--request-timeout=10s'];
  const output = await docker.run(['exec', node, ...kubectl(args)], options);
  if (output.code === 0) return true;
  return /\(NotFound\)/.test(output.stderr) ? false : 'unknown';
}

/** A command of the kubectl that each node has. */
export function kubectl(args: string[]): string[] {
  return ['kubectl', '--kubeconfig', '/etc/kubernetes/admin.conf', ...args];
}
