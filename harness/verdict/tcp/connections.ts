import type { Topology } from '../../core/topology.ts';
import type { AcceptedConnection, MadeConnection } from '../../ledger/types.ts';
import { group, type Instance, podKey, type Truth } from '../truth.ts';

/** A connection as its caller saw it, with who that was. */
export interface Connected {
  caller: Instance;
  /** `namespace/service`. */
  service: string;
  /** Workload behind the service. */
  callee: string;
  /** `namespace/pod` of the callee, as it greeted; empty when it did not. */
  pod: string;
  connection: MadeConnection;
}

/** A connection as its callee saw it. */
export interface Accepted {
  callee: Instance;
  connection: AcceptedConnection;
}

/** The truth about TCP connections, by the workload that accepts them. */
export interface TcpTruth {
  connected: Map<string, Connected[]>;
  accepted: Map<string, Accepted[]>;
  /** Workloads of which the truth has, or could have, connections. */
  workloads: ReadonlySet<string>;
}

/** Connections of all journals. Workloads that speak TCP are in it whether or not anyone connected. */
export function compileConnections(truth: Truth, topology: Topology): TcpTruth {
  const workloadOf = new Map(topology.services.map((s) => [s.id, s.workload]));
  const connected: Connected[] = [];
  const accepted: Accepted[] = [];
  for (const instance of truth.instances) {
    for (const connection of instance.journal.connected) {
      const callee = workloadOf.get(connection.callee) ?? connection.callee;
      const pod = connection.pod === '' ? '' : podKey(callee.split('/')[0]!, connection.pod);
      connected.push({ caller: instance, service: connection.callee, callee, pod, connection });
    }
    for (const connection of instance.journal.accepted) accepted.push({ callee: instance, connection });
  }
  const speaking = topology.workloads.filter((w) => w.protocol === 'tcp').map((w) => w.id);
  return {
    connected: group(connected, (c) => c.callee),
    accepted: group(accepted, (a) => a.callee.workload),
    workloads: new Set([...speaking, ...connected.map((c) => c.callee), ...accepted.map((a) => a.callee.workload)]),
  };
}

/** It stood: the caller's proxy had taken it, whatever became of it afterwards. */
export function wasOpen({ connection }: Connected): boolean {
  return connection.outcome !== 'refused';
}

/** Both ends closed in order, and the callee had answered: each has read all that the other wrote. */
export function isWhole({ connection, pod }: Connected): boolean {
  return connection.outcome === 'closed' && pod !== '';
}
