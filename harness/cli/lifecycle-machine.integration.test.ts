import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ScenarioResult } from '../result/types.ts';
import { passing, slowness } from '../run/testing/expect-passed.ts';
import { CALM, type LifecycleOptions, LifecycleRun, SHORT } from './testing/lifecycle.ts';
import { mountTmpfs } from './testing/tmpfs.ts';

/** What the machine may lack: tools, ports, space, addresses. A run says which, ends with 4, and leaves nothing running. */
let dir: string;
const runs: LifecycleRun[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'meshproof-machine-test-'));
});
afterEach(() => {
  for (const run of runs.splice(0)) run[Symbol.dispose]();
  rmSync(dir, { recursive: true, force: true });
});

function start(options: LifecycleOptions = {}): LifecycleRun {
  const run = new LifecycleRun(join(dir, `run-${runs.length}`), options);
  runs.push(run);
  return run;
}

async function expectFailure(run: LifecycleRun, error: RegExp): Promise<void> {
  const { code, stdout, stderr } = await run.cli.ended;
  // The table is folded to the width of the terminal.
  expect(`${stderr}\n${stdout.replaceAll(/\s+/g, ' ')}`).toMatch(error);
  expect(stdout + stderr).not.toMatch(/INTERNAL|^\s+at /m);
  expect(code).toBe(4);
  expect(run.descendants()).toEqual([]);
}

describe('a tool that is not there', () => {
  it.each(['k6', 'prometheus'])('%s', async (tool) => {
    const empty = join(dir, 'empty');
    mkdirSync(empty);
    const plain = join(dir, 'plain');
    writeFileSync(plain, '#!/bin/sh\n', { mode: 0o644 });
    const given = (path: string) => start({ args: [`--${tool}`, path] });
    // Neither on the PATH, nor in the cache, nor anything that could build it.
    const nowhere = { PATH: empty, HOME: empty, XDG_CACHE_HOME: empty, MESHPROOF_K6: '', MESHPROOF_PROMETHEUS: '' };
    await Promise.all([
      expectFailure(
        given(join(dir, 'none')),
        new RegExp(`^error TOOL_UNUSABLE: the ${tool} .*${dir}/none.*ENOENT`, 'm'),
      ),
      expectFailure(given(plain), new RegExp(`^error TOOL_UNUSABLE: the ${tool} .*${plain}.*EACCES`, 'm')),
      expectFailure(start({ env: nowhere }), /^error TOOL_MISSING: there is no usable k6; tried:/m),
    ]);
    // Before anything starts: no folder that looks like a run.
    expect(runs.flatMap((run) => run.folders())).toEqual([]);
  });
});

