import { HarnessError } from '../../core/errors.ts';
import { sleep } from '../../core/wait.ts';
import { concurrently } from './concurrently.ts';
import { FIELD_MANAGER, type KubernetesObject } from './contract.ts';
import { type ApiResource, type Discovery, nameOf, objectPath, refOf } from './discovery.ts';
import { ApiError } from './errors.ts';
import { namespacePatienceMs, namespaceStuck } from './namespace.ts';
import { isLate, poll } from './poll.ts';
import type { Transport } from './transport.ts';

export interface ApplyOptions {
  labels: Record<string, string>;
  signal?: AbortSignal;
  /** How long a namespace that is being deleted is waited for. Default 60 s. */
  namespaceDeadlineMs?: number;
}

const DEFINITION_DEADLINE_MS = 30_000;
/** How long an answer that may be another in a moment (a conflict, a busy server, a kind just defined) is asked for again. */
const RETRY_MS = 15_000;

/**
 * Server-side apply. Kinds go in the order given; neighbours of one kind go at the same time. After
 * CustomResourceDefinitions it waits until they are established.
 */
export async function applyObjects(
  transport: Transport,
  discovery: Discovery,
  objects: readonly KubernetesObject[],
  options: ApplyOptions,
): Promise<void> {
  for (const group of byKind(objects)) {
    await concurrently(group, (object) => applyOne(transport, discovery, labelled(object, options.labels), options));
    if (group[0]!.kind !== 'CustomResourceDefinition') continue;
    await concurrently(group, (object) => established(transport, discovery, object, options.signal));
    for (const definition of group) discovery.addDefinition(definition);
  }
}

/** Neighbours of the same kind together. */
function byKind(objects: readonly KubernetesObject[]): KubernetesObject[][] {
  const groups: KubernetesObject[][] = [];
  for (const object of objects) {
    const last = groups.at(-1);
    const same = last?.[0]?.kind === object.kind && last[0].apiVersion === object.apiVersion;
    if (same) last.push(object);
    else groups.push([object]);
  }
  return groups;
}

/** Only the object's own labels: pod templates must not carry them. */
function labelled(object: KubernetesObject, labels: Record<string, string>): KubernetesObject {
  const { metadata } = object;
  return { ...object, metadata: { ...metadata, labels: { ...metadata.labels, ...labels } } };
}

async function applyOne(
  transport: Transport,
  discovery: Discovery,
  object: KubernetesObject,
  options: ApplyOptions,
): Promise<void> {
  const { signal, namespaceDeadlineMs = 60_000 } = options;
  const resource = await discovery.resource(object, signal);
  const path = objectPath(resource, refOf(object));
  const patch = () => patchUntilAnswered(transport, resource, path, object, signal);
  const namespace = object.kind === 'Namespace' ? object.metadata.name : object.metadata.namespace;
  let applied = await patch();
  if (applied !== 'terminating') return;
  // What stands in the way is an earlier deletion; it ends by itself, or never.
  await untilGone(transport, namespace!, namespaceDeadlineMs, signal);
  if (object.kind === 'Namespace') applied = await patch();
  if (applied !== 'terminating') return;
  throw refused(object, `its namespace "${namespace}" was being deleted, and is gone now`);
}

async function patchUntilAnswered(
  transport: Transport,
  resource: ApiResource,
  path: string,
  object: KubernetesObject,
  signal?: AbortSignal,
): Promise<'applied' | 'terminating'> {
  const end = performance.now() + RETRY_MS;
  for (;;) {
    try {
      const stored = (await transport.send('PATCH', `${path}?fieldManager=${FIELD_MANAGER}&force=true`, {
        // JSON is YAML.
        body: object,
        contentType: 'application/apply-patch+yaml',
        signal,
      })) as KubernetesObject;
      const deleted = object.kind === 'Namespace' && stored.metadata.deletionTimestamp;
      return deleted ? 'terminating' : 'applied';
    } catch (error) {
      if (!(error instanceof ApiError) || error.status === 401) throw error;
      if (error.hasCause('NamespaceTerminating')) return 'terminating';
      const passing =
        error.status === 409 ||
        error.status === 429 ||
        (resource.fresh && error.isUnknownPath) ||
        isLagging(error.said, object.metadata.namespace);
      if (!passing || performance.now() >= end) throw refused(object, error.said, error);
      await sleep(Math.min(5, error.retryAfterSeconds ?? 0.1) * 1000, signal);
    }
  }
}

/** A webhook that watches namespaces (Linkerd's injector does) may not have heard yet of one that was just made. */
function isLagging(said: string, namespace: string | undefined): boolean {
  return namespace !== undefined && /webhook/.test(said) && said.includes(`namespaces "${namespace}" not found`);
}

function refused(object: KubernetesObject, said: string, cause?: ApiError): HarnessError {
  const fields = (cause?.body?.details?.causes ?? []).flatMap(({ field }) => (field ? [field] : []));
  const where = fields.length > 0 ? ` (${[...new Set(fields)].join(', ')})` : '';
  return new HarnessError('APPLY_REFUSED', `${nameOf(refOf(object))} was refused: ${said}${where}`, {
    hint: hintFor(object, cause),
    cause,
  });
}

function hintFor(object: KubernetesObject, cause: ApiError | undefined): string {
  if (cause?.status === 403) {
    return 'the user of the kubeconfig may not do this, or an admission plugin forbids it (quota, pod security)';
  }
  if (cause?.status === 404 && object.metadata.namespace) {
    return `the namespace "${object.metadata.namespace}" must be there first`;
  }
  if (/webhook/.test(cause?.said ?? '')) return 'the pods behind an admission webhook of this cluster do not answer';
  return 'the object does not suit this version of Kubernetes, or what is already in the cluster under this name';
}

async function untilGone(transport: Transport, namespace: string, deadlineMs: number, signal?: AbortSignal) {
  const path = `/api/v1/namespaces/${namespace}`;
  const goingSince = async () => {
    try {
      const { metadata } = (await transport.send('GET', path, { signal })) as KubernetesObject;
      return metadata.deletionTimestamp as string | undefined;
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
  };
  const since = await goingSince();
  if (!since) return;
  const patienceMs = namespacePatienceMs(since, deadlineMs);
  try {
    await poll(async () => ((await goingSince()) ? undefined : true), {
      ...{ what: `the end of namespace ${namespace}`, deadlineMs: patienceMs, signal },
    });
  } catch (error) {
    throw isLate(error) ? await namespaceStuck(transport, namespace, patienceMs) : error;
  }
}

async function established(
  transport: Transport,
  discovery: Discovery,
  definition: KubernetesObject,
  signal?: AbortSignal,
): Promise<void> {
  const path = objectPath(await discovery.resource(definition, signal), refOf(definition));
  let conditions: { type: string; status: string; message?: string }[] = [];
  try {
    await poll(
      async () => {
        const { status } = (await transport.send('GET', path, { signal })) as {
          status?: { conditions?: typeof conditions };
        };
        conditions = status?.conditions ?? [];
        return conditions.some(({ type, status }) => type === 'Established' && status === 'True') || undefined;
      },
      { what: nameOf(refOf(definition)), deadlineMs: DEFINITION_DEADLINE_MS, everyMs: 50, signal },
    );
  } catch (error) {
    if (!isLate(error)) throw error;
    const said = conditions.map(({ type, status, message }) => `${type}=${status} ${message ?? ''}`.trim()).join('; ');
    throw refused(
      definition,
      `it was not established within ${DEFINITION_DEADLINE_MS / 1000} s: ${said || 'no condition'}`,
    );
  }
}
