import type { KubernetesObject } from '../../core/kubernetes-object.ts';

/** A cluster's API, as the steps of an environment use it. The package @kubernetes/client-node stays behind it. */

export type { KubernetesObject };

export interface ObjectRef {
  apiVersion: string;
  kind: string;
  namespace?: string;
  name: string;
}

/** Who applied a field, and the labels by which what a run made is found again. */
export const FIELD_MANAGER = 'meshproof';
export const LABELS = {
  managedBy: 'app.kubernetes.io/managed-by',
  /** Value: the id of the run, or `shared` for what stays in a cluster that is reused. */
  run: 'meshproof.io/run',
} as const;

export interface Kube {
  /** URL of the API server. */
  readonly server: string;
  readonly kubeconfig: string;
  readonly context: string;
  /**
   * Server-side apply, in the order given (namespaces and definitions first is the caller's business), each with the labels.
   * @throws HarnessError CLUSTER_UNREACHABLE, APPLY_REFUSED (with the object and what the API said), NAMESPACE_STUCK when
   * an object's namespace is being deleted and does not go within `namespaceDeadlineMs` (default 60 s)
   */
  apply(
    objects: KubernetesObject[],
    options: { labels: Record<string, string>; signal?: AbortSignal; namespaceDeadlineMs?: number },
  ): Promise<void>;
  /** null when there is none. */
  get<T = KubernetesObject>(ref: ObjectRef): Promise<T | null>;
  /** Every object of a kind, in a namespace or in all. */
  list<T = KubernetesObject>(kind: { apiVersion: string; kind: string }, options?: ListOptions): Promise<T[]>;
  /**
   * One request as it is; an answer of JSON parsed, any other as text.
   * @throws ApiError (errors.ts) for a status of 400 and above: CLUSTER_REFUSED, API_FAILED
   */
  request(method: string, path: string, body?: unknown, options?: RequestOptions): Promise<unknown>;
  /**
   * Deletes objects and waits until they, and what they own, are gone. Namespaces take what is in them along.
   * @param options.graceSeconds of pods that are deleted, also of those in namespaces that are
   * @param options.deadlineMs default 120 s
   * @param options.wait false: only begin; whoever applies into such a namespace waits for its end (5 s at the least)
   * @param options.propagation default `Foreground`; with `Background` what an object owns may go after it
   * @throws HarnessError NAMESPACE_STUCK (naming what holds it), OBJECT_STUCK, CLUSTER_UNREACHABLE
   */
  delete(
    refs: ObjectRef[],
    options?: {
      graceSeconds?: number;
      deadlineMs?: number;
      signal?: AbortSignal;
      propagation?: 'Foreground' | 'Background';
      wait?: boolean;
    },
  ): Promise<void>;
  /** Everything (of the kinds meshproof makes) that carries all these labels. */
  labelled(labels: Record<string, string>): Promise<ObjectRef[]>;
  /**
   * A local HTTP address that leads to a port of a pod through the API server; made once for each pod and port.
   * @returns `http://127.0.0.1:port`
   */
  gateway(namespace: string, pod: string, port: number): Promise<string>;
  close(): Promise<void>;
}

export interface RequestOptions {
  /** Default `application/json`. */
  contentType?: string;
  accept?: string;
  /** Silence after which the request counts as lost. Default 30 s. */
  timeoutMs?: number;
  signal?: AbortSignal;
}

export interface ListOptions {
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
}

/** The part of a Pod that the harness reads. */
export interface PodObject extends KubernetesObject {
  spec: {
    nodeName?: string;
    serviceAccountName?: string;
    containers: ContainerSpec[];
    initContainers?: ContainerSpec[];
  };
  status: {
    phase?: string;
    podIP?: string;
    conditions?: { type: string; status: string; reason?: string; message?: string }[];
    containerStatuses?: ContainerStatus[];
    initContainerStatuses?: ContainerStatus[];
  };
}

export interface ContainerSpec {
  name: string;
  image?: string;
  ports?: { name?: string; containerPort: number }[];
  restartPolicy?: string;
}

export interface ContainerStatus {
  name: string;
  ready: boolean;
  started?: boolean;
  restartCount: number;
  /** `containerd://<id>` */
  containerID?: string;
  state?: Record<string, { reason?: string; message?: string; exitCode?: number }>;
  lastState?: Record<string, { reason?: string; message?: string; exitCode?: number }>;
}
