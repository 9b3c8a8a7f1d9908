import { describe, HarnessError } from '../../../core/errors.ts';
import { sleep } from '../../../core/wait.ts';
import { Backoff } from '../backoff.ts';
import { type ApiClient, ApiError } from './client.ts';

const BACKOFF_MS = { min: 200, max: 10_000 };
/** How long the server keeps a watch open; each is asked for anew. */
const WATCH_SECONDS = 300;
/** Without bookmark or event for this long beyond that the server is gone. */
const SILENCE_MS = (WATCH_SECONDS + 30) * 1000;
const PAGE = 500;
/** How often a collection that the server does not know is asked for. */
const UNKNOWN_PAUSE_MS = 5000;

/** What every object has that a watcher must know. */
export interface Watched {
  metadata: { name: string; namespace?: string; resourceVersion?: string };
}

export interface WatcherOptions<T> {
  api: Pick<ApiClient, 'request' | 'lines'>;
  /** Of the collection: `/api/v1/pods`. */
  path: string;
  /** Keeps of an object what is needed. */
  pick(object: unknown): T;
  /** Something is different now. */
  changed(): void;
  /** The server need not know the collection (404): it is empty then, until the server does. */
  optional?: boolean;
  /** It could not list or watch; it tries again. */
  failed(error: Error): void;
  /** First and longest pause between attempts; default 200 ms and 10 s. */
  backoffMs?: { min: number; max: number };
}

interface List {
  metadata: { resourceVersion: string; continue?: string };
  items: Watched[];
}

interface Event {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  object: Watched & { code?: number; message?: string };
}

/**
 * A copy of a collection that follows the cluster: one list, then watches from the version last seen. When the server
 * refuses (410: it no longer has the version) it is listed anew; when the connection breaks, watched from where it broke.
 */
export class Watcher<T> implements Disposable {
  /** Resolves when the collection has been listed once; never when disposed before. */
  readonly synced: Promise<void>;
  readonly #options: WatcherOptions<T>;
  readonly #stop = new AbortController();
  #objects = new Map<string, T>();
  #resolveSynced: () => void = () => {};

  constructor(options: WatcherOptions<T>) {
    this.#options = options;
    this.synced = new Promise((resolve) => {
      this.#resolveSynced = resolve;
    });
    void this.#follow();
  }

  values(): IterableIterator<T> {
    return this.#objects.values();
  }

  get(namespace: string, name: string): T | undefined {
    return this.#objects.get(`${namespace}/${name}`);
  }

  [Symbol.dispose](): void {
    this.#stop.abort(new Error('the watch is over'));
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stop;
    const { min, max } = this.#options.backoffMs ?? BACKOFF_MS;
    const backoff = new Backoff(min, max);
    let version: string | null = null;
    while (!signal.aborted) {
      try {
        version ??= await this.#list();
        for await (const event of this.#watch(version, signal)) {
          backoff.reset();
          version = event.object.metadata.resourceVersion ?? version;
          this.#apply(event);
        }
        // The server ends every watch in time; that is no failure. A pause all the same, should it end them at once.
        await sleep(min, signal);
      } catch (error) {
        if (signal.aborted) return;
        if (this.#options.optional && error instanceof ApiError && error.status === 404) {
          this.#replace(new Map());
          version = null;
          await sleep(UNKNOWN_PAUSE_MS, signal).catch(() => {});
          continue;
        }
        // What the server has refused it would refuse again: 410, or a version of another life of it.
        if (isRefused(error)) version = null;
        if (!isRefused(error) || error.status !== 410) this.#options.failed(error as Error);
        await sleep(backoff.next(), signal).catch(() => {});
      }
    }
  }

  /** @returns the version of the list */
  async #list(): Promise<string> {
    const objects = new Map<string, T>();
    let from: string | undefined;
    let version: string;
    do {
      const query = new URLSearchParams({ limit: String(PAGE), ...(from ? { continue: from } : {}) });
      const list: List = await this.#options.api.request('GET', `${this.#options.path}?${query}`);
      for (const item of list.items) objects.set(keyOf(item), this.#options.pick(item));
      version = list.metadata.resourceVersion;
      from = list.metadata.continue;
    } while (from);
    this.#replace(objects);
    return version;
  }

  #replace(objects: Map<string, T>): void {
    this.#objects = objects;
    this.#options.changed();
    this.#resolveSynced();
  }

  async *#watch(version: string, signal: AbortSignal): AsyncGenerator<Event> {
    const query = new URLSearchParams({
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: version,
      timeoutSeconds: String(WATCH_SECONDS),
    });
    const silence = new AbortController();
    const timer = setTimeout(() => silence.abort(new Error('the API server said nothing')), SILENCE_MS);
    try {
      const either = AbortSignal.any([signal, silence.signal]);
      for await (const line of this.#options.api.lines(`${this.#options.path}?${query}`, either)) {
        timer.refresh();
        const event = JSON.parse(line) as Event;
        if (event.type === 'ERROR') throw new WatchError(event.object.code ?? 500, describe(event.object.message));
        yield event;
      }
    } finally {
      clearTimeout(timer);
    }
  }

  #apply({ type, object }: Event): void {
    if (type === 'BOOKMARK') return;
    if (type === 'DELETED') this.#objects.delete(keyOf(object));
    else this.#objects.set(keyOf(object), this.#options.pick(object));
    this.#options.changed();
  }
}

/** An ERROR event in the stream. */
class WatchError extends HarnessError {
  readonly status: number;
  constructor(status: number, message: string) {
    super('WATCH_ENDED', `the API server ended a watch: ${message}`, { hint: 'it is opened again' });
    this.status = status;
  }
}

function isRefused(error: unknown): error is WatchError | ApiError {
  return error instanceof WatchError || error instanceof ApiError;
}

function keyOf({ metadata }: Watched): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}
