import { closeSync, createReadStream, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { JOURNAL_SUFFIX } from './journal.ts';

interface JournalFile {
  path: string;
  /** Time in its first line; -Infinity when that is cut. */
  startMs: number;
  /** As it was when the listing was made; what is appended later is left for the next reading. */
  bytes: number;
  /** Its last line has no end. */
  cut: boolean;
}

/**
 * Every journal of a pod, one after the other in the order of their beginnings, `own` last. A line that was cut off by a
 * kill is ended by `%`, which no whole line contains at its end, so that a reader can tell it.
 */
export async function* readJournals(dir: string, own: string): AsyncGenerator<Buffer> {
  for (const { path, bytes, cut } of listJournals(dir, own)) {
    if (bytes === 0) continue;
    yield* createReadStream(path, { end: bytes - 1, highWaterMark: 256 * 1024 });
    if (cut) yield Buffer.from('%\n');
  }
}

/** How many incarnations have begun a journal there. */
export function countJournals(dir: string): number {
  return readdirSync(dir).filter((name) => name.endsWith(JOURNAL_SUFFIX)).length;
}

function listJournals(dir: string, own: string): JournalFile[] {
  const files = readdirSync(dir)
    .filter((name) => name.endsWith(JOURNAL_SUFFIX))
    .map((name) => look(join(dir, name)));
  return files.sort(
    (a, b) => Number(a.path === own) - Number(b.path === own) || a.startMs - b.startMs || (a.path < b.path ? -1 : 1),
  );
}

function look(path: string): JournalFile {
  const fd = openSync(path, 'r');
  try {
    const bytes = fstatSync(fd).size;
    const head = Buffer.alloc(Math.min(bytes, 4096));
    readSync(fd, head, 0, head.length, 0);
    const last = Buffer.alloc(1);
    if (bytes > 0) readSync(fd, last, 0, 1, bytes - 1);
    const firstLine = head.toString('latin1').split('\n')[0]!;
    const startMs = Number(firstLine.split(',')[5]);
    return { path, startMs: startMs > 0 ? startMs : Number.NEGATIVE_INFINITY, bytes, cut: last[0] !== 0x0a };
  } finally {
    closeSync(fd);
  }
}
