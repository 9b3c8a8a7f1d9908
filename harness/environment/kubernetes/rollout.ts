import { HarnessError } from '../../core/errors.ts';
import type { Kube, KubernetesObject, PodObject } from './contract.ts';
import { troubleOf } from './evidence.ts';
import { isReady, PodDoctor } from './pod-state.ts';
import { isLate, poll } from './poll.ts';
import { failEarly } from './ready.ts';

export interface WaitForRollout {
  /** For the error: "the roll-out of shop/web". */
  what: string;
  namespace: string;
  /** Deployments in it. */
  names: readonly string[];
  deadlineMs: number;
  /** Default 250 ms. */
  everyMs?: number;
  signal?: AbortSignal;
  /** Throws when there is no point in waiting any longer. */
  check?: () => void;
}

interface Deployment extends KubernetesObject {
  spec: { replicas?: number };
  status?: {
    observedGeneration?: number;
    replicas?: number;
    updatedReplicas?: number;
    availableReplicas?: number;
  };
}

/**
 * Waits until Deployments have no pods but those of their present template, all of them available (Ready for as long as
 * `minReadySeconds` says). Pods that are being deleted may still be there.
 * @throws HarnessError POD_FAILED as soon as a pod is in a state that never heals; ROLLOUT_STUCK at the deadline, with each
 * pod that is not ready, its events and last log lines; CLUSTER_UNREACHABLE
 */
export async function waitForRollout(kube: Kube, options: WaitForRollout): Promise<void> {
  const { what, namespace, names, deadlineMs, everyMs = 250, signal, check } = options;
  const doctor = new PodDoctor();
  let open: string[] = [];
  try {
    await poll(
      async () => {
        const found = await Promise.all(
          names.map((name) => kube.get<Deployment>({ apiVersion: 'apps/v1', kind: 'Deployment', namespace, name })),
        );
        open = found.flatMap((deployment, i) => {
          const why = deployment ? unfinished(deployment) : 'it is not there';
          return why === null ? [] : [`${namespace}/${names[i]}: ${why}`];
        });
        if (open.length === 0) return true;
        await failEarly(kube, what, await podsOf(kube, namespace), doctor);
        return undefined;
      },
      { what, deadlineMs, everyMs, signal, check },
    );
  } catch (error) {
    if (!isLate(error)) throw error;
    const unready = (await podsOf(kube, namespace)).filter((pod) => !isReady(pod));
    const trouble = await troubleOf(kube, { pods: unready, namespaces: [namespace] });
    throw new HarnessError(
      'ROLLOUT_STUCK',
      `${what}: not done after ${deadlineMs / 1000} s: ${open.join('; ')}\n${trouble}`.trimEnd(),
      { hint: 'the events and log lines above say what it waits for; a busy machine may only need longer' },
    );
  }
}

/**
 * Waits until no pod of a namespace is being deleted any more: one that has been told to end still has connections, and for a
 * moment its address in Services.
 * @throws DeadlineExceededError; CLUSTER_UNREACHABLE
 */
export async function waitUntilLeft(
  kube: Kube,
  namespace: string,
  options: { deadlineMs: number; signal?: AbortSignal },
): Promise<void> {
  const isLeaving = ({ metadata }: PodObject) => metadata.deletionTimestamp !== undefined;
  await poll(async () => ((await podsOf(kube, namespace)).some(isLeaving) ? undefined : true), {
    what: `the end of the pods in ${namespace} that were told to end`,
    ...options,
  });
}

function podsOf(kube: Kube, namespace: string): Promise<PodObject[]> {
  return kube.list<PodObject>({ apiVersion: 'v1', kind: 'Pod' }, { namespace });
}

/** What is still to come; null when all is done. */
function unfinished({ metadata, spec, status = {} }: Deployment): string | null {
  const wanted = spec.replicas ?? 1;
  if ((status.observedGeneration ?? 0) < Number(metadata.generation ?? 0)) return 'its change has not been seen yet';
  const { updatedReplicas = 0, availableReplicas = 0, replicas = 0 } = status;
  if (updatedReplicas < wanted) return `${updatedReplicas} of ${wanted} pods are of the new template`;
  if (replicas > updatedReplicas) return `${replicas - updatedReplicas} pods of the old template are left`;
  if (availableReplicas < wanted) return `${availableReplicas} of ${wanted} pods are available`;
  return null;
}