describe('an address that is taken', () => {
  const taken: [string, number, number, RegExp][] = [
    ["a sidecar's admin port", 6, 4191, /PORT_TAKEN: admin listener of shop\/web-\S+, 127\.\d+\.\d+\.6:4191/],
    ["a service's port", 6, 8080, /PORT_TAKEN: services: 127\.\d+\.\d+\.6:8080 is taken/],
    ["Prometheus' port", 1, 9090, /PORT_TAKEN: Prometheus can't listen on 127\.\d+\.\d+\.1:9090/],
    ['the mark of the block', 1, 4199, /PORT_TAKEN: 127\.\d+\.\d+\.1:4199/],
  ];
  it.each(taken)('is named: %s', async (_, host, port, error) => {
    const [block, holder] = await holdIn(host, port);
    const run = start({ env: { MESHPROOF_LOOPBACK: block } });
    await expectFailure(run, error);
    expect((await run.result()).error).toMatchObject({ code: 'PORT_TAKEN' });
    holder.close();
  });

  it('is refused when it is none', async () => {
    await expectFailure(
      start({ env: { MESHPROOF_LOOPBACK: '10.0.0' } }),
      /BAD_LOOPBACK: MESHPROOF_LOOPBACK is "10.0.0"/,
    );
  });
});

describe('a place for results that will not do', () => {
  it('cannot be written', async () => {
    const file = join(dir, 'file');
    writeFileSync(file, '');
    const readOnly = join(dir, 'read-only');
    mkdirSync(readOnly);
    chmodSync(readOnly, 0o555);
    const places = ['/proc/meshproof', file, join(file, 'below')];
    // The permissions of a folder do not bind root.
    if (process.getuid?.() !== 0) places.push(readOnly);
    await Promise.all(
      places.map((out) => expectFailure(start({ out }), /^error RESULTS_NOT_WRITABLE: .*\n {2}hint: /m)),
    );
  });

  const tmpfs = mountTmpfs.refusal();
  it.skipIf(tmpfs)(`is full${tmpfs ? ` (skipped: ${tmpfs})` : ''}`, async () => {
    // Room for nothing, for some of the configuration, for all but what is measured; and room enough until traffic flows.
    const full = ['4k', '64k', '256k', '4m'].map((size) => mountTmpfs(join(dir, `full-${size}`), size));
    try {
      await Promise.all(
        full.map(async ({ path }) => {
          const filled = path.endsWith('4m');
          // Long enough that the space ends before the traffic does.
          const scenario = filled ? SHORT.replace('duration: 4s', 'duration: 15s') : SHORT;
          const run = start({ out: path, scenario });
          if (filled) await run.traffic().then(() => fill(join(path, 'filler')));
          await expectFailure(run, /error [A-Z0-9_]+: .*(ENOSPC|no space left)/);
        }),
      );
    } finally {
      for (const mounted of full) mounted.unmount();
    }
  });
});

describe('two runs at once', { timeout: 180_000 }, () => {
  it('both pass; one on a single address beside them', async () => {
    // Where pods share an address only their ports tell them apart: several replicas, callers that are callees.
    const scenario = CALM.replace(
      '    latency: 1ms\n',
      '    replicas: 2\n    calls: [{ service: db, path: /query }]\n  - { name: db, replicas: 2, latency: 1ms, routes: [{ path: /query }] }\n',
    );
    const { all } = await passing(
      async () => {
        const all = [
          start({ scenario: CALM }),
          start({ scenario: CALM }),
          start({ scenario, env: { MESHPROOF_LOOPBACK: 'single' } }),
        ];
        const results: ScenarioResult[] = [];
        for (const run of all) {
          await run.cli.ended;
          expect(run.descendants()).toEqual([]);
          results.push(await only(run));
        }
        return { all, results };
      },
      ({ results }) => results,
    );
    for (const run of all) {
      const { code, stdout, stderr } = await run.cli.ended;
      expect(stdout + stderr).toMatch(/^PASS: 1 of 1 scenario passed/m);
      expect(code).toBe(0);
      expect((await run.result()).scenarios[0]).toMatchObject({ verdict: 'pass', reasons: [] });
    }
    const topology = JSON.parse(all[2]!.file('config', 'topology.json'));
    expect(new Set(topology.pods.map((pod: { ip: string }) => pod.ip))).toEqual(new Set(['127.0.0.1']));
    expect(new Set(topology.pods.map((pod: { instance: string }) => pod.instance)).size).toBe(5);
  });
});

describe('--keep', { timeout: 120_000 }, () => {
  it('leaves everything up until Ctrl-C, tells where to look, and ends as the verdict says', async () => {
    const { run, verdict, url } = await passing(keep, ({ results }) => results);
    const [, page] = await run.cli.stderrMatch(/^ *shop\/web-\S+ +(\S+)$/m);
    await run.cli.stderrMatch(/^Ctrl-C ends it$/m);
    expect(verdict).toBe('pass');
    expect((await run.result()).verdict).toBe('pass');
    expect((await fetch(`${url}/-/ready`)).status).toBe(200);
    expect(await (await fetch(page!)).text()).toContain('request_total');
    run.kill('SIGINT');
    const { code, stdout } = await run.cli.ended;
    expect(stdout).toMatch(/^PASS: 1 of 1 scenario passed/m);
    expect(code).toBe(0);
    expect(run.descendants()).toEqual([]);
    expect((await run.result()).error).toBeUndefined();
  });
});

/** A run that is kept; one that has proved nothing is kept no longer. */
async function keep() {
  const run = start({ scenario: CALM, args: ['--keep'] });
  const [, verdict, url] = await run.cli.stderrMatch(/^short: (\w+); kept: Prometheus (\S+)$/m);
  const result = await only(run);
  if (slowness(result).length > 0) {
    run.kill('SIGINT');
    await run.cli.ended;
  }
  return { run, verdict, url, results: [result] };
}

/** What became of its scenario, if it got that far. */
async function only(run: LifecycleRun): Promise<ScenarioResult> {
  const { scenarios, error } = await run.result();
  expect(error, run.cli.output().stderr).toBeUndefined();
  return scenarios[0]!;
}

/** Listens in a block of its own, so that whatever takes that block meets it. */
async function holdIn(host: number, port: number): Promise<[string, Server]> {
  const block = `127.${randomInt(16, 250)}.${randomInt(1, 250)}`;
  const server = createServer().listen(port, `${block}.${host}`);
  await once(server, 'listening');
  return [block, server];
}

/** Takes all the space that is left where the file is. */
function fill(file: string): void {
  const fd = openSync(file, 'w');
  try {
    for (;;) writeSync(fd, Buffer.alloc(4096));
  } catch (error) {
    expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC');
  } finally {
    closeSync(fd);
  }
}
