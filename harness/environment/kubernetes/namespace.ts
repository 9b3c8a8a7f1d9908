import { HarnessError } from '../../core/errors.ts';
import { concurrently } from './concurrently.ts';
import type { KubernetesObject } from './contract.ts';
import { type ApiResource, collectionPath, Discovery } from './discovery.ts';
import type { Transport } from './transport.ts';

interface Namespace extends KubernetesObject {
  status?: { conditions?: { type: string; status: string; message?: string }[] };
}

/** Only the head of each object. */
export const METADATA_ONLY = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';

const LONG_GOING_MS = 10_000;

/**
 * How long to wait for a namespace that may have been going before: one that did not go within the deadline then, goes
 * only when what held it has just let go.
 * @param since its `deletionTimestamp`
 */
export function namespacePatienceMs(since: unknown, deadlineMs: number): number {
  const longGoing = Date.now() - Date.parse(String(since)) > deadlineMs;
  return longGoing ? Math.min(LONG_GOING_MS, deadlineMs) : deadlineMs;
}

/** Names what holds a namespace that does not go: what the API says about it, and the objects that wait for a finalizer. */
export async function namespaceStuck(transport: Transport, name: string, deadlineMs: number): Promise<HarnessError> {
  const [conditions, held] = await Promise.all([
    conditionsOf(transport, name).catch(() => []),
    heldBy(transport, name).catch(() => []),
  ]);
  const parts = [
    `namespace ${name} is being deleted and was not gone after ${deadlineMs / 1000} s`,
    ...conditions,
    ...(held.length > 0 ? [`waiting for finalizers: ${held.join('; ')}`] : []),
  ];
  return new HarnessError('NAMESPACE_STUCK', parts.join('; '), {
    hint:
      held.length > 0
        ? 'let what owns the finalizer remove it, or, when that is gone, take it away: ' +
          `kubectl -n ${name} patch <object> --type=merge -p '{"metadata":{"finalizers":null}}'`
        : `kubectl get namespace ${name} -o yaml shows what it waits for; an APIService whose pods are gone is a common cause`,
  });
}

async function conditionsOf(transport: Transport, name: string): Promise<string[]> {
  const namespace = (await transport.send('GET', `/api/v1/namespaces/${name}`)) as Namespace;
  return (namespace.status?.conditions ?? [])
    .filter(({ status, message }) => status === 'True' && message)
    .map(({ message }) => message!.replace(/[\s.]+$/, ''));
}

/** `ConfigMap held (example.org/hold)`, ten of them at most. */
async function heldBy(transport: Transport, namespace: string): Promise<string[]> {
  const seen = new Set<string>();
  const kinds = (await new Discovery(transport).all()).filter((resource) => {
    const key = `${resource.kind} ${resource.plural}`;
    const wanted = resource.namespaced && resource.verbs.includes('list') && !seen.has(key);
    if (wanted) seen.add(key);
    return wanted;
  });
  const found = await concurrently(kinds, (kind) => heldOfKind(transport, namespace, kind).catch(() => []));
  return found.flat().slice(0, 10);
}

async function heldOfKind(transport: Transport, namespace: string, kind: ApiResource): Promise<string[]> {
  const list = (await transport.send('GET', collectionPath(kind, namespace), { accept: METADATA_ONLY })) as {
    items?: KubernetesObject[];
  };
  return (list.items ?? []).flatMap(({ metadata }) => {
    const finalizers = (metadata.finalizers as string[] | undefined) ?? [];
    return finalizers.length > 0 ? [`${kind.kind} ${metadata.name} (${finalizers.join(', ')})`] : [];
  });
}
