import type { BackendRef } from '../../telemetry/types.ts';
import type { Balancer } from '../balancer.ts';

/** Where a rule may send a request. */
export interface WeightedBackend {
  ref: BackendRef;
  /** null: there is no such Service, and what would go there is answered by the route itself. */
  balancer: Balancer | null;
  weight: number;
}

/**
 * One of them at random, by weight, among those that can take a request: a balancer without an endpoint for too long cannot.
 * null: none can. @param random from 0 to 1 (exclusive)
 */
export function chooseBackend(backends: readonly WeightedBackend[], random: () => number): WeightedBackend | null {
  if (backends.length === 1) return isOpen(backends[0]!) ? backends[0]! : null;
  const open = backends.filter((backend) => backend.weight > 0 && isOpen(backend));
  let at = random() * open.reduce((sum, { weight }) => sum + weight, 0);
  for (const backend of open) {
    at -= backend.weight;
    if (at < 0) return backend;
  }
  return open.at(-1) ?? null;
}

function isOpen({ balancer }: WeightedBackend): boolean {
  return !balancer?.isShut;
}
