import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { searchPath } from './search-path.ts';

/** An opener that ends within this time without an error, or goes on beyond it, has opened the file. */
const SETTLED_MS = 2000;

/**
 * Opens a file with the program that the user chose for its kind, and leaves that running. It is in no registry of children: it
 * is the user's now, and outlives us.
 * @returns why it could not be opened; empty: it was
 */
export async function openFile(
  path: string,
  env: NodeJS.ProcessEnv,
  platform: NodeJS.Platform = process.platform,
): Promise<string> {
  const name = platform === 'darwin' ? 'open' : 'xdg-open';
  const [opener] = searchPath(name, env);
  if (!opener) return `there is no ${name} on PATH`;
  const child = spawn(opener, [path], { env, stdio: 'ignore', detached: true });
  const settled = new AbortController();
  const timer = setTimeout(() => settled.abort(), SETTLED_MS);
  try {
    const [code, signal] = (await once(child, 'exit', { signal: settled.signal })) as [number | null, string | null];
    return code === 0 ? '' : `${name} ended with ${signal ?? `exit code ${code}`}`;
  } catch (error) {
    return settled.signal.aborted ? '' : `${name} can't be started: ${(error as Error).message}`;
  } finally {
    clearTimeout(timer);
    child.unref();
  }
}
