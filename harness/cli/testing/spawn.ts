import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
export const MAIN = path('../main.ts');
export const FAKE_MAIN = path('./fake-main.ts');
export const LAUNCHER = path('../../../bin/meshproof');
export const ROOT = path('../../../');

export interface CliProcess {
  process: ChildProcess;
  /** What was written so far. */
  output(): { stdout: string; stderr: string };
  /** The first match in what goes to stderr, as soon as it is there; rejects when the process ends without it. */
  stderrMatch(pattern: RegExp): Promise<RegExpExecArray>;
  ended: Promise<{ code: number | null; stdout: string; stderr: string }>;
}

export interface SpawnOptions {
  env?: Record<string, string>;
  cwd?: string;
  /** What is started; default: the command line itself. */
  file?: string;
  main?: string;
}

/** Starts the command line as a user would, with an environment of its own. */
export function startCli(
  args: string[],
  { env = {}, cwd = ROOT, file = process.execPath, main = MAIN }: SpawnOptions = {},
): CliProcess {
  const argv = file === process.execPath ? [main, ...args] : args;
  const child = spawn(file, argv, {
    cwd,
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  const watchers = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
    for (const watch of watchers) watch();
  });
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
  return {
    process: child,
    ended,
    output: () => ({ stdout, stderr }),
    stderrMatch: (pattern) =>
      new Promise((resolve, reject) => {
        const watch = () => {
          const match = pattern.exec(stderr);
          if (match) resolve(match);
        };
        watchers.add(watch);
        watch();
        ended.then(() => reject(new Error(`ended without ${pattern}: ${stderr}`)), reject);
      }),
  };
}

export function cli(args: string[], options: SpawnOptions = {}): CliProcess['ended'] {
  return startCli(args, options).ended;
}
