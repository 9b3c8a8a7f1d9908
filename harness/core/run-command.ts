import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChild } from './process.ts';

export interface CommandOutput {
  /** null when a signal ended it or it could not be started. */
  code: number | null;
  stdout: string;
  stderr: string;
  /** Why it could not be started, or that it was ended for being late. */
  error?: Error;
}

export interface CommandOptions {
  /** After this long it is ended, and `error` says so. */
  deadlineMs: number;
  /** Replaces the environment; default: this process' own. */
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  signal?: AbortSignal | undefined;
}

/**
 * Runs a program to its end and returns what it printed.
 * @throws the signal's reason when aborted, after the program was ended
 */
export async function runCommand(file: string, args: string[], options: CommandOptions): Promise<CommandOutput> {
  const dir = await mkdtemp(join(tmpdir(), 'meshproof-exec-'));
  try {
    // An abort before this moment no listener would hear of.
    options.signal?.throwIfAborted();
    const stdoutFile = join(dir, 'stdout');
    const logFile = join(dir, 'stderr');
    await using child = startChild({
      ...{ name: file, file, args, env: options.env, cwd: options.cwd, stdoutFile, logFile },
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
    const [stdout, stderr] = await Promise.all([readFile(stdoutFile, 'utf8'), readFile(logFile, 'utf8')]);
    return { code: exit.code, stdout, stderr, ...(error ? { error } : {}) };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Both streams, stdout first. */
export function printed(output: CommandOutput): string {
  return `${output.stdout}${output.stderr}`.trim();
}
