import { HarnessError } from '../../core/errors.ts';
import { sleep } from '../../core/wait.ts';
import { concurrently } from './concurrently.ts';
import type { KubernetesObject, ObjectRef } from './contract.ts';
import { type Discovery, nameOf, objectPath } from './discovery.ts';
import { ApiError, isNotFound } from './errors.ts';
import { namespacePatienceMs, namespaceStuck } from './namespace.ts';
import { isLate, poll } from './poll.ts';
import type { Transport } from './transport.ts';

export interface DeleteOptions {
  /** Grace of pods that are deleted, also of those in namespaces that are. Default: each pod's own. */
  graceSeconds?: number;
  /** Default 120 s. */
  deadlineMs?: number;
  signal?: AbortSignal;
  /** Whether an object stays until what it owns is gone (the default) or goes first. */
  propagation?: 'Foreground' | 'Background';
  /** false: only begin. */
  wait?: boolean;
}

/**
 * What answers for others goes first: a namespace can't be emptied while an APIService points at pods that are gone, and
 * nothing can be changed behind a webhook that is. Definitions go last: they take all their objects along.
 */
const RANK: Record<string, number> = {
  APIService: 0,
  MutatingWebhookConfiguration: 0,
  ValidatingWebhookConfiguration: 0,
  Namespace: 2,
  CustomResourceDefinition: 3,
};
const rankOf = (ref: ObjectRef) => RANK[ref.kind] ?? 1;

const deadlineOf = ({ deadlineMs = 120_000 }: DeleteOptions) => deadlineMs;

interface Doomed {
  ref: ObjectRef;
  path: string;
  /** Of the object that was deleted; another of the same name is not waited for. */
  uid: string | undefined;
  /** How long it is waited for. */
  patienceMs: number;
}

export async function deleteObjects(
  transport: Transport,
  discovery: Discovery,
  refs: readonly ObjectRef[],
  options: DeleteOptions = {},
): Promise<void> {
  const end = performance.now() + deadlineOf(options);
  const namespaces = new Set(refs.filter(({ kind }) => kind === 'Namespace').map(({ name }) => name));
  // Namespaces take what is in them along.
  const own = refs.filter(({ namespace }) => !namespace || !namespaces.has(namespace));
  const doomed: Doomed[] = [];
  for (const rank of [0, 1, 2, 3]) {
    const batch = own.filter((ref) => rankOf(ref) === rank);
    doomed.push(...(await concurrently(batch, (ref) => begin(transport, discovery, ref, options))).flat());
  }
  if (own.some(({ kind }) => kind === 'CustomResourceDefinition')) discovery.forget();
  if (options.wait === false) return;
  await concurrently(doomed, (one) => untilGone(transport, one, end, options));
}

async function begin(
  transport: Transport,
  discovery: Discovery,
  ref: ObjectRef,
  options: DeleteOptions,
): Promise<Doomed[]> {
  const { signal, graceSeconds } = options;
  const resource = await discovery.find(ref, signal);
  // No such kind any more, hence no such object.
  if (!resource) return [];
  const path = objectPath(resource, ref);
  const body = { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: options.propagation ?? 'Foreground' };
  const grace = graceSeconds === undefined ? {} : { gracePeriodSeconds: graceSeconds };
  let answer: Partial<KubernetesObject> & { details?: { uid?: string } };
  try {
    answer = (await repeated(
      () => transport.send('DELETE', path, { body: { ...body, ...grace }, signal }),
      signal,
    )) as typeof answer;
    if (ref.kind === 'Namespace' && graceSeconds !== undefined) {
      // Pods' own grace counts otherwise. They don't come back: nothing is created in a namespace that is being deleted.
      const pods = `/api/v1/namespaces/${encodeURIComponent(ref.name)}/pods`;
      await transport.send('DELETE', pods, { body: { kind: 'DeleteOptions', apiVersion: 'v1', ...grace }, signal });
    }
  } catch (error) {
    if (isNotFound(error)) return [];
    throw error;
  }
  // The object as it was, or a Status about it.
  const uid = (answer.metadata?.uid as string | undefined) ?? answer.details?.uid;
  const deadlineMs = deadlineOf(options);
  const since = answer.metadata?.deletionTimestamp;
  const patienceMs = ref.kind === 'Namespace' && since ? namespacePatienceMs(since, deadlineMs) : deadlineMs;
  return [{ ref, path, uid, patienceMs }];
}

/** A busy server is asked again. */
async function repeated<T>(ask: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      const passing = error instanceof ApiError && (error.status === 409 || error.status === 429);
      if (!passing || attempt >= 5) throw error;
      await sleep(Math.min(5, error.retryAfterSeconds ?? 0.2) * 1000, signal);
    }
  }
}

async function untilGone(transport: Transport, doomed: Doomed, end: number, { signal }: DeleteOptions) {
  const { ref, path, uid, patienceMs } = doomed;
  let last: KubernetesObject | undefined;
  try {
    await poll(
      async () => {
        try {
          last = (await transport.send('GET', path, { signal })) as KubernetesObject;
        } catch (error) {
          if (isNotFound(error)) return true;
          throw error;
        }
        return (uid !== undefined && last.metadata.uid !== uid) || undefined;
      },
      {
        what: `the end of ${nameOf(ref)}`,
        deadlineMs: Math.max(0, Math.min(patienceMs, end - performance.now())),
        everyMs: 200,
        signal,
      },
    );
  } catch (error) {
    if (!isLate(error)) throw error;
    if (ref.kind === 'Namespace') throw await namespaceStuck(transport, ref.name, patienceMs);
    throw objectStuck(ref, last, patienceMs);
  }
}

function objectStuck(ref: ObjectRef, last: KubernetesObject | undefined, deadlineMs: number): HarnessError {
  const finalizers = (last?.metadata.finalizers as string[] | undefined) ?? [];
  const held = finalizers.length > 0 ? `; it waits for ${finalizers.join(', ')}` : '';
  return new HarnessError(
    'OBJECT_STUCK',
    `${nameOf(ref)} is being deleted and was not gone after ${deadlineMs / 1000} s${held}`,
    {
      hint: finalizers.includes('foregroundDeletion')
        ? 'what it owns does not go; look at its pods with kubectl'
        : 'let what owns the finalizer remove it, or take it away with kubectl patch',
    },
  );
}
