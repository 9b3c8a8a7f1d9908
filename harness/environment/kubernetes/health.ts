import { describe, HarnessError } from '../../core/errors.ts';
import { sleep } from '../../core/wait.ts';
import type { Kube } from './contract.ts';

const FAILURES = 3;

/** Looks in the background whether the API server is still there. */
export class ApiWatch implements AsyncDisposable {
  readonly #kube: Kube;
  readonly #stop = new AbortController();
  readonly #watching: Promise<void>;
  #failures = 0;
  #lastError: unknown;

  /**
   * @param options.everyMs between two looks. Default 2 s
   * @param options.timeoutMs how long a look may take. Default 5 s
   */
  constructor(kube: Kube, options: { everyMs?: number; timeoutMs?: number } = {}) {
    this.#kube = kube;
    this.#watching = this.#watch(options.everyMs ?? 2000, options.timeoutMs ?? 5000);
  }

  /** @throws HarnessError API_SERVER_GONE while the last three looks failed */
  check(): void {
    if (this.#failures < FAILURES) return;
    throw new HarnessError(
      'API_SERVER_GONE',
      `the API server ${this.#kube.server} went away: ${this.#failures} looks in a row failed, the last with: ${describe(this.#lastError)}`,
      {
        hint: 'look whether the node still runs (`docker ps`) and whether this machine ran out of memory',
        cause: this.#lastError,
      },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#watching;
  }

  async #watch(everyMs: number, timeoutMs: number): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await this.#kube.request('GET', '/readyz', undefined, { timeoutMs, signal });
        this.#failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        this.#failures++;
        this.#lastError = error;
      }
      await sleep(everyMs, signal).catch(() => {});
    }
  }
}
