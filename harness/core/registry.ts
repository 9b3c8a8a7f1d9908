import { randomBytes } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { HarnessError } from './errors.ts';
import { makeDirs } from './make-dirs.ts';
import {
  isOfAnotherNamespace,
  type ProcessIdentity,
  processIdentity,
  processIsAlive,
  signalGroup,
} from './process-identity.ts';
import { waitFor } from './wait.ts';

/**
 * The registry of live runs: one JSON file a run, so that `meshproof clean` finds what a killed run left behind. A
 * process is known by its pid and the moment it started, never by the pid alone: pids are used again.
 */
export interface RunEntry extends ProcessIdentity {
  runId: string;
  /** ISO 8601. */
  startedAt: string;
  children: ChildEntry[];
  /** Temporary folders of the run; each is named `meshproof-...`. */
  dirs: string[];
  /** kind clusters of the run, by name. */
  clusters: string[];
  /** The file of the registry that holds it. */
  file: string;
}

export interface ChildEntry extends ProcessIdentity {
  name: string;
}

export interface CleanedRun {
  runId: string;
  /** Children that were ended. */
  ended: ChildEntry[];
  /** Children that survived SIGKILL, or may not be signalled. */
  survived: ChildEntry[];
  removedDirs: string[];
}

const DIR_PREFIX = 'meshproof-';
/** Names of clusters that may be ours. */
export const CLUSTER_NAME = /^meshproof(?:-[a-z0-9.-]+)?$/;

/** Where the registry is: `$XDG_RUNTIME_DIR/meshproof/runs`, else `<tmp>/meshproof-<uid>/runs`. */
export function registryDir(env: NodeJS.ProcessEnv = process.env): string {
  const runtime = env.XDG_RUNTIME_DIR;
  if (runtime && isAbsolute(runtime)) return join(runtime, 'meshproof', 'runs');
  return join(tmpdir(), `meshproof-${process.getuid?.() ?? 'user'}`, 'runs');
}

/** The entry of this process. It is a net, not a part of the run: once open, it never makes a run fail. */
export class RunRegistration {
  readonly runId: string;
  readonly file: string;
  readonly #entry: Omit<RunEntry, 'file'>;
  #closed = false;

  constructor(entry: Omit<RunEntry, 'file'>, dir: string) {
    this.runId = entry.runId;
    this.#entry = entry;
    this.file = join(dir, `${entry.runId}.json`);
    this.#write();
  }

  addChild(child: { pid: number; name: string }): void {
    const identity = processIdentity(child.pid);
    if (!identity) return;
    this.#entry.children.push({ ...identity, name: child.name });
    this.#save();
  }

  removeChild(child: { pid: number }): void {
    this.#entry.children = this.#entry.children.filter((c) => c.pid !== child.pid);
    this.#save();
  }

  /**
   * A temporary folder that `clean` may delete with all that is in it.
   * @throws RangeError unless it is absolute and its name begins with `meshproof-`, so that a slip can't delete a home
   */
  addDir(dir: string): void {
    if (!removable(dir)) throw new RangeError(`${dir} is not an absolute path to a folder named ${DIR_PREFIX}...`);
    this.#entry.dirs.push(dir);
    this.#save();
  }

  removeDir(dir: string): void {
    this.#entry.dirs = this.#entry.dirs.filter((d) => d !== dir);
    this.#save();
  }

  /**
   * A kind cluster that `clean` may delete.
   * @throws RangeError unless its name is `meshproof` or begins with `meshproof-`
   */
  addCluster(name: string): void {
    if (!CLUSTER_NAME.test(name)) throw new RangeError(`${name} is not named ${DIR_PREFIX}...`);
    this.#entry.clusters.push(name);
    this.#save();
  }

  removeCluster(name: string): void {
    this.#entry.clusters = this.#entry.clusters.filter((c) => c !== name);
    this.#save();
  }

  /** For `observeChildren` of core/process.ts. */
  started(child: { pid: number; name: string }): void {
    this.addChild(child);
  }

  ended(child: { pid: number; name: string }): void {
    this.removeChild(child);
  }

