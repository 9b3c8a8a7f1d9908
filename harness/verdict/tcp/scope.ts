import type { Instance } from '../truth.ts';
import type { Accepted, Connected, TcpTruth } from './connections.ts';

/**
 * Where in its way a connection is counted: `client`, the caller's proxy towards its app; `peer`, the caller's proxy towards
 * a callee's pod; `server`, the callee's proxy towards callers; `app`, towards its own app.
 */
export type TcpLayer = 'client' | 'peer' | 'server' | 'app';

/** Which connections a series speaks of. */
export interface TcpScope {
  layer: TcpLayer;
  /** As callers saw them: certainly in the scope. */
  mine: Connected[];
  /** Perhaps in the scope: the callee has not said which pod it was. */
  perhaps: Connected[];
  /** As callees saw them: in the scope, from its callers. With several pods of one caller: from all of them. */
  accepted: Accepted[];
  /** Accepted in the scope from somebody who did not say who. */
  nameless: Accepted[];
  /** `accepted` has nobody else's. */
  exclusive: boolean;
}

export interface TcpQuery {
  layer: TcpLayer;
  /** Workload that accepts. */
  callee: string;
  /** Only to this service; null: to any of the workload. */
  service: string | null;
  /** Whose proxy counts, for `client` and `peer`; null otherwise. */
  caller: Instance | null;
  /** Workloads of the callers, for `server`; null, for `app`: all, and those that did not say. */
  callers: ReadonlySet<string> | null;
  /** `namespace/pod` of the callee; null: all. */
  pod: string | null;
  /** The callee's incarnation, for `server` and `app`. */
  incarnation: Instance | null;
}

export function buildTcpScope(truth: TcpTruth, query: TcpQuery): TcpScope {
  const { layer, callee, service, caller, callers, pod, incarnation } = query;
  const scope: TcpScope = { layer, mine: [], perhaps: [], accepted: [], nameless: [], exclusive: true };
  for (const c of truth.connected.get(callee) ?? []) {
    if (service !== null && c.service !== service) continue;
    if (callers !== null && !callers.has(c.caller.workload)) continue;
    if (caller !== null && c.caller !== caller) {
      if (c.caller.workload === caller.workload) scope.exclusive = false;
      continue;
    }
    if (pod === null || c.pod === pod) scope.mine.push(c);
    else if (c.pod === '') scope.perhaps.push(c);
  }
  for (const a of truth.accepted.get(callee) ?? []) {
    if (pod !== null && a.callee.pod !== pod) continue;
    if (incarnation !== null && a.callee !== incarnation) continue;
    const who = a.connection.caller;
    const mine = caller !== null ? who === caller.workload : callers === null || callers.has(who);
    if (mine) scope.accepted.push(a);
    else if (who === '-') scope.nameless.push(a);
  }
  return scope;
}
