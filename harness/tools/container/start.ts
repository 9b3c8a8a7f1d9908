import { closeSync, openSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import { Writable } from 'node:stream';
import { type ContainerRuntimeClient, GenericContainer, getContainerRuntimeClient } from 'testcontainers';
import { HarnessError } from '../../core/errors.ts';
import { type ChildExit, type ChildSpec, tailOf } from '../../core/process.ts';
import type { ToolProcess } from '../../core/tool.ts';
import { commonFolder } from './mount.ts';
import { ownLabels } from './owner.ts';
import { WATCHED } from './watch.ts';

type DockerContainer = ReturnType<ContainerRuntimeClient['container']['getById']>;

/** Docker answers this long after a container's output has ended; the exit code of one that it has forgotten is not known. */
const EXIT_CODE_DEADLINE_MS = 10_000;

export type ContainerSpec = Omit<ChildSpec, 'file' | 'ipc'>;

/**
 * Runs a command of an image as if it were a child of ours: our network (Linux), our user, the run's folder at its own path,
 * output appended to the log. It ends with this process, and is removed as it ends.
 * @param image must be in the local store
 * @throws HarnessError CONTAINER_NOT_STARTED, CONTAINER_FOLDER, LOG_NOT_WRITABLE
 */
export async function startContainer(image: string, command: string[], spec: ContainerSpec): Promise<ContainerProcess> {
  const folder = commonFolder(spec);
  const running = new ContainerProcess(spec);
  const container = new WatchedContainer(image, running)
    .withEntrypoint(['/bin/sh', '-c', WATCHED, 'sh', ...command])
    .withCommand(spec.args)
    .withNetworkMode('host')
    .withBindMounts([{ source: folder, target: folder, mode: 'rw' }])
    .withWorkingDir(spec.cwd ?? folder)
    .withUser(`${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`)
    .withEnvironment(ownVariables(spec.env))
    .withLabels(ownLabels(spec.name))
    // Neither does another container (Ryuk) watch over it, which no registry may be there for, nor stop() remove it.
    .withAutoCleanup(false)
    .withAutoRemove(false);
  try {
    await container.start();
  } catch (cause) {
    // A program may have ended, and its container been removed, before it could be looked at.
    if (await running.isGone()) return running;
    await running.abandon();
    throw new HarnessError('CONTAINER_NOT_STARTED', `${spec.name} as container ${image}: ${(cause as Error).message}`, {
      hint: `try: docker run --rm --network host ${image} --help`,
      cause,
    });
  }
  return running;
}

/** Variables that are given beyond this machine's own, which mean nothing in an image. */
function ownVariables(env: NodeJS.ProcessEnv | undefined): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env ?? {}).filter((entry): entry is [string, string] => {
      const [name, value] = entry;
      return value !== undefined && value !== process.env[name];
    }),
  );
}

/** Holds the container's stdin, and hears its output and its end, from before it starts. */
class WatchedContainer extends GenericContainer {
  readonly #running: ContainerProcess;

  constructor(image: string, running: ContainerProcess) {
    super(image);
    this.#running = running;
    Object.assign(this.createOpts, {
      OpenStdin: true,
      StdinOnce: true,
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
    });
    this.hostConfig.AutoRemove = true;
  }

  protected override async containerCreated(id: string): Promise<void> {
    const client = await getContainerRuntimeClient();
    await this.#running.attach(client.container.getById(id));
  }
}

/** A program that runs in a container. */
export class ContainerProcess implements ToolProcess {
  readonly name: string;
  readonly logFile: string;
  readonly exited: Promise<ChildExit>;
  exit: ChildExit | null = null;
  #container: DockerContainer | null = null;
  #stream: NodeJS.ReadWriteStream | null = null;
  #log: number;
  #end!: (exit: ChildExit) => void;

  constructor(spec: ContainerSpec) {
    this.name = spec.name;
    this.logFile = spec.logFile;
    this.#log = openLog(spec);
    this.exited = new Promise((resolve) => {
      this.#end = (exit) => {
        if (this.exit) return;
        this.exit = exit;
        closeSync(this.#log);
        resolve(exit);
      };
    });
  }

  /** Called between the container's creation and its start. */
  async attach(container: DockerContainer): Promise<void> {
    this.#container = container;
    const stream = await container.attach({ stream: true, stdin: true, stdout: true, stderr: true, hijack: true });
    this.#stream = stream;
    const code = container.wait({ condition: 'removed' }).then(
      (answer: { StatusCode: number }) => exitOf(answer.StatusCode),
      (error: Error) => ({ code: null, signal: null, error }),
    );
    const log = new Writable({ write: (chunk, _encoding, done) => done(this.#append(chunk)) });
    container.modem.demuxStream(stream, log, log);
    const closed = new Promise<void>((resolve) => {
      for (const event of ['end', 'close', 'error']) stream.once(event, () => resolve());
    });
    void closed
      .then(() => within(code, EXIT_CODE_DEADLINE_MS))
      .then(async (exit) =>
        this.#end(exit ?? { code: null, signal: null, error: new Error('Docker does not say how it ended') }),
      );
  }

  async stop(graceMs = 3000, first: NodeJS.Signals = 'SIGTERM'): Promise<ChildExit> {
    if (this.exit) return this.exit;
    await this.#signal(first);
    const timer = setTimeout(() => void this.#signal('SIGKILL'), graceMs);
    try {
      return await this.exited;
    } finally {
      clearTimeout(timer);
    }
  }

  tail(lines = 8): string {
    return tailOf(this.logFile, lines);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Whether its container was removed already, as it is when the program has ended. */
  async isGone(): Promise<boolean> {
    if (!this.#container) return false;
    return this.#container.inspect().then(
      () => false,
      (error: { statusCode?: number }) => error.statusCode === 404,
    );
  }

  /** Takes away what is left of one that did not start. */
  async abandon(): Promise<void> {
    await this.#container?.remove({ force: true }).catch(() => {});
    (this.#stream as { destroy?: () => void } | null)?.destroy?.();
    this.#end({ code: null, signal: null, error: new Error('it was not started') });
  }

  async #signal(signal: NodeJS.Signals): Promise<void> {
    // It may have ended in between; then there is no one to signal.
    await this.#container?.kill({ signal }).catch(() => {});
  }

  #append(chunk: Buffer): Error | null {
    try {
      if (!this.exit) writeSync(this.#log, chunk);
      return null;
    } catch {
      // A full disk: the program goes on, as a child's would whose own writes fail.
      return null;
    }
  }
}

/** A container's exit code as a child's: 128 and the signal's number when a signal ended it. */
export function exitOf(code: number): ChildExit {
  const signal = Object.entries(constants.signals).find(([, number]) => code === 128 + number)?.[0];
  return signal ? { code: null, signal: signal as NodeJS.Signals } : { code, signal: null };
}

async function within<T>(work: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function openLog(spec: ContainerSpec): number {
  try {
    return openSync(spec.logFile, 'a');
  } catch (cause) {
    throw new HarnessError('LOG_NOT_WRITABLE', `the log of ${spec.name} can't be opened: ${(cause as Error).message}`, {
      hint: 'check that the folder exists, can be written, and has space',
      cause,
    });
  }
}
