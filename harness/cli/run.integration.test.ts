import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { processIdentity } from '../core/process-identity.ts';
import { DEFAULT_KIND_OPTIONS } from '../environment/contract.ts';
import { readResult } from '../result/read.ts';
import { type CliProcess, cli, FAKE_MAIN, type SpawnOptions, startCli } from './testing/spawn.ts';

/** The whole command `run` in real processes, on a pipeline that pretends (testing/fake-main.ts). */
let dir: string;
let running: CliProcess[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'meshproof-run-test-'));
});
afterEach(() => {
  for (const { process } of running) process.kill('SIGKILL');
  running = [];
  rmSync(dir, { recursive: true, force: true });
});

function fake(mode: string, args: string[] = [], env: Record<string, string> = {}): [string[], SpawnOptions] {
  const options = { main: FAKE_MAIN, env: { FAKE: mode, XDG_RUNTIME_DIR: dir, ...env } };
  return [['run', 'scenarios/baseline.yaml', '--out', join(dir, 'out'), ...args], options];
}

function onlyRun(): string {
  const runs = readdirSync(join(dir, 'out'));
  expect(runs).toHaveLength(1);
  return join(dir, 'out', runs[0]!);
}

describe('a run that ends', () => {
  it.each([
    ['pass', 0],
    ['fail', 1],
    ['inconclusive', 3],
  ])('%s: exit code %i, a table, and the files', async (mode, expected) => {
    const { code, stdout, stderr } = await cli(...fake(mode));
    expect(code).toBe(expected);
    const run = onlyRun();
    expect(stdout).toMatch(/^SCENARIO .*LATENCY$/m);
    expect(stdout.endsWith(`results: ${run}\n`)).toBe(true);
    expect(stderr).toMatch(/^(PASS|FAIL|inconclusive) [a-z-]+: /);
    expect(stdout + stderr).not.toContain('\u001b');
    expect(readdirSync(run).sort()).toEqual(['junit.xml', 'report.html', 'result.json', 'summary.md']);
    expect((await readResult(join(run, 'result.json'))).verdict).toBe(mode);
    expect(readFileSync(join(run, 'summary.md'), 'utf8').split('\n')[0]).toContain(mode);
  });

  it('hands its options on', async () => {
    const args = [
      '--seed',
      '99',
      '--keep',
      '--parallel',
      '3',
      '--k6',
      '/k',
      '--prometheus',
      '/p',
      '--mesh',
      'simulated',
      '--reuse',
    ];
    await cli(...fake('pass', args));
    const [note] = (await readResult(join(onlyRun(), 'result.json'))).scenarios[0]!.notes;
    expect(JSON.parse(note!)).toEqual({
      environment: 'local',
      outDir: join(dir, 'out'),
      runDir: onlyRun(),
      keep: true,
      parallel: 3,
      tools: { k6: '/k', prometheus: '/p' },
      kind: { ...DEFAULT_KIND_OPTIONS, mesh: 'simulated', reuse: true },
      seeds: [99],
    });
  });

  it('writes the reports that were asked for, and the record always', async () => {
    const { stdout } = await cli(...fake('pass', ['--reporter', 'junit']));
    expect(stdout).toMatch(/^results: .*\n$/);
    expect(readdirSync(onlyRun()).sort()).toEqual(['junit.xml', 'result.json']);
  });

  it('colours when it is forced to, unless NO_COLOR says no', async () => {
    const forced = await cli(...fake('pass', [], { FORCE_COLOR: '1' }));
    expect(forced.stdout).toContain('\u001b[32m');
    const both = await cli(...fake('pass', [], { FORCE_COLOR: '1', NO_COLOR: '1' }));
    expect(both.stdout).not.toContain('\u001b');
  });
});

describe('a run that nobody watches any more', () => {
  it('goes on to its end and writes its results', async () => {
    const run = startCli(...fake('pass'));
    // Long before the process gets to write.
    run.process.stdout!.destroy();
    run.process.stderr!.destroy();
    expect((await run.ended).code).toBe(0);
    expect(readdirSync(onlyRun()).sort()).toEqual(['junit.xml', 'report.html', 'result.json', 'summary.md']);
  });
});

