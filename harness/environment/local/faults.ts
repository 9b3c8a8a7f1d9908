import { isDeepStrictEqual } from 'node:util';
import { epochMs } from '../../core/clock.ts';
import { sleep } from '../../core/wait.ts';
import { checkFaults, fromTheStart, preparedFor, withFaults } from '../../faults/apply.ts';
import type { Draft } from '../../faults/draft.ts';
import type { FaultWorld } from '../../faults/local-fault.ts';
import { localFault } from '../../faults/registry.ts';
import type { PrometheusConfig } from '../../prometheus/scrape-config.ts';
import type { FaultSpec } from '../../scenario/fault.ts';
import { BackgroundWork } from '../background-work.ts';

/** What of a running environment changes with faults. */
export interface Changeable {
  mesh: FaultWorld['mesh'];
  reconfigurePrometheus(config: PrometheusConfig): Promise<void>;
}

/**
 * A scenario's faults: those of the start are in the draft before anything runs; the others come and go at their times. At
 * any time the environment is the pristine draft with all present faults in it: one that ends takes nothing of another away.
 */
export class Faults extends BackgroundWork {
  readonly #pristine: Draft;
  readonly #specs: readonly FaultSpec[];
  #present: FaultSpec[];
  #draft: Draft;
  /** Changes are made one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  /** @throws HarnessError FAULT_NOT_HERE, FAULT_NOT_TIMED, FAULT_WITHOUT_PODS, FAULT_WITHOUT_JOB */
  constructor(planned: Draft, specs: readonly FaultSpec[]) {
    super();
    this.#specs = specs;
    this.#pristine = preparedFor(planned, specs);
    checkFaults(this.#pristine, specs);
    this.#present = fromTheStart(specs);
    this.#draft = withFaults(this.#pristine, this.#present);
  }

  /** As things are now. */
  get draft(): Draft {
    return this.#draft;
  }

  /** Whether any is there now. */
  get areThere(): boolean {
    return this.#present.length > 0;
  }

  schedule(originEpochMs: number, world: Changeable): void {
    for (const spec of this.#specs) {
      if (spec.atMs !== null || spec.untilMs !== null) {
        this.begin((signal) => this.#runThrough(spec, originEpochMs, world, signal));
      }
    }
  }

  async #runThrough(spec: FaultSpec, originEpochMs: number, world: Changeable, signal: AbortSignal): Promise<void> {
    const until = (ms: number) => sleep(Math.max(0, originEpochMs + ms - epochMs()), signal);
    const fault = localFault(spec);
    if (spec.atMs !== null) {
      await until(spec.atMs);
      await this.#change((present) => [...present, spec], world, signal);
      await fault.begin?.(spec as never, this.#worldOf(world, signal));
    }
    if (spec.untilMs === null) return;
    await until(spec.untilMs);
    await this.#change((present) => present.filter((one) => one !== spec), world, signal);
    if (spec.atMs !== null) await fault.end?.(spec as never, this.#worldOf(world, signal));
  }

  #change(change: (present: FaultSpec[]) => FaultSpec[], world: Changeable, signal: AbortSignal): Promise<void> {
    const made = this.#last.then(async () => {
      signal.throwIfAborted();
      this.#present = change(this.#present);
      const before = this.#draft;
      this.#draft = withFaults(this.#pristine, this.#present);
      await bringAbout(before, this.#draft, world);
    });
    this.#last = made.catch(() => {});
    return made;
  }

  #worldOf({ mesh }: Changeable, signal: AbortSignal): FaultWorld {
    return { draft: this.#draft, mesh, signal };
  }
}

async function bringAbout(before: Draft, after: Draft, world: Changeable): Promise<void> {
  const clusterFaults = after.mesh.clusterFaults ?? {};
  if (!isDeepStrictEqual(before.mesh.clusterFaults ?? {}, clusterFaults)) {
    await world.mesh({ type: 'set-cluster-faults', faults: clusterFaults });
  }
  for (const { namespace, name, faults = {} } of after.mesh.pods) {
    const was = before.mesh.pods.find((pod) => pod.namespace === namespace && pod.name === name)?.faults ?? {};
    if (isDeepStrictEqual(was, faults)) continue;
    await world.mesh({ type: 'set-pod-faults', namespace, pod: name, faults });
  }
  if (!isDeepStrictEqual(before.prometheus, after.prometheus)) await world.reconfigurePrometheus(after.prometheus);
}
