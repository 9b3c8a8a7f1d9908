import { DeadlineExceededError } from './errors.ts';

export interface WaitOptions {
  /** What is waited for, for the error: "Prometheus is ready". */
  what: string;
  deadlineMs: number;
  /** Between two looks. Default 50 ms. */
  everyMs?: number;
  hint: string;
  signal?: AbortSignal;
  /** Throws when there is no point in waiting any longer (a child died); that ends the wait, unlike a probe that throws. */
  check?: () => void;
}

/**
 * Looks until `probe` returns something other than undefined. A probe that throws counts as "not yet"; the last error
 * becomes the cause.
 * @throws DeadlineExceededError with what was seen last; the signal's reason when aborted
 */
export async function waitFor<T>(
  probe: (seen: (value: unknown) => void) => Promise<T | undefined> | T | undefined,
  options: WaitOptions,
): Promise<T> {
  const end = performance.now() + options.deadlineMs;
  let lastSeen: unknown;
  let cause: unknown;
  for (;;) {
    options.signal?.throwIfAborted();
    options.check?.();
    try {
      const value = await probe((seen) => {
        lastSeen = seen;
      });
      if (value !== undefined) return value;
      cause = undefined;
    } catch (error) {
      cause = error;
      lastSeen = error;
    }
    if (performance.now() >= end) {
      throw new DeadlineExceededError(options.what, options.deadlineMs, { hint: options.hint, lastSeen, cause });
    }
    await sleep(options.everyMs ?? 50, options.signal);
  }
}

/** Resolves after `ms`; rejects with the signal's reason when aborted. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** The work's outcome, or the signal's reason as soon as it aborts; the work itself goes on, its end unheard. */
export function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
