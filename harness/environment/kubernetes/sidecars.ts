import type { PodObject } from './contract.ts';

/** Name of a sidecar's container and of its admin port, as injection writes them. */
const CONTAINER = 'linkerd-proxy';
const ADMIN_PORT = 'linkerd-admin';

/** Pods without a proxy, as `namespace/name`. A proxy may be a container or a native sidecar (an init container that stays). */
export function podsWithoutSidecar(pods: PodObject[]): string[] {
  return pods.filter((pod) => !hasSidecar(pod)).map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
}

function hasSidecar({ spec }: PodObject): boolean {
  const native = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  return [...spec.containers, ...native].some(
    ({ name, ports }) => name === CONTAINER && ports?.some((port) => port.name === ADMIN_PORT),
  );
}
