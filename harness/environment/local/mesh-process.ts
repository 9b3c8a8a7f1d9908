import { HarnessError } from '../../core/errors.ts';
import { type Child, childDied, startChild } from '../../core/process.ts';
import { abortable } from '../../core/wait.ts';
import type { MeshCommand, MeshConfig, MeshReply, MeshStarted } from '../../mesh/contract.ts';
import { nodeArgs, nodeEnv, projectFile } from './node-program.ts';

type Body<T> = T extends { id: number } ? Omit<T, 'id'> : never;

/** The process that holds every sidecar, the identities and the Kubernetes API; spoken to over its IPC channel. */
export class MeshProcess implements AsyncDisposable {
  readonly child: Child;
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  #nextId = 1;

  private constructor(child: Child) {
    this.child = child;
    child.onMessage((message) => this.#onReply(message as MeshReply));
    void child.exited.then(() => {
      for (const { reject } of this.#waiting.values()) reject(childDied(child));
      this.#waiting.clear();
    });
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
  request(body: Body<MeshCommand>): Promise<unknown> {
    const id = this.#nextId;
    this.#nextId += 1;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      try {
        this.child.send({ id, ...body });
      } catch (error) {
        this.#waiting.delete(id);
        reject(error as Error);
      }
    });
  }

  #onReply(reply: MeshReply): void {
    const waiting = this.#waiting.get(reply?.id);
    if (!waiting) return;
    this.#waiting.delete(reply.id);
    if (reply.ok) waiting.resolve(reply.value);
    else waiting.reject(new HarnessError(reply.error.code, reply.error.message, { hint: reply.error.hint }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.child.stop();
  }
}
