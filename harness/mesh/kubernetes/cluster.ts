import { writeFile } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { HarnessError } from '../../core/errors.ts';
import type { ClusterFaults } from '../contract.ts';
import type { ApiUser, KubernetesApi, PodStatusChange } from './api.ts';
import { completedCopy, editedPod } from './pod-edits.ts';
import { podWithStatus } from './pod-status.ts';
import { type RoleGrant, vizPrometheusGrant } from './rbac.ts';
import type { KubernetesObject, Pod } from './types.ts';

export interface ClusterOptions {
  vizNamespace: string;
  /** Prometheus' ServiceAccount and its token. */
  prometheus: ApiUser;
  /** Whoever operates the mesh: may read everything. */
  operator: ApiUser;
  /** What Prometheus reads the API's CA from, the right one, and another. */
  caFile: string;
  caPem: string;
  otherCaPem: () => string;
}

/**
 * The simulated cluster as it is, and as its API shows it: the same but for the faults. The API's objects follow the pods
 * through it.
 */
export class Cluster {
  readonly #options: ClusterOptions;
  /** Pods as they are, by `namespace/name`. */
  readonly #pods = new Map<string, Pod>();
  /** Those that were ever there, as they came: copies outlive them. */
  readonly #templates = new Map<string, Pod>();
  #faults: ClusterFaults;
  #api: KubernetesApi | null = null;
  #shownCa = '';

  constructor(objects: readonly KubernetesObject[], options: ClusterOptions, faults: ClusterFaults = {}) {
    this.#options = options;
    this.#faults = faults;
    for (const object of objects) if (object.kind === 'Pod') this.#add(object as Pod);
  }

  /** Pods as the API shows them at first, and whom it knows. */
  get atFirst(): { pods: Pod[]; users: ApiUser[]; rules: RoleGrant[] } {
    return { pods: [...this.#shown().values()], users: this.#users(), rules: this.#rules() };
  }

  /** From here on the API is kept up to date. */
  async shownBy(api: KubernetesApi): Promise<void> {
    this.#api = api;
    await this.#writeCa();
  }

  /** Replaces the faults. Watches that are open go on, as with a real API server: their rights were asked for when they began. */
  async setFaults(faults: ClusterFaults): Promise<void> {
    const before = this.#shown();
    this.#faults = faults;
    await this.#writeCa();
    this.#api?.setRules(this.#rules());
    this.#api?.setUsers(this.#users());
    const now = this.#shown();
    for (const [key, pod] of now) if (!isDeepStrictEqual(pod, before.get(key))) this.#api?.upsertPod(pod);
    for (const [key, { metadata }] of before) {
      if (!now.has(key)) this.#api?.deletePod(metadata.namespace, metadata.name);
    }
  }

  /** @throws HarnessError UNKNOWN_POD */
  setPodStatus(namespace: string, name: string, change: PodStatusChange): void {
    const pod = podWithStatus(podOf(this.#pods, namespace, name), change, new Date());
    this.#pods.set(keyOf(pod), pod);
    this.#api?.upsertPod(editedPod(pod, this.#editsOf(pod)));
  }

  /** A pod that comes. */
  addPod(pod: Pod): void {
    this.#add(pod);
    this.#api?.upsertPod(editedPod(pod, this.#editsOf(pod)));
  }

  /** As when it is deleted. @throws HarnessError UNKNOWN_POD */
  deletePod(namespace: string, name: string): void {
    this.#pods.delete(keyOf(podOf(this.#pods, namespace, name)));
    this.#api?.deletePod(namespace, name);
  }

  #add(pod: Pod): void {
    this.#pods.set(keyOf(pod), pod);
    this.#templates.set(keyOf(pod), pod);
  }

  #shown(): Map<string, Pod> {
    const shown = new Map([...this.#pods].map(([key, pod]) => [key, editedPod(pod, this.#editsOf(pod))]));
    for (const { namespace, of, name } of this.#faults.completedCopies ?? []) {
      const copy = completedCopy(podOf(this.#templates, namespace, of), name);
      shown.set(keyOf(copy), copy);
    }
    return shown;
  }

  #editsOf({ metadata: { namespace, name } }: Pod) {
    const edits = this.#faults.pods?.filter((pod) => pod.namespace === namespace && pod.name === name);
    return edits?.flatMap((pod) => pod.edits) ?? [];
  }

  #users(): ApiUser[] {
    const { prometheus, operator } = this.#options;
    return this.#faults.tokenExpired ? [operator] : [operator, prometheus];
  }

  #rules(): RoleGrant[] {
    const { vizNamespace, operator } = this.#options;
    const everything = { apiGroups: ['*'], resources: ['*'], verbs: ['get', 'list', 'watch'] };
    const grant = vizPrometheusGrant(vizNamespace);
    const mayList = this.#faults.prometheusMayList;
    return [
      { role: 'view-everything', users: [operator.name], rules: [everything], namespaces: null },
      ...(mayList ? restrictedTo(mayList, grant) : [grant]),
    ];
  }

  async #writeCa(): Promise<void> {
    const { caFile, caPem, otherCaPem } = this.#options;
    const wanted = this.#faults.otherCa ? 'other' : 'own';
    if (this.#shownCa === wanted) return;
    await writeFile(caFile, this.#faults.otherCa ? otherCaPem() : caPem);
    this.#shownCa = wanted;
  }
}

/** @throws HarnessError UNKNOWN_POD */
function podOf(pods: ReadonlyMap<string, Pod>, namespace: string, name: string): Pod {
  const pod = pods.get(`${namespace}/${name}`);
  if (pod) return pod;
  throw new HarnessError('UNKNOWN_POD', `the simulated cluster has no pod ${namespace}/${name}`, {
    hint: 'name a pod of the mesh configuration',
  });
}

/** What of the grant concerns pods, by bindings in these namespaces; what concerns nodes, in the whole cluster. */
function restrictedTo(namespaces: readonly string[], grant: RoleGrant): RoleGrant[] {
  const part = (isPods: boolean) =>
    grant.rules.map((rule) => ({ ...rule, resources: rule.resources.filter((one) => (one === 'pods') === isPods) }));
  return [
    { ...grant, rules: part(false) },
    ...(namespaces.length > 0 ? [{ ...grant, rules: part(true), namespaces: [...namespaces] }] : []),
  ];
}

function keyOf({ metadata: { namespace, name } }: Pod): string {
  return `${namespace}/${name}`;
}
