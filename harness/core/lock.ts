import { open, rm, stat, utimes } from 'node:fs/promises';
import { waitFor } from './wait.ts';

/** The holder touches its lock this often; one that was not touched for much longer belongs to a run that was killed. */
const TOUCH_EVERY_MS = 2000;
const ABANDONED_AFTER_MS = 20_000;

export interface LockOptions {
  /** Called once when someone else holds it. */
  waiting(): void;
  deadlineMs: number;
  signal: AbortSignal | undefined;
  /** Default: 20 s. */
  abandonedAfterMs?: number;
}

/**
 * Does `work` while no other process does work under the same lock file. Its folder must exist.
 * @throws DeadlineExceededError when it is not free in time; the signal's reason
 */
export async function withLock<T>(file: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  let told = false;
  await waitFor(
    async (seen) => {
      if (await tryLock(file)) return true;
      if (!told) options.waiting();
      told = true;
      seen('it is held');
      await dropAbandoned(file, options.abandonedAfterMs ?? ABANDONED_AFTER_MS);
      return undefined;
    },
    {
      what: `the lock ${file}`,
      deadlineMs: options.deadlineMs,
      everyMs: 100,
      hint: 'another run holds it; when there is none, delete the file',
      ...(options.signal ? { signal: options.signal } : {}),
    },
  );
  const touch = setInterval(() => void utimes(file, new Date(), new Date()).catch(() => {}), TOUCH_EVERY_MS);
  try {
    return await work();
  } finally {
    clearInterval(touch);
    await rm(file, { force: true });
  }
}

async function tryLock(file: string): Promise<boolean> {
  try {
    const handle = await open(file, 'wx');
    await handle.write(`${process.pid}\n`);
    await handle.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Two runs may both find it abandoned and both get it; then both build, and the later rename wins: wasteful, not wrong. */
async function dropAbandoned(file: string, afterMs: number): Promise<void> {
  const { mtimeMs } = await stat(file).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
  if (Date.now() - mtimeMs > afterMs) await rm(file, { force: true });
}
