import type { Kube, KubernetesObject, ListOptions, ObjectRef, PodObject } from '../../../kubernetes/contract.ts';

/** One look at the API takes the cluster one step further. */
const STEPS = ['started', 'address', 'ready'] as const;

interface Workload {
  name: string;
  replicas: number;
  generation: number;
  pods: FakePod[];
}

interface FakePod {
  name: string;
  /** Of the template that it is made of. */
  generation: number;
  /** How far it has come. */
  step: number;
  deleted: boolean;
}

/**
 * Deployments of namespace `shop` as Kubernetes rolls them: one pod more while a template is new, and an old one goes for each
 * that is ready. Every list of pods is a step in time.
 */
export class RollingCluster {
  /** Paths and bodies of what was changed. */
  readonly patches: string[] = [];
  /** The sidecar of pods that are made; null: they have none. */
  sidecar: object | null = { name: 'linkerd-proxy', ports: [{ name: 'linkerd-admin', containerPort: 4191 }] };
  /** New pods never get ready. */
  stuck = false;
  readonly #workloads: Workload[];
  #serial = 0;

  constructor(workloads: Record<string, number>) {
    this.#workloads = Object.entries(workloads).map(([name, replicas]) => ({
      ...{ name, replicas, generation: 1 },
      pods: Array.from({ length: replicas }, (_, i) => ({
        ...{ name: `${name}-old-${i}`, generation: 1, step: STEPS.length, deleted: false },
      })),
    }));
  }

  /** By qualified name, as they are. */
  get pods(): Map<string, PodObject[]> {
    return new Map(this.#workloads.map((w) => [`shop/${w.name}`, w.pods.map((pod) => this.#podOf(w, pod))]));
  }

  readonly kube = {
    list: async <T>(_kind: object, { labelSelector = '' }: ListOptions = {}) => {
      const workloads = this.#workloads.filter(({ name }) => labelSelector === '' || labelSelector === `app=${name}`);
      for (const workload of workloads) if (labelSelector !== '') this.#goOn(workload);
      return workloads.flatMap((w) => w.pods.map((pod) => this.#podOf(w, pod))) as T[];
    },
    get: async <T>({ name }: ObjectRef) => {
      const { generation, replicas, pods } = this.#workloads.find((w) => w.name === name)!;
      const live = pods.filter(({ deleted }) => !deleted);
      const updated = live.filter((pod) => pod.generation === generation);
      const status = {
        observedGeneration: generation,
        replicas: live.length,
        updatedReplicas: updated.length,
        availableReplicas: live.filter(({ step }) => step === STEPS.length).length,
      };
      return { metadata: { name, generation }, spec: { replicas }, status } as T;
    },
    request: async (method: string, path: string, body?: unknown) => {
      if (method !== 'PATCH') return { items: [] };
      this.patches.push(`${path} ${JSON.stringify(body)}`);
      this.#workloads.find(({ name }) => path.endsWith(`/${name}`))!.generation += 1;
      return {};
    },
    gateway: async () => 'http://127.0.0.1:1',
  } as unknown as Kube;

  #goOn(workload: Workload): void {
    const { generation, replicas } = workload;
    workload.pods = workload.pods.filter(({ deleted }) => !deleted);
    const live = workload.pods;
    for (const pod of live) if (pod.step < STEPS.length && !this.stuck) pod.step += 1;
    const updated = live.filter((pod) => pod.generation === generation);
    const old = live.find((pod) => pod.generation !== generation);
    if (old && live.length > replicas && updated.every(({ step }) => step === STEPS.length)) old.deleted = true;
    else if (old && live.length === replicas) {
      this.#serial += 1;
      workload.pods.push({ name: `${workload.name}-new-${this.#serial}`, generation, step: 1, deleted: false });
    }
  }

  #podOf({ name: app }: Workload, { name, step, deleted }: FakePod): PodObject {
    const metadata: KubernetesObject['metadata'] = { name, namespace: 'shop', uid: name, labels: { app } };
    return {
      ...{ apiVersion: 'v1', kind: 'Pod' },
      metadata: { ...metadata, ...(deleted && { deletionTimestamp: 'now' }) },
      spec: { nodeName: 'node', containers: [{ name: 'app' }, ...(this.sidecar ? [this.sidecar] : [])] },
      status: {
        phase: 'Running',
        ...(step >= 2 && { podIP: `10.0.0.${this.#workloads.findIndex((w) => w.name === app) + 1}` }),
        conditions: [{ type: 'Ready', status: step >= STEPS.length ? 'True' : 'False' }],
      },
    } as PodObject;
  }
}
