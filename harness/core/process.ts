import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { boundCommand, type ParentDeathSignal } from './bound-command.ts';
import { HarnessError } from './errors.ts';
import { waitFor } from './wait.ts';

export interface ChildSpec {
  /** For messages and logs: `prometheus`, `k6`, `mesh`, `shop/cart`. */
  name: string;
  file: string;
  args: string[];
  /** Replaces the environment; default: this process' own. */
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** stdout and stderr are appended to it. */
  logFile: string;
  /** stdout goes here, and only stderr to logFile. */
  stdoutFile?: string;
  /** A channel for messages; only for Node programs. */
  ipc?: boolean;
  /** What the kernel sends to it when we die without having ended it, where the kernel can. */
  whenWeDie?: ParentDeathSignal;
}

export interface ChildExit {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** Set when it could not be started at all. */
  error?: Error;
}

/** Told of each child that starts and ends, so that a registry can find those that a killed run left behind. */
export interface ChildObserver {
  started(child: { pid: number; name: string }): void;
  ended(child: { pid: number; name: string }): void;
}

let observer: ChildObserver | null = null;
const live = new Set<Child>();

export function observeChildren(next: ChildObserver | null): void {
  observer = next;
}

/** Children that are running now. */
export function liveChildren(): readonly Child[] {
  return [...live];
}

/** Last resort on the way out: SIGKILL to each child that still runs. Synchronous. */
export function killAllChildren(): void {
  for (const child of live) child.signal('SIGKILL');
}

/**
 * A child process in a process group of its own, so that Ctrl-C at the terminal reaches only us and children end in
 * order. Its output goes straight to a file: a slow reader can't stall it, and it survives us.
 */
export class Child implements AsyncDisposable {
  readonly name: string;
  readonly logFile: string;
  /** Resolves, never rejects, when the process has ended. */
  readonly exited: Promise<ChildExit>;
  /** null while it runs. */
  exit: ChildExit | null = null;
  readonly #process: ChildProcess;

  constructor(spec: ChildSpec) {
    this.name = spec.name;
    this.logFile = spec.logFile;
    const { file, args } = spec.whenWeDie ? boundCommand(spec.file, spec.args, spec.whenWeDie) : spec;
    const log = openLog(spec.name, spec.logFile);
    const stdout = spec.stdoutFile === undefined ? log : openLog(spec.name, spec.stdoutFile);
    try {
      this.#process = spawn(file, args, {
        stdio: spec.ipc ? ['ignore', stdout, log, 'ipc'] : ['ignore', stdout, log],
        env: spec.env ?? process.env,
        cwd: spec.cwd,
        detached: true,
        ...(spec.ipc ? { serialization: 'json' as const } : {}),
      });
    } finally {
      closeSync(log);
      if (stdout !== log) closeSync(stdout);
    }
    this.exited = new Promise((resolve) => {
      const done = (exit: ChildExit) => {
        if (this.exit) return;
        this.exit = exit;
        live.delete(this);
        if (this.#process.pid !== undefined) observer?.ended({ pid: this.#process.pid, name: this.name });
        resolve(exit);
      };
      this.#process.once('error', (error) => {
        if (this.#process.pid === undefined) done({ code: null, signal: null, error });
      });
      this.#process.once('exit', (code, signal) => done({ code, signal }));
    });
    if (this.#process.pid !== undefined) {
      live.add(this);
      observer?.started({ pid: this.#process.pid, name: this.name });
    }
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Sends to the child's whole process group; nothing happens when it has ended. */
  signal(signal: NodeJS.Signals): void {
    if (this.exit || this.#process.pid === undefined) return;
    try {
      process.kill(-this.#process.pid, signal);
    } catch {
      // It ended between the check and the call.
    }
  }

  /** SIGTERM, then SIGKILL after the grace. Resolves when it has ended. */
  async stop(graceMs = 3000, first: NodeJS.Signals = 'SIGTERM'): Promise<ChildExit> {
    if (this.exit) return this.exit;
    this.signal(first);
    const timer = setTimeout(() => this.signal('SIGKILL'), graceMs);
    try {
      return await this.exited;
    } finally {
      clearTimeout(timer);
    }
  }

  /** @throws HarnessError CHILD_DIED when there is no one to send to */
  send(message: unknown): void {
    if (!this.#process.connected) throw childDied(this, 'it cannot be reached');
    this.#process.send(message as object, undefined, undefined, () => {});
  }

  onMessage(listener: (message: unknown) => void): () => void {
    this.#process.on('message', listener);
    return () => this.#process.off('message', listener);
  }

  /** The last lines of its log. */
  tail(lines = 8): string {
    return tailOf(this.logFile, lines);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

export function startChild(spec: ChildSpec): Child {
  return new Child(spec);
}

/** What ended a child, as an error with the end of its log. */
export function childDied(child: Pick<Child, 'name' | 'exit' | 'tail' | 'logFile'>, what = 'it ended'): HarnessError {
  const exit = child.exit;
  const how = exit?.error
    ? exit.error.message
    : exit?.signal
      ? `${what}: killed by ${exit.signal}`
      : exit
        ? `${what}: exit code ${exit.code}`
        : what;
  const log = child.tail();
  return new HarnessError('CHILD_DIED', `${child.name}: ${how}${log ? `\n${log}` : ''}`, {
    hint: `its log is ${child.logFile}`,
    cause: exit?.error,
  });
}

/**
 * Waits for a message that `pick` accepts.
 * @throws HarnessError CHILD_DIED when the child ends first; DeadlineExceededError
 */
export async function waitForMessage<T>(
  child: Child,
  pick: (message: unknown) => T | undefined,
  options: { what: string; deadlineMs: number; hint: string; signal?: AbortSignal },
): Promise<T> {
  let found: T | undefined;
  const off = child.onMessage((message) => {
    found ??= pick(message);
  });
  try {
    const outcome = await waitFor(
      () => {
        if (found !== undefined) return { value: found };
        return child.exit ? { died: true as const } : undefined;
      },
      { ...options, everyMs: 5 },
    );
    if ('died' in outcome) throw childDied(child);
    return outcome.value;
  } finally {
    off();
  }
}

/** The last lines of a text file; empty when there is none. */
export function tailOf(file: string, lines: number): string {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } catch {
    return '';
  }
}

function openLog(name: string, file: string): number {
  try {
    return openSync(file, 'a');
  } catch (cause) {
    throw new HarnessError('LOG_NOT_WRITABLE', `the log of ${name} can't be opened: ${(cause as Error).message}`, {
      hint: 'check that the folder exists, can be written, and has space',
      cause,
    });
  }
}
