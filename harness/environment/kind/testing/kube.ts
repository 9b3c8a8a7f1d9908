import type { Kube, KubernetesObject, ObjectRef } from '../../kubernetes/contract.ts';
import { nameOf, refOf } from '../../kubernetes/discovery.ts';

/** A cluster on paper: keeps what is applied, and has every pod of a Deployment ready at once. */
export class PaperKube implements Kube {
  readonly server = 'https://127.0.0.1:1';
  readonly kubeconfig = '/nowhere';
  readonly context = 'paper';
  readonly objects = new Map<string, KubernetesObject>();
  /** In order. */
  readonly applied: string[] = [];
  /** Answers of `request`, by path without its query. */
  readonly texts = new Map<string, string>();

  put(object: KubernetesObject): void {
    this.objects.set(nameOf(refOf(object)), object);
  }

  async apply(objects: KubernetesObject[], options: { labels: Record<string, string> }): Promise<void> {
    for (const object of objects) {
      const { metadata } = object;
      this.applied.push(nameOf(refOf(object)));
      this.put({ ...object, metadata: { ...metadata, labels: { ...metadata.labels, ...options.labels } } });
      if (object.kind === 'Deployment') this.#putPods(object);
    }
  }

  async get<T>(ref: ObjectRef): Promise<T | null> {
    return (this.objects.get(nameOf(ref)) ?? null) as T | null;
  }

  async list<T>(
    { kind }: { kind: string },
    { namespace, labelSelector = '' }: { namespace?: string; labelSelector?: string } = {},
  ): Promise<T[]> {
    const wanted = labelSelector.split(',').filter((term) => term !== '');
    return [...this.objects.values()].filter(
      (object) =>
        object.kind === kind &&
        (!namespace || object.metadata.namespace === namespace) &&
        wanted.every((term) => object.metadata.labels?.[term.split('=')[0]!] === term.split('=')[1]),
    ) as T[];
  }

  async request(_method: string, path: string): Promise<unknown> {
    return this.texts.get(path.split('?')[0]!) ?? { items: [] };
  }

  async delete(): Promise<void> {}

  async labelled(): Promise<ObjectRef[]> {
    return [];
  }

  async gateway(): Promise<string> {
    return 'http://127.0.0.1:1';
  }

  async close(): Promise<void> {}

  #putPods({ metadata: { name, namespace }, spec }: KubernetesObject): void {
    const { replicas, template } = spec as { replicas: number; template: { metadata: KubernetesObject['metadata'] } };
    for (let i = 0; i < replicas; i += 1) {
      this.put({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { ...template.metadata, name: `${name}-${i}`, namespace },
        spec: { containers: [] },
        status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
      });
    }
  }
}
