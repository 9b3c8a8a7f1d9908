import { randomUUID } from 'node:crypto';
import { closeSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, HarnessError } from '../../core/errors.ts';
import {
  AGENT_HEADERS,
  AGENT_PATHS,
  type AgentFiles,
  type AgentJob,
  type AgentStart,
  exitOf,
} from '../../core/load-agent.ts';
import type { LoadJob, LoadLauncher } from '../../core/load-job.ts';
import { type ChildExit, tailOf } from '../../core/process.ts';
import type { ToolProcess } from '../../core/tool.ts';
import { sleep } from '../../core/wait.ts';

/** Until k6 has announced the origin, which others wait for, and afterwards. */
const POLL_EVERY_MS = 100;
const FOLLOW_EVERY_MS = 250;
const REQUEST_DEADLINE_MS = 5000;
/** How long the agent may be out of reach before the job is given up: it takes less to see that the API server has gone. */
const UNREACHABLE_MS = 30_000;
/** The same, when the job was told to end. */
const UNREACHABLE_AT_END_MS = 10_000;

export interface RemoteK6Options {
  /** For tests; default 30 s. */
  unreachableMs?: number;
}

/**
 * k6 where an agent runs (core/load-agent.ts): brings the script there, and journal, summary and log back while they grow.
 * When k6 has ended the files are byte for byte those of the agent; when the agent is out of reach for 30 s the process ends
 * with an error.
 * @param baseUrl of the agent, e.g. a gateway to its pod
 */
export function launchRemoteK6(baseUrl: string, options: RemoteK6Options = {}): LoadLauncher {
  const unreachableMs = options.unreachableMs ?? UNREACHABLE_MS;
  return async (job) => {
    const agent = new Agent(baseUrl);
    const name = randomUUID();
    // What is there already is another run's.
    for (const file of [job.journal, job.summary]) rmSync(join(job.dir, file), { force: true });
    writeFileSync(join(job.dir, job.log), '');
    const text = (file: string) => readFileSync(join(job.dir, file), 'utf8');
    const start: AgentStart = {
      script: text(job.script),
      files: Object.fromEntries((job.files ?? []).map((file) => [file, text(file)])),
    };
    await startJob(agent, name, start, unreachableMs);
    return new RemoteK6(agent, name, job, unreachableMs);
  };
}

/** @throws HarnessError LOAD_AGENT_UNREACHABLE, LOAD_AGENT_BUSY */
async function startJob(agent: Agent, name: string, start: AgentStart, unreachableMs: number): Promise<void> {
  const from = performance.now();
  for (;;) {
    try {
      // Asking again starts it once: it has a name.
      const headers = { [AGENT_HEADERS.job]: name };
      await agent.request('PUT', AGENT_PATHS.job, { body: JSON.stringify(start), headers });
      return;
    } catch (error) {
      if (error instanceof Refusal && error.status === 409) throw busy(agent.baseUrl);
      if (performance.now() - from > unreachableMs) throw unreachable(agent.baseUrl, unreachableMs, error);
    }
    await sleep(POLL_EVERY_MS);
  }
}

/** k6, run by an agent. */
class RemoteK6 implements ToolProcess {
  readonly name = 'k6';
  readonly logFile: string;
  readonly exited: Promise<ChildExit>;
  exit: ChildExit | null = null;
  readonly #agent: Agent;
  #stopping = false;

  constructor(agent: Agent, jobName: string, job: LoadJob, unreachableMs: number) {
    this.#agent = agent;
    this.logFile = join(job.dir, job.log);
    this.exited = this.#follow(jobName, job, unreachableMs);
  }

  async stop(graceMs = 3000, first: NodeJS.Signals = 'SIGTERM'): Promise<ChildExit> {
    if (this.exit) return this.exit;
    this.#stopping = true;
    void this.#signal(first);
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

  /** Again and again while the agent can't be reached: those who follow the job give up first. */
  async #signal(signal: NodeJS.Signals): Promise<void> {
    while (!this.exit) {
      try {
        await this.#agent.request('POST', AGENT_PATHS.signal, { body: JSON.stringify({ signal }) });
        return;
      } catch {
        await sleep(POLL_EVERY_MS);
      }
    }
  }

