import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isOfAnotherNamespace, parseStat, processIdentity, processIsAlive } from './process-identity.ts';
import { cleanRun, registeredRuns, registerRun, registryDir, staleRuns } from './registry.ts';

let home: string;
let dir: string;
const started: { pid: number; kill(): void }[] = [];

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'meshproof-registry-test-'));
  dir = join(home, 'runs');
});

afterEach(() => {
  for (const child of started.splice(0)) child.kill();
  rmSync(home, { recursive: true, force: true });
});

/** A child in a group of its own, as the harness starts them; ready to be signalled when this resolves. */
async function child(script: string): Promise<{ pid: number; exited: Promise<unknown[]> }> {
  const process = spawn('sh', ['-c', `${script}; echo ready; while :; do sleep 0.05; done`], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const exited = once(process, 'exit');
  started.push({ pid: process.pid!, kill: () => process.kill('SIGKILL') });
  await once(process.stdout, 'data');
  return { pid: process.pid!, exited };
}

/** Rewrites an entry as a process that is gone would have left it. */
function orphan(
  file: string,
  change: (entry: { pid: number; pidStart: string; children: unknown[]; dirs: string[] }) => void = () => {},
) {
  const entry = JSON.parse(readFileSync(file, 'utf8'));
  entry.pidStart = `${entry.pidStart}0`;
  change(entry);
  writeFileSync(file, JSON.stringify(entry));
}

describe('process identity', () => {
  it('knows this process, and not one whose start time differs', () => {
    const me = processIdentity(process.pid)!;
    expect(processIsAlive(me)).toBe(true);
    expect(processIsAlive({ ...me, pidStart: `${me.pidStart}1` })).toBe(false);
    expect(processIsAlive({ pid: me.pid, pidStart: '' })).toBe(false);
  });

  it('reads the start time whatever the command is called', () => {
    const rest = Array.from({ length: 30 }, (_, i) => i + 4).join(' ');
    expect(parseStat(`42 (a) b (c)) S ${rest}`)).toEqual({ state: 'S', startTicks: '22' });
    expect(parseStat('')).toBeNull();
  });

  it.runIf(process.platform === 'linux')('does not judge processes of another container', () => {
    const me = processIdentity(process.pid)!;
    expect(isOfAnotherNamespace(me)).toBe(false);
    expect(isOfAnotherNamespace({ pid: 7, pidStart: me.pidStart.replace(/pid:\[\d+\]/, 'pid:[1]') })).toBe(true);
    expect(isOfAnotherNamespace({ pid: 7, pidStart: `other-boot/pid:[1]/1` })).toBe(false);
  });
});

describe('the registry', () => {
  it('prefers XDG_RUNTIME_DIR and falls back to a folder a user', () => {
    expect(registryDir({ XDG_RUNTIME_DIR: '/run/user/7' })).toBe('/run/user/7/meshproof/runs');
    expect(registryDir({ XDG_RUNTIME_DIR: 'relative' })).toBe(registryDir({}));
    expect(registryDir({})).toContain(`meshproof-${process.getuid?.()}`);
  });

  it('lists a live run, which is not stale, and forgets it when it closes', () => {
    const run = registerRun({ dir });
    expect(registeredRuns(dir).map((r) => r.runId)).toEqual([run.runId]);
    expect(staleRuns(dir)).toEqual([]);
    run.close();
    expect(registeredRuns(dir)).toEqual([]);
  });

  it('holds children while they run', async () => {
    const run = registerRun({ dir });
    const { pid } = await child(':');
    run.addChild({ pid, name: 'k6' });
    expect(registeredRuns(dir)[0]!.children).toEqual([{ ...processIdentity(pid), name: 'k6' }]);
    run.close();
    expect(registeredRuns(dir), 'a run with a living child stays findable').toHaveLength(1);
    run.removeChild({ pid });
    run.close();
    expect(registeredRuns(dir)).toEqual([]);
  });

  it('holds clusters until they are deleted', () => {
    const run = registerRun({ dir });
    run.addCluster('meshproof-7');
    run.addCluster('meshproof');
    run.removeCluster('meshproof');
    expect(registeredRuns(dir)[0]!.clusters).toEqual(['meshproof-7']);
    run.close();
    expect(registeredRuns(dir), 'a run whose cluster is left stays findable').toHaveLength(1);
    run.removeCluster('meshproof-7');
    run.close();
    expect(registeredRuns(dir)).toEqual([]);
  });

  it('takes no cluster that can’t be ours', () => {
    const run = registerRun({ dir });
    for (const name of ['kind', 'meshproofing', 'meshproof-', 'meshproof-A', 'meshproof-a b', '']) {
      expect(() => run.addCluster(name)).toThrow(RangeError);
    }
    orphan(run.file, (entry) => Object.assign(entry, { clusters: ['kind'] }));
    expect(registeredRuns(dir)).toEqual([]);
  });

  it('reads entries of versions that knew no clusters', () => {
    const run = registerRun({ dir });
    orphan(run.file, (entry) => delete (entry as { clusters?: string[] }).clusters);
    expect(staleRuns(dir)).toMatchObject([{ runId: run.runId, clusters: [] }]);
  });

  it('says so when it cannot be written', () => {
    writeFileSync(join(home, 'file'), '');
    expect(() => registerRun({ dir: join(home, 'file', 'runs') })).toThrow(
      expect.objectContaining({ code: 'REGISTRY_NOT_WRITABLE', exitCode: 4 }),
    );
  });

  it('is empty where there is none, and skips what is not an entry', () => {
    expect(staleRuns(dir)).toEqual([]);
    mkdirSync(dir);
    const bad = ['{', 'null', '[]', '{"pid":1,"pidStart":"x","runId":"r","startedAt":"","children":[],"dirs":[]}'];
    bad.forEach((text, i) => {
      writeFileSync(join(dir, `${i}.json`), text);
    });
    expect(registeredRuns(dir)).toEqual([]);
  });
});

describe('cleaning', () => {
  it('ends what a killed run left, and removes its folders and its entry', async () => {
    const run = registerRun({ dir });
    const { pid, exited } = await child(':');
    const temp = mkdtempSync(join(home, 'meshproof-'));
    run.addChild({ pid, name: 'prometheus' });
    run.addDir(temp);
    orphan(run.file);

    const [stale] = staleRuns(dir);
    const cleaned = await cleanRun(stale!);

    expect(cleaned.ended.map((c) => c.name)).toEqual(['prometheus']);
    expect(cleaned.removedDirs).toEqual([temp]);
    expect((await exited)[1]).toBe('SIGTERM');
    expect(existsSync(temp)).toBe(false);
    expect(registeredRuns(dir)).toEqual([]);
  });

  it('uses SIGKILL against a child that ignores SIGTERM', async () => {
    const run = registerRun({ dir });
    const { pid, exited } = await child("trap '' TERM");
    run.addChild({ pid, name: 'mesh' });
    orphan(run.file);
    const cleaned = await cleanRun(staleRuns(dir)[0]!, { graceMs: 100 });
    expect(cleaned.ended.map((c) => c.pid)).toEqual([pid]);
    expect((await exited)[1]).toBe('SIGKILL');
  });

  it('never touches a process that has the pid of a child and another start', async () => {
    const run = registerRun({ dir });
    const { pid } = await child(':');
    run.addChild({ pid, name: 'k6' });
    orphan(run.file, (entry) => {
      entry.children = [{ pid, pidStart: `${processIdentity(pid)!.pidStart}0`, name: 'k6' }];
    });
    expect((await cleanRun(staleRuns(dir)[0]!)).ended).toEqual([]);
    expect(processIdentity(pid)).not.toBeNull();
  });

  it('deletes no folder that is not named as one of its own', async () => {
    const run = registerRun({ dir });
    const precious = join(home, 'precious');
    mkdirSync(precious);
    expect(() => run.addDir(precious)).toThrow(RangeError);
    expect(() => run.addDir('meshproof-relative')).toThrow(RangeError);
    orphan(run.file, (entry) => {
      entry.dirs = [precious, `${home}/meshproof-x/../precious`];
    });
    await cleanRun(staleRuns(dir)[0]!);
    expect(existsSync(precious)).toBe(true);
  });
});
