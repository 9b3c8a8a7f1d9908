import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ServiceProcessConfig } from '../contract.ts';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));

export interface ProgramExit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/**
 * The program in a process of its own, with a channel to us, so that it ends even when we are killed. Killed at the latest
 * when it goes out of scope.
 */
export class Program implements AsyncDisposable {
  stdout = '';
  stderr = '';
  readonly exited: Promise<ProgramExit>;
  readonly #child: ChildProcess;
  readonly #dir: string;

  /**
   * @param options.under a command that runs it, e.g. a shell that sets a limit
   * @param options.env what it is told beside its configuration
   */
  constructor(
    config: ServiceProcessConfig | string,
    options: { under?: string[]; node?: string[]; env?: NodeJS.ProcessEnv } = {},
  ) {
    this.#dir = mkdtempSync(join(tmpdir(), 'meshproof-program-'));
    const file = join(this.#dir, 'config.json');
    writeFileSync(file, typeof config === 'string' ? config : JSON.stringify(config));
    const [command, ...args] = [...(options.under ?? []), process.execPath, ...(options.node ?? []), MAIN];
    this.#child = spawn(command!, args, {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...process.env, ...options.env, MESHPROOF_SERVICE_CONFIG: file },
    });
    this.#child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    // Not 'close': it never comes when we have closed the channel first.
    const exit = new Promise<ProgramExit>((resolve) => {
      this.#child.once('exit', (code, signal) => resolve({ code, signal }));
    });
    const read = [this.#child.stdout!, this.#child.stderr!].map(
      (s) => new Promise((resolve) => s.once('close', resolve)),
    );
    this.exited = Promise.all([exit, ...read]).then(([how]) => how);
  }

  static async ready(
    config: ServiceProcessConfig,
    options: ConstructorParameters<typeof Program>[1] = {},
  ): Promise<Program> {
    const program = new Program(config, options);
    await program.whenReady();
    return program;
  }

  /** Resolves with its ready line; rejects when it ends first. */
  whenReady(): Promise<{ ready: true; pods: { pod: string; admin: { host: string; port: number } }[] }> {
    return new Promise((resolve, reject) => {
      const look = () => {
        if (this.stdout.includes('\n')) resolve(JSON.parse(this.stdout.split('\n')[0]!));
      };
      this.#child.stdout!.on('data', look);
      this.exited.then((exit) =>
        reject(new Error(`ended before it was ready: ${JSON.stringify(exit)} ${this.stderr}`)),
      );
      look();
    });
  }

  get pid(): number {
    return this.#child.pid!;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  nextMessage(): Promise<unknown> {
    return new Promise((resolve) => this.#child.once('message', resolve));
  }

  disconnect(): void {
    this.#child.disconnect();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.exited;
    rmSync(this.#dir, { recursive: true, force: true });
  }
}
