import { EXIT, InterruptedError } from '../core/errors.ts';
import type { CliContext } from './context.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** Of the five seconds in which everything must be gone, those in which it may end in order. */
const GRACE_MS = 4000;
/** After the children were killed: what waited for them goes on, and may still end well. */
const LAST_MS = 500;

/**
 * The first signal aborts; the second ends the process at once, its children before it. A run that has not ended by
 * itself within the grace is given up.
 */
export class Interruption implements Disposable {
  readonly #controller = new AbortController();
  readonly #context: Pick<CliContext, 'signals' | 'killChildren' | 'exitNow'>;
  readonly #onFirst: (signal: string) => void;
  readonly #graceMs: number;
  readonly #timers: NodeJS.Timeout[] = [];
  #endMs = Number.POSITIVE_INFINITY;
  readonly #givenUp = Promise.withResolvers<never>();

  constructor(
    context: Pick<CliContext, 'signals' | 'killChildren' | 'exitNow'>,
    onFirst: (signal: string) => void,
    graceMs = GRACE_MS,
  ) {
    this.#context = context;
    this.#onFirst = onFirst;
    this.#graceMs = graceMs;
    this.#givenUp.promise.catch(() => {});
    for (const signal of SIGNALS) context.signals.on(signal, this.#receive);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** What is left of the grace, ms; without an end until the first signal. */
  get leftMs(): number {
    return this.#endMs - performance.now();
  }

  /** The work, or its end by force: rejects with the InterruptedError when the grace is over. */
  bound<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#givenUp.promise]);
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers) clearTimeout(timer);
    for (const signal of SIGNALS) this.#context.signals.off(signal, this.#receive);
  }

  readonly #receive = (signal: NodeJS.Signals): void => {
    if (this.signal.aborted) {
      this.#context.killChildren();
      this.#context.exitNow(EXIT.interrupted);
      return;
    }
    const reason = new InterruptedError(signal);
    this.#onFirst(signal);
    this.#endMs = performance.now() + this.#graceMs;
    this.#timers.push(
      setTimeout(() => this.#context.killChildren(), this.#graceMs),
      setTimeout(() => {
        this.#context.killChildren();
        this.#givenUp.reject(reason);
      }, this.#graceMs + LAST_MS),
    );
    this.#controller.abort(reason);
  };
}
