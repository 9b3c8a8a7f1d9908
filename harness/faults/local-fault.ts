import type { MeshCommand } from '../mesh/contract.ts';
import type { FaultOf, FaultType } from '../scenario/fault.ts';
import type { Draft } from './draft.ts';

/**
 * How one type of fault is done to a local environment.
 *
 * `plan` says what is other than planned while the fault lasts. Applied before anything starts where the fault has no `at`;
 * else the difference between the drafts with and without it is brought about when it begins, and taken back when it ends.
 * At run time these can change: prometheus.yml, the cluster's faults (MeshConfig.clusterFaults), the faults of pods
 * (MeshPodConfig.faults). A fault whose plan changes anything else can't have an `at` (FAULT_NOT_TIMED).
 *
 * `begin` and `end` are for what a draft can't say (a proxy that restarts once). They are called for faults with an `at`
 * alone, after the draft's difference has been brought about; `end` where the fault ends before the run does.
 */
export interface LocalFault<T extends FaultType = FaultType> {
  /** What must be there before anything starts, whenever the fault begins: a pod that comes later. */
  prepare?(spec: FaultOf<T>, draft: Draft): void;
  plan?(spec: FaultOf<T>, draft: Draft): void;
  begin?(spec: FaultOf<T>, world: FaultWorld): Promise<void>;
  end?(spec: FaultOf<T>, world: FaultWorld): Promise<void>;
}

/** A running local environment, as far as faults reach into it. */
export interface FaultWorld {
  /** As things are now, this fault included. Not to be changed. */
  readonly draft: Readonly<Draft>;
  /** A command to the mesh. @throws HarnessError as the mesh reports it */
  mesh(command: MeshOrder): Promise<unknown>;
  /** Aborts when the environment is being taken down. */
  readonly signal: AbortSignal;
}

type WithoutId<T> = T extends { id: number } ? Omit<T, 'id'> : never;
/** What may be asked of a running mesh. */
export type MeshOrder = Exclude<WithoutId<MeshCommand>, { type: 'start' | 'stop' }>;

/** Fault types and how each is done; a part of the registry. */
export type LocalFaults = { [T in FaultType]?: LocalFault<T> };
