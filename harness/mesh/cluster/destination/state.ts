import type { ApiClient } from '../api/client.ts';
import { Watcher } from '../api/watcher.ts';
import type { MeshSnapshot } from '../contract.ts';
import type { ClusterPod, ClusterReplicaSet, ClusterService, Meta } from '../objects.ts';
import type { Workload } from '../owner.ts';
import type { MeshNames } from './policy/authorization.ts';
import { type Declared, type DeclaredPolicies, POLICY_PATHS } from './policy/objects.ts';
import { snapshotOf } from './snapshot.ts';

/** Changes that come together (a pod and its conditions) are told together, ms. */
const COALESCE_MS = 50;

export interface MeshStateOptions {
  api: Pick<ApiClient, 'request' | 'lines'>;
  names: MeshNames;
  /** The snapshot is another now; not called before the first is whole. */
  changed(line: string): void;
  log(line: string): void;
  coalesceMs?: number;
}

/** Follows pods, Services and ReplicaSets of all namespaces, and what policies are declared for them. */
export class MeshState implements Disposable {
  readonly #options: MeshStateOptions;
  readonly #pods: Watcher<ClusterPod>;
  readonly #services: Watcher<ClusterService>;
  /** What owns each. */
  readonly #replicaSets: Watcher<Workload | null>;
  readonly #policies: Record<keyof DeclaredPolicies, Watcher<Declared<unknown>>>;
  #timer: NodeJS.Timeout | undefined;
  #synced = false;
  #line: string | null = null;
  #snapshot: MeshSnapshot = { services: [], pods: [] };

  constructor(options: MeshStateOptions) {
    this.#options = options;
    this.#pods = this.#watch('/api/v1/pods', slimPod);
    this.#services = this.#watch('/api/v1/services', slimService);
    this.#replicaSets = this.#watch('/apis/apps/v1/replicasets', (object) => ownerOf(object as ClusterReplicaSet));
    this.#policies = mapValues(POLICY_PATHS, (path) => this.#watch(path, slimDeclared, true));
    const all = [this.#pods, this.#services, this.#replicaSets, ...Object.values(this.#policies)];
    void Promise.all(all.map(({ synced }) => synced)).then(() => {
      this.#synced = true;
      this.#publish();
    });
  }

  /** The snapshot as a line without its end; null until everything has been listed. */
  get line(): string | null {
    return this.#line;
  }

  /** Pods that are ready, by Service. */
  endpoints(): { namespace: string; service: string; pods: number }[] {
    const ready = new Set(this.#snapshot.pods.filter((pod) => pod.ready).map((pod) => `${pod.namespace}/${pod.name}`));
    const byService = new Map<string, { namespace: string; service: string; pods: number }>();
    for (const { namespace, name, pods } of this.#snapshot.services) {
      const count = pods.filter((pod) => ready.has(`${namespace}/${pod}`)).length;
      byService.set(`${namespace}/${name}`, { namespace, service: name, pods: count });
    }
    return [...byService.values()];
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    for (const watcher of [this.#pods, this.#services, this.#replicaSets]) watcher[Symbol.dispose]();
    for (const watcher of Object.values(this.#policies)) watcher[Symbol.dispose]();
  }

  /** `optional`: the cluster need not know the kind. */
  #watch<T>(path: string, pick: (object: unknown) => T, optional = false): Watcher<T> {
    return new Watcher({
      ...{ api: this.#options.api, path, pick, optional },
      changed: () => {
        this.#timer ??= setTimeout(() => this.#publish(), this.#options.coalesceMs ?? COALESCE_MS);
      },
      failed: (error) => this.#options.log(`${path}: ${error.message}`),
    });
  }

  #publish(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!this.#synced) return;
    this.#snapshot = snapshotOf({
      pods: this.#pods.values(),
      services: this.#services.values(),
      replicaSetOwner: (namespace, name) => this.#replicaSets.get(namespace, name),
      declared: mapValues(this.#policies, (watcher) => [...watcher.values()]) as DeclaredPolicies,
      names: this.#options.names,
    });
    const line = JSON.stringify(this.#snapshot);
    if (line === this.#line) return;
    this.#line = line;
    this.#options.changed(line);
  }
}

/** Without what only others need, managedFields above all. */
function slimPod(object: unknown): ClusterPod {
  const { metadata, spec, status } = object as ClusterPod;
  const containers = (list: ClusterPod['spec']['containers'] = []) => list.map(({ name, ports }) => ({ name, ports }));
  return {
    metadata: slimMeta(metadata),
    spec: {
      hostNetwork: spec.hostNetwork,
      serviceAccountName: spec.serviceAccountName,
      containers: containers(spec.containers),
      initContainers: containers(spec.initContainers),
    },
    status: { phase: status?.phase, podIP: status?.podIP, conditions: status?.conditions },
  };
}

function slimService(object: unknown): ClusterService {
  const { metadata, spec } = object as ClusterService;
  return { metadata: slimMeta(metadata), spec };
}

function slimDeclared(object: unknown): Declared<unknown> {
  const { metadata, spec } = object as Declared<unknown>;
  return { metadata: { ...slimMeta(metadata), creationTimestamp: metadata.creationTimestamp }, spec };
}

/** Of annotations what a policy may be in. */
function slimMeta<M extends Meta>(meta: M): M {
  const { name, namespace, uid, labels, annotations = {}, deletionTimestamp, ownerReferences } = meta;
  const linkerds = Object.entries(annotations).filter(([key]) => key.includes('linkerd.io/'));
  const own = { name, namespace, uid, labels, deletionTimestamp, ownerReferences };
  return { ...own, ...(linkerds.length > 0 && { annotations: Object.fromEntries(linkerds) }) } as M;
}

function ownerOf({ metadata }: ClusterReplicaSet): Workload | null {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller);
  return owner ? { kind: owner.kind, name: owner.name } : null;
}

function mapValues<K extends string, V, R>(of: Record<K, V>, map: (value: V) => R): Record<K, R> {
  return Object.fromEntries(Object.entries<V>(of).map(([key, value]) => [key, map(value)])) as Record<K, R>;
}
