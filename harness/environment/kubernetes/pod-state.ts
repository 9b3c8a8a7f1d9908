import type { ContainerStatus, PodObject } from './contract.ts';

/** States of a container that never heal by themselves. */
const HOPELESS = new Set(['ErrImageNeverPull', 'InvalidImageName']);
/** May pass when what it needs comes a moment after the pod. */
const SOON_HOPELESS = new Set(['CreateContainerConfigError']);
/** Refused by a registry, as opposed to a registry that did not answer. */
const NO_SUCH_IMAGE = /not found|manifest unknown|access denied|authorization failed|repository does not exist/i;
const MAX_RESTARTS = 3;
const SOON_MS = 5000;

export function podName(pod: PodObject): string {
  return `${pod.metadata.namespace}/${pod.metadata.name}`;
}

/** It counts: it is not being deleted and has not ended. */
export function isLive(pod: PodObject): boolean {
  const ended = pod.status.phase === 'Succeeded' || pod.status.phase === 'Failed';
  return !pod.metadata.deletionTimestamp && !ended;
}

export function isReady(pod: PodObject): boolean {
  return pod.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}

/** Containers in the order in which they start, with what is known of each. */
export function containersOf(pod: PodObject): { name: string; init: boolean; status: ContainerStatus | undefined }[] {
  const of = (specs: { name: string }[] | undefined, statuses: ContainerStatus[] | undefined, init: boolean) =>
    (specs ?? []).map(({ name }) => ({ name, init, status: statuses?.find((status) => status.name === name) }));
  return [
    ...of(pod.spec.initContainers, pod.status.initContainerStatuses, true),
    ...of(pod.spec.containers, pod.status.containerStatuses, false),
  ];
}

/** A container that stands in the way of the pod being ready. */
export function isTrouble(container: { init: boolean; status: ContainerStatus | undefined }): boolean {
  const { init, status } = container;
  const finished = init && status?.state?.terminated?.exitCode === 0;
  return !finished && !status?.ready;
}

/** One line: `linkerd-proxy: waiting (CrashLoopBackOff: back-off ...), 4 restarts, last ended with 1 (Error)`. */
export function describeContainer({ name, status }: { name: string; status: ContainerStatus | undefined }): string {
  if (!status) return `${name}: not begun`;
  const [state, detail] = Object.entries(status.state ?? {})[0] ?? ['unknown', {}];
  const code = detail.exitCode === undefined ? '' : `code ${detail.exitCode}`;
  const why = [[detail.reason, detail.message?.trim()].filter(Boolean).join(': '), code].filter(Boolean).join(', ');
  const parts = [`${name}: ${state}${why && ` (${why})`}`];
  if (state === 'running' && !status.ready) parts[0] += ', not ready';
  if (status.restartCount > 0) parts.push(`${status.restartCount} restarts`);
  const last = status.lastState?.terminated;
  if (last) parts.push(`last ended with ${last.exitCode}${last.reason ? ` (${last.reason})` : ''}`);
  return parts.join(', ');
}

/** Tells pods that will never be ready from those that need time. */
export class PodDoctor {
  readonly #firstSeen = new Map<string, number>();

  /** What is wrong with a container for good, or null. */
  hopeless(pod: PodObject, nowMs: number): string | null {
    const sick = containersOf(pod).find((container) => this.#isHopeless(pod, container, nowMs));
    return sick ? describeContainer(sick) : null;
  }

  #isHopeless(pod: PodObject, { name, status }: { name: string; status: ContainerStatus | undefined }, nowMs: number) {
    const { reason = '', message = '' } = status?.state?.waiting ?? {};
    const key = `${podName(pod)}/${name}`;
    if (!SOON_HOPELESS.has(reason)) this.#firstSeen.delete(key);
    if (HOPELESS.has(reason)) return true;
    if (reason === 'CrashLoopBackOff') return status!.restartCount >= MAX_RESTARTS;
    if (reason === 'ErrImagePull' || reason === 'ImagePullBackOff') return NO_SUCH_IMAGE.test(message);
    if (!SOON_HOPELESS.has(reason)) return false;
    const since = this.#firstSeen.get(key) ?? nowMs;
    this.#firstSeen.set(key, since);
    return nowMs - since >= SOON_MS;
  }
}
