import { ANNOTATIONS } from '../contract.ts';
import type { PodTemplate } from '../objects.ts';
import { type Workload, workloadOf } from '../owner.ts';
import { type Annotations, annotation, reasonToSkip } from './annotations.ts';
import { linkerdInit, linkerdProxy, profileOf, VOLUMES } from './containers.ts';
import { type InjectionSettings, trustRootSha256 } from './settings.ts';

/** RFC 6902; nothing but additions. */
export type Patch = { op: 'add'; path: string; value: unknown }[];

/** Workloads that Linkerd has a label for (facts, section 6). */
const LABELLED = new Set(['deployment', 'replicaset', 'replicationcontroller', 'job', 'daemonset', 'statefulset']);

/**
 * What injection adds to a pod (facts, section 6), as of the release that the pod asks for; null when it is left as it is.
 * @param pod as it is asked for, its namespace set
 * @param namespaceAnnotations of the pod's namespace
 * @throws HarnessError UNKNOWN_MESH_VERSION, BAD_PORTS: the pod asks for what cannot be
 */
export function inject(pod: PodTemplate, namespaceAnnotations: Annotations, settings: InjectionSettings): Patch | null {
  if (reasonToSkip(pod, namespaceAnnotations) !== null) return null;
  const workload = workloadOf(pod);
  const { metadata, spec } = pod;
  const { nativeSidecar } = profileOf(pod, namespaceAnnotations, settings).chart;
  const init = linkerdInit(pod, namespaceAnnotations, settings);
  const proxy = linkerdProxy(pod, workload, namespaceAnnotations, settings);
  return [
    ...addKeys('/metadata/annotations', metadata.annotations, podAnnotations(pod, namespaceAnnotations, settings)),
    ...addKeys('/metadata/labels', metadata.labels, podLabels(pod, workload, settings)),
    ...append('/spec/volumes', spec.volumes, VOLUMES),
    // Before the pod's own: what those send goes through the proxy, which then runs already.
    ...prepend('/spec/initContainers', spec.initContainers, nativeSidecar ? [init, proxy] : [init]),
    ...(nativeSidecar ? [] : prepend('/spec/containers', spec.containers, [proxy])),
  ];
}

function podAnnotations(pod: PodTemplate, namespace: Annotations, settings: InjectionSettings): Record<string, string> {
  return {
    ...inherited(pod, namespace),
    'linkerd.io/created-by': `linkerd/proxy-injector ${settings.mesh.version}`,
    'linkerd.io/inject': annotation(ANNOTATIONS.inject, pod, namespace) ?? 'enabled',
    'linkerd.io/proxy-version': profileOf(pod, namespace, settings).linkerdVersion,
    'linkerd.io/trust-root-sha256': trustRootSha256(settings.anchorPem),
  };
}

/** Configuration that the namespace has and the pod has not: whoever reads the pod need not know its namespace. */
function inherited(pod: PodTemplate, namespace: Annotations): Record<string, string> {
  const own = pod.metadata.annotations ?? {};
  return Object.fromEntries(
    Object.entries(namespace ?? {}).filter(([key]) => key.startsWith('config.linkerd.io/') && !(key in own)),
  );
}

function podLabels(pod: PodTemplate, { kind, name }: Workload, { mesh }: InjectionSettings): Record<string, string> {
  const ownerKind = kind.toLowerCase();
  return {
    'linkerd.io/control-plane-ns': mesh.namespace,
    'linkerd.io/workload-ns': pod.metadata.namespace ?? 'default',
    ...(LABELLED.has(ownerKind) ? { [`linkerd.io/proxy-${ownerKind}`]: name } : {}),
  };
}

/** A patch adds to a map that is there, or makes it. */
function addKeys(path: string, existing: object | undefined, values: Record<string, string>): Patch {
  const patch: Patch = existing ? [] : [{ op: 'add', path, value: {} }];
  for (const [key, value] of Object.entries(values)) {
    patch.push({ op: 'add', path: `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`, value });
  }
  return patch;
}

function append(path: string, existing: readonly unknown[] | undefined, values: readonly unknown[]): Patch {
  if (!existing) return [{ op: 'add', path, value: [...values] }];
  return values.map((value) => ({ op: 'add', path: `${path}/-`, value }));
}

function prepend(path: string, existing: readonly unknown[] | undefined, values: readonly unknown[]): Patch {
  if (!existing) return [{ op: 'add', path, value: [...values] }];
  return values.map((value, index) => ({ op: 'add', path: `${path}/${index}`, value }));
}
