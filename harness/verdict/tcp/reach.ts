import type { Topology } from '../../core/topology.ts';
import { OUTSIDE } from '../projection.ts';

/** Which proxies a connection goes through, as ports are skipped and callers stand in or outside the mesh. */
export interface Reach {
  /** The caller's own proxy takes it. */
  throughCaller(caller: string, service: string): boolean;
  /** The callee's proxy takes what comes to its app. */
  throughCallee(callee: string): boolean;
  /** Identity that the callee's proxy sees: none where the caller's proxy did not take the connection. */
  identity(caller: string, service: string): string;
}

export function reachOf(topology: Topology): Reach {
  const workloads = new Map(topology.workloads.map((w) => [w.id, w]));
  const services = new Map(topology.services.map((s) => [s.id, s]));
  const throughCaller = (caller: string, service: string): boolean => {
    const workload = workloads.get(caller);
    if (!workload || workload.identity === OUTSIDE) return false;
    const port = services.get(service)?.port;
    return port === undefined || !(workload.skipsOutbound ?? []).includes(port);
  };
  return {
    throughCaller,
    throughCallee: (callee) => workloads.get(callee)?.skipsInbound !== true,
    identity: (caller, service) =>
      throughCaller(caller, service) ? (workloads.get(caller)?.identity ?? OUTSIDE) : OUTSIDE,
  };
}
