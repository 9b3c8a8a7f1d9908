import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { AgentFiles, AgentJob, AgentStart } from '../../core/load-agent.ts';
import type { LoadJob } from '../../core/load-job.ts';
import { type Child, startChild } from '../../core/process.ts';
import { JOB_FILES } from '../command.ts';
import { k6Spec } from '../local.ts';

/** The job of an agent: none yet, one that runs, or the last one. */
export class Jobs {
  readonly #k6: string;
  readonly #dir: string;
  #current: { name: string; k6: Child } | null = null;

  /** @param workDir an existing folder; the job's files go into one in there */
  constructor(k6: string, workDir: string) {
    this.#k6 = k6;
    this.#dir = join(workDir, 'job');
  }

  /**
   * Starts a job; the files of the one before go.
   * @returns false while another runs; true as well when this one was started before
   */
  start(name: string, { script, files }: AgentStart): boolean {
    if (this.#current?.name === name) return true;
    if (this.#current && !this.#current.k6.exit) return false;
    rmSync(this.#dir, { recursive: true, force: true });
    mkdirSync(this.#dir);
    const job: LoadJob = { dir: this.#dir, ...JOB_FILES };
    writeFileSync(join(job.dir, job.script), script);
    for (const [file, text] of Object.entries(files)) writeFileSync(join(job.dir, basename(file)), text);
    this.#current = { name, k6: startChild({ ...k6Spec(job), file: this.#k6 }) };
    return true;
  }

  get state(): AgentJob {
    if (!this.#current) return { state: 'none' };
    const { name: job, k6 } = this.#current;
    // Before the sizes: what k6 writes until its end must be in them.
    const exit = k6.exit;
    const bytes = { journal: this.#sizeOf('journal'), log: this.#sizeOf('log'), summary: this.#sizeOf('summary') };
    if (!exit) return { state: 'running', job, bytes };
    const { code, signal, error } = exit;
    return { state: 'exited', job, bytes, code, signal, error: error?.message ?? null };
  }

  /** A file of the job and how many bytes it has now; none when it is not there yet. */
  file(which: keyof AgentFiles): { path: string; size: number } {
    return { path: join(this.#dir, JOB_FILES[which]), size: this.#sizeOf(which) };
  }

  #sizeOf(which: keyof AgentFiles): number {
    return statSync(join(this.#dir, JOB_FILES[which]), { throwIfNoEntry: false })?.size ?? 0;
  }

  /** Nothing happens when nothing runs. */
  signal(signal: NodeJS.Signals): void {
    this.#current?.k6.signal(signal);
  }

  /** Ends k6 and waits for it. */
  async stop(graceMs: number): Promise<void> {
    await this.#current?.k6.stop(graceMs, 'SIGINT');
  }
}
