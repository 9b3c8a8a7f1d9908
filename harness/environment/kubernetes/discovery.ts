import { HarnessError } from '../../core/errors.ts';
import type { KubernetesObject, ObjectRef } from './contract.ts';
import type { Transport } from './transport.ts';

/** One kind as the server serves it. */
export interface ApiResource {
  apiVersion: string;
  kind: string;
  /** Name in paths, e.g. `deployments`. */
  plural: string;
  namespaced: boolean;
  verbs: string[];
  /** Its definition came into the cluster by this harness a moment ago: the server may not serve it yet. */
  fresh?: boolean;
}

type Kind = Pick<KubernetesObject, 'apiVersion' | 'kind'>;

/** All groups in one answer (Kubernetes 1.27 and later). */
const AGGREGATED = ['v2', 'v2beta1']
  .map((version) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`)
  .join(',');

interface GroupDiscovery {
  metadata: { name?: string };
  versions?: {
    version: string;
    resources?: { resource: string; scope: string; verbs: string[]; responseKind?: { kind?: string } }[];
  }[];
}

/** Which kinds the server has, and where. Two requests, remembered; asked for again when a kind is missing. */
export class Discovery {
  readonly #transport: Transport;
  /** The preferred version of a group comes first. */
  #known: Promise<ApiResource[]> | null = null;
  readonly #fresh = new Map<string, ApiResource>();

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** @throws HarnessError KIND_UNKNOWN */
  async resource(kind: Kind, signal?: AbortSignal): Promise<ApiResource> {
    const found = await this.find(kind, signal);
    if (found) return found;
    throw new HarnessError('KIND_UNKNOWN', `${this.#transport.server} has no ${kind.kind} of ${kind.apiVersion}`, {
      hint: 'the CustomResourceDefinition it needs is not installed, or this Kubernetes is too old or too new for it',
    });
  }

  async find(kind: Kind, signal?: AbortSignal): Promise<ApiResource | undefined> {
    const fresh = this.#fresh.get(keyOf(kind));
    if (fresh) return fresh;
    const remembered = this.#known !== null;
    const found = (await this.all(signal)).find((resource) => keyOf(resource) === keyOf(kind));
    if (found || !remembered) return found;
    this.#known = null;
    return (await this.all(signal)).find((resource) => keyOf(resource) === keyOf(kind));
  }

  /** Every kind of every group, in each of its versions, the preferred one first. */
  async all(signal?: AbortSignal): Promise<ApiResource[]> {
    this.#known ??= this.#load(signal);
    try {
      return await this.#known;
    } catch (error) {
      this.#known = null;
      throw error;
    }
  }

  /** The kinds that a CustomResourceDefinition declares can be used before discovery knows them. */
  addDefinition(definition: KubernetesObject): void {
    const spec = definition.spec as DefinitionSpec;
    for (const version of spec.versions) {
      const resource: ApiResource = {
        apiVersion: `${spec.group}/${version.name}`,
        kind: spec.names.kind,
        plural: spec.names.plural,
        namespaced: spec.scope === 'Namespaced',
        verbs: ['get', 'list', 'patch', 'delete'],
        fresh: true,
      };
      if (version.served) this.#fresh.set(keyOf(resource), resource);
    }
    this.#known = null;
  }

  /** What was known is asked for again. */
  forget(): void {
    this.#known = null;
    this.#fresh.clear();
  }

  async #load(signal?: AbortSignal): Promise<ApiResource[]> {
    const lists = await Promise.all(
      ['/api', '/apis'].map((path) => this.#transport.send('GET', path, { accept: AGGREGATED, signal })),
    );
    return (lists as { kind: string; items?: GroupDiscovery[] }[]).flatMap((list) => {
      if (list.kind === 'APIGroupDiscoveryList') return (list.items ?? []).flatMap(resourcesOf);
      throw new HarnessError('CLUSTER_TOO_OLD', `${this.#transport.server} does not answer aggregated discovery`, {
        hint: 'Kubernetes 1.27 or later is needed',
      });
    });
  }
}

interface DefinitionSpec {
  group: string;
  scope: string;
  names: { kind: string; plural: string };
  versions: { name: string; served: boolean }[];
}

function resourcesOf(group: GroupDiscovery): ApiResource[] {
  const name = group.metadata.name ?? '';
  return (group.versions ?? []).flatMap(({ version, resources }) =>
    (resources ?? []).flatMap(({ resource, scope, verbs, responseKind }) => {
      if (!responseKind?.kind) return [];
      const apiVersion = name === '' ? version : `${name}/${version}`;
      return [{ apiVersion, kind: responseKind.kind, plural: resource, namespaced: scope === 'Namespaced', verbs }];
    }),
  );
}

/** The path of a kind's objects, in a namespace or in all. */
export function collectionPath(resource: ApiResource, namespace?: string): string {
  const root = resource.apiVersion.includes('/') ? '/apis' : '/api';
  const scope = namespace && resource.namespaced ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${root}/${resource.apiVersion}${scope}/${resource.plural}`;
}

/** The path of one object. @throws HarnessError OBJECT_BAD for a namespaced one without its namespace */
export function objectPath(resource: ApiResource, ref: ObjectRef): string {
  if (resource.namespaced && !ref.namespace) {
    throw new HarnessError('OBJECT_BAD', `${ref.kind} ${ref.name} has no namespace`, {
      hint: 'set metadata.namespace: no default is assumed',
    });
  }
  return `${collectionPath(resource, ref.namespace)}/${encodeURIComponent(ref.name)}`;
}

export function refOf(object: KubernetesObject): ObjectRef {
  const { name, namespace } = object.metadata;
  return { apiVersion: object.apiVersion, kind: object.kind, ...(namespace && { namespace }), name };
}

/** `Deployment shop/web`. */
export function nameOf(ref: ObjectRef): string {
  return `${ref.kind} ${ref.namespace ? `${ref.namespace}/` : ''}${ref.name}`;
}

/** The group of an apiVersion; empty for the core. */
export function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? apiVersion.split('/', 1)[0]! : '';
}

function keyOf(kind: Kind): string {
  return `${kind.apiVersion} ${kind.kind}`;
}
