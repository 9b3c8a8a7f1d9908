import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitFor } from '../../core/wait.ts';
import { readResult } from '../../result/read.ts';
import type { Result } from '../../result/types.ts';
import { processesOf } from './lifecycle.ts';
import { type CliProcess, cli, startCli } from './spawn.ts';

/** Two services in a row, in a namespace of their own. */
export function chain(options: { namespace?: string; seconds?: number } = {}): string {
  const { namespace = 'shop', seconds = 4 } = options;
  return `apiVersion: meshproof/v1
kind: Scenario
metadata: { name: short, description: Two services in a row. }
namespace: ${namespace}
seed: 1
mesh: { scrapeInterval: 1s }
services:
  - name: web
    latency: 1ms
    routes: [{ path: /, calls: [{ service: back }] }]
  - name: back
    replicas: 2
    latency: 1ms
traffic:
  - { executor: constant-arrival-rate, target: web, rate: 20/s, duration: ${seconds}s }
expect:
  golden: { everyFlow: true }
`;
}

export interface KindRunOptions {
  /** Default: a cluster of the run alone is not made, the shared one is used. */
  args?: string[];
  /** Of this process, with these changed. */
  env?: Record<string, string>;
  /** Default: `chain()`. Its name must be `short`. */
  scenario?: string;
}

/** A run of the real command line in the environment `kind`, with a registry of its own. */
export class KindRun implements AsyncDisposable {
  readonly dir: string;
  readonly cli: CliProcess;
  readonly #env: Record<string, string>;

  /** @param dir a folder that only this run uses: its processes are known by it */
  constructor(dir: string, { args = ['--reuse'], env = {}, scenario = chain() }: KindRunOptions = {}) {
    this.dir = dir;
    this.#env = { ...environment(dir), ...env };
    mkdirSync(dir, { recursive: true });
    const file = join(dir, 'short.yaml');
    writeFileSync(file, scenario);
    const kind = ['--environment', 'kind', '--mesh', mesh(), '--out', join(dir, 'out')];
    this.cli = startCli(['run', file, ...kind, ...args], { env: this.#env });
  }

  /** A step, `cluster` or `load generator`, is done. */
  async step(name: string): Promise<void> {
    await this.cli.stderrMatch(new RegExp(`^(?:kind|short): ${name}: .*\\(\\d`, 'm'));
  }

  async traffic(): Promise<void> {
    await this.cli.stderrMatch(/^short: [1-9]\d* requests/m);
  }

  /** The id by which its objects are labelled, as its registry has it. */
  runId(): string {
    const [file] = readdirSync(join(this.dir, 'meshproof', 'runs')).filter((name) => name.endsWith('.json'));
    if (!file) throw new Error(`no run in the registry: ${this.cli.output().stderr}`);
    return file.replace(/\.json$/, '');
  }

  /** Runs that are in its registry. */
  registered(): string[] {
    return readdirSync(join(this.dir, 'meshproof', 'runs'));
  }

  clean(): CliProcess['ended'] {
    return cli(['clean'], { env: this.#env });
  }

  folders(): string[] {
    try {
      return readdirSync(join(this.dir, 'out')).map((name) => join(this.dir, 'out', name));
    } catch {
      return [];
    }
  }

  result(): Promise<Result> {
    return readResult(join(this.folders()[0]!, 'result.json'));
  }

  /** A file of the scenario's folder. */
  file(...path: string[]): string {
    return readFileSync(join(this.folders()[0]!, 'short', ...path), 'utf8');
  }

  /** What lies in a folder of the scenario's folder. */
  files(...path: string[]): string[] {
    return readdirSync(join(this.folders()[0]!, 'short', ...path));
  }

  /** None of its processes runs any more. @throws DeadlineExceededError naming those that do */
  async gone(): Promise<void> {
    await waitFor(
      (seen) => {
        const left = processesOf(this.dir);
        seen(left);
        return left.length === 0 ? true : undefined;
      },
      { what: 'the end of every process', deadlineMs: 20_000, hint: this.cli.output().stderr },
    );
  }

  /** For the end of a test that failed: nothing of it stays. */
  async [Symbol.asyncDispose](): Promise<void> {
    const unended = this.cli.process.exitCode === null && this.cli.process.signalCode === null;
    for (const { pid } of processesOf(this.dir)) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended by itself.
      }
    }
    await this.cli.ended;
    if (unended) await this.clean();
  }
}

/** The mesh under test. */
export function mesh(): 'linkerd' | 'simulated' {
  return process.env.MESHPROOF_TEST_MESH === 'linkerd' ? 'linkerd' : 'simulated';
}

/** This process' own, but for what belongs to the test runner and to the registry. */
export function environment(dir: string): Record<string, string> {
  const own = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !/^(?:VITEST|NODE_|npm_)/.test(entry[0]),
  );
  return { ...Object.fromEntries(own), XDG_RUNTIME_DIR: dir };
}
