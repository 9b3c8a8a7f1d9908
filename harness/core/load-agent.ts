import type { ChildExit } from './process.ts';

/**
 * The HTTP API of the program that runs k6 somewhere else (harness/load/agent/), one job at a time. Those who use it are in
 * the harness (environment/kind/remote-k6.ts).
 */
export const AGENT_PORT = 9901;

export const AGENT_PATHS = {
  /** GET: 200 when k6 can be started; 503 with the reason. */
  ready: '/ready',
  /** GET: `{ nowEpochMs }`. */
  clock: '/clock',
  /** PUT AgentStart: starts a job: 201, or 409 while another runs. GET: AgentJob. */
  job: '/job',
  /** GET, with `?from=<byte>`: the journal from there, as far as it goes, AGENT_MAX_BYTES at most. */
  journal: '/job/journal',
  /** GET, with `?from=<byte>`: what k6 says. */
  log: '/job/log',
  /** GET, with `?from=<byte>`: empty until k6 has written it, at its end. */
  summary: '/job/summary',
  /** POST AgentSignal: 204, also when k6 has ended. */
  signal: '/job/signal',
} as const;

export const AGENT_HEADERS = {
  /** Of PUT /job: a name for the job, so that asking again starts it once. */
  job: 'x-job',
  /** Of answers with bytes of a file: how many it has now. */
  size: 'x-size',
} as const;

/** Bytes of a file in one answer. */
export const AGENT_MAX_BYTES = 4 * 1024 * 1024;

/** The agent's environment. */
export const AGENT_ENV = {
  /** Default: /usr/bin/k6. */
  k6: 'K6_PATH',
  /** Folder for jobs; must exist. */
  workDir: 'MESHPROOF_WORK_DIR',
  /** Default: AGENT_PORT; 0 for any. */
  port: 'MESHPROOF_AGENT_PORT',
} as const;

export interface AgentStart {
  script: string;
  /** Text of further files that the script reads, by name. */
  files: Record<string, string>;
}

/** `bytes`: how long each file was when the state was taken; when k6 has ended they don't grow any more. */
export type AgentJob =
  | { state: 'none' }
  | { state: 'running'; job: string; bytes: AgentFiles }
  | {
      state: 'exited';
      job: string;
      bytes: AgentFiles;
      code: number | null;
      signal: NodeJS.Signals | null;
      /** Why k6 could not be started. */
      error: string | null;
    };

export interface AgentFiles {
  journal: number;
  log: number;
  summary: number;
}

export interface AgentSignal {
  signal: NodeJS.Signals;
}

/** How a job ended, as whoever started a child would see it. */
export function exitOf(job: AgentJob & { state: 'exited' }): ChildExit {
  return { code: job.code, signal: job.signal, ...(job.error === null ? {} : { error: new Error(job.error) }) };
}
