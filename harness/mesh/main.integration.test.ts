import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Child, startChild, waitForMessage } from '../core/process.ts';
import type { MeshCommand, MeshConfig, MeshReply } from './contract.ts';
import { meshConfig } from './proxy/testing/mesh-config.ts';

let dir: string;
let config: MeshConfig;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mesh-'));
  config = meshConfig(dir, []);
});
afterEach(() => rm(dir, { recursive: true }));

const program = join(import.meta.dirname, 'main.ts');
const spawnMesh = () =>
  startChild({ name: 'mesh', file: process.execPath, args: [program], logFile: join(dir, 'mesh.log'), ipc: true });

function ask(child: Child, command: MeshCommand): Promise<MeshReply> {
  child.send(command);
  return waitForMessage(
    child,
    (message) => ((message as MeshReply).id === command.id ? (message as MeshReply) : undefined),
    { what: `a reply to ${command.type}`, deadlineMs: 20_000, hint: 'see mesh.log' },
  );
}

describe('the mesh process', () => {
  it('answers each command, and ends cleanly on stop', async () => {
    await using child = spawnMesh();
    expect(await ask(child, { id: 1, type: 'wait-ready', deadlineMs: 1 })).toMatchObject({
      id: 1,
      ok: false,
      error: { code: 'MESH_NOT_STARTED' },
    });
    expect(await ask(child, { id: 2, type: 'start', config })).toMatchObject({
      id: 2,
      ok: true,
      value: { proxyVersion: 'v2.366.0' },
    });
    expect(await ask(child, { id: 3, type: 'wait-ready', deadlineMs: 20_000 })).toEqual({ id: 3, ok: true });
    const clock = await ask(child, { id: 4, type: 'clock' });
    const { nowEpochMs } = (clock as { value: { nowEpochMs: number } }).value;
    expect(Math.abs(nowEpochMs - Date.now())).toBeLessThan(1000);
    expect(await ask(child, { id: 5, type: 'kill-pod', namespace: 'x', pod: 'y' })).toMatchObject({
      ok: false,
      error: { code: 'UNKNOWN_POD', hint: expect.stringContaining('load-abc-0') },
    });
    expect(await ask(child, { id: 6, type: 'stop' })).toEqual({ id: 6, ok: true });
    expect(await child.exited).toEqual({ code: 0, signal: null });
    expect(await readFile(child.logFile, 'utf8')).toBe('');
  });

  it('reports a configuration that fails, with its code', async () => {
    await using child = spawnMesh();
    expect(await ask(child, { id: 1, type: 'start', config: { ...config, version: 'nine' } })).toMatchObject({
      ok: false,
      error: { code: 'UNKNOWN_MESH_VERSION' },
    });
  });

  it('ends in order while it starts too, and leaves nothing of what was started', async () => {
    await using child = spawnMesh();
    // It listens to signals from here on.
    await ask(child, { id: 1, type: 'clock' });
    child.send({ id: 2, type: 'start', config });
    child.signal('SIGTERM');
    expect(await child.exited).toEqual({ code: 0, signal: null });
  });

  it('ends on SIGTERM', async () => {
    await using child = spawnMesh();
    await ask(child, { id: 1, type: 'start', config });
    child.signal('SIGTERM');
    expect(await child.exited).toEqual({ code: 0, signal: null });
  });
});
