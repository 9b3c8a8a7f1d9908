import { HarnessError } from '../../../core/errors.ts';
import { type PacketFate, packetRule } from '../../../faults/cluster/packets.ts';
import { PROXY_PORTS } from '../../../mesh/cluster/contract.ts';
import type { PodObject } from '../../kubernetes/contract.ts';
import { containersOf } from '../../kubernetes/pod-state.ts';
import type { Docker } from '../docker.ts';

/** What becomes of packets to one pod's admin port, as its node's kernel has it. Put into the pod's own network. */
export class PacketFault {
  readonly #docker: Docker;
  readonly #pod: PodObject;
  readonly #fate: PacketFate;

  constructor(docker: Docker, pod: PodObject, fate: PacketFate) {
    this.#docker = docker;
    this.#pod = pod;
    this.#fate = fate;
  }

  /** @throws HarnessError FAULT_FAILED */
  begin(signal?: AbortSignal): Promise<void> {
    return this.#change('insert', signal);
  }

  /** @throws HarnessError FAULT_FAILED */
  end(signal?: AbortSignal): Promise<void> {
    return this.#change('delete', signal);
  }

  async #change(change: 'insert' | 'delete', signal?: AbortSignal): Promise<void> {
    const { metadata, spec, status } = this.#pod;
    const where = `${metadata.namespace}/${metadata.name}`;
    const id = containersOf(this.#pod).find((container) => container.status?.state?.running)?.status?.containerID;
    if (!id || !spec.nodeName) throw failed(`${where} runs no container`);
    try {
      const enter = await this.#network(spec.nodeName, id.split('//')[1]!, signal);
      const node = await gateway(enter);
      const iptables = status.podIP?.includes(':') ? 'ip6tables' : 'iptables';
      await enter([iptables, ...packetRule(change, { port: PROXY_PORTS.admin, fate: this.#fate, node })]);
    } catch (cause) {
      signal?.throwIfAborted();
      throw failed(`${where}: ${(cause as Error).message}`, cause);
    }
  }

  /** Runs programs of the node in the network of the pod that a container is of. */
  async #network(node: string, container: string, signal?: AbortSignal) {
    const tasks = await this.#docker.exec(node, ['ctr', '--namespace', 'k8s.io', 'tasks', 'ls'], { signal });
    const pid = tasks
      .split('\n')
      .find((line) => line.startsWith(`${container} `))
      ?.split(/\s+/)[1];
    if (!pid) throw new Error(`its node does not run the container ${container}`);
    return (argv: string[]) => this.#docker.exec(node, ['nsenter', '--target', pid, '--net', ...argv], { signal });
  }
}

/** The address behind which a pod's node is. */
async function gateway(enter: (argv: string[]) => Promise<string>): Promise<string> {
  const route = await enter(['ip', 'route', 'show', 'default']);
  const address = /\bvia (\S+)/.exec(route)?.[1];
  if (address) return address;
  throw new Error(`its network has no gateway: ${route.trim() || 'no default route'}`);
}

function failed(message: string, cause?: unknown): HarnessError {
  return new HarnessError('FAULT_FAILED', `packets to the admin port of ${message}`, {
    hint: 'the nodes of a kind cluster have ctr, nsenter, ip and iptables; look whether this image has them',
    cause,
  });
}
