import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { RECORD_FILES } from '../bench/compare/place.ts';
import { EXIT, HarnessError } from '../core/errors.ts';
import { RESULT_FILE } from '../result/write.ts';

const INDEX_FILE = 'index.html';
/** How far below a folder of results records are looked for: `results/ci/<run>/`. */
const DEPTH = 3;
/** Those of the project's own benchmarks have no page. */
const WITH_PAGE = RECORD_FILES.filter((name) => name !== 'micro.json');

/** The records that a place which was given stands for. */
export interface Place {
  /** The folder of the record, or that of the runs. */
  folder: string;
  /** Paths of records; those of the runs within one (an upgrade's) are not among them. */
  records: string[];
  /** It holds folders with records, and is none itself. */
  isFolderOfRuns: boolean;
  /** It is the folder of one scenario of the run whose record it is: its name. */
  scenario?: string;
}

/**
 * What a place stands for: a record, its folder, the name of such a folder below `results`, a folder of such folders, or the
 * folder of one scenario within that of its run.
 * @throws HarnessError RESULT_NOT_READABLE (nothing there, or no record in it), RESULT_AMBIGUOUS (several in one folder)
 */
export async function findPlace(given: string, results: string): Promise<Place> {
  for (const candidate of [given, join(results, given)]) {
    const found = await stat(candidate).catch(() => null);
    if (found?.isFile()) return { folder: dirname(candidate), records: [candidate], isFolderOfRuns: false };
    if (!found?.isDirectory()) continue;
    const names = await namesIn(candidate);
    const [file, ...others] = WITH_PAGE.filter((name) => names.includes(name));
    if (file && others.length > 0) throw ambiguous(candidate, [file, ...others]);
    if (file) return { folder: candidate, records: [join(candidate, file)], isFolderOfRuns: false };
    const records = await recordsBelow(candidate, DEPTH);
    if (records.length > 0) return { folder: candidate, records, isFolderOfRuns: true };
    const run = join(resolve(candidate), '..', RESULT_FILE);
    if (await isFile(run)) {
      return { folder: candidate, records: [run], isFolderOfRuns: false, scenario: basename(resolve(candidate)) };
    }
    throw notReadable(`${candidate} holds no record, and no folder in it does: none of ${WITH_PAGE.join(', ')}`);
  }
  throw notReadable(`${given}: there is no such file or folder, neither here nor below ${results}`);
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isFile() ?? false;
}

/** The topmost records below a folder, in the order of their names. Hidden folders and links are left alone. */
async function recordsBelow(folder: string, depth: number): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const folders = entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => name)
    .sort();
  const found: string[] = [];
  for (const name of folders) {
    const path = join(folder, name);
    const names = await readdir(path).catch((): string[] => []);
    const records = WITH_PAGE.filter((file) => names.includes(file));
    if (records.length > 0) found.push(...records.map((file) => join(path, file)));
    else if (depth > 1) found.push(...(await recordsBelow(path, depth - 1)));
  }
  return found;
}

/**
 * Where index.html goes: where it is said to (a file, or a folder for it), else beside the runs that it is about.
 * @param places those that are of use
 * @param single one place was given
 * @returns null: there is one run, and nobody asked for an index
 * @throws HarnessError USAGE when the runs have no folder in common
 */
export async function indexFileFor(
  places: readonly Place[],
  { out, single }: { out: string | undefined; single: boolean },
): Promise<string | null> {
  if (out !== undefined) {
    const found = await stat(out).catch(() => null);
    return found?.isDirectory() ? join(out, INDEX_FILE) : out;
  }
  const [first] = places;
  if (!first) return null;
  if (single) return first.isFolderOfRuns ? join(first.folder, INDEX_FILE) : null;
  const parents = new Set(places.map((place) => resolve(place.folder, '..')));
  if (parents.size === 1) return join(first.folder, '..', INDEX_FILE);
  throw new HarnessError('USAGE', 'the runs lie in different folders, so that index.html has no place of its own', {
    hint: 'say where it goes: --out FILE',
    exitCode: EXIT.invalidInput,
  });
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((cause) => {
    throw notReadable(`${folder} can't be read: ${(cause as Error).message}`, cause);
  });
}

/** One page can't be that of several records. */
export function ambiguous(folder: string, files: string[]): HarnessError {
  return new HarnessError('RESULT_AMBIGUOUS', `${folder} holds several records: ${files.join(', ')}`, {
    hint: `name the file, e.g. ${join(folder, files[0]!)}`,
    exitCode: EXIT.invalidInput,
  });
}

function notReadable(message: string, cause?: unknown): HarnessError {
  return new HarnessError('RESULT_NOT_READABLE', message, {
    hint: 'give the folder of a run, several, or a folder of them (results/); results/README.md says what is in one',
    exitCode: EXIT.invalidInput,
    cause,
  });
}
