import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDir } from '../../core/cache-dir.ts';
import { describe, HarnessError } from '../../core/errors.ts';
import { withLock } from '../../core/lock.ts';
import { type CommandOutput, printed, runCommand } from '../../core/run-command.ts';
import { isExecutable, searchPath } from '../../core/search-path.ts';
import type { ResolvedTool } from '../../core/tool.ts';

/** Names the path of a Prometheus 2. */
const VARIABLE = 'MESHPROOF_PROMETHEUS_2';
const PACKAGE = 'prometheus';
const PROGRAM = 'usr/bin/prometheus';
const VERSION = /\bprometheus, version (2\.\d+\.\d+)/;
const ASKED_MS = 30_000;
const FETCHED_MS = 5 * 60_000;

export interface Prometheus2Options {
  /** Default: this process' own. */
  env?: NodeJS.ProcessEnv;
  /** Default: /etc/os-release. */
  osRelease?: string;
}

/**
 * A Prometheus 2 for tests: the one that MESHPROOF_PROMETHEUS_2 names, else the distribution's package, fetched once and
 * unpacked into the cache (nothing is installed).
 * @returns why there is none, where there is none
 * @throws HarnessError PROMETHEUS_2_MISSING when the variable names what is none, and in CI on Debian, which has the package
 */
export async function findPrometheus2(options: Prometheus2Options = {}): Promise<ResolvedTool | { missing: string }> {
  const env = options.env ?? process.env;
  const given = env[VARIABLE];
  if (given) {
    const tool = await resolved(given, 'given', env);
    if ('missing' in tool) throw missing(`${VARIABLE}: ${tool.missing}`);
    return tool;
  }
  const found = await ofTheDistribution(env);
  if ('missing' in found && env.CI && isDebian(options.osRelease ?? '/etc/os-release')) throw missing(found.missing);
  return found;
}

/** As findPrometheus2; null, and a line that says why, where there is none: the tests that need it are skipped. */
export async function prometheus2OrSkip(): Promise<ResolvedTool | null> {
  const found = await findPrometheus2();
  if (!('missing' in found)) return found;
  process.stderr.write(`skipped: tests with Prometheus 2: ${found.missing}; ${VARIABLE} can name one\n`);
  return null;
}

async function resolved(
  path: string,
  source: string,
  env: NodeJS.ProcessEnv,
): Promise<ResolvedTool | { missing: string }> {
  const output = await runCommand(path, ['--version'], { deadlineMs: ASKED_MS, env });
  const version = printed(output).match(VERSION)?.[1];
  if (version) return { name: 'prometheus', path, version, source };
  return { missing: `${path} is no Prometheus 2: ${saying(output)}` };
}

async function ofTheDistribution(env: NodeJS.ProcessEnv): Promise<ResolvedTool | { missing: string }> {
  const dir = join(cacheDir(env), 'tools', 'prometheus-2-of-the-distribution');
  const program = join(dir, PROGRAM);
  if (!isExecutable(program)) {
    for (const name of ['apt-get', 'dpkg']) {
      if (searchPath(name, env).length === 0) return { missing: `there is no ${name} that could fetch the package` };
    }
    const problem = await fetchOnce(dir, env);
    if (problem !== null) return { missing: problem };
  }
  return resolved(program, 'apt-get download', env);
}

/** Two test files may want it at the same time. The folder appears whole or not at all. @returns what went wrong, or null */
async function fetchOnce(dir: string, env: NodeJS.ProcessEnv): Promise<string | null> {
  await mkdir(join(dir, '..'), { recursive: true });
  const options = { waiting: () => {}, deadlineMs: 2 * FETCHED_MS, signal: undefined };
  return withLock(`${dir}.lock`, options, async () => {
    if (isExecutable(join(dir, PROGRAM))) return null;
    const part = await mkdtemp(`${dir}.part-`);
    try {
      const problem = (await download(part, env)) ?? (await unpack(part, env));
      if (problem !== null) return problem;
      await rm(dir, { recursive: true, force: true });
      await rename(join(part, 'unpacked'), dir);
      return null;
    } catch (error) {
      return describe(error);
    } finally {
      await rm(part, { recursive: true, force: true });
    }
  });
}

/** With this machine's lists of packages; where it has none, with lists of our own. */
async function download(part: string, env: NodeJS.ProcessEnv): Promise<string | null> {
  const apt = (...args: string[]) => runCommand('apt-get', args, { deadlineMs: FETCHED_MS, cwd: part, env });
  const first = await apt('download', PACKAGE);
  if (first.code === 0) return null;
  const own = ['lists', 'cache'].map((name) => join(part, name));
  await Promise.all(own.map((folder) => mkdir(join(folder, 'partial'), { recursive: true })));
  const places = ['-o', `Dir::State::lists=${own[0]}`, '-o', `Dir::Cache=${own[1]}`];
  const updated = await apt(...places, 'update');
  const second = updated.code === 0 ? await apt(...places, 'download', PACKAGE) : updated;
  return second.code === 0 ? null : `apt-get download ${PACKAGE}: ${saying(first)}; with new lists: ${saying(second)}`;
}

async function unpack(part: string, env: NodeJS.ProcessEnv): Promise<string | null> {
  const file = (await readdir(part)).find((name) => name.endsWith('.deb'));
  if (file === undefined) return `apt-get download ${PACKAGE} left no package`;
  const output = await runCommand('dpkg', ['-x', file, 'unpacked'], { deadlineMs: FETCHED_MS, cwd: part, env });
  if (output.code !== 0) return `dpkg -x ${file}: ${saying(output)}`;
  return isExecutable(join(part, 'unpacked', PROGRAM)) ? null : `${file} has no ${PROGRAM}`;
}

/** Its last line. */
function saying(output: CommandOutput): string {
  const last = printed(output).split('\n').at(-1);
  return output.error ? describe(output.error) : last || `exit code ${output.code}`;
}

function isDebian(osRelease: string): boolean {
  return existsSync(osRelease) && /^ID="?debian"?$/m.test(readFileSync(osRelease, 'utf8'));
}

function missing(why: string): HarnessError {
  return new HarnessError('PROMETHEUS_2_MISSING', `there is no Prometheus 2 for the tests: ${why}`, {
    hint: `name one with ${VARIABLE}`,
  });
}
