import { epochMs } from '../../../core/clock.ts';
import { sleep } from '../../../core/wait.ts';
import { type ClusterFault, clusterFaults, concerns, keepsUnscraped } from '../../../faults/cluster/possible.ts';
import type { FaultSpec } from '../../../scenario/fault.ts';
import { BackgroundWork } from '../../background-work.ts';
import { type Kube, LABELS, type PodObject } from '../../kubernetes/contract.ts';
import type { InstalledMesh } from '../contract.ts';
import type { Docker } from '../docker.ts';
import { prometheusRole } from '../manifests/prometheus.ts';
import { PacketFault } from './packets.ts';
import { type CreatedWith, isCreatedWith, recreated, type WorkloadPods } from './recreate.ts';

export interface FaultParts {
  kube: Kube;
  docker: Docker;
  runId: string;
  mesh: Pick<InstalledMesh, 'kind'>;
  signal: AbortSignal;
  check?: () => void;
}

/** One thing that is done to the cluster, and taken back. */
interface Deed {
  begin(signal?: AbortSignal): Promise<unknown>;
  end(signal?: AbortSignal): Promise<unknown>;
}

/** The faults of a scenario, done to a cluster: some when its pods are made, others while everything runs. */
export class KindFaults extends BackgroundWork {
  readonly #faults: ClusterFault[];
  readonly #parts: FaultParts;
  #pods: readonly WorkloadPods[] = [];
  #beginnings: Promise<unknown>[] = [];

  /** @throws HarnessError FAULT_NOT_HERE, FAULT_NOT_TIMED */
  constructor(specs: readonly FaultSpec[], parts: FaultParts) {
    super();
    this.#faults = clusterFaults(specs, parts.mesh.kind);
    this.#parts = parts;
  }

  /** Some concern pods before Prometheus comes, which it must then wait for. */
  get concernPods(): boolean {
    return this.#faults.some((fault) => fault.service !== null && fault.atMs === null);
  }

  /** Prometheus may list pods from the start. */
  get mayListPods(): boolean {
    return !this.#faults.some((fault) => fault.type === 'rbac-denied' && fault.atMs === null);
  }

  /**
   * Does what is there from before Prometheus starts.
   * @returns the workloads with their pods as they are then
   * @throws HarnessError FAULT_FAILED
   */
  async prepare(workloads: readonly WorkloadPods[]): Promise<readonly WorkloadPods[]> {
    const { kube, signal, check } = this.#parts;
    const all = [...workloads];
    for (const fault of this.#faults.filter(isCreatedWith)) {
      for (const [index, of] of all.entries()) {
        if (!of.pods.some((_, replica) => concerns(fault, of.workload, replica))) continue;
        all[index] = { ...of, pods: await recreated(kube, of, fault as CreatedWith, { signal, check }) };
      }
    }
    this.#pods = all;
    for (const fault of this.#faults) {
      if (fault.atMs !== null || fault.type === 'rbac-denied') continue;
      for (const deed of this.#deedsOf(fault)) await deed.begin(signal);
    }
    return all;
  }

  /** It can't have been scraped before traffic begins. */
  isUnscraped(workload: string, replica: number): boolean {
    return this.#faults.some(
      (fault) => keepsUnscraped(fault) && (fault.type === 'rbac-denied' || concerns(fault, workload, replica)),
    );
  }

  /** It came up as the fault has it. */
  isOtherwise(pod: PodObject): boolean {
    return this.#faults.some(
      (fault) =>
        isCreatedWith(fault) &&
        this.#pods.some(({ workload, pods }) => {
          const replica = pods.findIndex((one) => sameName(one, pod));
          return replica >= 0 && concerns(fault, workload, replica);
        }),
    );
  }

  /** Faults with an `at` begin then, and what has an end ends. */
  schedule(originEpochMs: number): void {
    for (const fault of this.#faults) {
      const deeds = this.#deedsOf(fault);
      const { promise: begun, resolve } = Promise.withResolvers<void>();
      this.#beginnings.push(begun);
      this.begin(async (signal) => {
        try {
          if (fault.atMs !== null) {
            await sleep(Math.max(0, originEpochMs + fault.atMs - epochMs()), signal);
            for (const deed of deeds) await deed.begin(signal);
          }
        } finally {
          resolve();
        }
        if (fault.untilMs === null) return;
        await sleep(Math.max(0, originEpochMs + fault.untilMs - epochMs()), signal);
        for (const deed of deeds) await deed.end(signal);
      });
    }
  }

  /** Resolves when every fault has begun. @throws what made one fail */
  async begun(): Promise<void> {
    await Promise.all(this.#beginnings);
    this.check();
  }

  #deedsOf(fault: ClusterFault): Deed[] {
    switch (fault.type) {
      case 'rbac-denied':
        return [{ begin: () => this.#allow(false), end: () => this.#allow(true) }];
      case 'admin-dropped':
      case 'admin-refused': {
        const fate = fault.type === 'admin-dropped' ? 'drop' : 'refuse';
        return this.#podsOf(fault).map((pod) => new PacketFault(this.#parts.docker, pod, fate));
      }
      default:
        return [];
    }
  }

  #podsOf(fault: ClusterFault): PodObject[] {
    return this.#pods.flatMap(({ workload, pods }) => pods.filter((_, replica) => concerns(fault, workload, replica)));
  }

  async #allow(mayListPods: boolean): Promise<void> {
    const { kube, runId } = this.#parts;
    await kube.apply([prometheusRole(mayListPods)], {
      labels: { [LABELS.managedBy]: 'meshproof', [LABELS.run]: runId },
    });
  }
}

function sameName(a: PodObject, b: PodObject): boolean {
  return a.metadata.namespace === b.metadata.namespace && a.metadata.name === b.metadata.name;
}
