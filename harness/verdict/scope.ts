import type { StatusView } from './outcomes.ts';
import type { Steps, WeightedSteps } from './steps.ts';
import type { Instance, Made, Protocol, Served, Truth } from './truth.ts';

/**
 * Which requests a series speaks of: those that some instances made to a workload and that reached some of its
 * instances. The rest of the traffic between the same workloads is kept beside them, because what certainly went
 * elsewhere bounds what can have come here.
 */
export interface Scope {
  side: 'inbound' | 'outbound';
  /** What the callees speak. */
  protocol: Protocol;
  /** Made by the scope's callers and answered, if at all, in the scope. */
  own: Made[];
  /** Made by the scope's callers; nobody knows whether in the scope. */
  maybe: Made[];
  /** Made by other instances of the callers' workloads, certainly / possibly into the scope. */
  othersKnown: Made[];
  othersMaybe: Made[];
  /** Made by anyone of the callers' workloads, certainly out of the scope. */
  elsewhere: Made[];
  /** Stopped above the balancer: no endpoint has seen them. */
  failfast: Made[];
  /** Served in the scope, and by the workload's other instances, for the callers' workloads. */
  served: Served[];
  servedElsewhere: Served[];
  /** Counting functions by name, made when first asked for. */
  cache: Map<string, Steps | WeightedSteps>;
}

export interface ScopeQuery {
  side: 'inbound' | 'outbound';
  /** Workloads of the callers; null: all that are known. */
  callerWorkloads: ReadonlySet<string> | null;
  /** Callers' instances; null: all of these workloads. */
  callers: ReadonlySet<number> | null;
  callee: string;
  /** Only requests to this service; null: every one of the workload. */
  service: string | null;
  /** Instances reached; null: all. */
  callees: ReadonlySet<number> | null;
}

export function buildScope(truth: Truth, query: ScopeQuery): Scope {
  const scope: Scope = {
    side: query.side,
    protocol: truth.protocols.get(query.callee) ?? 'http',
    own: [],
    maybe: [],
    othersKnown: [],
    othersMaybe: [],
    elsewhere: [],
    failfast: [],
    served: [],
    servedElsewhere: [],
    cache: new Map(),
  };
  for (const made of truth.made.get(query.callee) ?? []) {
    if (query.callerWorkloads && !query.callerWorkloads.has(made.caller.workload)) continue;
    const mine =
      (query.callers?.has(made.caller.id) ?? true) && (query.service === null || query.service === made.service);
    if (made.kind === 'failfast') {
      if (mine) scope.failfast.push(made);
      continue;
    }
    const reach = reachOf(made, query.callees);
    if (reach === 'no') scope.elsewhere.push(made);
    else if (mine) (reach === 'yes' ? scope.own : scope.maybe).push(made);
    else (reach === 'yes' ? scope.othersKnown : scope.othersMaybe).push(made);
  }
  for (const served of truth.served.get(query.callee) ?? []) {
    if (query.callerWorkloads ? !query.callerWorkloads.has(served.caller) : served.caller === '-') continue;
    ((query.callees?.has(served.callee.id) ?? true) ? scope.served : scope.servedElsewhere).push(served);
  }
  return scope;
}

function reachOf(made: Made, callees: ReadonlySet<number> | null): 'yes' | 'no' | 'maybe' {
  if (!callees) return 'yes';
  const inside = made.candidates.filter((id) => callees.has(id)).length;
  if (inside === 0) return 'no';
  return inside === made.candidates.length ? 'yes' : 'maybe';
}

/**
 * What the callee's own sidecar makes of an HTTP/1 app that cuts the connection before headers: an answer, and it counts as
 * one. A stream of HTTP/2 that is reset stays reset.
 */
export const RESET_STATUS = 502;

export function answersResets(scope: Scope): boolean {
  return scope.protocol === 'http';
}

/** Statuses that the truth knows in this scope, as a family names them. */
export function statusesOf(scope: Scope, view: StatusView): Set<number> {
  const statuses = new Set<number>();
  const reset = scope.served.some((s) => s.request.outcome === 'reset');
  if (scope.side === 'inbound' && reset && answersResets(scope)) statuses.add(RESET_STATUS);
  for (const m of scope.own) if (m.status > 0) statuses.add(m.status);
  for (const s of scope.served) if (s.status > 0) statuses.add(s.status);
  return new Set([...statuses].map(view));
}

/** Instances of all workloads with one identity, and of a workload's pods, as sets of ids. */
export function ids(instances: Iterable<Instance>): Set<number> {
  return new Set([...instances].map((i) => i.id));
}

/** The cached counting function of this name. */
export function steps(scope: Scope, name: string, make: () => Steps): Steps {
  const known = scope.cache.get(name);
  if (known) return known as Steps;
  const made = make();
  scope.cache.set(name, made);
  return made;
}

export function weighted(scope: Scope, name: string, make: () => WeightedSteps): WeightedSteps {
  const known = scope.cache.get(name);
  if (known) return known as WeightedSteps;
  const made = make();
  scope.cache.set(name, made);
  return made;
}
