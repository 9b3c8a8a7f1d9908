import type { KubernetesObject, ResourceName } from './types.ts';

export interface StoreEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  resource: ResourceName;
  /** As it is now; of a deleted one, as it was last, with the version of the deletion. */
  object: KubernetesObject;
  /** As it was before; null for a new one. */
  previous: KubernetesObject | null;
  version: number;
}

/**
 * The objects and the history of their changes. Versions start at the wall clock's milliseconds, so that an API that comes
 * back on the same address never gives out lower ones than before: a client would keep stale objects.
 */
export class ObjectStore {
  readonly #objects = new Map<ResourceName, Map<string, KubernetesObject>>();
  readonly #listeners = new Set<(event: StoreEvent) => void>();
  readonly #historyLimit: number;
  #history: StoreEvent[] = [];
  #version: number;
  #oldest: number;

  constructor(options: { firstVersion?: number; historyLimit?: number } = {}) {
    this.#version = options.firstVersion ?? Date.now();
    this.#oldest = this.#version;
    this.#historyLimit = options.historyLimit ?? 10_000;
  }

  get version(): number {
    return this.#version;
  }

  /** A watch may begin after this version or a later one. */
  get oldest(): number {
    return this.#oldest;
  }

  /** Sorted by namespace and name, as an API server lists. */
  list(resource: ResourceName): KubernetesObject[] {
    const all = this.#objects.get(resource);
    if (!all) return [];
    return [...all.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
  }

  get(resource: ResourceName, namespace: string | null, name: string): KubernetesObject | undefined {
    return this.#objects.get(resource)?.get(keyOf(namespace, name));
  }

  /** Adds or replaces; what is stored is a copy with its new version. */
  put(resource: ResourceName, object: KubernetesObject): KubernetesObject {
    const key = keyOf(object.metadata.namespace ?? null, object.metadata.name);
    const all = this.#objects.get(resource) ?? new Map<string, KubernetesObject>();
    this.#objects.set(resource, all);
    const previous = all.get(key) ?? null;
    const stored = this.#stamp(object);
    all.set(key, stored);
    this.#emit({ type: previous ? 'MODIFIED' : 'ADDED', resource, object: stored, previous });
    return stored;
  }

  /** Whether there was one. */
  delete(resource: ResourceName, namespace: string | null, name: string): boolean {
    const all = this.#objects.get(resource);
    const key = keyOf(namespace, name);
    const previous = all?.get(key);
    if (!all || !previous) return false;
    all.delete(key);
    this.#emit({ type: 'DELETED', resource, object: this.#stamp(previous), previous });
    return true;
  }

  /** Changes of a resource after `version`, in order. */
  since(resource: ResourceName, version: number): StoreEvent[] {
    return this.#history.filter((event) => event.resource === resource && event.version > version);
  }

  /** Forgets all history, and moves on by one version so that each version given out so far is too old. */
  compact(): void {
    this.#version += 1;
    this.#oldest = this.#version;
    this.#history = [];
  }

  subscribe(listener: (event: StoreEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #stamp(object: KubernetesObject): KubernetesObject {
    this.#version += 1;
    const copy = structuredClone(object);
    copy.metadata.resourceVersion = String(this.#version);
    return copy;
  }

  #emit(change: Omit<StoreEvent, 'version'>): void {
    const event = { ...change, version: this.#version };
    this.#history.push(event);
    if (this.#history.length > this.#historyLimit) this.#oldest = this.#history.shift()!.version;
    for (const listener of this.#listeners) listener(event);
  }
}

function keyOf(namespace: string | null, name: string): string {
  return `${namespace ?? ''}/${name}`;
}
