import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { printed, runCommand } from '../core/run-command.ts';
import { read } from './files.ts';

interface Step {
  id?: string;
  if?: string;
  uses?: string;
  run?: string;
  env?: Record<string, string>;
}

interface Workflow {
  on: string | Record<string, unknown>;
  jobs: { upgrade: { steps: Step[] } };
}

/** The workflow that people copy, its scripts run in a repository as they would have it. */
const { on, jobs } = parse(read('docs/ci/upgrade.yaml')) as Workflow;
const { steps } = jobs.upgrade;
const stepOf = (id: string) => steps.find((step) => step.id === id)!;
const gate = steps.find(({ run }) => run?.includes('meshproof upgrade'))!;

/** As a workflow writes what is put in. */
const said = (expression: string) => `\${{ ${expression} }}`;

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'meshproof-test-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Git as on a machine where nobody has set anything. */
const ENV = { PATH: process.env.PATH, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' };
const DEADLINE_MS = 10_000;
const WHO = ['-c', 'user.name=a', '-c', 'user.email=a@b.c'];

/** A checkout of a pull request that goes to `main`, with what was there and what is proposed. */
async function checkout(was: string, is: string): Promise<string> {
  const git = async (cwd: string, ...args: string[]) => {
    const output = await runCommand('git', [...WHO, ...args], { deadlineMs: DEADLINE_MS, cwd, env: ENV });
    if (output.code !== 0) throw new Error(`git ${args.join(' ')}: ${printed(output)}`);
  };
  const [origin, clone] = [join(dir, 'origin'), join(dir, 'clone')];
  mkdirSync(origin);
  await git(origin, 'init', '--quiet', '--initial-branch', 'main');
  writeFileSync(join(origin, 'LINKERD_VERSION'), `${was}\n`);
  await git(origin, 'add', '.');
  await git(origin, 'commit', '--quiet', '--message', 'was');
  await git(dir, 'clone', '--quiet', origin, clone);
  writeFileSync(join(clone, 'LINKERD_VERSION'), `${is}\n`);
  return clone;
}

/** A step's script, with what it leaves in the file that outputs go to, a line each. */
async function run(script: string, cwd: string, env: Record<string, string> = {}) {
  const output = join(dir, 'output');
  writeFileSync(output, '');
  const options = { deadlineMs: DEADLINE_MS, cwd, env: { ...ENV, GITHUB_OUTPUT: output, ...env } };
  const { code } = await runCommand('bash', ['-e', '-c', script], options);
  return { code, outputs: readFileSync(output, 'utf8').trim().split('\n') };
}

describe('docs/ci/upgrade.yaml', () => {
  it('starts for every pull request: as a required check it would block those that it does not start for', () => {
    expect(on).toBe('pull_request');
  });

  it('takes the version that runs from the branch that it goes to, and the proposed one from the pull request', async () => {
    const { run: script, env } = stepOf('versions');
    expect(env).toEqual({ BASE: said('github.base_ref') });
    const { code, outputs } = await run(script!, await checkout('2.17', '2.18'), { BASE: 'main' });
    expect([code, ...outputs]).toEqual([0, 'from=2.17', 'to=2.18']);
  });

  it('does nothing where the version stays', () => {
    const at = steps.indexOf(stepOf('changed'));
    const { run: script } = stepOf('changed');
    expect(script).toContain(`version=${said('steps.versions.outputs.from != steps.versions.outputs.to')}`);
    const later = steps.slice(at + 1);
    expect(later.length).toBeGreaterThan(4);
    for (const step of later) {
      expect(step.if).toMatch(/^(?:always\(\) && )?steps\.changed\.outputs\.version == 'true'$/);
    }
  });

  it('gives both versions to the command, and ends as that does', async () => {
    expect(gate.env).toEqual({
      FROM: said('steps.versions.outputs.from'),
      TO: said('steps.versions.outputs.to'),
    });
    const bin = join(dir, 'meshproof', 'bin');
    mkdirSync(bin, { recursive: true });
    const told = join(dir, 'told');
    writeFileSync(join(bin, 'meshproof'), `#!/bin/sh\necho "$@" > ${told}\nexit 3\n`, { mode: 0o755 });
    expect((await run(gate.run!, dir, { FROM: '2.17', TO: '2.18' })).code).toBe(3);
    expect(readFileSync(told, 'utf8').trim()).toBe(
      'upgrade --from 2.17 --to 2.18 --rules rules --dashboards grafana --out results',
    );
  });

  it('shows the summary and keeps the results, also when the answer is no', async () => {
    const summary = steps.find((step) => step.run?.includes('GITHUB_STEP_SUMMARY'))!;
    const kept = steps.find(({ uses }) => uses?.startsWith('actions/upload-artifact'))!;
    expect([summary, kept].map((step) => step.if?.startsWith('always()'))).toEqual([true, true]);
    mkdirSync(join(dir, 'results', 'one'), { recursive: true });
    writeFileSync(join(dir, 'results', 'one', 'summary.md'), '# GO\n');
    const page = join(dir, 'page');
    await run(summary.run!, dir, { GITHUB_STEP_SUMMARY: page });
    expect(readFileSync(page, 'utf8')).toBe('# GO\n');
  });
});
