import type { ContainerStatus, Pod, PodCondition, PodPhase } from './types.ts';

export interface PodStatusChange {
  phase?: PodPhase;
  ready?: boolean;
  restartCount?: number;
  /** Whose; absent: every container's. */
  container?: string;
  /** It is being deleted: it stays until its containers have ended. */
  terminating?: boolean;
}

/** A copy of the pod with its phase, readiness and restarts changed, everywhere a pod's status shows them. */
export function podWithStatus(pod: Pod, change: PodStatusChange, now: Date): Pod {
  const next = structuredClone(pod);
  const at = rfc3339(now);
  if (change.phase !== undefined) next.status.phase = change.phase;
  if (change.terminating) next.metadata.deletionTimestamp ??= at;
  if (change.ready !== undefined) setReady(next, change.ready, at);
  if (change.restartCount !== undefined) setRestartCount(next, change.restartCount, at, change.container);
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

function setRestartCount(pod: Pod, count: number, at: string, container?: string): void {
  for (const status of longRunning(pod)) {
    if (container !== undefined && status.name !== container) continue;
    if (status.restartCount !== count) {
      const startedAt = 'running' in status.state ? status.state.running.startedAt : at;
      status.lastState = { terminated: { exitCode: KILLED, reason: 'Error', startedAt, finishedAt: at } };
      status.state = { running: { startedAt: at } };
    }
    status.restartCount = count;
  }
}

/** All but init containers that have done their work. */
function longRunning(pod: Pod): ContainerStatus[] {
  const sidecars = new Set(pod.spec.initContainers?.filter((c) => c.restartPolicy === 'Always').map((c) => c.name));
  const init = pod.status.initContainerStatuses?.filter((status) => sidecars.has(status.name)) ?? [];
  return [...init, ...pod.status.containerStatuses];
}

/** Exit code of a process that SIGKILL ended. */
const KILLED = 137;

/** As Kubernetes prints times: whole seconds, UTC. */
export function rfc3339(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}
