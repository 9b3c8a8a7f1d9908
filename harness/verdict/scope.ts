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
  /** Whether some requests may be sent again: then callees see attempts, and `effective` counters requests. */
  retries: 'none' | 'attempts' | 'effective';
  /** Nobody else's requests are among those of the callees' journals. */
  alone: boolean;
  /** A pod of the callees was away for a while: attempts may have reached nobody. */
  calleesRestart: boolean;
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
  /** Inbound: let not in by the scope's proxies, certainly / possibly. No other list has them. */
  refused: Made[];
  refusedMaybe: Made[];
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
  /** Workloads of the callees. */
  callees: readonly string[];
  /** Which of the callers' requests are meant, by Service and route; null: all. */
  mine: ((made: Made) => boolean) | null;
  /** Instances reached; null: all. */
  instances: ReadonlySet<number> | null;
  /** Above retries. */
  effective?: boolean;
  /** Only requests like this, on both sides; null: all. */
  like: ((workload: string, method: string, path: string) => boolean) | null;
}

export function buildScope(truth: Truth, query: ScopeQuery): Scope {
  const scope: Scope = {
    side: query.side,
    retries: 'none',
    alone: true,
    calleesRestart: query.callees.some((w) =>
      (truth.instancesOfWorkload.get(w) ?? []).some((i) => i.nextStartMs !== Number.POSITIVE_INFINITY),
    ),
    protocol: truth.protocols.get(query.callees[0] ?? '') ?? 'http',
    own: [],
    maybe: [],
    othersKnown: [],
    othersMaybe: [],
    elsewhere: [],
    failfast: [],
    refused: [],
    refusedMaybe: [],
    served: [],
    servedElsewhere: [],
    cache: new Map(),
  };
  const lists = query.callees.map((workload) => truth.made.get(workload) ?? []);
  for (const made of lists.length === 1 ? lists[0]! : new Set(lists.flat())) placeMade(scope, made, query);
  for (const workload of query.callees) {
    for (const served of truth.served.get(workload) ?? []) placeServed(scope, served, workload, query);
  }
  const { own, maybe, elsewhere, othersKnown, othersMaybe } = scope;
  const again = [own, maybe, elsewhere, othersKnown, othersMaybe].some((list) =>
    list.some((m) => m.path.retry !== null),
  );
  if (again) scope.retries = query.effective ? 'effective' : 'attempts';
  return scope;
}

function placeMade(scope: Scope, one: Made, query: ScopeQuery): void {
  const made = one.kind === 'expired' ? expired(one, query) : one;
  if (query.callerWorkloads && !query.callerWorkloads.has(made.caller.workload)) return;
  if (query.like && !query.callees.some((w) => query.like!(w, made.request.method, made.request.route))) return;
  // Its own proxy found no way for it: nobody else has seen it, and no family counts it.
  if (made.kind === 'unrouted') return;
  const mine = (query.callers?.has(made.caller.id) ?? true) && (query.mine?.(made) ?? true);
  if (!mine) scope.alone = false;
  if (made.kind === 'failfast') {
    if (mine) scope.failfast.push(made);
    return;
  }
  const reach = reachOf(made, query.instances);
  if (made.refusal && scope.side === 'inbound') {
    if (mine && reach !== 'no') (reach === 'yes' ? scope.refused : scope.refusedMaybe).push(made);
    return;
  }
  if (reach === 'no') scope.elsewhere.push(made);
  else if (mine) (reach === 'yes' ? scope.own : scope.maybe).push(made);
  else (reach === 'yes' ? scope.othersKnown : scope.othersMaybe).push(made);
}

/** Above the timeout the proxy answers without headers; below it the request is given up, as if by its caller. */
function expired(made: Made, { effective, side }: ScopeQuery): Made {
  if (effective && side === 'outbound') return { ...made, kind: 'mesh', timedOut: true };
  return { ...made, kind: 'gone', status: 0, firstByteMs: null };
}

function placeServed(scope: Scope, served: Served, workload: string, query: ScopeQuery): void {
  if (query.callerWorkloads ? !query.callerWorkloads.has(served.caller) : served.caller === '-') return;
  if (query.like && !query.like(workload, served.request.method, served.request.route)) return;
  ((query.instances?.has(served.callee.id) ?? true) ? scope.served : scope.servedElsewhere).push(served);
}

function reachOf(made: Made, instances: ReadonlySet<number> | null): 'yes' | 'no' | 'maybe' {
  if (!instances) return 'yes';
  const inside = made.candidates.filter((id) => instances.has(id)).length;
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
