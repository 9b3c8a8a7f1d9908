import { sleep } from '../core/wait.ts';
import type { RunningEnvironment } from '../environment/contract.ts';

/** How often the environment is asked whether a part of it has died. */
const LOOK_EVERY_MS = 100;
/** How long after a failure its cause may show: a cut connection is noticed before the death of who held it. */
const CAUSE_WITHIN_MS = 300;

/** Watches an environment while work goes on in it: ends the work when a part of it dies, and then names that part. */
export class Guard implements Disposable {
  /** Aborts with the environment's failure, or as the run's signal does. */
  readonly signal: AbortSignal;
  readonly #env: Pick<RunningEnvironment, 'check'>;
  readonly #dead = new AbortController();
  readonly #timer: NodeJS.Timeout;

  constructor(env: Pick<RunningEnvironment, 'check'>, signal: AbortSignal) {
    this.#env = env;
    this.signal = AbortSignal.any([signal, this.#dead.signal]);
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
  }

  /**
   * Awaits the work to its end.
   * @throws why the signal has aborted, even when the work ended well; else what the work threw
   */
  async run<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.signal.throwIfAborted();
    try {
      const value = await work(this.signal);
      this.#look();
      this.signal.throwIfAborted();
      return value;
    } catch (error) {
      await sleep(CAUSE_WITHIN_MS, this.signal).catch(() => {});
      this.signal.throwIfAborted();
      throw error;
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    try {
      this.#env.check();
    } catch (error) {
      this.#dead.abort(error);
    }
  }
}
