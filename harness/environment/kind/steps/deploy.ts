import { HarnessError } from '../../../core/errors.ts';
import { type Kube, type KubernetesObject, LABELS, type ObjectRef } from '../../kubernetes/contract.ts';
import { nameOf, refOf } from '../../kubernetes/discovery.ts';
import type { InstalledMesh } from '../contract.ts';
import { namespace } from '../manifests/namespaces.ts';
import type { RolledOut } from '../manifests/rolled-out.ts';

/** What the steps that put a scenario into a cluster are given. */
export interface DeployContext {
  runId: string;
  signal: AbortSignal;
  mesh: Pick<InstalledMesh, 'kind'>;
  /** Services are to be reached from outside the cluster. */
  exposed?: boolean;
  /** Pods of services will be replaced under load. */
  rolledOut?: RolledOut | null;
  /** Throws when there is no point in waiting for pods any longer. */
  check?: () => void;
  /**
   * Told, before it is made, what will have to be deleted: namespaces with all that is in them, and what is in no namespace
   * of ours. A step that fails half-way has told as well.
   */
  made(refs: ObjectRef[]): void;
}

/** It is in every cluster; what we put into it is told, and deleted, one by one. */
export const DEFAULT_NAMESPACE = 'default';
const RUN_OF_ALL = 'shared';

/**
 * Makes namespaces and then objects in them, each with the run's labels. A namespace that is being deleted is waited for.
 * @throws HarnessError NAMESPACE_NOT_OURS, OBJECT_NOT_OURS when something is there that this run did not make;
 * NAMESPACE_STUCK; APPLY_REFUSED; CLUSTER_UNREACHABLE
 */
export async function deploy(
  kube: Kube,
  names: readonly string[],
  objects: readonly KubernetesObject[],
  context: DeployContext,
): Promise<void> {
  const owned: string[] = [];
  for (const name of names) if (await isForUs(kube, name, context.runId)) owned.push(name);
  const once = inOrder(unique(objects)).filter((object) => !isGiven(object, owned));
  const single = once.filter(({ metadata }) => !metadata.namespace || !owned.includes(metadata.namespace));
  await Promise.all(single.map((object) => refuseForeign(kube, object, context.runId)));
  const spaces = owned.map(namespace);
  context.made([...spaces, ...single].map(refOf));
  const labels = { [LABELS.managedBy]: 'meshproof', [LABELS.run]: context.runId };
  await kube.apply([...spaces, ...once], { labels, signal: context.signal });
}

/** Whether a namespace is this run's to make, and to delete. @throws HarnessError NAMESPACE_NOT_OURS */
async function isForUs(kube: Kube, name: string, runId: string): Promise<boolean> {
  const found = await kube.get({ apiVersion: 'v1', kind: 'Namespace', name });
  // One that is being deleted makes room; the API client waits for that.
  if (!found || found.metadata.deletionTimestamp) return true;
  const owner = ownerOf(found);
  if (owner === runId) return true;
  if (owner === RUN_OF_ALL || name === DEFAULT_NAMESPACE) return false;
  throw owner === null
    ? new HarnessError(
        'NAMESPACE_NOT_OURS',
        `the namespace "${name}" is in the cluster, and meshproof did not make it`,
        {
          hint: 'nothing was changed in it; give the services of the scenario another namespace, or delete it yourself',
        },
      )
    : new HarnessError('NAMESPACE_NOT_OURS', `the namespace "${name}" is of another run, ${owner}`, {
        hint: 'if that run was kept or killed, `meshproof clean` removes what it left; else wait for its end',
      });
}

/** What stands in a namespace of somebody else, or in none, must not be changed. */
async function refuseForeign(kube: Kube, object: KubernetesObject, runId: string): Promise<void> {
  const found = await kube.get(refOf(object));
  if (!found || ownerOf(found) === runId) return;
  throw new HarnessError(
    'OBJECT_NOT_OURS',
    `${nameOf(refOf(object))} is in the cluster, and this run did not make it`,
    {
      hint: 'give the service another name or namespace; if a killed run left it, `meshproof clean` removes it',
    },
  );
}

/** The run that made an object; null when meshproof did not. */
function ownerOf({ metadata }: KubernetesObject): string | null {
  return metadata.labels?.[LABELS.managedBy] === 'meshproof' ? (metadata.labels[LABELS.run] ?? '') : null;
}

/** The ServiceAccount that Kubernetes itself puts into every namespace: not ours to delete where the namespace is not. */
function isGiven({ kind, metadata }: KubernetesObject, owned: string[]): boolean {
  return kind === 'ServiceAccount' && metadata.name === 'default' && !owned.includes(metadata.namespace ?? '');
}

/** Services may share a ServiceAccount. */
function unique(objects: readonly KubernetesObject[]): KubernetesObject[] {
  return [...new Map(objects.map((object) => [nameOf(refOf(object)), object])).values()];
}

/** What others refer to goes first, pods last; neighbours of a kind are applied at the same time. */
const FIRST = ['ServiceAccount', 'ClusterRole', 'ClusterRoleBinding', 'ConfigMap', 'Service'];
/** Routes and policies: their kinds are between. */
const ORDER = ['Server', 'MeshTLSAuthentication', 'NetworkAuthentication'];

function inOrder(objects: KubernetesObject[]): KubernetesObject[] {
  return objects.toSorted((a, b) => rank(a) - rank(b) || (a.kind < b.kind ? -1 : a.kind > b.kind ? 1 : 0));
}

function rank({ kind }: KubernetesObject): number {
  if (kind === 'Deployment') return FIRST.length + ORDER.length + 1;
  if (FIRST.includes(kind)) return FIRST.indexOf(kind);
  return FIRST.length + (ORDER.includes(kind) ? ORDER.indexOf(kind) : ORDER.length);
}
