import { epochMs } from '../../core/clock.ts';
import { sleep } from '../../core/wait.ts';
import type { RestartSpec } from '../../scenario/model.ts';
import { BackgroundWork } from '../background-work.ts';
import type { MeshProcess } from './mesh-process.ts';
import type { ServiceProcess } from './service-process.ts';

export interface Restart {
  spec: RestartSpec;
  /** Whom it is about, when its time has come. */
  target(): { namespace: string; pod: string; process: ServiceProcess };
  /** Waits until nobody else does something to it, and lets nobody meanwhile. */
  inTurn(work: () => Promise<void>): Promise<void>;
}

/**
 * Kills pods and brings them back at their times. App and sidecar die together, the sidecar first: a container runtime
 * kills all of a pod's containers in one go, and what the app still finishes then nobody hears.
 */
export class Restarts extends BackgroundWork {
  schedule(restarts: Restart[], originEpochMs: number, mesh: MeshProcess): void {
    for (const restart of restarts) this.begin((signal) => this.#restart(restart, originEpochMs, mesh, signal));
  }

  async #restart(restart: Restart, originEpochMs: number, mesh: MeshProcess, signal: AbortSignal): Promise<void> {
    const { spec } = restart;
    await sleep(Math.max(0, originEpochMs + spec.atMs - epochMs()), signal);
    await restart.inTurn(() => this.#killAndStart(restart, originEpochMs, mesh, signal));
  }

  async #killAndStart(
    { spec, target }: Restart,
    originEpochMs: number,
    mesh: MeshProcess,
    signal: AbortSignal,
  ): Promise<void> {
    const { namespace, pod, process } = target();
    await Promise.all([mesh.request({ type: 'kill-pod', namespace, pod }), process.kill()]);
    await sleep(spec.downMs, signal);
    await process.start();
    signal.throwIfAborted();
    await process.setOrigin(originEpochMs);
    await mesh.request({ type: 'start-pod', namespace, pod });
  }
}
