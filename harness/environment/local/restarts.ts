import { epochMs } from '../../core/clock.ts';
import { sleep } from '../../core/wait.ts';
import type { RestartSpec } from '../../scenario/model.ts';
import type { MeshProcess } from './mesh-process.ts';
import type { ServiceProcess } from './service-process.ts';

export interface Restart {
  spec: RestartSpec;
  namespace: string;
  pod: string;
  process: ServiceProcess;
}

/**
 * Kills pods and brings them back at their times. App and sidecar die together, the sidecar first: a container runtime
 * kills all of a pod's containers in one go, and what the app still finishes then nobody hears.
 */
export class Restarts implements AsyncDisposable {
  readonly #cancel = new AbortController();
  readonly #running: Promise<void>[] = [];
  #failure: Error | null = null;

  schedule(restarts: Restart[], originEpochMs: number, mesh: MeshProcess): void {
    for (const restart of restarts) {
      const run = this.#restart(restart, originEpochMs, mesh).catch((error) => {
        if (!this.#cancel.signal.aborted) this.#failure ??= error as Error;
      });
      this.#running.push(run);
    }
  }

  /** Resolves when every scheduled restart is over. @throws what made one fail */
  async done(): Promise<void> {
    await Promise.all(this.#running);
    this.check();
  }

  check(): void {
    if (this.#failure) throw this.#failure;
  }

  async #restart({ spec, namespace, pod, process }: Restart, originEpochMs: number, mesh: MeshProcess): Promise<void> {
    const { signal } = this.#cancel;
    await sleep(Math.max(0, originEpochMs + spec.atMs - epochMs()), signal);
    await Promise.all([mesh.request({ type: 'kill-pod', namespace, pod }), process.kill()]);
    await sleep(spec.downMs, signal);
    await process.start();
    signal.throwIfAborted();
    await process.setOrigin(originEpochMs);
    await mesh.request({ type: 'start-pod', namespace, pod });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#cancel.abort(new Error('the environment is being taken down'));
    await Promise.all(this.#running);
  }
}
