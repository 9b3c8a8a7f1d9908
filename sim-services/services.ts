import type { ServiceProcessConfig } from './contract.ts';
import type { ServiceFailure } from './failure.ts';
import { Pod, type PodAddresses } from './pod.ts';
import { Origin } from './server/origin.ts';

/** How long requests in flight may take to end when the services stop. */
export const DRAIN_MS = 10_000;

/** The services of a process, serving. */
export class Services implements AsyncDisposable {
  readonly pods: readonly PodAddresses[];
  readonly #pods: readonly Pod[];
  #drained: Promise<void> | null = null;

  private constructor(pods: Pod[]) {
    this.#pods = pods;
    this.pods = pods.map((pod) => pod.addresses);
  }

  /**
   * Starts every pod of a checked configuration; all or none.
   * @param onLost called when truth can't be recorded any more; must end the process
   * @throws ServiceFailure of the first pod that can't start
   */
  static async start(
    config: ServiceProcessConfig,
    onLost: (failure: ServiceFailure) => never = raise,
  ): Promise<Services> {
    const origin = Origin.of(config);
    const pods: Pod[] = [];
    try {
      for (const workload of config.workloads) {
        for (const pod of workload.pods) pods.push(await Pod.start(workload, pod, origin, onLost));
      }
    } catch (error) {
      await Promise.all(pods.map((pod) => pod.drain(0)));
      throw error;
    }
    return new Services(pods);
  }

  /** Ends cleanly. Asking again waits for the same end. */
  drain(graceMs = DRAIN_MS): Promise<void> {
    this.#drained ??= Promise.all(this.#pods.map((pod) => pod.drain(graceMs))).then(() => {});
    return this.#drained;
  }

  /** Ends at once: journals closed, connections cut. */
  stop(): void {
    for (const pod of this.#pods) pod.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.drain(0);
  }
}

function raise(failure: ServiceFailure): never {
  throw failure;
}
