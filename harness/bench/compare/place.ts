import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { EXIT, HarnessError } from '../../core/errors.ts';
import { CAPACITY_FILE, SCRAPE_FILE } from '../../result/bench/write.ts';
import { UPGRADE_FILE } from '../../result/upgrade/write.ts';
import { RESULT_FILE } from '../../result/write.ts';

/** What the commands call their records. */
export const RECORD_FILES = [RESULT_FILE, 'faults.json', UPGRADE_FILE, CAPACITY_FILE, SCRAPE_FILE, 'micro.json'];

/**
 * The file of a record: a file itself, a folder with one record in it, or the name of such a folder below `results`.
 * @param place as it was given
 * @param results where the folders of results are, for those that are named by their name alone
 * @throws HarnessError RESULT_NOT_READABLE (nothing there, no record in it), RESULT_AMBIGUOUS (several)
 */
export async function findRecord(place: string, results: string): Promise<string> {
  for (const candidate of [place, join(results, place)]) {
    const found = await stat(candidate).catch(() => null);
    if (found?.isDirectory()) return recordIn(candidate);
    if (found) return candidate;
  }
  throw notReadable(`${place}: there is no such file or folder, neither here nor below ${results}`);
}

async function recordIn(folder: string): Promise<string> {
  const names = await readdir(folder).catch((cause) => {
    throw notReadable(`${folder} can't be read: ${(cause as Error).message}`, cause);
  });
  const [first, ...others] = RECORD_FILES.filter((name) => names.includes(name));
  if (!first) throw notReadable(`${folder} holds no record: none of ${RECORD_FILES.join(', ')}`);
  if (others.length > 0) {
    throw new HarnessError('RESULT_AMBIGUOUS', `${folder} holds several records: ${[first, ...others].join(', ')}`, {
      hint: `name the file, e.g. ${join(folder, first)}`,
      exitCode: EXIT.invalidInput,
    });
  }
  return join(folder, first);
}

function notReadable(message: string, cause?: unknown): HarnessError {
  return new HarnessError('RESULT_NOT_READABLE', message, {
    hint: 'give a record, the folder of one, or its name below results/; results/README.md says what they are called',
    exitCode: EXIT.invalidInput,
    cause,
  });
}
