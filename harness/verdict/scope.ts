import type { HeldBound } from './cell-groups.ts';
import type { AskedKind, Kinds, MadeList, ServedKind } from './kinds.ts';
import type { StatusView } from './outcomes.ts';
import type { Steps, Timeline, WeightedSteps } from './steps.ts';
import type { Instance, Made, MadeKind, Protocol, Served, Truth } from './truth.ts';

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
  /** Whether any request to the callees has ended so, wherever it went: if not, no list has one. */
  mayHave(kind: MadeKind): boolean;
  /** Counting functions by name, made when first asked for. */
  cache: Map<string, Steps | WeightedSteps>;
  /** Bounds by what they are of, and for each step of edges (ladders.ts). */
  bounds: Map<string, Map<number, HeldBound>>;
  /** `statusesOf`, by view. */
  statuses: Map<StatusView, ReadonlySet<number>>;
  /** Parts of lists in the order of a moment, likewise. */
  madeLines: Map<string, Timeline<Made>>;
  servedLines: Map<string, Timeline<Served>>;
  /** Forgets all that was worked out. */
  release(): void;
  madeKinds: Map<MadeList, Kinds<AskedKind, Made>>;
  servedKinds: Map<'served' | 'servedElsewhere', Kinds<ServedKind | '*', Served>>;
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
  return new LazyScope(truth, query);
}

/**
 * Lists are filled when they are first asked for: those of what came into the scope from the requests near it, those of what
 * went elsewhere, which are as long as all traffic of the workloads and are seldom needed, from all.
 */
class LazyScope implements Scope {
  readonly side: Scope['side'];
  readonly protocol: Protocol;
  readonly cache: Scope['cache'] = new Map();
  readonly bounds: Scope['bounds'] = new Map();
  readonly statuses: Scope['statuses'] = new Map();
  readonly madeLines: Scope['madeLines'] = new Map();
  readonly servedLines: Scope['servedLines'] = new Map();
  readonly madeKinds: Scope['madeKinds'] = new Map();
  readonly servedKinds: Scope['servedKinds'] = new Map();
  readonly #truth: Truth;
  readonly #query: ScopeQuery;
  #near: Lists | null = null;
  #all: Lists | null = null;
  #served: Served[] | null = null;
  #servedElsewhere: Served[] | null = null;
  #retries: Scope['retries'] | null = null;

  constructor(truth: Truth, query: ScopeQuery) {
    this.#truth = truth;
    this.#query = query;
    this.side = query.side;
    this.protocol = truth.protocols.get(query.callees[0] ?? '') ?? 'http';
  }

  get own(): Made[] {
    return this.#nearby.own;
  }
  get maybe(): Made[] {
    return this.#nearby.maybe;
  }
  get othersKnown(): Made[] {
    return this.#nearby.othersKnown;
  }
  get othersMaybe(): Made[] {
    return this.#nearby.othersMaybe;
  }
  get failfast(): Made[] {
    return this.#nearby.failfast;
  }
  get refused(): Made[] {
    return this.#nearby.refused;
  }
  get refusedMaybe(): Made[] {
    return this.#nearby.refusedMaybe;
  }
  get elsewhere(): Made[] {
    return this.#everything.elsewhere;
  }
  get alone(): boolean {
    return this.#everything.alone;
  }

  get served(): Served[] {
    if (!this.#served) {
      const only = this.#onlyInstance();
      const { callees, instances } = this.#query;
      const { index, served } = this.#truth;
      this.#served = callees.flatMap((workload) => {
        const near = only === null ? (served.get(workload) ?? []) : index.servedBy(workload, only);
        return near.filter((s) => (instances?.has(s.callee.id) ?? true) && isMeant(s, workload, this.#query));
      });
    }
    return this.#served;
  }

  get servedElsewhere(): Served[] {
    const { callees, instances } = this.#query;
    this.#servedElsewhere ??= callees.flatMap((workload) =>
      (this.#truth.served.get(workload) ?? []).filter(
        (s) => !(instances?.has(s.callee.id) ?? true) && isMeant(s, workload, this.#query),
      ),
    );
    return this.#servedElsewhere;
  }