describe('a run that fails to start', () => {
  it('says what and what next, and leaves no empty folder', async () => {
    const { code, stdout, stderr } = await cli(...fake('error'));
    expect(stderr).toBe('error TOOL_MISSING: there is no usable k6; tried:\n    PATH: none\n  hint: install k6\n');
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(readdirSync(join(dir, 'out'))).toEqual([]);
  });

  it('calls a defect of its own a defect, without a stack', async () => {
    const { code, stderr } = await cli(...fake('defect'));
    expect(stderr).toMatch(/^error INTERNAL: undefined is not a function\n {2}hint: .*MESHPROOF_DEBUG/);
    expect(stderr.split('\n')).toHaveLength(3);
    expect(code).toBe(4);
  });
});

describe('a run that breaks off half-way', () => {
  it('keeps the scenarios that had ended, and is no pass', async () => {
    const { code, stdout } = await cli(...fake('late-defect'));
    expect(code).toBe(4);
    expect(stdout).toContain('error INTERNAL: undefined is not a function');
    const result = await readResult(join(onlyRun(), 'result.json'));
    expect(result.scenarios.map((s) => s.verdict)).toEqual(['pass']);
    expect(result.verdict).toBe('inconclusive');
  });
});

describe('a run that is interrupted', () => {
  async function start(mode: string, env: Record<string, string> = {}): Promise<{ run: CliProcess; child: number }> {
    const run = startCli(...fake(mode, [], env));
    running.push(run);
    const [, pid] = await run.stderrMatch(/^running (\d+)$/m);
    return { run, child: Number(pid) };
  }

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    '%s: ends in order, keeps what was measured, 130',
    async (signal) => {
      const { run, child } = await start('wait');
      run.process.kill(signal);
      const { code, stdout, stderr } = await run.ended;
      expect(code).toBe(130);
      expect(processIdentity(child)).toBeNull();
      expect(stderr).toContain(`${signal}: ending what runs`);
      expect(stdout).toContain(`error INTERRUPTED: interrupted by ${signal}`);
      const result = await readResult(join(onlyRun(), 'result.json'));
      expect(result.scenarios.map((s) => s.name)).toEqual(['baseline-chain']);
      expect(result).toMatchObject({ verdict: 'inconclusive', error: { code: 'INTERRUPTED' } });
      expect(existsSync(join(onlyRun(), 'junit.xml'))).toBe(true);
      // On a machine that is slow enough ending takes all the time there is.
      const hasPage = existsSync(join(onlyRun(), 'report.html'));
      expect(hasPage || stderr.includes('report.html is left out for want of time')).toBe(true);
    },
  );

  it('is given up when it does not end, and its children with it', async () => {
    const { run, child } = await start('deaf', { FAKE_GRACE_MS: '50' });
    run.process.kill('SIGTERM');
    const { code } = await run.ended;
    expect(code).toBe(130);
    expect(processIdentity(child)).toBeNull();
    expect((await readResult(join(onlyRun(), 'result.json'))).scenarios).toHaveLength(1);
  });

  it('ends at once at the second signal, its children before it', async () => {
    const { run, child } = await start('deaf', { FAKE_GRACE_MS: '60000' });
    run.process.kill('SIGINT');
    await run.stderrMatch(/SIGINT: ending/);
    run.process.kill('SIGINT');
    expect((await run.ended).code).toBe(130);
    expect(processIdentity(child)).toBeNull();
  });

  it('leaves what `clean` finds when it is killed', async () => {
    const { run, child } = await start('wait');
    const busy = await cli(['clean'], { env: { XDG_RUNTIME_DIR: dir } });
    expect(busy.stdout).toBe('nothing to clean\n1 run still going on, left alone\n');
    expect(processIdentity(child)).not.toBeNull();
    run.process.kill('SIGKILL');
    await run.ended;
    const { code, stdout } = await cli(['clean'], { env: { XDG_RUNTIME_DIR: dir } });
    expect(stdout).toMatch(
      new RegExp(`^cleaned run .*: 1 process, 0 folders\\n {2}ended sleeper \\(pid ${child}\\)\\n$`),
    );
    expect(code).toBe(0);
    expect(processIdentity(child)).toBeNull();
  });
});
