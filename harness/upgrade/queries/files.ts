import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { InputProblem } from '../../result/upgrade/types.ts';
import { problem } from './problem.ts';

export interface InputFile {
  /** As the user gave it, or below the folder that they gave. */
  path: string;
  text: string;
  /** Named itself, not found in a folder: then it must be of use. */
  named: boolean;
  /** The folder that the user gave, in which it was found. Absent: none. */
  folder?: string;
}

/** More is no dashboard. */
const MAX_BYTES = 20_000_000;

/**
 * Files, and those of folders and the folders in them that end in one of `endings`, by name. Hidden ones are passed over; links
 * to folders are followed, each folder once. What can't be read is a problem.
 */
export async function readInputs(
  paths: readonly string[],
  endings: readonly string[],
): Promise<{ files: InputFile[]; problems: InputProblem[] }> {
  const files: InputFile[] = [];
  const problems: InputProblem[] = [];
  const seen = new Set<string>();
  const read = async (path: string, folder?: string) => {
    if (seen.has(path)) return;
    seen.add(path);
    try {
      const { size } = await stat(path);
      if (size > MAX_BYTES) {
        problems.push(problem(path, 'INPUT_TOO_LARGE', `it has ${size} bytes`, 'name the files that you mean', WHOLE));
        return;
      }
      const text = { path, text: (await readFile(path, 'utf8')).replace(/^\uFEFF/, '') };
      files.push({ ...text, named: folder === undefined, ...(folder !== undefined && { folder }) });
    } catch (error) {
      problems.push(unreadable(path, error));
    }
  };
  for (const path of paths) {
    try {
      if (!(await stat(path)).isDirectory()) {
        await read(path);
        continue;
      }
      const found = await within(path, endings, new Set([await realpath(path)]));
      for (const file of found) await read(file, path);
      if (found.length === 0) {
        const wanted = endings.map((ending) => `*${ending}`).join(', ');
        problems.push(problem(path, 'INPUT_EMPTY', `no file in it is ${wanted}`, 'name the right folder', WHOLE));
      }
    } catch (error) {
      problems.push(unreadable(path, error));
    }
  }
  return { files, problems };
}

const WHOLE = { whole: true };

async function within(dir: string, endings: readonly string[], visited: Set<string>): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith('.')) continue;
    const path = join(dir, entry.name);
    if (entry.isDirectory() || (entry.isSymbolicLink() && (await isFolder(path)))) {
      const real = await realpath(path);
      if (!visited.has(real)) found.push(...(await within(path, endings, visited.add(real))));
    } else if (endings.some((ending) => entry.name.toLowerCase().endsWith(ending))) found.push(path);
  }
  return found;
}

/** A link that leads nowhere is a file that can't be read. */
async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

function unreadable(path: string, error: unknown): InputProblem {
  const { code, message } = error as NodeJS.ErrnoException;
  const what = code === 'ENOENT' ? 'there is no such file or folder' : `it can't be read: ${message}`;
  return problem(path, 'INPUT_UNREADABLE', what, 'check the path and its permissions', WHOLE);
}
