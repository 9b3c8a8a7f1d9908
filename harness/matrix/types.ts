import type { CauseId } from '../causes/ids.ts';
import type { QualifiedName, Scenario } from '../scenario/model.ts';

/**
 * One entry of the matrix: a scenario that provokes a cause, and what of it is drawn at random. A cause may have several:
 * variants, of which some came after its rule was written.
 */
export interface FaultCase {
  /** The scenario is scenarios/faults/<name>.yaml; names of cases are unique. */
  name: string;
  cause: CauseId;
  /** In the simulated mesh of a real cluster too. */
  inCluster?: boolean;
  /**
   * Draws what may be drawn (which pod, which label, which port, which number) and says what a right diagnosis names.
   * The scenario is not changed; a copy is returned.
   */
  vary(scenario: Scenario, random: Random): Varied;
  /**
   * Whether it can be put into one world with others: the faults alone, onto another case's scenario. Absent: it can't, since
   * it is made of services, traffic or queries of its own.
   */
  addTo?(scenario: Scenario, random: Random): Varied;
}

export interface Varied {
  scenario: Scenario;
  expected: Expected;
}

/** What a right diagnosis names. */
export interface Expected {
  cause: CauseId;
  pods: ExpectedPods;
}

/**
 * Pods by service and replica (null: every one); of every proxy that Prometheus is to scrape; of the control plane; or none:
 * the cause concerns no pod more than another.
 */
export type ExpectedPods =
  | { of: 'services'; pods: { service: QualifiedName; replica: number | null }[] }
  | { of: 'namespaces'; namespaces: string[] }
  | { of: 'every proxy' }
  | { of: 'control plane' }
  | { of: 'none' };

/** Everything random of a repetition, from one seed. */
export interface Random {
  /** From 0 (inclusive) to 1. */
  next(): number;
  /** A whole number of [low, high]. */
  int(low: number, high: number): number;
  pick<T>(items: readonly T[]): T;
  /** Some of them, one at least, in their order. */
  some<T>(items: readonly T[]): T[];
  /** Lower-case letters, as names of ports, containers and labels may be. */
  word(): string;
}
