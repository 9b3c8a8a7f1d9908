import type { Kube, KubernetesObject, ListOptions, ObjectRef, PodObject } from '../../../kubernetes/contract.ts';
import { ApiError } from '../../../kubernetes/errors.ts';
import { isReady } from '../../../kubernetes/pod-state.ts';

/**
 * A cluster in memory, as far as installing a mesh needs it: objects are kept, a Deployment's pods come up as `podOf` says,
 * and a pod for trial comes back from `admit`.
 */
export class FakeKube implements Kube {
  readonly server = 'https://fake';
  readonly kubeconfig = '/fake/kubeconfig';
  readonly context = 'fake';
  /** What happened, in order: `apply Namespace/linkerd`, `delete ...`, `look at pods`, `try`. */
  readonly log: string[] = [];
  /** Address that every gateway leads to. */
  gatewayUrl = 'http://127.0.0.1:1';
  podOf: (deployment: KubernetesObject) => PodObject = (deployment) => meshedPod(`${deployment.metadata.name}-1`);
  admit: (pod: PodObject) => PodObject = withProxy;
  #objects = new Map<string, KubernetesObject>();
  /** By their Deployment. */
  #pods = new Map<string, PodObject[]>();

  async apply(objects: KubernetesObject[], { labels }: { labels: Record<string, string> }): Promise<void> {
    for (const object of objects) {
      this.log.push(`apply ${object.kind}/${object.metadata.name}`);
      const metadata = { ...object.metadata, labels: { ...object.metadata.labels, ...labels } };
      this.#objects.set(key(object.kind, object.metadata.name), { ...object, metadata });
      if (object.kind !== 'Deployment') continue;
      const { replicas = 1 } = object.spec as { replicas?: number };
      // In place of those that it had.
      this.#pods.set(
        object.metadata.name,
        Array.from({ length: replicas }, () => this.podOf(object)),
      );
    }
  }

  async get<T = KubernetesObject>(ref: ObjectRef): Promise<T | null> {
    const found = this.#objects.get(key(ref.kind, ref.name));
    if (found?.kind !== 'Deployment') return (found ?? null) as T | null;
    const replicas = this.#pods.get(ref.name)?.filter(isReady).length ?? 0;
    return { ...found, status: { replicas, updatedReplicas: replicas, availableReplicas: replicas } } as T;
  }

  async list<T = KubernetesObject>({ kind }: { kind: string }, options: ListOptions = {}): Promise<T[]> {
    if (kind === 'Pod') this.log.push('look at pods');
    const all: KubernetesObject[] = kind === 'Pod' ? [...this.#pods.values()].flat() : [...this.#objects.values()];
    const inNamespace = ({ metadata }: KubernetesObject) =>
      options.namespace === undefined || metadata.namespace === options.namespace;
    return all.filter((object) => object.kind === kind && inNamespace(object)) as T[];
  }

  async request(method: string, path: string, body?: unknown): Promise<unknown> {
    if (method === 'POST' && path.endsWith('/pods?dryRun=All')) {
      // Several at once are one look.
      if (this.log.at(-1) !== 'try') this.log.push('try');
      return this.admit(body as PodObject);
    }
    const name = path.match(/customresourcedefinitions\/(.+)$/)?.[1];
    const found = name && this.#objects.get(key('CustomResourceDefinition', name));
    if (found) return found;
    throw new ApiError(`${method} ${path}`, 404, JSON.stringify({ kind: 'Status', apiVersion: 'v1' }));
  }

  async delete(refs: ObjectRef[]): Promise<void> {
    for (const ref of refs) {
      this.log.push(`delete ${ref.kind}/${ref.name}`);
      this.#objects.delete(key(ref.kind, ref.name));
      if (ref.kind !== 'Namespace') continue;
      for (const [deployment, pods] of this.#pods) {
        this.#pods.set(
          deployment,
          pods.filter(({ metadata }) => metadata.namespace !== ref.name),
        );
      }
    }
  }

  async labelled(): Promise<ObjectRef[]> {
    return [];
  }

  async gateway(): Promise<string> {
    return this.gatewayUrl;
  }

  async close(): Promise<void> {}
}

const key = (kind: string, name: string) => `${kind}/${name}`;

/** A pod of the control plane, ready, with its proxy. */
export function meshedPod(name: string): PodObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'linkerd' },
    spec: { containers: [{ name: 'linkerd-proxy' }, { name: 'app' }] },
    status: {
      phase: 'Running',
      conditions: [{ type: 'Ready', status: 'True' }],
      containerStatuses: ['linkerd-proxy', 'app'].map((container) => ({
        name: container,
        ready: true,
        restartCount: 0,
        state: { running: {} },
      })),
    },
  };
}

/** The pod as an injector gives it back: the proxy is a native sidecar. */
export function withProxy(pod: PodObject): PodObject {
  return { ...pod, spec: { ...pod.spec, initContainers: [{ name: 'linkerd-proxy', restartPolicy: 'Always' }] } };
}
