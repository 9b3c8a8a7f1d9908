import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Result } from './types.ts';
import { resultsNotWritable } from './writable.ts';

export const RESULT_FILE = 'result.json';

/** The calls to the file system, so that a test can make each of them fail. */
export interface FileCalls {
  open: typeof open;
  rename: typeof rename;
  rm: typeof rm;
}

/**
 * Writes `<dir>/result.json` whole or not at all.
 * @returns its path
 * @throws HarnessError RESULTS_NOT_WRITABLE
 */
export function writeResult(dir: string, result: Result, calls?: FileCalls): Promise<string> {
  return writeWhole(join(dir, RESULT_FILE), resultText(result), calls);
}

/** As it stands in the file. Infinities become null, which the schema reads as an open end. */
export function resultText(result: Result): string {
  return `${JSON.stringify(result, null, 2)}\n`;
}

/**
 * Writes a file of the results folder whole or not at all: a temporary file beside it, synced, then renamed.
 * @throws HarnessError RESULTS_NOT_WRITABLE
 */
export async function writeWhole(file: string, text: string, calls: FileCalls = { open, rename, rm }): Promise<string> {
  const temp = `${file}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    const handle = await calls.open(temp, 'wx');
    try {
      await handle.writeFile(text);
      // A full disk may show only now.
      await handle.sync();
    } finally {
      await handle.close();
    }
    await calls.rename(temp, file);
    return file;
  } catch (cause) {
    await calls.rm(temp, { force: true }).catch(() => {});
    throw resultsNotWritable(file, cause);
  }
}
