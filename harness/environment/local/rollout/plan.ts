import type { MeshPodConfig } from '../../../mesh/contract.ts';
import type { Scenario } from '../../../scenario/model.ts';
import { calleesFirst } from '../../rollout-order.ts';
import type { Address, AddressSpace } from '../addresses.ts';

/** Who takes whose place. */
export interface RolloutPlan {
  controlPlane: { old: readonly MeshPodConfig[]; next: readonly MeshPodConfig[] };
  /** Addresses of their own of services that callers reach past their proxies: pods behind them come and go. */
  skipped: readonly { service: string; address: Address }[];
  /** One after the other. */
  steps: readonly RolloutStep[];
}

/** One pod of a service is replaced. */
export interface RolloutStep {
  /** `namespace/service`. */
  service: string;
  replica: number;
  old: MeshPodConfig;
  next: MeshPodConfig;
}

/** Far from the ports of apps, of Linkerd and of `egressOf`. */
const FIRST_PORT = 22_400;

export async function skippedAddresses(
  { services }: Pick<Scenario, 'services'>,
  space: AddressSpace,
): Promise<RolloutPlan['skipped']> {
  const ports = new Set(services.flatMap(({ skipOutbound = [] }) => skipOutbound));
  const skipped: { service: string; address: Address }[] = [];
  for (const { id } of services.filter(({ port }) => ports.has(port))) {
    skipped.push({ service: id, address: await space.listen(space.hostIp, FIRST_PORT + skipped.length) });
  }
  return skipped;
}

/** @param podsOf a service's pods, by replica */
export function stepsOf(
  scenario: Pick<Scenario, 'services'>,
  podsOf: (service: string, generation: 'old' | 'next') => readonly { mesh: MeshPodConfig }[],
): RolloutStep[] {
  return calleesFirst(scenario.services).flatMap(({ id, replicas }) =>
    Array.from({ length: replicas }, (_, replica) => ({
      ...{ service: id, replica },
      old: podsOf(id, 'old')[replica]!.mesh,
      next: podsOf(id, 'next')[replica]!.mesh,
    })),
  );
}
