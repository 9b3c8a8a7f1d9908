import { waitFor } from '../../../core/wait.ts';
import type { Docker, DockerOptions } from '../docker.ts';
import { OWNER_MOUNT } from './owner.ts';
import { DOES_NOT_DIE, thaw } from './thaw.ts';

/** kind's labels of the containers that are a cluster's nodes. */
const CLUSTER_LABEL = 'io.x-k8s.kind.cluster';
const ROLE_LABEL = 'io.x-k8s.kind.role';

export interface ClusterNode {
  id: string;
  name: string;
  role: string;
  /** `running`, `exited`, `paused`, `created`. */
  state: string;
  /** Id of its image. */
  image: string;
  /** meshproof made it. */
  ours: boolean;
}

interface Inspected {
  Id: string;
  Name: string;
  Image: string;
  State: { Status: string };
  Config: { Labels: Record<string, string> };
  Mounts: { Destination: string }[];
}

/** How long the engine may take over making a container: it copies what the image has where a volume comes. */
const MAKING_MS = 60_000;

/**
 * Containers of a kind cluster, running or not; none when there is no such cluster. One that the engine is just making is
 * listed before it can be looked at; it is waited for, so that it is not taken for none.
 * @throws DeadlineExceededError; HarnessError DOCKER_NOT_RUNNING, DOCKER_NO_PERMISSION; the signal's reason
 */
export async function clusterNodes(docker: Docker, cluster: string, options?: DockerOptions): Promise<ClusterNode[]> {
  let fatal: unknown;
  return waitFor(
    async (seen) => {
      try {
        const ids = await containerIds(docker, cluster, options);
        const nodes = await lookAt(docker, ids, options);
        seen(`${ids.length} containers, of which the engine describes ${nodes.length}`);
        return nodes.length === ids.length ? nodes : undefined;
      } catch (error) {
        fatal = error;
        throw error;
      }
    },
    {
      ...{ what: `a look at the nodes of ${cluster}`, deadlineMs: MAKING_MS, everyMs: 100, signal: options?.signal },
      hint: 'look at `docker ps --all`',
      check: () => {
        if (fatal) throw fatal;
      },
    },
  );
}

async function containerIds(docker: Docker, cluster: string, options?: DockerOptions): Promise<string[]> {
  const filter = `label=${CLUSTER_LABEL}=${cluster}`;
  const list = await docker.text(['ps', '--all', '--quiet', '--no-trunc', '--filter', filter], options);
  return list.split('\n').filter((id) => id !== '');
}

/** Those that can be looked at. */
async function lookAt(docker: Docker, ids: string[], options?: DockerOptions): Promise<ClusterNode[]> {
  if (ids.length === 0) return [];
  const { stdout } = await docker.run(['inspect', '--type', 'container', ...ids], options);
  return (JSON.parse(stdout || '[]') as Inspected[])
    .map((container) => ({
      id: container.Id,
      name: container.Name.replace(/^\//, ''),
      role: container.Config.Labels[ROLE_LABEL] ?? '',
      state: container.State.Status,
      image: container.Image,
      ours: container.Mounts.some((mount) => mount.Destination === OWNER_MOUNT),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Whether meshproof made all of them: kind gives its load balancer no mounts. */
export function areOurs(nodes: readonly ClusterNode[]): boolean {
  return nodes.every((node) => node.ours || node.role === 'external-load-balancer');
}

export function controlPlane(nodes: readonly ClusterNode[]): ClusterNode | undefined {
  return nodes.find((node) => node.role === 'control-plane');
}

/**
 * Removes the containers of a cluster with their volumes, as `kind delete cluster` does; those that meshproof did not make
 * are left alone.
 * @returns whether there were any
 * @throws DeadlineExceededError with what the engine said last; HarnessError DOCKER_NOT_RUNNING, DOCKER_NO_PERMISSION
 */
export async function removeNodes(docker: Docker, cluster: string, deadlineMs = 60_000): Promise<boolean> {
  let removed = false;
  let fatal: unknown;
  await waitFor(
    async (seen) => {
      const nodes = await clusterNodes(docker, cluster).catch((error: unknown) => {
        fatal = error;
        throw error;
      });
      if (nodes.length === 0 || !areOurs(nodes)) return true;
      removed = true;
      const output = await docker.run(['rm', '--force', '--volumes', ...nodes.map((node) => node.id)]);
      if (output.code === 0) return undefined;
      seen(output.stderr.trim());
      if (DOES_NOT_DIE.test(output.stderr)) await thaw(docker, nodes);
      return undefined;
    },
    {
      what: `the removal of the nodes of ${cluster}`,
      deadlineMs,
      everyMs: 100,
      hint: 'look at `docker ps --all`',
      check: () => {
        if (fatal) throw fatal;
      },
    },
  );
  return removed;
}