  /** Never rejects. */
  async #follow(jobName: string, job: LoadJob, unreachableMs: number): Promise<ChildExit> {
    const mirrors = {
      journal: new Mirror(this.#agent, AGENT_PATHS.journal, join(job.dir, job.journal)),
      log: new Mirror(this.#agent, AGENT_PATHS.log, this.logFile),
      summary: new Mirror(this.#agent, AGENT_PATHS.summary, join(job.dir, job.summary)),
    };
    try {
      this.exit = await this.#untilExit(jobName, mirrors, unreachableMs);
    } catch (error) {
      this.exit = { code: null, signal: null, error: error instanceof Error ? error : new Error(String(error)) };
    } finally {
      for (const mirror of Object.values(mirrors)) mirror.close();
    }
    return this.exit;
  }

  /** @throws HarnessError LOAD_AGENT_UNREACHABLE, LOAD_AGENT_RESTARTED; what the file system throws */
  async #untilExit(jobName: string, mirrors: Mirrors, unreachableMs: number): Promise<ChildExit> {
    let lastAnswerAt = performance.now();
    for (;;) {
      const state = await this.#look(mirrors).catch((error: unknown) => {
        if (error instanceof FileError) throw error.cause;
        const patienceMs = this.#stopping ? Math.min(UNREACHABLE_AT_END_MS, unreachableMs) : unreachableMs;
        if (performance.now() - lastAnswerAt > patienceMs) throw unreachable(this.#agent.baseUrl, patienceMs, error);
        return null;
      });
      if (state) {
        if (state.state === 'none' || state.job !== jobName) throw lostJob(this.#agent.baseUrl);
        if (state.state === 'exited') return exitOf(state);
        lastAnswerAt = performance.now();
      }
      await sleep(mirrors.journal.bytes > 0 ? FOLLOW_EVERY_MS : POLL_EVERY_MS);
    }
  }

  /** The state of the job, and the files as they were then, or longer. */
  async #look(mirrors: Mirrors): Promise<AgentJob> {
    const state = await this.#agent.job();
    if (state.state !== 'none') {
      for (const name of ['journal', 'log', 'summary'] as const) await mirrors[name].catchUp(state.bytes[name]);
    }
    return state;
  }
}

type Mirrors = Record<keyof AgentFiles, Mirror>;

/** A local copy of a file of the agent's, as far as it has been brought over. */
class Mirror {
  readonly #agent: Agent;
  readonly #path: string;
  readonly #file: string;
  #fd: number | null = null;
  bytes = 0;

  constructor(agent: Agent, path: string, file: string) {
    this.#agent = agent;
    this.#path = path;
    this.#file = file;
  }

  /** Brings over what is new, `size` bytes at least in all. */
  async catchUp(size: number): Promise<void> {
    while (this.bytes < size) {
      const { piece, size: now } = await this.#agent.bytes(this.#path, this.bytes);
      if (piece.length === 0 || this.bytes + piece.length > now) {
        throw new Error(`${this.#path}: ${piece.length} bytes from ${this.bytes} on, where there are ${now}`);
      }
      this.#append(piece);
    }
  }

  #append(piece: Buffer): void {
    try {
      this.#fd ??= openSync(this.#file, 'w');
      for (let done = 0; done < piece.length; ) {
        done += writeSync(this.#fd, piece, done, piece.length - done, this.bytes + done);
      }
    } catch (cause) {
      throw new FileError(cause);
    }
    this.bytes += piece.length;
  }

  close(): void {
    if (this.#fd !== null) closeSync(this.#fd);
  }
}

/** The disk is full, the folder gone: no waiting helps. */
class FileError extends Error {
  constructor(cause: unknown) {
    super('', { cause });
  }
}

/** Requests to an agent. Each throws for anything but a 2xx with a whole body. */
class Agent {
  readonly baseUrl: string;

  constructor(baseUrl: string) {
    this.baseUrl = baseUrl.replace(/\/+$/, '');
  }

  async job(): Promise<AgentJob> {
    return (await this.request('GET', AGENT_PATHS.job)).json() as Promise<AgentJob>;
  }

  async bytes(path: string, from: number): Promise<{ piece: Buffer; size: number }> {
    const response = await this.request('GET', `${path}?from=${from}`);
    const piece = Buffer.from(await response.arrayBuffer());
    const size = Number(response.headers.get(AGENT_HEADERS.size) ?? Number.NaN);
    if (!Number.isSafeInteger(size)) throw new Error(`${path}: the answer does not say how many bytes there are`);
    return { piece, size };
  }

  async request(method: string, path: string, init: { body?: string; headers?: Record<string, string> } = {}) {
    const response = await fetch(this.baseUrl + path, {
      method,
      ...init,
      signal: AbortSignal.timeout(REQUEST_DEADLINE_MS),
    });
    if (response.ok) return response;
    throw new Refusal(
      response.status,
      `${method} ${path}: ${response.status} ${(await response.text()).slice(0, 300)}`,
    );
  }
}

/** An answer that is not 2xx, of the agent or of what is between us. */
class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

function busy(baseUrl: string): HarnessError {
  return new HarnessError('LOAD_AGENT_BUSY', `the load agent at ${baseUrl} runs k6 already`, {
    hint: 'does another run use the same cluster? Wait for its end',
  });
}

function lostJob(baseUrl: string): HarnessError {
  return new HarnessError('LOAD_AGENT_RESTARTED', `the load agent at ${baseUrl} knows nothing of the job any more`, {
    hint: 'its container was started again; its log and the events of its pod tell why',
  });
}

function unreachable(baseUrl: string, unreachableMs: number, error: unknown): HarnessError {
  return new HarnessError(
    'LOAD_AGENT_UNREACHABLE',
    `the load agent at ${baseUrl} could not be reached for ${unreachableMs} ms: ${reason(error)}`,
    { hint: 'has the API server gone, or the pod of the load generator?', cause: error },
  );
}

/** fetch() says only that it failed; why stands in its cause. */
function reason(error: unknown): string {
  return describe(error instanceof Error && error.cause ? error.cause : error);
}
