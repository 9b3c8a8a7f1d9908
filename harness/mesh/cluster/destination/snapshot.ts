import { ANNOTATIONS, type MeshSnapshot, PROXY_PORTS, type SnapshotPod, type SnapshotService } from '../contract.ts';
import { PortList } from '../injector/annotations.ts';
import type { ClusterPod, ClusterService } from '../objects.ts';
import { TEMPLATE_HASH, type Workload, workloadOf } from '../owner.ts';
import type { MeshNames } from './policy/authorization.ts';
import { inboundPolicy } from './policy/inbound.ts';
import { type DeclaredPolicies, NO_POLICIES } from './policy/objects.ts';
import { outboundPolicy } from './policy/outbound.ts';
import { orNull } from './policy/values.ts';

export interface ClusterState {
  pods: Iterable<ClusterPod>;
  services: Iterable<ClusterService>;
  /** What owns a ReplicaSet: null nothing, undefined not known (yet). */
  replicaSetOwner(namespace: string, name: string): Workload | null | undefined;
  /** Absent: nothing is declared. */
  declared?: DeclaredPolicies;
  names: MeshNames;
}

/**
 * What outbound proxies must know of the cluster, in an order that depends on names alone, so that equal states are equal
 * texts. Left out: pods that have no address (save those that have a policy) or have ended, Services without one address for all (headless, ExternalName)
 * or without a selector, ports that are not TCP, and pods on their node's network that no Service selects.
 */
export function snapshotOf(state: ClusterState): MeshSnapshot {
  const alive = [...state.pods].filter(isAlive).sort(byName);
  const services = [...state.services].sort(byName).flatMap((service) => serviceEntries(service, alive, state));
  const selected = new Set(services.flatMap(({ namespace, pods }) => pods.map((name) => `${namespace}/${name}`)));
  const pods = alive
    .filter(({ metadata, spec }) => !spec.hostNetwork || selected.has(`${metadata.namespace}/${metadata.name}`))
    .map((pod) => podEntry(pod, services, state));
  // A proxy that starts must not let in, for as long as its address is not known here, what its policy forbids.
  const starting = [...state.pods]
    .filter((pod) => !pod.status?.podIP && !hasEnded(pod))
    .sort(byName)
    .map((pod) => podEntry(pod, services, state))
    .filter(({ inboundPolicy: policy }) => policy !== undefined);
  return { services, pods: [...pods, ...starting] };
}

/** It has a sidecar of this mesh, whatever its admin port is called. */
export function isMeshed({ metadata, spec }: ClusterPod): boolean {
  const proxy = [...(spec.initContainers ?? []), ...spec.containers].find(({ name }) => name === 'linkerd-proxy');
  const hasAdmin = proxy?.ports?.some(({ containerPort }) => containerPort === PROXY_PORTS.admin) ?? false;
  return hasAdmin && metadata.labels?.['linkerd.io/control-plane-ns'] !== undefined;
}

function isAlive(pod: ClusterPod): boolean {
  return !!pod.status?.podIP && !hasEnded(pod);
}

function hasEnded({ status }: ClusterPod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

/** As in EndpointSlices: a pod that is being deleted takes no new requests, whatever its condition still says. */
function isReady({ metadata, status }: ClusterPod): boolean {
  const condition = status?.conditions?.find(({ type }) => type === 'Ready');
  return condition?.status === 'True' && metadata.deletionTimestamp === undefined;
}

function serviceEntries(
  service: ClusterService,
  alive: ClusterPod[],
  { declared = NO_POLICIES, names }: ClusterState,
): SnapshotService[] {
  const { metadata, spec } = service;
  const { namespace, name } = metadata;
  const { clusterIP, selector } = spec;
  const isHeadless = !clusterIP || clusterIP === 'None' || spec.type === 'ExternalName';
  if (isHeadless || !selector || Object.keys(selector).length === 0) return [];
  const behind = alive.filter((pod) => pod.metadata.namespace === namespace && matches(pod, selector));
  return (spec.ports ?? [])
    .filter(({ protocol }) => protocol === undefined || protocol === 'TCP')
    .map(({ port, targetPort }) => {
      const policy = outboundPolicy(service, port, declared, names.trustDomain);
      return {
        ...{ namespace, name, clusterIp: clusterIP, port },
        targetPort: portNumber(targetPort, behind) ?? port,
        pods: behind.map((pod) => pod.metadata.name),
        ...(policy && { policy }),
      };
    });
}

function matches({ metadata }: ClusterPod, selector: Record<string, string>): boolean {
  return Object.entries(selector).every(([key, value]) => metadata.labels?.[key] === value);
}

/** A name is that of a container's port; pods of one Service agree about it. undefined when nobody has it. */
function portNumber(target: number | string | undefined, behind: ClusterPod[]): number | undefined {
  if (typeof target !== 'string') return target;
  if (/^\d+$/.test(target)) return Number(target);
  const containers = behind.flatMap(({ spec }) => [...spec.containers, ...(spec.initContainers ?? [])]);
  return containers.flatMap(({ ports = [] }) => ports).find(({ name }) => name === target)?.containerPort;
}

function podEntry(pod: ClusterPod, services: SnapshotService[], state: ClusterState): SnapshotPod {
  const { namespace, name, uid, labels } = pod.metadata;
  const skippedPort = isMeshed(pod) ? skippedPortOf(pod, services) : undefined;
  const policy = isMeshed(pod) ? inboundPolicy(pod, state.declared ?? NO_POLICIES, state.names) : undefined;
  const workload = workloadOf(pod, (replicaSet) => state.replicaSetOwner(namespace, replicaSet));
  return {
    ...{ namespace, name, uid },
    ip: pod.status?.podIP ?? '',
    workloadKind: workload.kind,
    workload: workload.name,
    serviceAccount: pod.spec.serviceAccountName ?? 'default',
    podTemplateHash: labels?.[TEMPLATE_HASH] ?? '',
    ready: isReady(pod),
    meshed: isMeshed(pod),
    ...(skippedPort !== undefined && { skippedPort }),
    ...(policy && { inboundPolicy: policy }),
  };
}

/** Of a pod whose Services all lead past its proxy: where they lead to. */
function skippedPortOf({ metadata }: ClusterPod, services: SnapshotService[]): number | undefined {
  const skipped = orNull(
    () => new PortList(ANNOTATIONS.skipInboundPorts, metadata.annotations?.[ANNOTATIONS.skipInboundPorts]),
  );
  const ports = services
    .filter(({ namespace, pods }) => namespace === metadata.namespace && pods.includes(metadata.name))
    .map(({ targetPort }) => targetPort);
  return skipped && ports.every((port) => skipped.includes(port)) ? ports[0] : undefined;
}

type Named = { metadata: { namespace: string; name: string } };

function byName(a: Named, b: Named): number {
  return order(a.metadata.namespace, b.metadata.namespace) || order(a.metadata.name, b.metadata.name);
}

/** Not by a locale. */
function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
