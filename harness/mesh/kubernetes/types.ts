/** The few Kubernetes object types that the simulated API serves; names and nesting are those of the core/v1 API. */

export interface ObjectMeta {
  name: string;
  generateName?: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  /** RFC 3339. */
  creationTimestamp?: string;
  /** RFC 3339; set while it is being deleted. */
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
}

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

export interface KubernetesObject {
  kind: string;
  apiVersion: string;
  metadata: ObjectMeta;
  spec?: unknown;
  status?: unknown;
}

export interface ContainerPort {
  name?: string;
  containerPort: number;
  protocol: 'TCP' | 'UDP';
}

export interface Probe {
  httpGet: { path: string; port: number };
  initialDelaySeconds?: number;
  periodSeconds?: number;
  failureThreshold?: number;
}

export interface Container {
  name: string;
  image: string;
  command?: string[];
  args?: string[];
  env?: { name: string; value: string }[];
  ports?: ContainerPort[];
  /** `Always` on an init container makes it a native sidecar. */
  restartPolicy?: 'Always';
  startupProbe?: Probe;
  livenessProbe?: Probe;
  readinessProbe?: Probe;
  lifecycle?: unknown;
  securityContext?: { runAsUser?: number };
}

export type PodPhase = 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown';

export interface PodCondition {
  type: string;
  status: 'True' | 'False';
  lastTransitionTime?: string;
}

export interface ContainerStatus {
  name: string;
  image: string;
  imageID: string;
  containerID: string;
  ready: boolean;
  started: boolean;
  restartCount: number;
  state: { running: { startedAt: string } } | { terminated: { exitCode: number; reason: string } };
  /** How it ended before it was restarted. */
  lastState?: { terminated: { exitCode: number; reason: string; startedAt: string; finishedAt: string } };
}

export interface Pod extends KubernetesObject {
  kind: 'Pod';
  metadata: ObjectMeta & { namespace: string };
  spec: {
    nodeName: string;
    serviceAccountName: string;
    restartPolicy: 'Always' | 'OnFailure' | 'Never';
    initContainers?: Container[];
    containers: Container[];
  };
  status: {
    phase: PodPhase;
    conditions: PodCondition[];
    hostIP: string;
    podIP: string;
    podIPs: { ip: string }[];
    startTime: string;
    qosClass: string;
    initContainerStatuses?: ContainerStatus[];
    containerStatuses: ContainerStatus[];
  };
}

/** Resources that are served, by their name in paths. */
export type ResourceName = 'pods' | 'nodes' | 'namespaces' | 'services';

export interface ResourceInfo {
  kind: string;
  singular: string;
  shortNames: string[];
  namespaced: boolean;
}

export const RESOURCES: Record<ResourceName, ResourceInfo> = {
  pods: { kind: 'Pod', singular: 'pod', shortNames: ['po'], namespaced: true },
  nodes: { kind: 'Node', singular: 'node', shortNames: ['no'], namespaced: false },
  namespaces: { kind: 'Namespace', singular: 'namespace', shortNames: ['ns'], namespaced: false },
  services: { kind: 'Service', singular: 'service', shortNames: ['svc'], namespaced: true },
};

export function isResource(name: string): name is ResourceName {
  return Object.hasOwn(RESOURCES, name);
}
