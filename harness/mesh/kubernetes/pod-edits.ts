import type { PodEdit } from '../contract.ts';
import type { Container, Pod, PodPhase } from './types.ts';
import { uidOf } from './uid.ts';

/** A copy of the pod as the API shows it with these changes; one that finds nothing to change changes nothing. */
export function editedPod(pod: Pod, edits: readonly PodEdit[]): Pod {
  if (edits.length === 0) return pod;
  const next = structuredClone(pod);
  for (const edit of edits) apply(next, edit);
  return next;
}

function apply(pod: Pod, edit: PodEdit): void {
  switch (edit.op) {
    case 'rename-container':
      renameContainer(pod, edit.from, edit.to);
      break;
    case 'rename-port':
      for (const port of containersOf(pod).flatMap(({ ports = [] }) => ports)) {
        if (port.name === edit.from) port.name = edit.to;
      }
      break;
    case 'label':
      set(pod.metadata, 'labels', edit.name, edit.value);
      break;
    case 'annotation':
      set(pod.metadata, 'annotations', edit.name, edit.value);
      break;
    case 'phase':
      pod.status.phase = edit.phase as PodPhase;
      break;
    case 'without-proxy':
      withoutProxy(pod);
      break;
    case 'proxy-env': {
      for (const { name, env } of containersOf(pod)) {
        if (name !== PROXY) continue;
        const known = env?.find((variable) => variable.name === edit.name);
        if (known) known.value = edit.value;
        else env?.push({ name: edit.name, value: edit.value });
      }
    }
  }
}

const PROXY = 'linkerd-proxy';
const OF_INJECTION = new Set([PROXY, 'linkerd-init']);
/** Labels and annotations of the injector; those that a workload's owner sets (`config.linkerd.io/...`) stay. */
const INJECTED_LABEL = /^linkerd\.io\//;
const INJECTED_ANNOTATION = /^(?:linkerd\.io\/(?:created-by|proxy-version|trust-root-sha256)|viz\.linkerd\.io\/.+)$/;

function containersOf({ spec }: Pod): Container[] {
  return [...(spec.initContainers ?? []), ...spec.containers];
}

function renameContainer(pod: Pod, from: string, to: string): void {
  const { status } = pod;
  const named = [...containersOf(pod), ...(status.initContainerStatuses ?? []), ...status.containerStatuses];
  for (const one of named) if (one.name === from) one.name = to;
}

function set(meta: Pod['metadata'], where: 'labels' | 'annotations', name: string, value: string | null): void {
  const { [name]: _old, ...others } = meta[where] ?? {};
  meta[where] = value === null ? others : { ...others, [name]: value };
}

function withoutProxy(pod: Pod): void {
  const { metadata, spec, status } = pod;
  const others = <T extends { name: string }>(list: T[] | undefined) =>
    list?.filter(({ name }) => !OF_INJECTION.has(name));
  const without = (names: Record<string, string> | undefined, pattern: RegExp) =>
    Object.fromEntries(Object.entries(names ?? {}).filter(([name]) => !pattern.test(name)));
  spec.containers = others(spec.containers) ?? [];
  spec.initContainers = others(spec.initContainers);
  status.containerStatuses = others(status.containerStatuses) ?? [];
  status.initContainerStatuses = others(status.initContainerStatuses);
  metadata.labels = without(metadata.labels, INJECTED_LABEL);
  metadata.annotations = without(metadata.annotations, INJECTED_ANNOTATION);
  delete metadata.annotations['linkerd.io/inject'];
}

/**
 * A pod of the same template that has completed and still stands in the API, with the address that the given one has now: an
 * address is free again as soon as its pod has ended.
 */
export function completedCopy(pod: Pod, name: string): Pod {
  const copy = structuredClone(pod);
  copy.metadata.name = name;
  copy.metadata.uid = uidOf(`${pod.metadata.namespace}/${name}`);
  const { status } = copy;
  status.phase = 'Succeeded';
  for (const condition of status.conditions) {
    if (condition.type === 'Ready' || condition.type === 'ContainersReady') condition.status = 'False';
  }
  for (const container of [...(status.initContainerStatuses ?? []), ...status.containerStatuses]) {
    container.ready = false;
    container.started = false;
    container.state = { terminated: { exitCode: 0, reason: 'Completed' } };
  }
  return copy;
}
