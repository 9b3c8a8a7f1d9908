import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SELF = fileURLToPath(import.meta.url);

/** The npm package has compiled programs, several modules to a file; a checkout runs its sources as they stand. */
export const COMPILED = !SELF.endsWith('.ts');

/** Where the package's build puts what it compiles. */
const COMPILED_DIR = 'dist';

let root: string | undefined;

/**
 * The place of a file that ships: data as it lies in the repository, a program (`.ts`) as what runs it here.
 * Everything that is read or started by path goes through it: `import.meta.url` is not the module's own in the package.
 * @param path from the top of the repository, with slashes; a folder keeps its last slash
 */
export function projectFile(path: string): string {
  root ??= rootAbove(dirname(SELF));
  return join(root, COMPILED && path.endsWith('.ts') ? join(COMPILED_DIR, path.replace(/\.ts$/, '.js')) : path);
}

/** The folder of package.json; none is above a program that went into an image, which reads nothing of ours. */
function rootAbove(folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, 'package.json'))) return at;
    if (dirname(at) === at) return folder;
  }
}
