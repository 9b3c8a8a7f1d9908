import type { PodTemplate } from './objects.ts';

export interface Workload {
  /** As the API writes it: `Deployment`. */
  kind: string;
  name: string;
}

export const TEMPLATE_HASH = 'pod-template-hash';

/**
 * What a pod belongs to, ReplicaSets looked through. Without a look at the ReplicaSet its name tells: a Deployment names
 * it after itself and the template's hash, which it also writes on the pods. A pod of nobody is its own workload.
 * @param replicaSetOwner what owns a ReplicaSet: null nothing, undefined not known
 */
export function workloadOf(
  pod: PodTemplate,
  replicaSetOwner: (name: string) => Workload | null | undefined = () => undefined,
): Workload {
  const owner = pod.metadata.ownerReferences?.find(({ controller }) => controller);
  if (!owner) return { kind: 'Pod', name: pod.metadata.name ?? pod.metadata.generateName ?? '' };
  const { kind, name } = owner;
  if (kind !== 'ReplicaSet') return { kind, name };
  const known = replicaSetOwner(name);
  if (known !== undefined) return known ?? { kind, name };
  const hash = pod.metadata.labels?.[TEMPLATE_HASH];
  return hash && name.endsWith(`-${hash}`)
    ? { kind: 'Deployment', name: name.slice(0, -hash.length - 1) }
    : { kind, name };
}
