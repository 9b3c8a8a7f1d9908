import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import { sleep } from '../../core/wait.ts';
import { Backoff } from './backoff.ts';
import type { MeshSnapshot } from './contract.ts';
import { type ControlEndpoint, controlTls } from './control-endpoint.ts';
import { parseSnapshot } from './snapshot.ts';

/** From the attempt to the first snapshot, which comes at once. */
const TIMEOUT_MS = 5000;
const BACKOFF_MS = { min: 100, max: 2000 };
/** A control plane that is gone with its network says nothing. */
const KEEP_ALIVE_MS = 10_000;
const MAX_LINE_CHARACTERS = 64 * 1024 * 1024;

export interface SnapshotClientOptions {
  endpoint: ControlEndpoint;
  anchorPem: string;
  /** Each snapshot as it comes. */
  snapshot(snapshot: MeshSnapshot): void;
  /** The watch has ended, or could not be opened; what was told before still holds. It is opened again. */
  lost(cause: unknown): void;
  backoff?: Pick<Backoff, 'next' | 'reset'>;
  timeoutMs?: number;
}

/** Follows the destination service's `/watch`, for as long as it is not disposed. */
export class SnapshotClient implements Disposable {
  /** Resolves with the first snapshot; never when disposed before. */
  readonly first: Promise<void>;
  readonly #options: SnapshotClientOptions;
  readonly #stop = new AbortController();
  readonly #backoff: Pick<Backoff, 'next' | 'reset'>;
  #arrived: () => void = () => {};

  constructor(options: SnapshotClientOptions) {
    this.#options = options;
    this.#backoff = options.backoff ?? new Backoff(BACKOFF_MS.min, BACKOFF_MS.max);
    this.first = new Promise((resolve) => {
      this.#arrived = resolve;
    });
    void this.#follow();
  }

  [Symbol.dispose](): void {
    this.#stop.abort(new Error('the watch is over'));
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await this.#watch(signal);
        throw new Error('the watch was ended by the server');
      } catch (cause) {
        if (signal.aborted) return;
        this.#options.lost(cause);
      }
      await sleep(this.#backoff.next(), signal).catch(() => {});
    }
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { endpoint, anchorPem, timeoutMs = TIMEOUT_MS } = this.#options;
    const request = https.get({
      ...endpoint.address,
      ...controlTls(endpoint, anchorPem),
      path: '/watch',
      agent: false,
      signal,
    });
    request.on('socket', (socket) => socket.setKeepAlive(true, KEEP_ALIVE_MS));
    // Whatever comes after what is waited for below: the connection is done with by then.
    request.on('error', () => {});
    let late: Error | null = null;
    const timer = setTimeout(() => {
      late = new Error(`no snapshot within ${timeoutMs} ms`);
      request.destroy(late);
    }, timeoutMs);
    try {
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}`);
      await this.#read(response, () => clearTimeout(timer));
    } catch (cause) {
      // What it throws when it is destroyed says only that.
      throw late ?? cause;
    } finally {
      clearTimeout(timer);
      request.destroy();
    }
  }

  async #read(response: IncomingMessage, arrived: () => void): Promise<void> {
    response.setEncoding('utf8');
    let rest = '';
    for await (const chunk of response) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > MAX_LINE_CHARACTERS) throw new Error('a snapshot is too long');
      // Only the last counts: each is the whole.
      const latest = lines.findLast((line) => line.trim() !== '');
      if (latest === undefined) continue;
      const snapshot = parseSnapshot(latest);
      arrived();
      this.#backoff.reset();
      this.#options.snapshot(snapshot);
      this.#arrived();
    }
  }
}
