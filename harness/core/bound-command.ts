import { spawnSync } from 'node:child_process';
import { delimiter, isAbsolute, join } from 'node:path';
import { isExecutable } from './search-path.ts';

/** What the kernel sends to a child when its parent dies. */
export type ParentDeathSignal = 'SIGTERM' | 'SIGKILL';

/**
 * The command that runs `file` so that the kernel signals it when we die, even by SIGKILL: util-linux' `setpriv` asks for it
 * (prctl PR_SET_PDEATHSIG) and becomes the program, with the same pid. Where there is no such thing (macOS, BusyBox) the
 * command is returned as it was; what is left behind then is ended by `meshproof clean`.
 */
export function boundCommand(
  file: string,
  args: string[],
  signal: ParentDeathSignal,
  setpriv: string | null = findSetpriv(),
): { file: string; args: string[] } {
  // A program that can't be run is to fail by its own name.
  if (!setpriv || !isExecutable(file)) return { file, args };
  return { file: setpriv, args: ['--pdeathsig', signal.slice(3), '--', file, ...args] };
}

let found: string | null | undefined;

/** The path of a `setpriv` that knows `--pdeathsig`; looked for once. Whole, as a child's own PATH may be another. */
export function findSetpriv(): string | null {
  if (found === undefined) {
    const folders = process.platform === 'linux' ? (process.env.PATH ?? '').split(delimiter) : [];
    const candidates = folders.filter(isAbsolute).map((folder) => join(folder, 'setpriv'));
    const setpriv = candidates.find(isExecutable);
    found = setpriv && works(setpriv) ? setpriv : null;
  }
  return found;
}

function works(setpriv: string): boolean {
  const tried = spawnSync(setpriv, ['--pdeathsig', 'TERM', '--', 'true'], {
    stdio: 'ignore',
    timeout: 5000,
  });
  return tried.status === 0;
}
