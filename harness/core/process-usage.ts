import { readFile, readlink } from 'node:fs/promises';
import { epochMs } from './clock.ts';
import { HarnessError } from './errors.ts';
import { printed, runCommand } from './run-command.ts';

/** What a process of this machine has used. */
export interface ProcessUsage {
  /** When it was read, epoch ms. */
  atMs: number;
  /** User and system time since it started. */
  cpuSeconds: number;
  /**
   * What it has in memory. Linux: pages of files, which processes of one program share, are divided among those that were read
   * together. Elsewhere they are counted in each.
   */
  residentBytes: number;
}

/** Of processes by their pids; one that has ended is left out. */
export type ProcessUsages = Map<number, ProcessUsage>;

/**
 * What these processes of this machine have used; on Linux in some 0.1 ms each, so that it can be read every second.
 * @throws HarnessError USAGE_UNREADABLE when this system does not tell
 */
export async function readProcessUsage(pids: readonly number[]): Promise<ProcessUsages> {
  if (pids.length === 0) return new Map();
  return process.platform === 'linux' ? readProc(pids) : readPs(pids);
}

/** USER_HZ, which is 100 wherever Node runs on Linux. */
const TICKS_PER_SECOND = 100;

async function readProc(pids: readonly number[]): Promise<ProcessUsages> {
  const read = await Promise.all(pids.map(async (pid) => ({ pid, of: await readOne(pid) })));
  const living = read.flatMap(({ pid, of }) => (of ? [{ pid, ...of }] : []));
  const sharing = new Map<string, number>();
  for (const { program } of living) sharing.set(program, (sharing.get(program) ?? 0) + 1);
  return new Map(
    living.map(({ pid, program, ownBytes, fileBytes, ...usage }) => [
      pid,
      { ...usage, residentBytes: ownBytes + Math.round(fileBytes / sharing.get(program)!) },
    ]),
  );
}

/** null: it has ended. */
async function readOne(pid: number) {
  try {
    const [stat, status, program] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'utf8'),
      readFile(`/proc/${pid}/status`, 'utf8'),
      readlink(`/proc/${pid}/exe`),
    ]);
    return { atMs: epochMs(), cpuSeconds: cpuSecondsOf(stat), ...memoryOf(status), program };
  } catch (cause) {
    // ESRCH: it ended while it was read.
    if (['ENOENT', 'ESRCH'].includes((cause as NodeJS.ErrnoException).code ?? '')) return null;
    throw unreadable(`/proc/${pid} can't be read: ${(cause as Error).message}`, cause);
  }
}

/** Of /proc/PID/stat: utime and stime. The name before them may hold anything, parentheses too. */
export function cpuSecondsOf(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Of /proc/PID/status: its own pages, and those of files and of shared memory. */
export function memoryOf(status: string): { ownBytes: number; fileBytes: number } {
  const bytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1024;
  return { ownBytes: bytes('RssAnon'), fileBytes: bytes('RssFile') + bytes('RssShmem') };
}

const PS_DEADLINE_MS = 5000;

async function readPs(pids: readonly number[]): Promise<ProcessUsages> {
  const args = ['-o', 'pid=,rss=,time=', '-p', pids.join(',')];
  const output = await runCommand('ps', args, { deadlineMs: PS_DEADLINE_MS });
  // 1: one of them, or all, have ended.
  if (output.error || (output.code !== 0 && output.code !== 1)) {
    throw unreadable(`ps: ${output.error?.message ?? printed(output)}`, output.error);
  }
  return parsePs(output.stdout, epochMs());
}

/** Of `ps -o pid=,rss=,time=`: memory in KiB; time as `1-02:03:04`, `02:03:04` or `3:04.05`. Exported for its test. */
export function parsePs(text: string, atMs: number): ProcessUsages {
  const usages: ProcessUsages = new Map();
  for (const line of text.split('\n')) {
    const match = /^\s*(\d+)\s+(\d+)\s+(?:(\d+)-)?((?:\d+:)+\d+(?:\.\d+)?)\s*$/.exec(line);
    if (!match) continue;
    const [, pid, kib, days = 0, clock] = match;
    const seconds = clock!.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
    usages.set(Number(pid), {
      atMs,
      cpuSeconds: Number(days) * 86_400 + seconds,
      residentBytes: Number(kib) * 1024,
    });
  }
  return usages;
}

function unreadable(why: string, cause: unknown): HarnessError {
  return new HarnessError('USAGE_UNREADABLE', `what processes use of this machine: ${why}`, {
    hint: 'read on Linux from /proc, elsewhere by `ps`: check that this user may',
    cause,
  });
}
