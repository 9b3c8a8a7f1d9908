import { ChildCalls } from '../../core/child-calls.ts';
import { type Child, startChild } from '../../core/process.ts';
import { projectFile } from '../../core/project.ts';
import { abortable } from '../../core/wait.ts';
import type { MeshCommand, MeshConfig, MeshStarted } from '../../mesh/contract.ts';
import { nodeArgs, nodeEnv } from './node-program.ts';

/** The process that holds every sidecar, the identities and the Kubernetes API; spoken to over its IPC channel. */
export class MeshProcess implements AsyncDisposable {
  readonly child: Child;
  readonly #calls: ChildCalls<MeshCommand>;

  private constructor(child: Child) {
    this.child = child;
    this.#calls = new ChildCalls(child);
  }

  /** @throws HarnessError as the mesh reports it (PORT_TAKEN, UNKNOWN_MESH_VERSION), CHILD_DIED; the signal's reason */
  static async start(
    config: MeshConfig,
    logFile: string,
    signal: AbortSignal,
  ): Promise<{ mesh: MeshProcess; started: MeshStarted }> {
    signal.throwIfAborted();
    const child = startChild({
      name: 'mesh',
      file: process.execPath,
      args: nodeArgs(projectFile('harness/mesh/main.ts'), { semiSpaceMb: 16 }),
      env: nodeEnv(),
      logFile,
      ipc: true,
      // Beside the closed channel, by which it ends in order: it has nothing to save.
      whenWeDie: 'SIGKILL',
    });
    const mesh = new MeshProcess(child);
    try {
      const started = (await abortable(mesh.request({ type: 'start', config }), signal)) as MeshStarted;
      return { mesh, started };
    } catch (error) {
      await child.stop(500);
      throw error;
    }
  }

  /** Sends a command and waits for its reply; the child's death is the reply's failure. */
  request(command: Parameters<ChildCalls<MeshCommand>['request']>[0]): Promise<unknown> {
    return this.#calls.request(command);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.child.stop();
  }
}
