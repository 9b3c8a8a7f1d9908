import { readFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { freemem, totalmem } from 'node:os';
import { dirname, join } from 'node:path';

/** What the machine has left, bytes and files. */
export interface Room {
  memoryBytes: number;
  /** What sets that limit: `the machine`, `its control group`. */
  memoryOf: string;
  /** Where the results are written. */
  diskBytes: number;
  /** Of one process. */
  openFiles: number;
}

/** @param dir a folder of the file system that is written to @param roots other ones than this machine's, and another platform, for tests */
export async function readRoom(
  dir: string,
  roots: { proc: string; cgroup: string } = ROOTS,
  platform: string = process.platform,
): Promise<Room> {
  const { bavail, bsize } = await statfs(dir);
  return { ...availableMemory(roots, platform), diskBytes: bavail * bsize, openFiles: openFiles(roots.proc) };
}

const ROOTS = { proc: '/proc', cgroup: '/sys/fs/cgroup' };

/** macOS keeps nearly nothing free, and gives back what it caches: free memory says nothing there. */
const OF_A_MAC = 0.7;

/** MemAvailable, or what the control groups of this process leave, whichever is less. */
function availableMemory({ proc, cgroup }: typeof ROOTS, platform: string): Pick<Room, 'memoryBytes' | 'memoryOf'> {
  const available = /^MemAvailable:\s+(\d+) kB/m.exec(read(join(proc, 'meminfo')))?.[1];
  if (available === undefined && platform === 'darwin') {
    return { memoryBytes: totalmem() * OF_A_MAC, memoryOf: `the machine, of which ${100 * OF_A_MAC}% may be used,` };
  }
  const machine = available === undefined ? freemem() : Number(available) * 1024;
  const limited = cgroupMemory(proc, cgroup);
  return limited < machine
    ? { memoryBytes: limited, memoryOf: 'its control group' }
    : { memoryBytes: machine, memoryOf: 'the machine' };
}

/** The least that a control group on the way up leaves (version 2, or 1); file caches count as free, as they are given back. */
function cgroupMemory(proc: string, root: string): number {
  const lines = read(join(proc, 'self/cgroup')).split('\n');
  const unified = lines.find((line) => line.startsWith('0::'))?.slice(3);
  const old = lines.find((line) => /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:/.test(line))?.split(':')[2];
  const limits = [
    ...(old === undefined ? [] : along(join(root, 'memory'), old).map((dir) => left(dir, V1))),
    ...(unified === undefined ? [] : along(root, unified).map((dir) => left(dir, V2))),
  ];
  return Math.min(Number.POSITIVE_INFINITY, ...limits);
}

const V1 = { limit: 'memory.limit_in_bytes', usage: 'memory.usage_in_bytes', cache: /^total_inactive_file (\d+)/m };
const V2 = { limit: 'memory.max', usage: 'memory.current', cache: /^inactive_file (\d+)/m };

/** The folder and those above it, down to the root of the hierarchy. In a container its own may stand at the root. */
function along(root: string, path: string): string[] {
  const dirs: string[] = [];
  for (let at = path; at !== '/' && at !== '.'; at = dirname(at)) dirs.push(join(root, at));
  return [...dirs, root];
}

function left(dir: string, { limit, usage, cache }: typeof V2): number {
  const most = Number.parseInt(read(join(dir, limit)), 10);
  const used = Number.parseInt(read(join(dir, usage)), 10);
  if (Number.isNaN(most) || Number.isNaN(used)) return Number.POSITIVE_INFINITY;
  const cached = Number(cache.exec(read(join(dir, 'memory.stat')))?.[1] ?? 0);
  return Math.max(0, most - used + cached);
}

/** Node raises its own limit as far as it may, and its children inherit that. */
function openFiles(proc: string): number {
  const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(read(join(proc, 'self/limits')))?.[1];
  const limit = Number(hard);
  return Number.isFinite(limit) ? limit : Number.POSITIVE_INFINITY;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
