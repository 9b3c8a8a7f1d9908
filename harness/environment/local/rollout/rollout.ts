import { epochMs } from '../../../core/clock.ts';
import { sleep } from '../../../core/wait.ts';
import type { MeshPodConfig } from '../../../mesh/contract.ts';
import { findProfile } from '../../../mesh/profiles/index.ts';
import type { RolloutSpec } from '../../../scenario/model.ts';
import { BackgroundWork } from '../../background-work.ts';
import type { RolloutEvent } from '../../contract.ts';
import type { MeshProcess } from '../mesh-process.ts';
import type { ServiceProcess } from '../service-process.ts';
import type { RolloutPlan, RolloutStep } from './plan.ts';

/** As a container runtime waits for a pod's containers that is deleted, ms. Connections that are forwarded have no longer. */
const GRACE_MS = 10_000;
/** Until a pod is ready, ms. */
const READY_MS = 20_000;

/** What a roll-out reaches of a running environment. */
export interface RolloutWorld {
  mesh: Pick<MeshProcess, 'request'>;
  /** The process of a pod's app. */
  processOf(pod: MeshPodConfig): ServiceProcess;
  /** Reads its proxy's page for the last time. */
  lastPage(pod: MeshPodConfig): Promise<void>;
}

/** Who is where: what else acts on pods asks here which one has a replica's place, and waits for its turn. */
export class Rollout extends BackgroundWork {
  readonly #plan: RolloutPlan;
  readonly #spec: RolloutSpec;
  readonly #version: { from: string; to: string };
  readonly #events: RolloutEvent[] = [];
  readonly #turns = new Map<string, Promise<unknown>>();
  readonly #replaced = new Set<RolloutStep>();
  /** Names of pods that are not there: not yet, or not any more. */
  readonly #away: Set<string>;
  /** Pods to which new connections go. */
  readonly #endpoints: Set<MeshPodConfig>;

  /** @param from version of the mesh until then @throws HarnessError UNKNOWN_MESH_VERSION */
  constructor(plan: RolloutPlan, spec: RolloutSpec, from: string) {
    super();
    this.#plan = plan;
    this.#spec = spec;
    this.#endpoints = new Set(plan.steps.map(({ old }) => old));
    this.#away = new Set(plan.steps.map(({ next }) => keyOf(next)));
    this.#version = { from: findProfile(from).proxyVersion, to: findProfile(spec.toVersion).proxyVersion };
  }

  /** What has happened, oldest first. */
  get events(): readonly RolloutEvent[] {
    return this.#events;
  }

  schedule(originEpochMs: number, world: RolloutWorld): void {
    this.begin(async (signal) => {
      await sleep(Math.max(0, originEpochMs + this.#spec.atMs - epochMs()), signal);
      await this.#replaceControlPlane(world.mesh);
      for (const step of this.#plan.steps) {
        signal.throwIfAborted();
        await this.inTurn(step, () => this.#replace(step, originEpochMs, world, signal));
      }
    });
  }

  /** It has been started, and has not been ended: other pods than those of the roll-out always have. */
  lives(pod: MeshPodConfig): boolean {
    return !this.#away.has(keyOf(pod));
  }

  /** Pods of a service to which new connections go. */
  endpoints(service: string): MeshPodConfig[] {
    const pods = this.#plan.steps.filter((step) => step.service === service).flatMap(({ old, next }) => [old, next]);
    return pods.filter((pod) => this.#endpoints.has(pod));
  }

  /** The pod that has a replica's place now. */
  current(service: string, replica: number): MeshPodConfig | undefined {
    const step = this.#plan.steps.find((one) => one.service === service && one.replica === replica);
    return step && (this.#replaced.has(step) ? step.next : step.old);
  }

  /** Does something to a replica's pod while nobody else does: it is not replaced meanwhile. */
  inTurn<T>({ service, replica }: { service: string; replica: number }, work: () => Promise<T>): Promise<T> {
    const place = `${service}#${replica}`;
    const turn = (this.#turns.get(place) ?? Promise.resolve()).then(work);
    this.#turns.set(
      place,
      turn.catch(() => {}),
    );
    return turn;
  }

  async #replaceControlPlane(mesh: RolloutWorld['mesh']): Promise<void> {
    const { old, next } = this.#plan.controlPlane;
    await Promise.all(next.map((pod) => mesh.request({ type: 'start-pod', ...named(pod) })));
    await mesh.request({ type: 'wait-ready', deadlineMs: READY_MS, pods: next.map(keyOf) });
    const { namespace } = next[0]!;
    this.#tell({ what: 'control-plane', workload: namespace, pod: '', version: this.#version.to });
    await Promise.all(old.map((pod) => mesh.request({ type: 'drain-pod', ...named(pod), graceMs: GRACE_MS })));
    await Promise.all(old.map((pod) => mesh.request({ type: 'delete-pod', ...named(pod) })));
  }

  async #replace(step: RolloutStep, originEpochMs: number, world: RolloutWorld, signal: AbortSignal): Promise<void> {
    const { old } = step;
    await this.#start(step, originEpochMs, world, signal);
    await sleep(this.#spec.restMs, signal);
    this.#replaced.add(step);
    this.#endpoints.delete(old);
    this.#tellOf(step.service, old, 'pod-leaving', this.#version.from);
    await this.#end(old, world);
    this.#tellOf(step.service, old, 'pod-gone', this.#version.from);
  }

  async #start({ service, next }: RolloutStep, originEpochMs: number, world: RolloutWorld, signal: AbortSignal) {
    const { mesh } = world;
    const app = world.processOf(next);
    this.#tellOf(service, next, 'pod-started', this.#version.to);
    await app.start();
    signal.throwIfAborted();
    await app.setOrigin(originEpochMs);
    await mesh.request({ type: 'start-pod', ...named(next) });
    await mesh.request({ type: 'wait-ready', deadlineMs: READY_MS, pods: [keyOf(next)] });
    this.#away.delete(keyOf(next));
    this.#endpoints.add(next);
    this.#tellOf(service, next, 'pod-ready', this.#version.to);
  }

  /** From outside to inside, so that nobody misses anybody: peers' connections, the app, the proxy. */
  async #end(pod: MeshPodConfig, { mesh, processOf, lastPage }: RolloutWorld): Promise<void> {
    await mesh.request({ type: 'drain-pod', ...named(pod), graceMs: GRACE_MS });
    await processOf(pod).end(GRACE_MS);
    await mesh.request({ type: 'settle-pod', ...named(pod), graceMs: GRACE_MS });
    await lastPage(pod);
    this.#away.add(keyOf(pod));
    await mesh.request({ type: 'delete-pod', ...named(pod) });
  }

  #tellOf(workload: string, { name }: MeshPodConfig, what: RolloutEvent['what'], version: string): void {
    this.#tell({ what, workload, pod: name, version });
  }

  #tell(event: Omit<RolloutEvent, 'atMs'>): void {
    this.#events.push({ atMs: epochMs(), ...event });
  }
}

function named({ namespace, name }: MeshPodConfig): { namespace: string; pod: string } {
  return { namespace, pod: name };
}

function keyOf({ namespace, name }: MeshPodConfig): string {
  return `${namespace}/${name}`;
}
