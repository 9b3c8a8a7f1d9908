import { HarnessError } from '../../core/errors.ts';
import type { Kube, ListOptions, PodObject } from './contract.ts';
import { troubleOf } from './evidence.ts';
import { isLive, isReady, PodDoctor, podName } from './pod-state.ts';
import { isLate, poll } from './poll.ts';

export interface WaitForPods {
  /** For the error: "the services of the scenario". */
  what: string;
  /** Which pods: of one namespace and selector, or of several. */
  select: ListOptions | readonly ListOptions[];
  /** How many must be there, exactly; those that are being deleted or have ended do not count. */
  expected: number;
  deadlineMs: number;
  /** Default 500 ms. */
  everyMs?: number;
  signal?: AbortSignal;
  onSeen?: (seen: { ready: number; exist: number; expected: number }) => void;
  /** Throws when there is no point in waiting any longer. */
  check?: () => void;
}

/**
 * Waits until the expected pods exist and all of them are Ready.
 * @throws HarnessError POD_FAILED as soon as one is in a state that never heals (no such image, a container that keeps
 * crashing); PODS_NOT_READY at the deadline, with each pod's containers, events and last log lines; CLUSTER_UNREACHABLE
 */
export async function waitForPods(kube: Kube, options: WaitForPods): Promise<PodObject[]> {
  const { what, expected, deadlineMs, everyMs = 500, signal, check } = options;
  const selections = [options.select].flat() as ListOptions[];
  const doctor = new PodDoctor();
  let last: PodObject[] = [];
  try {
    return await poll(
      async () => {
        const lists = await Promise.all(
          selections.map((selection) => kube.list<PodObject>({ apiVersion: 'v1', kind: 'Pod' }, selection)),
        );
        last = lists.flat().filter(isLive);
        const ready = last.filter(isReady).length;
        options.onSeen?.({ ready, exist: last.length, expected });
        await failEarly(kube, what, last, doctor);
        return ready === expected && last.length === expected ? last : undefined;
      },
      { what, deadlineMs, everyMs, signal, check },
    );
  } catch (error) {
    if (!isLate(error)) throw error;
    const namespaces = selections.flatMap(({ namespace }) => namespace ?? []);
    throw await notReady(kube, last, namespaces, options);
  }
}

/** @throws HarnessError POD_FAILED when one of them is in a state that never heals */
export async function failEarly(kube: Kube, what: string, pods: PodObject[], doctor: PodDoctor): Promise<void> {
  const now = performance.now();
  const failed = pods.flatMap((pod) => {
    const state = doctor.hopeless(pod, now);
    return state ? [{ pod, state }] : [];
  });
  if (failed.length === 0) return;
  const trouble = await troubleOf(kube, { pods: failed.map(({ pod }) => pod), namespaces: [] });
  const states = failed.map(({ state }) => state).join(' ');
  throw new HarnessError('POD_FAILED', `${what}: ${failed.length} pods will not become ready\n${trouble}`, {
    hint: /Image/.test(states)
      ? 'the image is not on the node and can not be pulled; see which images were loaded'
      : 'the events and log lines above say why',
  });
}

async function notReady(kube: Kube, pods: PodObject[], namespaces: string[], options: WaitForPods) {
  const { what, expected, deadlineMs } = options;
  const unready = pods.filter((pod) => !isReady(pod));
  const ready = pods.length - unready.length;
  // Pods that do not come, or too many: the events of whatever makes them tell why.
  const missing = pods.length === expected ? [] : [...new Set(namespaces)];
  const trouble = await troubleOf(kube, { pods: unready, namespaces: missing });
  const surplus = pods.length > expected ? `\nthere are ${pods.map(podName).join(', ')}` : '';
  return new HarnessError(
    'PODS_NOT_READY',
    `${what}: after ${deadlineMs / 1000} s there are ${pods.length} pods of ${expected}, ${ready} of them ready${surplus}\n${trouble}`.trimEnd(),
    { hint: 'the events and log lines above say what they wait for; a busy machine may only need longer' },
  );
}
