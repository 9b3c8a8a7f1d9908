import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fetch } from 'undici';

export interface Block {
  samples: number;
  series: number;
  chunkBytes: number;
  indexBytes: number;
}

/** Bytes of the files in a folder and below it; what goes away meanwhile is left out. 0 when there is none. */
export async function folderBytes(dir: string): Promise<number> {
  const names = await readdir(dir, { recursive: true }).catch(() => []);
  const sizes = await Promise.all(
    names.map((name) =>
      stat(join(dir, name)).then(
        (found) => (found.isFile() ? found.size : 0),
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Bytes of the write-ahead log; null: its folder is not to be seen from here. */
export async function walBytes(dataDir: string): Promise<number | null> {
  const bytes = await folderBytes(join(dataDir, 'wal'));
  return bytes > 0 ? bytes : null;
}

/** Of millions of series it takes a while. */
const SNAPSHOT_DEADLINE_MS = 300_000;

/**
 * What the database would be as blocks: a snapshot is taken, weighed, and removed. It needs `--web.enable-admin-api`.
 * @returns null when none could be had; `why` is told
 */
export async function weighSnapshot(
  url: string,
  dataDir: string,
  signal: AbortSignal,
  why: (line: string) => void,
): Promise<Block | null> {
  try {
    const response = await fetch(`${url}/api/v1/admin/tsdb/snapshot`, {
      method: 'POST',
      signal: AbortSignal.any([signal, AbortSignal.timeout(SNAPSHOT_DEADLINE_MS)]),
    });
    const answer = (await response.json()) as { status: string; data?: { name: string }; error?: string };
    if (!answer.data) throw new Error(answer.error ?? `HTTP ${response.status}`);
    const dir = join(dataDir, 'snapshots', answer.data.name);
    const block = await weigh(dir);
    await rm(dir, { recursive: true, force: true });
    return block;
  } catch (error) {
    signal.throwIfAborted();
    why(`no snapshot of the database could be had: ${(error as Error).message}`);
    return null;
  }
}

async function weigh(dir: string): Promise<Block> {
  const sum: Block = { samples: 0, series: 0, chunkBytes: 0, indexBytes: 0 };
  for (const name of await readdir(dir)) {
    const block = join(dir, name);
    const { stats } = JSON.parse(await readFile(join(block, 'meta.json'), 'utf8')) as {
      stats: { numSamples?: number; numSeries?: number };
    };
    const chunks = await folderBytes(join(block, 'chunks'));
    sum.samples += stats.numSamples ?? 0;
    sum.series += stats.numSeries ?? 0;
    sum.chunkBytes += chunks;
    sum.indexBytes += (await folderBytes(block)) - chunks;
  }
  return sum;
}
