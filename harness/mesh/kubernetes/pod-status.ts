import type { ContainerStatus, Pod, PodCondition, PodPhase } from './types.ts';

/** A copy of the pod with its phase, readiness and restarts changed, everywhere a pod's status shows them. */
export function podWithStatus(
  pod: Pod,
  change: { phase?: PodPhase; ready?: boolean; restartCount?: number },
  now: Date,
): Pod {
  const next = structuredClone(pod);
  const at = rfc3339(now);
  if (change.phase !== undefined) next.status.phase = change.phase;
  if (change.ready !== undefined) setReady(next, change.ready, at);
  if (change.restartCount !== undefined) setRestartCount(next, change.restartCount, at);
  return next;
}

function setReady(pod: Pod, ready: boolean, at: string): void {
  for (const condition of pod.status.conditions) {
    if (condition.type === 'Ready' || condition.type === 'ContainersReady') transition(condition, ready, at);
  }
  for (const status of longRunning(pod)) status.ready = ready;
}

function transition(condition: PodCondition, ready: boolean, at: string): void {
  const next = ready ? 'True' : 'False';
  if (condition.status !== next) condition.lastTransitionTime = at;
  condition.status = next;
}

function setRestartCount(pod: Pod, count: number, at: string): void {
  for (const status of longRunning(pod)) {
    if (status.restartCount !== count) status.state = { running: { startedAt: at } };
    status.restartCount = count;
  }
}

/** All but init containers that have done their work. */
function longRunning(pod: Pod): ContainerStatus[] {
  const sidecars = new Set(pod.spec.initContainers?.filter((c) => c.restartPolicy === 'Always').map((c) => c.name));
  const init = pod.status.initContainerStatuses?.filter((status) => sidecars.has(status.name)) ?? [];
  return [...init, ...pod.status.containerStatuses];
}

/** As Kubernetes prints times: whole seconds, UTC. */
export function rfc3339(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}
