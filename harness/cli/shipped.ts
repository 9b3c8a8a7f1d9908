import { relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the scenarios that ship, as a user standing here would write it. */
export function shippedScenarios(cwd: string = process.cwd()): string {
  const folder = fileURLToPath(new URL('../../scenarios', import.meta.url));
  const near = relative(cwd, folder);
  return near === '' ? '.' : near.split(sep)[0] === '..' ? folder : near;
}
