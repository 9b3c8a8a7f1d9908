import type { PodConfig } from '../../../sim-services/contract.ts';
import type { MeshPodConfig } from '../../mesh/contract.ts';
import { authorityOf, type ServiceSpec } from '../../scenario/model.ts';
import { isNamedByNoHost } from '../callees.ts';
import type { AddressSpace } from './addresses.ts';

/** Where the connections of one pod go that its outbound proxy can't tell apart by the Host header. */
export interface PodEgress {
  /** Further addresses of its outbound proxy, one a service; a connection that arrives there is for that service. */
  listeners: NonNullable<MeshPodConfig['egressOf']>;
  /** By `authority:port`: one of those, or, for a port that the pod's proxy skips, the callee's pods in turn. */
  dialled: NonNullable<PodConfig['egressOf']>;
}

/** Far from the ports of apps and of Linkerd; in a pod's own address space. */
const FIRST_PORT = 21_400;

/**
 * @param callees that the pod dials
 * @param podsOf the pods of a service
 */
export async function planEgress(
  caller: { ip: string; skipOutbound?: readonly number[] },
  callees: readonly ServiceSpec[],
  space: AddressSpace,
  podsOf: (service: ServiceSpec) => MeshPodConfig[],
): Promise<PodEgress> {
  const egress: PodEgress = { listeners: [], dialled: {} };
  for (const callee of callees) {
    const { namespace, name, port } = callee;
    const key = `${authorityOf(callee)}:${port}`;
    if (caller.skipOutbound?.includes(port)) {
      // As the kernel does: to a pod, where its own proxy still takes what is not skipped there as well.
      egress.dialled[key] = podsOf(callee).map((pod) => (pod.skipsInbound ? pod.app!.address : pod.inbound));
    } else if (isNamedByNoHost(callee)) {
      const address = await space.listen(caller.ip, FIRST_PORT + egress.listeners.length);
      egress.listeners.push({ service: { namespace, name, port }, address });
      egress.dialled[key] = [address];
    }
  }
  return egress;
}
