import { randomBytes } from 'node:crypto';
import { appendFile, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { EXIT, HarnessError } from '../../core/errors.ts';

/** What became of a file. */
export type Outcome = 'written' | 'overwritten' | 'added' | 'there' | 'left';

/**
 * Makes the folders that files of `dir` stand in, `dir` itself first.
 * @throws HarnessError NOT_A_FOLDER, NOT_WRITABLE
 */
export async function makeFolders(dir: string, files: readonly string[]): Promise<void> {
  for (const folder of new Set([dir, ...files.map((file) => dirname(join(dir, file)))])) {
    try {
      await mkdir(folder, { recursive: true });
    } catch (cause) {
      throw failure(folder, cause);
    }
  }
}

/**
 * Writes a file that is not there. One that is stays as it is, unless it is to be overwritten: then whole or not at all.
 * @throws HarnessError NOT_A_FOLDER, NOT_WRITABLE
 */
export async function writeNew(file: string, text: string | Uint8Array, force: boolean): Promise<Outcome> {
  try {
    return (await created(file, text)) ? 'written' : force ? await overwritten(file, text) : 'left';
  } catch (cause) {
    throw failure(file, cause);
  }
}

/** @returns false when something is there */
async function created(file: string, text: string | Uint8Array): Promise<boolean> {
  try {
    await writeFile(file, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    // It is ours, and half of it.
    await rm(file, { force: true }).catch(() => {});
    throw error;
  }
}

async function overwritten(file: string, text: string | Uint8Array): Promise<Outcome> {
  const temp = `${file}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    await writeFile(temp, text, { flag: 'wx' });
    await rename(temp, file);
    return 'overwritten';
  } catch (error) {
    await rm(temp, { force: true }).catch(() => {});
    throw error;
  }
}

/**
 * Adds a line to a file that may hold others, unless `has` finds it there.
 * @throws HarnessError NOT_WRITABLE
 */
export async function addLine(file: string, line: string, has: RegExp): Promise<Outcome> {
  try {
    const text = await readFile(file, 'utf8').catch(absent);
    if (text === null) return (await created(file, `${line}\n`)) ? 'written' : 'left';
    if (has.test(text)) return 'there';
    await appendFile(file, `${text === '' || text.endsWith('\n') ? '' : '\n'}${line}\n`);
    return 'added';
  } catch (cause) {
    throw failure(file, cause);
  }
}

/** The text of a file; null when there is none. @throws HarnessError NOT_WRITABLE */
export async function textOf(file: string): Promise<string | null> {
  return readFile(file, 'utf8')
    .catch(absent)
    .catch((cause) => {
      throw failure(file, cause);
    });
}

/** The nearest folder above `dir` that is a git repository; null when `dir` is one itself, or none is above it. */
export async function repositoryAbove(dir: string): Promise<string | null> {
  const isRepository = (folder: string) =>
    stat(join(folder, '.git')).then(
      () => true,
      () => false,
    );
  for (let at = dir; ; at = dirname(at)) {
    if (await isRepository(at)) return at === dir ? null : at;
    if (dirname(at) === at) return null;
  }
}

function absent(error: unknown): null {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
  throw error;
}

function failure(path: string, cause: unknown): HarnessError {
  const { code = 'unknown error' } = cause as NodeJS.ErrnoException;
  if (code === 'EEXIST' || code === 'ENOTDIR' || code === 'EISDIR') {
    const what = code === 'EISDIR' ? `${path} is a folder, not a file` : `${path}: a file is in the way of a folder`;
    return new HarnessError('NOT_A_FOLDER', what, {
      hint: 'name another folder, or move what is there',
      exitCode: EXIT.invalidInput,
      cause,
    });
  }
  return new HarnessError('NOT_WRITABLE', `${path} can't be written: ${code}`, {
    hint: 'name a folder that you may write to: meshproof init DIR',
    cause,
  });
}
