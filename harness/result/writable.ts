import { EXIT, HarnessError } from '../core/errors.ts';

const HINTS: Record<string, string> = {
  ENOSPC: 'the disk is full: free some space, or choose another folder with --out DIR',
  EDQUOT: 'the quota is used up: free some space, or choose another folder with --out DIR',
  EACCES: 'you may not write there: change its permissions, or choose another folder with --out DIR',
  EPERM: 'you may not write there: change its permissions, or choose another folder with --out DIR',
  EROFS: 'the file system is read-only: choose another folder with --out DIR',
  ENOTDIR: 'a part of the path is a file, not a folder: choose another folder with --out DIR',
  EEXIST: 'a file stands where the folder should be: remove it, or choose another folder with --out DIR',
};

/** What the operating system said about a place in the results folder, as an error for the user (exit code 4). */
export function resultsNotWritable(place: string, cause: unknown): HarnessError {
  const { code = '', message = String(cause) } = cause as NodeJS.ErrnoException;
  return new HarnessError('RESULTS_NOT_WRITABLE', `${place} can't be written: ${message}`, {
    hint: HINTS[code] ?? 'choose another folder with --out DIR',
    exitCode: EXIT.environment,
    cause,
  });
}
