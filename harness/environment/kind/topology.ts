import { identityName, type PodInfo, type ServiceInfo, type Topology, type WorkloadInfo } from '../../core/topology.ts';
import { authorityOf, LOAD_WORKLOAD, type Scenario, type ServiceSpec } from '../../scenario/model.ts';
import type { KubernetesObject, PodObject } from '../kubernetes/contract.ts';
import { loadService, serviceFields, workloadFields } from '../mesh-fields.ts';
import { CONTROL_PLANE_NAMESPACE, TRUST_DOMAIN } from './contract.ts';

/** What the cluster made of a scenario: its pods by workload, and the addresses of its Services. */
export interface Deployed {
  /** By qualified name of the service, in the order of their replicas. */
  pods: ReadonlyMap<string, readonly PodObject[]>;
  services: readonly KubernetesObject[];
  /** null when k6 runs outside the mesh. */
  loadPod: PodObject | null;
}

const ADMIN_PORT = 4191;
/** Who has no proxy has no identity. */
const OUTSIDE = '';
const TRUST = { trustDomain: TRUST_DOMAIN, controlPlaneNamespace: CONTROL_PLANE_NAMESPACE };

/** Who stands in the mesh. */
export function topologyOf(scenario: Scenario, deployed: Deployed): Topology {
  const workloads: WorkloadInfo[] = scenario.services.map((service) => workloadInfo(scenario, service));
  const pods: PodInfo[] = [];
  if (deployed.loadPod) {
    workloads.unshift(workloadInfo(scenario, loadService()));
    pods.push(podInfo(deployed.loadPod, LOAD_WORKLOAD.id, 0, null));
  } else {
    workloads.unshift({ ...workloadInfo(scenario, loadService()), identity: OUTSIDE });
  }
  for (const service of scenario.services) {
    (deployed.pods.get(service.id) ?? []).forEach((pod, replica) => {
      pods.push(podInfo(pod, service.id, replica, service.appPort));
    });
  }
  const services = scenario.services.map((service): ServiceInfo => {
    const object = deployed.services.find(
      ({ metadata }) => metadata.namespace === service.namespace && metadata.name === service.name,
    );
    return {
      id: service.id,
      namespace: service.namespace,
      name: service.name,
      authority: authorityOf(service),
      clusterIp: (object?.spec as { clusterIP?: string } | undefined)?.clusterIP ?? '',
      port: service.port,
      workload: service.id,
      ...serviceFields(scenario, service),
    };
  });
  return { trustDomain: TRUST_DOMAIN, controlPlaneNamespace: CONTROL_PLANE_NAMESPACE, workloads, pods, services };
}

/** @param replica which of its workload it is; of a successor that of a roll-out, which of those */
export function podInfo(pod: PodObject, workload: string, replica: number, appPort: number | null): PodInfo {
  const ip = pod.status.podIP ?? '';
  return {
    namespace: pod.metadata.namespace ?? '',
    name: pod.metadata.name,
    workload,
    replica,
    ip,
    appPort,
    instance: `${ip.includes(':') ? `[${ip}]` : ip}:${ADMIN_PORT}`,
  };
}

function workloadInfo(scenario: Scenario, service: ServiceSpec): WorkloadInfo {
  const { id, namespace, name, serviceAccount } = service;
  const identity = scenario.unmeshed
    ? OUTSIDE
    : identityName(serviceAccount, namespace, CONTROL_PLANE_NAMESPACE, TRUST_DOMAIN);
  return { id, namespace, name, serviceAccount, identity, ...workloadFields(scenario, service, TRUST) };
}
