import type { PodConfig } from '../../../sim-services/contract.ts';
import type { MeshPodConfig } from '../../mesh/contract.ts';
import { authorityOf, type Scenario, type ServiceSpec } from '../../scenario/model.ts';
import { isNamedByNoHost } from '../callees.ts';
import type { Address, AddressSpace } from './addresses.ts';

/** Where the connections of one pod go that its outbound proxy can't tell apart by the Host header. */
export interface PodEgress {
  /** Further addresses of its outbound proxy, one a service; a connection that arrives there is for that service. */
  listeners: NonNullable<MeshPodConfig['egressOf']>;
  /** By `authority:port`: one of those, or, for a port that the pod's proxy skips, the callee's pods in turn. */
  dialled: NonNullable<PodConfig['egressOf']>;
}

/** Where the kernel leads what no proxy takes: to the pod, where its own proxy still takes what is not skipped there as well. */
export function dialledPast({ skipsInbound, app, inbound }: MeshPodConfig): Address {
  return skipsInbound ? app!.address : inbound;
}

/** Far from the ports of apps and of Linkerd; in a pod's own address space. */
const FIRST_PORT = 21_400;

/** Faults that need the destination of a connection to be known although its requests would name it. */
export function isToldApart(scenario: Pick<Scenario, 'faults'>, callerId: string, { id }: ServiceSpec): boolean {
  return (scenario.faults ?? []).some(
    ({ type, service }) =>
      (type === 'opaque' && service === id) || (type === 'detection-timeout' && service === callerId),
  );
}

/**
 * @param caller.toldApart callees with an address of their own beside those that no Host names
 * @param callees that the pod dials
 * @param podsOf where a service is dialled by whom no proxy helps
 */
export async function planEgress(
  caller: { ip: string; skipOutbound?: readonly number[]; toldApart?(callee: ServiceSpec): boolean },
  callees: readonly ServiceSpec[],
  space: AddressSpace,
  podsOf: (service: ServiceSpec) => readonly Address[],
): Promise<PodEgress> {
  const egress: PodEgress = { listeners: [], dialled: {} };
  for (const callee of callees) {
    const { namespace, name, port } = callee;
    const key = `${authorityOf(callee)}:${port}`;
    if (caller.skipOutbound?.includes(port)) {
      egress.dialled[key] = [...podsOf(callee)];
    } else if (isNamedByNoHost(callee) || caller.toldApart?.(callee)) {
      const address = await space.listen(caller.ip, FIRST_PORT + egress.listeners.length);
      egress.listeners.push({ service: { namespace, name, port }, address });
      egress.dialled[key] = [address];
    }
  }
  return egress;
}
