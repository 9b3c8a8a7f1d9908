import { randomUUID } from 'node:crypto';
import type { Cluster } from '../contract.ts';
import type { Docker } from '../docker.ts';

/** On the nodes; a folder a scenario, in it one a pod. */
const ROOT = '/var/lib/meshproof/truth';

/**
 * Every journal of a pod in the order of its incarnations, which their names count. What a kill cut off is ended by `%`, as
 * the services themselves do it (sim-services/contract.ts).
 */
const READ = `
for name in $(ls "$1" | grep '[.]journal$' | sort -n); do
  cat "$1/$name"
  [ -z "$(tail -c 1 "$1/$name")" ] || printf '%%\\n'
done`;

/** With what a run that was killed has left there days ago. */
const MAKE = `
mkdir -p "$1" && chmod 0777 "$1"
find "$1/.." -mindepth 1 -maxdepth 1 -mtime +1 -exec rm -rf {} +`;

/**
 * Journals on the disks of the nodes: a pod's own volume goes with the pod, and the truth of pods that a roll-out replaces
 * must stay.
 */
export class NodeTruth implements AsyncDisposable {
  /** The scenario's folder, the same on each node; pods may write to it. */
  readonly dir: string;
  readonly #docker: Pick<Docker, 'exec'>;
  readonly #nodes: readonly string[];

  private constructor(docker: Pick<Docker, 'exec'>, nodes: readonly string[]) {
    this.dir = `${ROOT}/${randomUUID()}`;
    this.#docker = docker;
    this.#nodes = nodes;
  }

  /** @throws HarnessError DOCKER_FAILED; the signal's reason */
  static async prepare(
    docker: Pick<Docker, 'exec'>,
    { nodes }: Pick<Cluster, 'nodes'>,
    signal: AbortSignal,
  ): Promise<NodeTruth> {
    const truth = new NodeTruth(docker, nodes);
    // The kubelet makes a pod's folder with the mode of this one.
    const make = ['sh', '-c', MAKE, 'sh', truth.dir];
    await Promise.all(nodes.map((node) => docker.exec(node, make, { signal })));
    return truth;
  }

  /** Journals of all incarnations of a pod, as text; empty when it wrote none. @throws HarnessError DOCKER_FAILED */
  read(pod: { name: string; node: string }): Promise<string> {
    const dir = `${this.dir}/${pod.name}`;
    return this.#docker.exec(pod.node, ['sh', '-c', `[ -d "$1" ] || exit 0; ${READ}`, 'sh', dir]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#nodes.map((node) => this.#docker.exec(node, ['rm', '-rf', this.dir])));
  }
}
