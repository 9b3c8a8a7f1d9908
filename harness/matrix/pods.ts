import type { KubernetesObject } from '../core/kubernetes-object.ts';
import type { Topology } from '../core/topology.ts';
import type { EvidencePod } from '../evidence/types.ts';
import type { FaultSpec, Scenario } from '../scenario/model.ts';
import type { ExpectedPods } from './types.ts';

/** Who is in a world, as `namespace/pod`. */
export interface Roster {
  /** Of the scenario's services and of the load generator. */
  pods: { id: string; namespace: string; workload: string; replica: number; hasProxy: boolean }[];
  controlPlane: string[];
  /** Further proxies: that of a meshed Prometheus. */
  others: string[];
}

const COMPONENT_LABEL = 'linkerd.io/control-plane-component';
const PROXY_CONTAINER = 'linkerd-proxy';
const COMPLETED = ['Succeeded', 'Failed'];
/** Faults that leave a pod without a proxy. */
const WITHOUT_PROXY: readonly FaultSpec['type'][] = ['not-injected', 'client-not-meshed'];

/** @param listed the pods of all namespaces, as the Kubernetes API has them */
export function rosterOf(scenario: Scenario, topology: Topology, listed: readonly KubernetesObject[]): Roster {
  const bare = (scenario.faults ?? []).filter(({ type }) => WITHOUT_PROXY.includes(type));
  const pods = topology.pods.map((pod) => ({
    id: `${pod.namespace}/${pod.name}`,
    namespace: pod.namespace,
    workload: pod.workload,
    replica: pod.replica,
    hasProxy: !bare.some((f) => f.service === pod.workload && (f.replica === null || f.replica === pod.replica)),
  }));
  const mine = new Set(pods.map(({ id }) => id));
  const running = (listed as readonly EvidencePod[]).filter((pod) => !COMPLETED.includes(pod.status?.phase ?? ''));
  const isComponent = (pod: EvidencePod) => pod.metadata.labels?.[COMPONENT_LABEL] !== undefined;
  const others = running.filter((pod) => !mine.has(idOf(pod)) && !isComponent(pod) && hasProxy(pod));
  return { pods, controlPlane: running.filter(isComponent).map(idOf), others: others.map(idOf) };
}

function hasProxy({ spec }: EvidencePod): boolean {
  return [...spec.containers, ...(spec.initContainers ?? [])].some(({ name }) => name === PROXY_CONTAINER);
}

function idOf({ metadata }: KubernetesObject): string {
  return `${metadata.namespace}/${metadata.name}`;
}

/** The pods that a right diagnosis names, sorted. */
export function podsOf(expected: ExpectedPods, roster: Roster): string[] {
  return namesOf(expected, roster).toSorted();
}

function namesOf(expected: ExpectedPods, { pods, controlPlane, others }: Roster): string[] {
  switch (expected.of) {
    case 'services':
      return pods
        .filter(({ workload, replica }) =>
          expected.pods.some((p) => p.service === workload && (p.replica === null || p.replica === replica)),
        )
        .map(({ id }) => id);
    case 'namespaces':
      return [...pods.filter((pod) => pod.hasProxy).map(({ id }) => id), ...controlPlane, ...others].filter((id) =>
        expected.namespaces.includes(id.split('/')[0]!),
      );
    case 'every proxy':
      return [...pods.filter((pod) => pod.hasProxy).map(({ id }) => id), ...controlPlane, ...others];
    case 'control plane':
      return [...controlPlane];
    case 'none':
      return [];
  }
}
