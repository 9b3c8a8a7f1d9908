import { homedir } from 'node:os';
import { join } from 'node:path';

/** $XDG_CACHE_HOME/meshproof, or ~/.cache/meshproof. */
export function cacheDir(env: NodeJS.ProcessEnv): string {
  return join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache'), 'meshproof');
}
