/**
 * Explicit resource management as Node 24 has it built in, for Node 22: the two stacks and the error of a disposal that fails
 * after another error (ECMAScript proposal "Explicit Resource Management", stage 4). `older-node.ts` installs them.
 */

type Step = () => unknown;

export class SuppressedErrorOfOlderNode extends Error {
  error: unknown;
  suppressed: unknown;

  constructor(error: unknown, suppressed: unknown, message?: string) {
    super(message);
    this.error = error;
    this.suppressed = suppressed;
    for (const key of ['error', 'suppressed']) Object.defineProperty(this, key, { enumerable: false });
  }

  static {
    Object.defineProperty(SuppressedErrorOfOlderNode, 'name', { value: 'SuppressedError' });
    Object.defineProperty(SuppressedErrorOfOlderNode.prototype, 'name', {
      value: 'SuppressedError',
      writable: true,
      configurable: true,
    });
  }
}

/** What both kinds of stack share: steps, and whether they were taken. */
abstract class Stack {
  #steps: Step[] = [];
  #disposed = false;

  get disposed(): boolean {
    return this.#disposed;
  }

  adopt<T>(value: T, onDispose: (value: T) => unknown): T {
    const dispose = callable(onDispose);
    this.push(() => dispose(value));
    return value;
  }

  defer(onDispose: () => unknown): void {
    this.push(callable(onDispose));
  }

  protected push(step: Step): void {
    this.assertOpen();
    this.#steps.push(step);
  }

  protected assertOpen(): void {
    if (this.#disposed) throw new ReferenceError('the stack is disposed already');
  }

  /** Its steps, the last first; it is disposed from here on. */
  protected take(): Step[] {
    this.#disposed = true;
    const steps = this.#steps.reverse();
    this.#steps = [];
    return steps;
  }

  protected moveTo<S extends Stack>(next: S): S {
    this.assertOpen();
    for (const step of this.take().reverse()) next.push(step);
    return next;
  }
}

export class DisposableStackOfOlderNode extends Stack implements DisposableStack {
  use<T extends Disposable | null | undefined>(value: T): T {
    this.assertOpen();
    if (value !== null && value !== undefined) {
      const dispose = callable(value[Symbol.dispose]);
      this.push(() => dispose.call(value));
    }
    return value;
  }

  move(): DisposableStack {
    return this.moveTo(new DisposableStackOfOlderNode());
  }

  dispose(): void {
    const errors = new Errors();
    for (const step of this.take()) {
      try {
        step();
      } catch (error) {
        errors.add(error);
      }
    }
    errors.throwAny();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  get [Symbol.toStringTag](): 'DisposableStack' {
    return 'DisposableStack';
  }
}

export class AsyncDisposableStackOfOlderNode extends Stack implements AsyncDisposableStack {
  use<T extends AsyncDisposable | Disposable | null | undefined>(value: T): T {
    this.assertOpen();
    if (value !== null && value !== undefined) {
      const later = (value as Partial<AsyncDisposable>)[Symbol.asyncDispose];
      const dispose = callable(later ?? (value as Disposable)[Symbol.dispose]);
      // Of a synchronous disposal nothing is awaited, whatever it returns.
      this.push(later ? () => dispose.call(value) : () => void dispose.call(value));
    } else {
      this.push(() => {});
    }
    return value;
  }

  move(): AsyncDisposableStack {
    return this.moveTo(new AsyncDisposableStackOfOlderNode());
  }

  async disposeAsync(): Promise<void> {
    const errors = new Errors();
    for (const step of this.take()) {
      try {
        await step();
      } catch (error) {
        errors.add(error);
      }
    }
    errors.throwAny();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.disposeAsync();
  }

  get [Symbol.toStringTag](): 'AsyncDisposableStack' {
    return 'AsyncDisposableStack';
  }
}

/** The errors of disposals: each later one suppresses what was there. */
class Errors {
  #last: { error: unknown } | null = null;

  add(error: unknown): void {
    this.#last = { error: this.#last ? new SuppressedErrorOfOlderNode(error, this.#last.error) : error };
  }

  throwAny(): void {
    if (this.#last) throw this.#last.error;
  }
}

function callable<T>(value: T): T & ((...args: unknown[]) => unknown) {
  if (typeof value !== 'function') throw new TypeError('this can not be disposed: it has no such method');
  return value as T & ((...args: unknown[]) => unknown);
}
