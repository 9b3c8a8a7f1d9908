import { describe } from '../core/errors.ts';

/** Reads things side by side; what can't be read, or not in time, is written down and null. */
export class Reading {
  readonly unread: { what: string; why: string }[] = [];
  readonly #deadlineMs: number;

  /** @param deadlineMs of each thing */
  constructor(deadlineMs: number) {
    this.#deadlineMs = deadlineMs;
  }

  /** Never rejects. */
  async have<T>(what: string, read: () => Promise<T>): Promise<T | null> {
    try {
      return await within(read(), this.#deadlineMs);
    } catch (error) {
      this.missing(what, describe(error));
      return null;
    }
  }

  missing(what: string, why: string): void {
    this.unread.push({ what, why });
  }
}

/** @throws Error when it is not over in time; the work goes on unheard */
export async function within<T>(work: Promise<T>, deadlineMs: number): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${deadlineMs} ms`)), deadlineMs);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
