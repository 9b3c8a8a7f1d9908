import { mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { processIdentity } from '../../core/process-identity.ts';
import { waitFor } from '../../core/wait.ts';
import { readResult } from '../../result/read.ts';
import type { Result } from '../../result/types.ts';
import { type CliProcess, cli, startCli } from './spawn.ts';

/** Four seconds of traffic to one service, on the real pipeline. */
export const SHORT = `apiVersion: meshproof/v1
kind: Scenario
metadata: { name: short, description: One service for four seconds. }
namespace: shop
seed: 1
mesh: { scrapeInterval: 1s }
services:
  - name: web
    latency: 1ms
traffic:
  - { executor: constant-arrival-rate, target: web, rate: 50/s, duration: 4s }
expect:
  golden: { everyFlow: true }
`;

/** As SHORT, with less to do for a machine on which more goes on: only scrapes that take two seconds are late. */
export const CALM = SHORT.replace('scrapeInterval: 1s', 'scrapeInterval: 2s').replace(
  'rate: 50/s, duration: 4s',
  'rate: 10/s, duration: 6s, maxVUs: 60',
);

/** As SHORT, but after its traffic the scrape that ends it is long in coming. */
export const SELDOM_SCRAPED = SHORT.replace('scrapeInterval: 1s', 'scrapeInterval: 10s');

/** The same for a minute: nothing of it ends by itself while a test looks on. */
export const LONG = SHORT.replace('duration: 4s', 'duration: 60s');

/** The programs that a run consists of, by what stands in their command line. */
const PARTS = {
  mesh: 'harness/mesh/main.ts',
  service: 'sim-services/main.ts',
  prometheus: '--storage.tsdb.path',
  k6: 'k6-script.js',
};
export type Part = keyof typeof PARTS;

export interface Descendant {
  pid: number;
  command: string;
}

export interface LifecycleOptions {
  args?: string[];
  env?: Record<string, string>;
  /** Default: a folder of its own below `dir`. */
  out?: string;
  /** Default: SHORT; its name must be `short`. */
  scenario?: string;
}

/** A run of the real command line in a folder of its own. */
export class LifecycleRun {
  readonly dir: string;
  readonly out: string;
  readonly cli: CliProcess;
  readonly #env: Record<string, string>;

  /** @param dir a folder that only this run uses: its processes are known by it */
  constructor(dir: string, options: LifecycleOptions = {}) {
    this.dir = dir;
    this.out = options.out ?? join(dir, 'out');
    this.#env = { ...ownEnvironment(dir), ...options.env };
    mkdirSync(dir, { recursive: true });
    const file = join(dir, 'short.yaml');
    writeFileSync(file, options.scenario ?? SHORT);
    this.cli = startCli(['run', file, '--out', this.out, ...(options.args ?? [])], { env: this.#env });
  }

  kill(signal: NodeJS.Signals): void {
    this.cli.process.kill(signal);
  }

  /** Traffic flows: the load generator has journalled requests. */
  async traffic(): Promise<void> {
    await this.cli.stderrMatch(/^short: \d+ requests?/m);
    await waitFor(() => (this.file('k6', 'k6.journal').split('\n').length > 20 ? true : undefined), {
      what: 'requests in the journal of k6',
      deadlineMs: 30_000,
      hint: this.cli.output().stderr,
    });
  }

  /** Traffic has ended, and the run waits for what is in flight and for the scrape. */
  async scrape(): Promise<void> {
    await this.traffic();
    await this.gone('k6');
  }

  /** Its processes that run now, the command line itself aside. */
  descendants(part?: Part): Descendant[] {
    return processesOf(this.dir).filter(
      ({ pid, command }) => pid !== this.cli.process.pid && (!part || command.includes(PARTS[part])),
    );
  }

  /** The one process that is this part. */
  part(part: Part): number {
    const [found, ...more] = this.descendants(part);
    if (!found || more.length > 0) throw new Error(`${found ? 'several' : 'no'} ${part}: ${this.cli.output().stderr}`);
    return found.pid;
  }

  /** None of its processes, or none that is this part, runs any more. @throws DeadlineExceededError naming those that do */
  async gone(part?: Part, deadlineMs = 30_000): Promise<void> {
    await waitFor(
      (seen) => {
        const left = this.descendants(part);
        seen(left);
        return left.length === 0 ? true : undefined;
      },
      { what: `the end of ${part ?? 'every process'}`, deadlineMs, hint: this.cli.output().stderr },
    );
  }

  clean(): CliProcess['ended'] {
    return cli(['clean'], { env: this.#env });
  }

  /** The folders of runs below its results. */
  folders(): string[] {
    try {
      return readdirSync(this.out).map((name) => join(this.out, name));
    } catch {
      return [];
    }
  }

  /** Its one record. */
  result(): Promise<Result> {
    return readResult(join(this.folders()[0]!, 'result.json'));
  }

  /** A file of the scenario's folder. */
  file(...path: string[]): string {
    return readFileSync(join(this.folders()[0]!, 'short', ...path), 'utf8');
  }

  /** What the journals of the services say, all pods together. */
  truth(): string {
    const truth = join(this.folders()[0]!, 'short', 'truth');
    const files = readdirSync(truth, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    return files.map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8')).join('');
  }

  /** For the end of a test that failed: nothing of it stays. */
  [Symbol.dispose](): void {
    for (const { pid } of processesOf(this.dir)) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended by itself.
      }
    }
  }
}

/** What every run here gets: tools, a registry of its own, and a mark in the environment of all its processes. */
function ownEnvironment(dir: string): Record<string, string> {
  const { HOME, XDG_CACHE_HOME, MESHPROOF_K6, MESHPROOF_PROMETHEUS } = process.env;
  const given = Object.entries({ HOME, XDG_CACHE_HOME, MESHPROOF_K6, MESHPROOF_PROMETHEUS });
  return {
    ...Object.fromEntries(given.filter((entry): entry is [string, string] => entry[1] !== undefined)),
    XDG_RUNTIME_DIR: dir,
  };
}

/** Processes that run and have the folder in their environment, command line or as their own folder. */
export function processesOf(dir: string): Descendant[] {
  const needle = `${dir}/`;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .flatMap((pid) => {
      const command = read(pid, 'cmdline').replaceAll('\0', ' ').trim();
      const marks = [`${command} `, `${read(pid, 'environ').replaceAll('\0', '/\0')}`, `${folderOf(pid)}/`];
      const isOurs = pid !== process.pid && marks.some((text) => text.includes(needle));
      return isOurs && processIdentity(pid) ? [{ pid, command }] : [];
    });
}

function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

function folderOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return '';
  }
}
