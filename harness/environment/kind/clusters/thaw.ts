import type { Docker } from '../docker.ts';
import type { ClusterNode } from './nodes.ts';

/** What the engine says of a container that it has killed and that does not go. */
export const DOES_NOT_DIE = /did not receive an exit event/;

const SCRIPT = `
find "$@" -name freezer.state 2>/dev/null | while read -r file; do
  if [ "$(cat "$file")" != THAWED ]; then echo THAWED > "$file"; fi
done
`;

/**
 * On cgroup v1, runc freezes a container while it sets it up. A node that is killed at that very moment leaves the frozen
 * process behind, which can't die, and so neither can the node. Its cgroups are thawed from a container that sees the
 * machine's; those of other containers are not looked at. Nothing happens on cgroup v2, where what is frozen can be killed.
 */
export async function thaw(docker: Docker, nodes: readonly ClusterNode[]): Promise<void> {
  const [first] = nodes;
  if (!first) return;
  const folders = nodes.map((node) => `/machine/freezer/docker/${node.id}`);
  const container = ['--rm', '--privileged', '--cgroupns=host', '--volume', '/sys/fs/cgroup:/machine'];
  await docker.run(['run', ...container, '--entrypoint', 'sh', first.image, '-c', SCRIPT, 'sh', ...folders]);
}
