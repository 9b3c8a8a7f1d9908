import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDirs } from '../core/make-dirs.ts';
import { resultsNotWritable } from './writable.ts';

export interface RunDir {
  /** `<UTC timestamp>-<random>`, e.g. `20260102T030405Z-9f3a1c`; sorts by time. */
  id: string;
  /** The folder, as outDir was given. */
  path: string;
}

/**
 * Makes `<outDir>/<id>/`, a folder of one run alone however many start at once, and proves that it can be written.
 * @throws HarnessError RESULTS_NOT_WRITABLE
 */
export async function createRunDir(outDir: string): Promise<RunDir> {
  let place = outDir;
  try {
    makeDirs(outDir);
    for (;;) {
      const id = `${timestamp(new Date())}-${randomBytes(3).toString('hex')}`;
      place = join(outDir, id);
      try {
        await mkdir(place);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue;
        throw error;
      }
      const probe = join(place, '.probe');
      // Some content: an empty file can be made on a full disk.
      await writeFile(probe, 'x'.repeat(4096), { flush: true });
      await rm(probe);
      return { id, path: place };
    }
  } catch (cause) {
    throw resultsNotWritable(place, cause);
  }
}

/** Basic ISO 8601 in UTC, to the second: sorts as text, and is a file name everywhere. */
export function timestamp(date: Date): string {
  return date.toISOString().replace(/[-:]|\.\d+/g, '');
}
