import { dirname, isAbsolute, resolve, sep } from 'node:path';
import { HarnessError } from '../../core/errors.ts';
import type { ChildSpec } from '../../core/process.ts';

/** The part of a ChildSpec that names places. */
export type Places = Pick<ChildSpec, 'args' | 'cwd' | 'logFile'>;

/**
 * The folder that holds every place a program is told of (working folder, log, absolute paths among its arguments): of a
 * run's programs, the run's folder, with what their configuration refers to.
 * @throws HarnessError CONTAINER_FOLDER when that is the root or a folder directly below it
 */
export function commonFolder(spec: Places): string {
  const places = [resolve(spec.cwd ?? dirname(spec.logFile)), dirname(resolve(spec.logFile))];
  for (const arg of spec.args) {
    const value = arg.startsWith('-') && arg.includes('=') ? arg.slice(arg.indexOf('=') + 1) : arg;
    if (isAbsolute(value)) places.push(dirname(value));
  }
  const common = places.map((place) => place.split(sep)).reduce(commonPrefix);
  if (common.length < 3) {
    throw new HarnessError(
      'CONTAINER_FOLDER',
      `the files for a container lie too far apart to be given to it: ${[...new Set(places)].join(', ')}`,
      { hint: 'put the results below a folder of their own, e.g. --results ./results' },
    );
  }
  return common.join(sep);
}

function commonPrefix(a: string[], b: string[]): string[] {
  const end = a.findIndex((part, i) => part !== b[i]);
  return end === -1 ? a : a.slice(0, end);
}
