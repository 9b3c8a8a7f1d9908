import { epochMs } from '../core/clock.ts';
import { describe, HarnessError } from '../core/errors.ts';
import type { MeshCommand, MeshReply } from './contract.ts';
import { type Mesh, startMesh } from './mesh.ts';

/** The mesh process: one MeshReply for each MeshCommand on the IPC channel. Ends on `stop`, SIGTERM, or its parent's death. */

let mesh: Mesh | null = null;
let starting: Promise<Mesh> | null = null;
let ending: Promise<void> | null = null;

async function handle(command: MeshCommand): Promise<unknown> {
  switch (command.type) {
    case 'clock':
      return { nowEpochMs: epochMs() };
    case 'start':
      if (ending) throw new HarnessError('MESH_ENDING', 'the mesh is ending', { hint: 'start another' });
      if (starting)
        throw new HarnessError('MESH_RUNNING', 'the mesh runs already', { hint: 'start it once a process' });
      starting = startMesh(command.config);
      mesh = await starting;
      return mesh.started;
    case 'kill-pod':
      return running().killPod(command.namespace, command.pod, command.alone);
    case 'start-pod':
      return running().startPod(command.namespace, command.pod);
    case 'set-cluster-faults':
      return running().setClusterFaults(command.faults);
    case 'set-pod-faults':
      return running().setPodFaults(command.namespace, command.pod, command.faults);
    case 'delete-pod':
      return running().deletePod(command.namespace, command.pod);
    case 'drain-pod':
      return running().drainPod(command.namespace, command.pod, command.graceMs);
    case 'settle-pod':
      return running().settlePod(command.namespace, command.pod, command.graceMs);
    case 'wait-ready':
      return running().waitReady(command.deadlineMs, command.pods);
    case 'stop':
      return stop();
  }
}

function running(): Mesh {
  if (mesh) return mesh;
  throw new HarnessError('MESH_NOT_STARTED', 'the mesh has not been started', { hint: 'send `start` first' });
}

function stop(): Promise<void> {
  ending ??= (async () => {
    // What is being started comes up after the end otherwise, and stays.
    const started = await starting?.catch(() => null);
    await started?.[Symbol.asyncDispose]();
    mesh = null;
  })();
  return ending;
}

/** With the mesh gone and the channel closed nothing keeps the process: it ends by itself. */
async function end(): Promise<void> {
  // Neither a stop that hangs nor sockets of others that linger may keep it; what is left has no one to serve.
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), 2000).unref();
  await stop();
  if (process.connected) process.disconnect();
}

function toReply(id: number, error: unknown): MeshReply {
  const { code, hint } =
    error instanceof HarnessError ? error : { code: 'MESH_FAILED', hint: 'see the log of the mesh' };
  if (!(error instanceof HarnessError)) console.error(error);
  return { id, ok: false, error: { code, message: describe(error), hint } };
}

process.on('message', async (command: MeshCommand) => {
  let reply: MeshReply;
  try {
    const value = await handle(command);
    reply = { id: command.id, ok: true, ...(value === undefined ? {} : { value }) };
  } catch (error) {
    reply = toReply(command.id, error);
  }
  if (!process.connected) return;
  process.send?.(reply, undefined, undefined, () => {
    if (command.type === 'stop') void end();
  });
});
process.on('disconnect', () => void end());
process.on('SIGTERM', () => void end());
// Our parent may have died before anybody listened to that.
if (process.send && !process.connected) void end();
// Ctrl-C reaches the whole group; our parent decides what it means.
process.on('SIGINT', () => {});
