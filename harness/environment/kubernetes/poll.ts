import { DeadlineExceededError, HarnessError } from '../../core/errors.ts';
import { sleep } from '../../core/wait.ts';
import { isUnreachable } from './errors.ts';

export interface PollOptions {
  /** What is waited for: "Namespace shop is gone". */
  what: string;
  deadlineMs: number;
  everyMs?: number;
  signal?: AbortSignal;
  /** Throws when there is no point in waiting any longer. */
  check?: () => void;
  /** How long the API server may be out of reach before that ends the wait. Default 10 s. */
  patienceMs?: number;
}

/**
 * Asks the API until `probe` returns something other than undefined. An API server out of reach is waited for a while, any
 * other error ends the wait: unlike core's waitFor, where an error means "not yet".
 * @throws DeadlineExceededError; CLUSTER_UNREACHABLE; what `probe` or `check` throw; the signal's reason
 */
export async function poll<T>(
  probe: () => Promise<T | undefined>,
  { what, deadlineMs, everyMs = 250, signal, check, patienceMs = 10_000 }: PollOptions,
): Promise<T> {
  const start = performance.now();
  let lastAnswer = start;
  for (;;) {
    signal?.throwIfAborted();
    check?.();
    try {
      const value = await probe();
      if (value !== undefined) return value;
      lastAnswer = performance.now();
    } catch (error) {
      if (!isUnreachable(error) || performance.now() - lastAnswer >= Math.min(patienceMs, deadlineMs)) throw error;
    }
    if (performance.now() - start >= deadlineMs) {
      throw new DeadlineExceededError(what, deadlineMs, { hint: 'see the objects with kubectl' });
    }
    await sleep(everyMs, signal);
  }
}

/** The wait ended at its deadline, and not because something failed. */
export function isLate(error: unknown): boolean {
  return error instanceof HarnessError && error.code === 'DEADLINE_EXCEEDED';
}
