import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findSetpriv } from '../core/bound-command.ts';
import { sleep } from '../core/wait.ts';
import { LifecycleRun, LONG, type Part } from './testing/lifecycle.ts';

/** Sudden deaths: of the command line, and of each part of a run, half-way. So long is looked on, beside other runs. */
const GONE_WITHIN_MS = 15_000;

let dir: string;
const runs: LifecycleRun[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'meshproof-death-test-'));
});
afterEach(() => {
  for (const run of runs.splice(0)) run[Symbol.dispose]();
  rmSync(dir, { recursive: true, force: true });
});

function start(env: Record<string, string> = {}): LifecycleRun {
  const run = new LifecycleRun(join(dir, `run-${runs.length}`), { env, scenario: LONG });
  runs.push(run);
  return run;
}

describe('SIGKILL of the command line', () => {
  it.runIf(findSetpriv())('takes everything with it where the kernel tells children of our death', async () => {
    const starting = [100, 400, 700, 1000, 1500].map((afterMs) => ({ afterMs, run: start() }));
    const traffic = start();
    await Promise.all([
      // Any moment will do.
      ...starting.map(({ afterMs, run }) => sleep(afterMs).then(() => run.kill('SIGKILL'))),
      traffic.traffic().then(() => {
        for (const part of ['mesh', 'service', 'prometheus', 'k6'] as const) traffic.part(part);
        traffic.kill('SIGKILL');
      }),
    ]);
    await Promise.all(runs.map((run) => run.cli.ended));
    await Promise.all(runs.map((run) => run.gone(undefined, GONE_WITHIN_MS)));
    expect((await traffic.clean()).stdout).toMatch(/^cleaned run \S+: 0 processes, 0 folders\n$/);
  });

  it('elsewhere mesh and services end by themselves, and `clean` ends Prometheus and k6 and says so', async () => {
    // As BusyBox' own, which knows no such option.
    writeFileSync(join(dir, 'setpriv'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    const bare = { PATH: `${dir}:${process.env.PATH}` };
    const starting = [400, 800].map((afterMs) => ({ afterMs, run: start(bare) }));
    const traffic = start(bare);
    await Promise.all([
      ...starting.map(({ afterMs, run }) => sleep(afterMs).then(() => run.kill('SIGKILL'))),
      traffic.traffic(),
    ]);
    const [prometheus, k6] = [traffic.part('prometheus'), traffic.part('k6')];
    traffic.kill('SIGKILL');
    for (const run of runs) {
      await run.cli.ended;
      await run.gone('mesh', GONE_WITHIN_MS);
      await run.gone('service', GONE_WITHIN_MS);
    }
    expect(traffic.descendants().map(({ pid }) => pid)).toEqual([prometheus, k6].sort((a, b) => a - b));
    const { code, stdout } = await traffic.clean();
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^cleaned run \S+: 2 processes, 0 folders$/);
    expect(lines.slice(1).sort()).toEqual([`  ended k6 (pid ${k6})`, `  ended prometheus (pid ${prometheus})`]);
    expect(code).toBe(0);
    expect(traffic.descendants()).toEqual([]);
    expect((await traffic.clean()).stdout).toBe('nothing to clean\n');
  });
});

describe('a part that dies half-way', () => {
  const parts: [Part, string, RegExp][] = [
    ['prometheus', 'CHILD_DIED', /^prometheus: it ended: killed by SIGKILL\n.*level=\w+ .*msg=/s],
    ['mesh', 'CHILD_DIED', /^mesh: it ended during the run: killed by SIGKILL/],
    ['service', 'CHILD_DIED', /^services: it ended during the run: killed by SIGKILL\n.*"ready":true/s],
    ['k6', 'K6_DIED', /^k6 was killed by SIGKILL, after \d+ requests/],
  ];

  it('ends the run with 4, names the part with the end of its log, and keeps what was measured', async () => {
    await Promise.all(
      parts.map(async ([part, code, message]) => {
        const run = start();
        await run.traffic();
        process.kill(run.part(part), 'SIGKILL');
        const ended = await run.cli.ended;
        expect(run.descendants()).toEqual([]);
        expect(ended.code).toBe(4);
        expect(ended.stdout).toMatch(new RegExp(`error ${code}: ${part === 'service' ? 'services' : part}`));
        const result = await run.result();
        expect(result.error).toMatchObject({ code, message: expect.stringMatching(message) });
        const hint = /its log is (\S+)/.exec(result.error!.hint)?.[1];
        expect(hint).toContain(run.out);
        expect(result.verdict).toBe('inconclusive');
        expect(result.scenarios[0]!.traffic.requests).toBeGreaterThan(0);
        expect(run.file('k6', 'k6.journal').split('\n').length).toBeGreaterThan(2);
        expect(run.truth().split('\n').length).toBeGreaterThan(2);
      }),
    );
  });

  it('while it starts too', async () => {
    const run = start();
    await run.cli.stderrMatch(/^short: prometheus: /m);
    process.kill(run.part('prometheus'), 'SIGKILL');
    const { code, stderr, stdout } = await run.cli.ended;
    expect(stdout + stderr).toMatch(/error CHILD_DIED: prometheus: it ended: killed by SIGKILL/);
    expect(code).toBe(4);
    expect(run.descendants()).toEqual([]);
    expect((await run.result()).error?.code).toBe('CHILD_DIED');
  });
});
