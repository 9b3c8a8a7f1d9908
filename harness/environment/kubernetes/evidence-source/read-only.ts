import type { IncomingMessage } from 'node:http';
import { HarnessError } from '../../../core/errors.ts';
import type { KubernetesObject } from '../contract.ts';
import { readKubeconfig } from '../credentials.ts';
import { ApiError, isNotFound } from '../errors.ts';
import { type OpenOptions, Transport } from '../transport.ts';
import { ReadAccount, verbOfGet } from './account.ts';

/** Objects of one page of a list. */
const PAGE_SIZE = 500;

/** A transport that can't change anything: whatever is not GET is refused before it is sent. Keeps an account. */
export class ReadOnlyTransport extends Transport {
  readonly account = new ReadAccount();

  /** @throws HarnessError NOT_READ_ONLY; what `Transport.open` throws */
  override async open(options: OpenOptions): Promise<IncomingMessage> {
    const { method, path, headers } = options;
    if (method !== 'GET' || options.body !== undefined) {
      throw new HarnessError('NOT_READ_ONLY', `${method} ${path} is no reading, and was not sent`, {
        hint: 'this is a defect of meshproof: here it reads only',
      });
    }
    const as = headers['impersonate-user'] === undefined ? null : String(headers['impersonate-user']);
    const noted = { method, path, as, verb: verbOfGet(path) };
    try {
      const answer = await super.open(options);
      this.account.note({ ...noted, outcome: answer.statusCode! });
      return answer;
    } catch (error) {
      this.account.note({ ...noted, outcome: error instanceof HarnessError ? error.code : 'aborted' });
      throw error;
    }
  }
}

/**
 * Opens a kubeconfig for reading; nothing is asked yet.
 * @param options.context null: the current one of the file
 * @throws HarnessError KUBECONFIG_BAD
 */
export async function openReadOnly(options: {
  kubeconfig: string;
  context?: string | null;
}): Promise<ReadOnlyTransport> {
  return new ReadOnlyTransport(await readKubeconfig(options));
}

/**
 * Every object of a kind in all namespaces, in pages.
 * @throws ApiError 404 KIND_UNKNOWN where the API does not serve it; CLUSTER_REFUSED, API_FAILED; CLUSTER_UNREACHABLE
 */
export async function listAll<T = KubernetesObject>(
  transport: Transport,
  kind: { apiVersion: string; kind: string },
  options: { signal?: AbortSignal } = {},
): Promise<T[]> {
  const objects: T[] = [];
  let next = '';
  do {
    const query = new URLSearchParams({ limit: String(PAGE_SIZE), ...(next && { continue: next }) });
    const list = (await listed(transport, `${collectionOf(kind)}?${query}`, kind, options)) as {
      metadata?: { continue?: string };
      items?: object[] | null;
    };
    // The items of a list do not say what they are.
    for (const item of list.items ?? []) objects.push({ ...kind, ...item } as T);
    next = list.metadata?.continue ?? '';
  } while (next !== '');
  return objects;
}

async function listed(
  transport: Transport,
  path: string,
  kind: { apiVersion: string; kind: string },
  options: { signal?: AbortSignal },
): Promise<unknown> {
  try {
    return await transport.send('GET', path, options);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw new HarnessError('KIND_UNKNOWN', `the API does not serve ${kind.kind} of ${kind.apiVersion}`, {
      hint: 'the CustomResourceDefinition it needs is not installed',
      cause: error,
    });
  }
}

/** The path of a kind's objects in all namespaces; names in paths are the lower-case plural of the kind. */
export function collectionOf({ apiVersion, kind }: { apiVersion: string; kind: string }): string {
  return `/${apiVersion.includes('/') ? 'apis' : 'api'}/${apiVersion}/${pluralOf(kind.toLowerCase())}`;
}

function pluralOf(noun: string): string {
  if (noun.endsWith('y')) return `${noun.slice(0, -1)}ies`;
  return /(?:s|x|ch)$/.test(noun) ? `${noun}es` : `${noun}s`;
}

/** What the API said, without what was asked. */
export function saidBy(error: unknown): string {
  if (error instanceof ApiError) return `${error.status}: ${error.said}`;
  return error instanceof Error ? error.message : String(error);
}
