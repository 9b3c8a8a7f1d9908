import { existsSync, readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { EXIT, HarnessError } from '../core/errors.ts';
import { projectFile } from '../core/project.ts';
import { suggest } from '../scenario/suggest.ts';

/** The folder of the scenarios that ship, as a user standing here would write it. */
export function shippedScenarios(cwd: string = process.cwd()): string {
  const folder = projectFile('scenarios');
  const near = relative(cwd, folder);
  return near === '' ? '.' : near.split(sep)[0] === '..' ? folder : near;
}

/**
 * Files and folders as given; a scenario that ships may be called by its name, where nothing of that name lies here.
 * @throws HarnessError NO_SUCH_SCENARIO for what is nearly such a name
 */
export function scenarioPaths(given: readonly string[], cwd: string = process.cwd()): string[] {
  return given.map((path) => {
    if (!/^[a-z0-9][a-z0-9-]*$/.test(path) || existsSync(join(cwd, path))) return path;
    const names = shippedNames();
    if (names.includes(path)) return join(shippedScenarios(cwd), `${path}${EXTENSION}`);
    const meant = suggest(path, names);
    if (meant === null) return path;
    throw new HarnessError('NO_SUCH_SCENARIO', `there is no scenario ${path}, neither here nor among those that ship`, {
      hint: `did you mean \`${meant}\`? \`meshproof list\` has those that ship`,
      exitCode: EXIT.invalidInput,
    });
  });
}

const EXTENSION = '.yaml';

function shippedNames(): string[] {
  return readdirSync(projectFile('scenarios'))
    .filter((file) => file.endsWith(EXTENSION))
    .map((file) => file.slice(0, -EXTENSION.length));
}