  get calleesRestart(): boolean {
    return this.#query.callees.some((workload) => this.#truth.index.restarts(workload));
  }

  get retries(): Scope['retries'] {
    this.#retries ??= this.#again() ? (this.#query.effective ? 'effective' : 'attempts') : 'none';
    return this.#retries;
  }

  release(): void {
    this.#near = null;
    this.#all = null;
    this.#served = null;
    this.#servedElsewhere = null;
    for (const known of [this.cache, this.bounds, this.statuses, this.madeLines, this.servedLines]) known.clear();
  }

  mayHave(kind: MadeKind): boolean {
    return this.#query.callees.some((workload) => this.#truth.index.everEnded(workload, kind));
  }

  #again(): boolean {
    if (!this.#query.callees.some((workload) => this.#truth.index.everRetried(workload))) return false;
    const { own, maybe, elsewhere, othersKnown, othersMaybe } = this.#everything;
    return [own, maybe, elsewhere, othersKnown, othersMaybe].some((list) => list.some((m) => m.path.retry !== null));
  }

  /** The one instance whose requests are near: with several, or all, those of the whole workload are. */
  #onlyInstance(): number | null {
    const { callees, instances } = this.#query;
    return callees.length === 1 && instances?.size === 1 ? [...instances][0]! : null;
  }

  get #nearby(): Lists {
    if (this.#all) return this.#all;
    const only = this.#onlyInstance();
    if (only === null) return this.#everything;
    if (!this.#near) {
      const { near, failfast } = this.#truth.index.madeNear(this.#query.callees[0]!, only);
      this.#near = listsOf([near, failfast], this.#query);
    }
    return this.#near;
  }

  get #everything(): Lists {
    if (!this.#all) {
      const lists = this.#query.callees.map((workload) => this.#truth.made.get(workload) ?? []);
      this.#all = listsOf(lists.length === 1 ? lists : [new Set(lists.flat())], this.#query);
    }
    return this.#all;
  }
}

type Lists = Pick<
  Scope,
  'alone' | 'own' | 'maybe' | 'othersKnown' | 'othersMaybe' | 'elsewhere' | 'failfast' | 'refused' | 'refusedMaybe'
>;

function listsOf(requests: Iterable<Iterable<Made>>, query: ScopeQuery): Lists {
  const lists: Lists = {
    alone: true,
    own: [],
    maybe: [],
    othersKnown: [],
    othersMaybe: [],
    elsewhere: [],
    failfast: [],
    refused: [],
    refusedMaybe: [],
  };
  for (const list of requests) for (const made of list) placeMade(lists, made, query);
  return lists;
}

function placeMade(scope: Lists, one: Made, query: ScopeQuery): void {
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
  if (made.refusal && query.side === 'inbound') {
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

function isMeant(served: Served, workload: string, query: ScopeQuery): boolean {
  if (query.callerWorkloads ? !query.callerWorkloads.has(served.caller) : served.caller === '-') return false;
  return !query.like || query.like(workload, served.request.method, served.request.route);
}

function reachOf(made: Made, instances: ReadonlySet<number> | null): 'yes' | 'no' | 'maybe' {
  if (!instances) return 'yes';
  let inside = 0;
  for (const id of made.candidates) if (instances.has(id)) inside++;
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
export function statusesOf(scope: Scope, view: StatusView): ReadonlySet<number> {
  const known = scope.statuses.get(view);
  if (known) return known;
  const statuses = new Set<number>();
  const reset = scope.served.some((s) => s.request.outcome === 'reset');
  if (scope.side === 'inbound' && reset && answersResets(scope)) statuses.add(RESET_STATUS);
  for (const m of scope.own) if (m.status > 0) statuses.add(m.status);
  for (const s of scope.served) if (s.status > 0) statuses.add(s.status);
  const named = new Set([...statuses].map(view));
  scope.statuses.set(view, named);
  return named;
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
