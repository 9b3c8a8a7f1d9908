import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChild } from '../core/process.ts';

export interface Output {
  /** null when a signal ended it or it could not be started. */
  code: number | null;
  /** What it printed, stdout and stderr. */
  text: string;
  error?: Error;
}

/**
 * Runs a program to its end and returns what it printed.
 * @param options.deadlineMs after this long it is ended, and `error` says so
 * @throws the signal's reason when aborted, after the program was ended
 */
export async function run(
  file: string,
  args: string[],
  options: { deadlineMs: number; env?: NodeJS.ProcessEnv; cwd?: string; signal?: AbortSignal | undefined },
): Promise<Output> {
  options.signal?.throwIfAborted();
  const dir = await mkdtemp(join(tmpdir(), 'meshproof-exec-'));
  try {
    const logFile = join(dir, 'output');
    await using child = startChild({
      ...{ name: file, file, args, env: options.env, cwd: options.cwd, logFile },
      whenWeDie: 'SIGTERM',
    });
    const stop = () => void child.stop(1000);
    options.signal?.addEventListener('abort', stop, { once: true });
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      stop();
    }, options.deadlineMs);
    const exit = await child.exited;
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', stop);
    options.signal?.throwIfAborted();
    const error = late ? new Error(`it did not end within ${options.deadlineMs / 1000} s`) : exit.error;
    return { code: exit.code, text: await readFile(logFile, 'utf8'), error };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
