import { epochMs } from '../../core/clock.ts';
import { HarnessError } from '../../core/errors.ts';
import { sleep, waitFor } from '../../core/wait.ts';
import type { RestartSpec } from '../../scenario/model.ts';
import { BackgroundWork } from '../background-work.ts';
import type { ContainerStatus, Kube, PodObject } from '../kubernetes/contract.ts';
import type { Docker } from './docker.ts';

export interface PodRestart {
  spec: RestartSpec;
  /** The pod that has the replica's place when it is to die: a roll-out may have replaced the first one. */
  find(): { namespace: string; pod: string };
}

/** Containers of a pod that die together. */
const KILLED = ['linkerd-proxy', 'app'];
const BACK_WITHIN_MS = 90_000;

/**
 * Kills pods' containers at their times, as a kernel without memory would, the sidecar first; the kubelet brings them back, in
 * the same pod, when it likes to (the scenario's `down` can't be kept).
 */
export class PodRestarts extends BackgroundWork {
  readonly #kube: Kube;
  readonly #docker: Docker;

  constructor(kube: Kube, docker: Docker) {
    super();
    this.#kube = kube;
    this.#docker = docker;
  }

  schedule(restarts: readonly PodRestart[], originEpochMs: number): void {
    for (const restart of restarts) this.begin((signal) => this.#restart(restart, originEpochMs, signal));
  }

  async #restart({ spec, find }: PodRestart, originEpochMs: number, signal: AbortSignal): Promise<void> {
    await sleep(Math.max(0, originEpochMs + spec.atMs - epochMs()), signal);
    const { namespace, pod } = find();
    const before = await this.#pod(namespace, pod);
    const statuses = containersOf(before).filter((c) => KILLED.includes(c.name));
    const ids = KILLED.flatMap((name) => statuses.find((c) => c.name === name)?.containerID?.split('//')[1] ?? []);
    const node = before.spec.nodeName;
    if (ids.length < KILLED.length || !node) {
      throw new HarnessError('RESTART_FAILED', `${namespace}/${pod} does not run ${KILLED.join(' and ')}`, {
        hint: 'see the pod in the results: its containers must run when they are to be killed',
      });
    }
    const script = ids.map((id) => `ctr -n k8s.io tasks kill -s SIGKILL ${id}`).join(' && ');
    await this.#docker.exec(node, ['sh', '-c', script], { signal });
    await waitFor(
      async (seen) => {
        const now = containersOf(await this.#pod(namespace, pod)).filter((c) => KILLED.includes(c.name));
        seen(now.map((c) => `${c.name}: ${c.restartCount} restarts, ${c.ready ? 'ready' : 'not ready'}`).join('; '));
        const back = now.every((c) => {
          const old = statuses.find((s) => s.name === c.name);
          return c.ready && c.restartCount > (old?.restartCount ?? 0);
        });
        return back || undefined;
      },
      {
        what: `${namespace}/${pod} is back`,
        deadlineMs: BACK_WITHIN_MS,
        everyMs: 200,
        hint: 'the kubelet waits longer before each further restart of a container; its events are in the results',
        signal,
      },
    );
  }

  async #pod(namespace: string, name: string): Promise<PodObject> {
    const pod = await this.#kube.get<PodObject>({ apiVersion: 'v1', kind: 'Pod', namespace, name });
    if (pod) return pod;
    throw new HarnessError('RESTART_FAILED', `${namespace}/${name} is gone`, {
      hint: 'something deleted the pod during the run; nothing else may work in its namespace',
    });
  }
}

function containersOf(pod: PodObject): ContainerStatus[] {
  return [...(pod.status.initContainerStatuses ?? []), ...(pod.status.containerStatuses ?? [])];
}
