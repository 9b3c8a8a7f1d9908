import { concurrently } from './concurrently.ts';
import type { KubernetesObject, ObjectRef } from './contract.ts';
import { type ApiResource, collectionPath, type Discovery, groupOf, refOf } from './discovery.ts';
import { ApiError } from './errors.ts';
import { METADATA_ONLY } from './namespace.ts';
import type { Transport } from './transport.ts';

/** What copies the labels of another object and goes with it. */
const DERIVED = new Set(['Endpoints', 'EndpointSlice', 'Event', 'ReplicaSet', 'ControllerRevision', 'PodMetrics']);

/** What meshproof makes itself: these must be readable, or "nothing is left" would mean nothing. */
const MUST_READ = new Set([
  ...['Namespace', 'ServiceAccount', 'ConfigMap', 'Secret', 'Service', 'Deployment', 'Pod', 'CronJob', 'APIService'],
  ...['ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding', 'CustomResourceDefinition'],
  ...['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'],
]);

/**
 * Every object that carries all the labels, of every kind the server can list and delete, custom ones included.
 * @throws ApiError CLUSTER_REFUSED when a kind that meshproof makes must not be listed
 */
export async function labelledObjects(
  transport: Transport,
  discovery: Discovery,
  labels: Record<string, string>,
): Promise<ObjectRef[]> {
  const selector = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  const query = `labelSelector=${encodeURIComponent(selector.join(','))}`;
  const found = await concurrently(listable(await discovery.all()), async (resource) => {
    try {
      const list = await transport.send('GET', `${collectionPath(resource)}?${query}`, { accept: METADATA_ONLY });
      return ((list as { items?: KubernetesObject[] }).items ?? [])
        .filter((object) => !isOwned(object))
        .map((object) => refOf({ ...object, apiVersion: resource.apiVersion, kind: resource.kind }));
    } catch (error) {
      if (error instanceof ApiError && !MUST_READ.has(resource.kind)) return [];
      throw error;
    }
  });
  return found.flat();
}

/** Each kind once, in the version that the server prefers. */
function listable(resources: readonly ApiResource[]): ApiResource[] {
  const once = new Map<string, ApiResource>();
  for (const resource of resources) {
    const key = `${groupOf(resource.apiVersion)} ${resource.kind}`;
    const usable = resource.verbs.includes('list') && resource.verbs.includes('delete');
    if (usable && !DERIVED.has(resource.kind) && !once.has(key)) once.set(key, resource);
  }
  return [...once.values()];
}

/** It goes with its owner. */
function isOwned(object: KubernetesObject): boolean {
  const owners = (object.metadata.ownerReferences as { controller?: boolean }[] | undefined) ?? [];
  return owners.some(({ controller }) => controller);
}