  /** The run has ended. The entry stays when a child still runs or a cluster is left, so that it can be found. */
  close(): void {
    if (this.#closed || this.#entry.clusters.length > 0) return;
    if (this.#entry.children.some(processIsAlive)) return;
    this.#closed = true;
    rmSync(this.file, { force: true });
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #save(): void {
    if (this.#closed) return;
    try {
      this.#write();
    } catch {
      // A full disk here must not end a run that could go on.
    }
  }

  #write(): void {
    const temp = `${this.file}.tmp`;
    writeFileSync(temp, `${JSON.stringify(this.#entry, null, 2)}\n`, { mode: 0o600 });
    renameSync(temp, this.file);
  }
}

/**
 * Enters this process into the registry.
 * @throws HarnessError REGISTRY_NOT_WRITABLE
 */
export function registerRun(options: { runId?: string; dir?: string } = {}): RunRegistration {
  const dir = options.dir ?? registryDir();
  const identity = processIdentity(process.pid);
  const runId = options.runId ?? `${process.pid}-${randomBytes(4).toString('hex')}`;
  if (!/^[\w.-]+$/.test(runId)) throw new RangeError(`${runId} can't be the name of a file`);
  try {
    makeDirs(dir, 0o700);
    assertOwn(dir);
    return new RunRegistration(
      {
        runId,
        ...(identity ?? { pid: process.pid, pidStart: '' }),
        startedAt: new Date().toISOString(),
        children: [],
        dirs: [],
        clusters: [],
      },
      dir,
    );
  } catch (cause) {
    if (cause instanceof HarnessError) throw cause;
    throw new HarnessError('REGISTRY_NOT_WRITABLE', `the registry of runs ${dir}: ${(cause as Error).message}`, {
      hint: 'set XDG_RUNTIME_DIR to a folder that can be written; without it `meshproof clean` can find nothing',
      cause,
    });
  }
}

/** Every run in the registry, alive or not; files that are not entries are left out. */
export function registeredRuns(dir: string = registryDir()): RunEntry[] {
  let names: string[];
  try {
    names = readdirSync(dir);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new HarnessError('REGISTRY_NOT_READABLE', `the registry of runs ${dir}: ${(error as Error).message}`, {
      hint: 'check who owns the folder',
      cause: error,
    });
  }
  assertOwn(dir);
  return names
    .filter((name) => name.endsWith('.json'))
    .sort()
    .flatMap((name) => readEntry(join(dir, name)) ?? []);
}

/** Runs whose process has gone without closing its entry; those of another container can't be told and are left out. */
export function staleRuns(dir: string = registryDir()): RunEntry[] {
  return registeredRuns(dir).filter((run) => !isOfAnotherNamespace(run) && !processIsAlive(run));
}

/**
 * Ends the children of a run that died: SIGTERM, and SIGKILL after the grace; removes its temporary folders and its
 * entry. The entry stays when a child survived, or when it is to be kept.
 * @param options.keepEntry something else of the run is still to be cleaned; forgetRun comes after that
 */
export async function cleanRun(
  run: RunEntry,
  { graceMs = 3000, keepEntry = false }: { graceMs?: number; keepEntry?: boolean } = {},
): Promise<CleanedRun> {
  const alive = run.children.filter(processIsAlive);
  for (const child of alive) signalGroup(child, 'SIGTERM');
  if (!(await allGone(alive, graceMs))) {
    for (const child of alive) signalGroup(child, 'SIGKILL');
    await allGone(alive, 2000);
  }
  const survived = alive.filter(processIsAlive);
  const removedDirs: string[] = [];
  if (survived.length === 0) {
    for (const dir of run.dirs.filter(removable)) {
      rmSync(dir, { recursive: true, force: true });
      removedDirs.push(dir);
    }
    if (!keepEntry) forgetRun(run);
  }
  return { runId: run.runId, ended: alive.filter((c) => !survived.includes(c)), survived, removedDirs };
}

/** Takes a run out of the registry. */
export function forgetRun(run: RunEntry): void {
  rmSync(run.file, { force: true });
}

async function allGone(children: ChildEntry[], deadlineMs: number): Promise<boolean> {
  try {
    await waitFor(() => (children.some(processIsAlive) ? undefined : true), {
      what: 'the end of the children',
      deadlineMs,
      everyMs: 20,
      hint: '',
    });
    return true;
  } catch {
    return false;
  }
}

function removable(dir: string): boolean {
  return isAbsolute(dir) && basename(dir).startsWith(DIR_PREFIX);
}

/** What stands in a folder that another user can write could make us signal or delete anything. */
function assertOwn(dir: string): void {
  const uid = process.getuid?.();
  const own = [dirname(dir), dir].every((path) => {
    const stat = lstatSync(path);
    return stat.isDirectory() && (uid === undefined || stat.uid === uid);
  });
  if (own) return;
  throw new HarnessError('REGISTRY_NOT_OURS', `the registry of runs ${dir} belongs to somebody else`, {
    hint: 'remove it, or set XDG_RUNTIME_DIR to a folder of your own',
  });
}

function readEntry(file: string): RunEntry | undefined {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
  // Entries of versions that knew no clusters have none.
  const entry = { ...(value as RunEntry), clusters: (value as Partial<RunEntry> | null)?.clusters ?? [] };
  const isIdentity = (x: unknown): boolean => {
    const p = x as ProcessIdentity | null;
    return Number.isSafeInteger(p?.pid) && p!.pid > 1 && typeof p!.pidStart === 'string';
  };
  const valid =
    isIdentity(entry) &&
    typeof entry.runId === 'string' &&
    typeof entry.startedAt === 'string' &&
    Array.isArray(entry.children) &&
    entry.children.every((c) => isIdentity(c) && typeof c.name === 'string') &&
    Array.isArray(entry.dirs) &&
    entry.dirs.every((d) => typeof d === 'string') &&
    Array.isArray(entry.clusters) &&
    entry.clusters.every((c) => typeof c === 'string' && CLUSTER_NAME.test(c));
  return valid ? { ...entry, file } : undefined;
}
