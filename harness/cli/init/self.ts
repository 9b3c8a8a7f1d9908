import { accessSync, constants, existsSync, realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { projectFile } from '../../core/project.ts';
import { shellWord } from '../../report/trouble.ts';

/**
 * What to type for `meshproof` in the folder `root`, by how this process was started: its name is on the PATH only of those who put
 * it there.
 * @param spec the package that npx takes when the repository has not installed one
 * @param project folder of the program; with a slash at its end
 */
export function selfCommand(
  env: NodeJS.ProcessEnv,
  { root, spec, project = projectFile('') }: { root: string; spec: string; project?: string },
): string {
  // npx puts the program on its own PATH, which is gone when it ends.
  if (env.npm_command === 'exec') {
    return existsSync(join(root, 'node_modules/.bin/meshproof')) ? 'npx meshproof' : `npx --yes ${spec}`;
  }
  if (ours(env.PATH ?? '', project)) return 'meshproof';
  const script = join(project, 'bin/meshproof');
  return shellWord(existsSync(script) ? script : `${script}.js`);
}

/** Whether the first `meshproof` on the PATH is this one. */
function ours(path: string, project: string): boolean {
  const found = path
    .split(delimiter)
    .filter((folder) => folder.startsWith('/'))
    .map((folder) => join(folder, 'meshproof'))
    .find(executable);
  return found !== undefined && realpathSync(found).startsWith(realpathSync(project));
}

function executable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
