import type { ProgressEvent } from '../core/progress.ts';

/** Does one step of bringing an environment up; says when it begins, when it has ended, and how long it took. */
export async function step<T>(
  context: { progress(event: ProgressEvent): void; signal: AbortSignal },
  name: string,
  detail: string,
  run: () => Promise<T>,
): Promise<T> {
  context.signal.throwIfAborted();
  const from = performance.now();
  context.progress({ kind: 'step', step: name, state: 'start', detail });
  const value = await run();
  context.progress({ kind: 'step', step: name, state: 'done', detail, ms: Math.round(performance.now() - from) });
  context.signal.throwIfAborted();
  return value;
}
