import type { ContainerStatus, PodObject } from '../contract.ts';

/** A pod of namespace `shop` with the container `app` in the given state; ready when there is none. */
export function podObject(
  name: string,
  app: Partial<ContainerStatus> = {},
  init: Partial<ContainerStatus>[] = [],
): PodObject {
  const ready = app.state === undefined;
  const of = (given: Partial<ContainerStatus>, fallback: string): ContainerStatus => ({
    ...{ name: fallback, ready, restartCount: 0, containerID: 'containerd://1', state: { running: {} } },
    ...given,
  });
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'shop' },
    spec: { containers: [{ name: 'app' }], initContainers: init.map((_, i) => ({ name: `init-${i}` })) },
    status: {
      phase: ready ? 'Running' : 'Pending',
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
      containerStatuses: [of(app, 'app')],
      initContainerStatuses: init.map((status, i) => of(status, `init-${i}`)),
    },
  };
}

export const waiting = (reason: string, message?: string) => ({ waiting: { reason, message } });

/** A warning about a pod of `shop`, or about something else there. */
export function warning(name: string, reason: string, message: string, kind = 'Pod') {
  return {
    metadata: { namespace: 'shop' },
    involvedObject: { kind, namespace: 'shop', name },
    ...{ type: 'Warning', reason, message, count: 2, lastTimestamp: '2026-01-01T00:00:00Z' },
  };
}
