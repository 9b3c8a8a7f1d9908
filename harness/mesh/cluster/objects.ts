/** The parts of Kubernetes' objects that the simulated control plane reads; names are those of the API. */

export interface Meta {
  name: string;
  generateName?: string;
  namespace?: string;
  uid?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  deletionTimestamp?: string;
  ownerReferences?: Owner[];
}

export interface Owner {
  kind: string;
  name: string;
  controller?: boolean;
}

export interface HttpProbe {
  httpGet?: { path?: string; port: number | string };
}

export interface PodContainer {
  name: string;
  ports?: { name?: string; containerPort: number; protocol?: string }[];
  readinessProbe?: HttpProbe;
  livenessProbe?: HttpProbe;
  restartPolicy?: string;
}

/** A pod as it is asked for: no name yet when a controller makes it. */
export interface PodTemplate {
  metadata: Omit<Meta, 'name'> & { name?: string };
  spec: {
    hostNetwork?: boolean;
    serviceAccountName?: string;
    containers: PodContainer[];
    initContainers?: PodContainer[];
    volumes?: { name: string }[];
  };
}

export interface ClusterPod extends PodTemplate {
  metadata: Meta & { namespace: string; uid: string };
  status?: { phase?: string; podIP?: string; conditions?: { type: string; status: string }[] };
}

export interface ClusterService {
  metadata: Meta & { namespace: string };
  spec: {
    type?: string;
    clusterIP?: string;
    selector?: Record<string, string>;
    ports?: { name?: string; port: number; targetPort?: number | string; protocol?: string }[];
  };
}

export interface ClusterReplicaSet {
  metadata: Meta & { namespace: string };
}
