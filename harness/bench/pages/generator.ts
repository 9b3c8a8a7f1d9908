import { ChildCalls } from '../../core/child-calls.ts';
import { type Child, childDied, startChild } from '../../core/process.ts';
import { projectFile } from '../../core/project.ts';
import { abortable } from '../../core/wait.ts';
import { nodeArgs, nodeEnv } from '../../environment/local/node-program.ts';
import type { GeneratorCommand, GeneratorNotice } from './contract.ts';
import type { FleetChange, FleetConfig, GeneratorStatistics, PodInfo } from './types.ts';

export type { FleetChange, FleetConfig, GeneratorStatistics, PodInfo } from './types.ts';

/** N simulated proxies in a process of their own, whose pages a Prometheus can scrape. */
export class Generator implements AsyncDisposable {
  readonly child: Child;
  readonly #calls: ChildCalls<GeneratorCommand>;
  readonly #listeners = new Set<(change: FleetChange) => void>();
  readonly #pods = new Map<string, PodInfo>();
  #stopping = false;

  private constructor(child: Child) {
    this.child = child;
    this.#calls = new ChildCalls(child, (message) => this.#onNotice(message as GeneratorNotice));
  }

  /**
   * Resolves when every pod answers.
   * @throws HarnessError UNKNOWN_MESH_VERSION, BAD_SHAPE, BAD_FLEET, NO_LOOPBACK, TOO_MANY_LISTENERS; CHILD_DIED; the signal's reason
   */
  static async start(
    config: FleetConfig,
    { logFile, signal }: { logFile: string; signal?: AbortSignal },
  ): Promise<Generator> {
    signal?.throwIfAborted();
    const child = startChild({
      name: 'pages',
      file: process.execPath,
      args: nodeArgs(projectFile('harness/bench/pages/main.ts'), { semiSpaceMb: 16 }),
      env: nodeEnv(),
      logFile,
      ipc: true,
      // It has nothing to save.
      whenWeDie: 'SIGKILL',
    });
    const generator = new Generator(child);
    try {
      const starting = generator.#calls.request({ type: 'start', config });
      const pods = (await (signal ? abortable(starting, signal) : starting)) as PodInfo[];
      for (const pod of pods) generator.#pods.set(pod.name, pod);
      return generator;
    } catch (error) {
      await child.stop(500);
      throw error;
    }
  }

  /** Those that answer now. */
  pods(): PodInfo[] {
    return [...this.#pods.values()];
  }

  /** Told of each replacement of pods, after it happened. Returns what ends it. */
  onChange(listener: (change: FleetChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Counts are since its start, page times since the last reading. @throws HarnessError CHILD_DIED */
  async statistics(): Promise<GeneratorStatistics> {
    return (await this.#calls.request({ type: 'statistics' })) as GeneratorStatistics;
  }

  /** @throws HarnessError CHILD_DIED when it has ended without being asked to */
  check(): void {
    if (this.child.exit && !this.#stopping) throw childDied(this.child);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.child.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #onNotice({ change }: GeneratorNotice): void {
    for (const pod of change.removed) this.#pods.delete(pod.name);
    for (const pod of change.added) this.#pods.set(pod.name, pod);
    for (const listener of this.#listeners) listener(change);
  }
}
