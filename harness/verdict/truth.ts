import { GRPC_WITHOUT_TRAILERS, grpcOutcome, type Outcome } from '../core/outcome.ts';
import type { Topology, WorkloadInfo } from '../core/topology.ts';
import type { MadeRequest, ServedRequest, TruthJournal } from '../ledger/types.ts';
import { Policies } from './admission.ts';
import { type OutboundPath, Paths } from './paths.ts';
import { TruthIndex } from './truth-index.ts';

/** One incarnation of one pod, as its journal tells it. */
export interface Instance {
  id: number;
  workload: string;
  /** `namespace/pod`. */
  pod: string;
  /** 0-based among the incarnations of the pod. */
  ordinal: number;
  startMs: number;
  /** Start of the pod's next incarnation; Infinity for the last. This one is dead by then. */
  nextStartMs: number;
  /**
   * Nobody can have reached it before: the last thing that the pod's previous incarnation wrote; of the first its own start,
   * without which its pod is not ready.
   */
  notBeforeMs: number;
  /** When it ended in order, and its pod with it, for good; Infinity for one that did not. */
  goneMs: number;
  journal: TruthJournal;
}

/**
 * How a request ended for the one who made it. `ok`: a service's own answer; `mesh`: the mesh answered; `failfast` and
 * `shed`: the mesh answered before any endpoint was chosen; `unrouted`: none of the Service's routes matches; `gone`: no
 * complete answer; `expired`: a ServiceProfile's timeout, after which the request is dropped below.
 */
export type MadeKind = 'ok' | 'mesh' | 'failfast' | 'shed' | 'unrouted' | 'expired' | 'gone';

/** Why the callee's proxy did not let a request in. */
export type Refusal = 'denied' | 'no-route' | 'limited';

export interface Made {
  caller: Instance;
  /** `namespace/service`. */
  service: string;
  /** Workload behind the service. */
  callee: string;
  kind: MadeKind;
  /** Its way through what the Service declares. */
  path: OutboundPath;
  /** Services that it may have been sent to: one, but for a split without an answer. */
  backends: readonly string[];
  /** The mesh's answer was that of the callee's proxy, which let it not in. */
  refusal: Refusal | null;
  /** The mesh's answer was that of the caller's proxy, after a timeout of the route: to all below it an answer without headers. */
  timedOut: boolean;
  /** Ids of the callee's instances that it may have reached. */
  candidates: readonly number[];
  request: MadeRequest;
  startMs: number;
  /** First byte read; for `gone` null. */
  firstByteMs: number | null;
  endMs: number | null;
  /** 0 without headers. */
  status: Outcome;
}

export interface Served {
  callee: Instance;
  /** Workload of the caller; `-` unknown. */
  caller: string;
  request: ServedRequest;
  /** 0 without headers. */
  status: Outcome;
}

/** The truth, indexed by callee workload: a request that may have been sent to several is in the list of each. */
export interface Truth {
  instances: Instance[];
  instancesOfPod: Map<string, Instance[]>;
  instancesOfWorkload: Map<string, Instance[]>;
  made: Map<string, Made[]>;
  /** All that was made, each once. */
  requests: Made[];
  served: Map<string, Served[]>;
  /** Of workloads that speak another than HTTP/1. */
  protocols: Map<string, Protocol>;
  paths: Paths;
  policies: Policies;
  index: TruthIndex;
}

export type Protocol = NonNullable<WorkloadInfo['protocol']>;

const FAIL_FAST = /fail-?\s?fast/i;
/** linkerd2-proxy says where before it says what: `logical service 10.96.0.1:80: route default.http: service unavailable`. */
const LOAD_SHED = /shed|overload|(?:^|: )service unavailable$/i;

export function compileTruth(journals: readonly TruthJournal[], topology: Topology, marginMs: number): Truth {
  const instances = compileInstances(journals, new Set(topology.services.map((s) => s.workload)));
  const lists = {
    instancesOfWorkload: group(instances, (i) => i.workload),
    made: new Map<string, Made[]>(),
    served: new Map<string, Served[]>(),
  };
  const truth: Truth = {
    ...lists,
    instances,
    instancesOfPod: group(instances, (i) => i.pod),
    requests: [],
    protocols: new Map(topology.workloads.flatMap((w) => (w.protocol ? [[w.id, w.protocol] as const] : []))),
    paths: new Paths(topology),
    policies: new Policies(topology),
    index: new TruthIndex(lists),
  };
  const workloadOf = new Map(topology.services.map((s) => [s.id, s.workload]));
  const workload = (service: string): string => workloadOf.get(service) ?? service;
  const isGrpc = (id: string): boolean => truth.protocols.get(id) === 'grpc';
  for (const instance of instances) {
    for (const request of instance.journal.made) {
      const made = compileMade(truth, instance, request, workload, isGrpc, marginMs);
      truth.requests.push(made);
      for (const callee of new Set(visited(made).map(workload))) push(truth.made, callee, made);
    }
    for (const request of instance.journal.served) {
      const status = outcomeOf(request, isGrpc(instance.workload));
      push(truth.served, instance.workload, { callee: instance, caller: request.caller, request, status });
    }
  }
  return truth;
}

/** Services that a request may have been sent to: with retries each attempt may have gone another way than the last. */
export function visited({ backends, path }: Pick<Made, 'backends' | 'path'>): readonly string[] {
  return path.retry === null ? backends : path.backends;
}

/** Whether it had ended before everything came to rest: what it counted after its last scrape, nobody will see. */
export function isOver({ nextStartMs, goneMs }: Instance): boolean {
  return nextStartMs !== Number.POSITIVE_INFINITY || goneMs !== Number.POSITIVE_INFINITY;
}

/** @param serving workloads whose journals end with their pods, when they end in order; the load generator's pod stays */
function compileInstances(journals: readonly TruthJournal[], serving: ReadonlySet<string>): Instance[] {
  const byPod = group(journals, (j) => podKey(j.workload.split('/')[0]!, j.pod));
  const instances: Instance[] = [];
  for (const [pod, incarnations] of byPod) {
    const sorted = incarnations.toSorted((a, b) => a.startMs - b.startMs);
    sorted.forEach((journal, ordinal) => {
      const previous = sorted[ordinal - 1];
      const isLast = ordinal === sorted.length - 1;
      instances.push({
        id: instances.length,
        workload: journal.workload,
        pod,
        ordinal,
        startMs: journal.startMs,
        nextStartMs: sorted[ordinal + 1]?.startMs ?? Number.POSITIVE_INFINITY,
        notBeforeMs: previous ? lastMoment(previous) : serving.has(journal.workload) ? journal.startMs : -Infinity,
        goneMs: (isLast && serving.has(journal.workload) ? journal.endMs : null) ?? Number.POSITIVE_INFINITY,
        journal,
      });
    });
  }
  return instances;
}

/** The last moment that a journal shows its pod alive. */
export function lastMoment(journal: TruthJournal): number {
  let last = journal.endMs ?? journal.startMs;
  for (const r of journal.served) last = Math.max(last, r.startMs, r.firstByteMs ?? 0, r.endMs ?? 0);
  for (const r of journal.made) last = Math.max(last, r.startMs, r.endMs ?? 0);
  return last;
}

/**
 * Status and gRPC code as one number. An answer of a gRPC service that was cut off after its headers has no code; to the
 * proxies that drop it, it is one without trailers.
 */
function outcomeOf({ status, grpc }: Pick<MadeRequest, 'status' | 'grpc'>, isGrpc: boolean): Outcome {
  if (grpc === 'missing') return GRPC_WITHOUT_TRAILERS;
  if (grpc !== null) return grpcOutcome(grpc);
  return isGrpc && status === 200 ? GRPC_WITHOUT_TRAILERS : status;
}

function compileMade(
  truth: Truth,
  caller: Instance,
  request: MadeRequest,
  workloadOf: (service: string) => string,
  isGrpc: (workload: string) => boolean,
  marginMs: number,
): Made {
  const { callee: service, method, route } = request;
  const status = outcomeOf(request, isGrpc(workloadOf(service)));
  const path = truth.paths.outbound(service, method, route);
  const kind = kindOf(request, status, path, marginMs);
  const until = request.endMs ?? Number.POSITIVE_INFINITY;
  const reached = reach(truth, request, path, workloadOf, marginMs);
  const made: Made = {
    caller,
    service,
    callee: workloadOf(reached.backends.length === 1 ? reached.backends[0]! : service),
    kind,
    path,
    backends: reached.backends,
    refusal: null,
    timedOut: kind === 'mesh' && isTimeout(request, status, path, marginMs),
    candidates: reached.instances
      .filter((i) => (request.pod ? i.startMs : i.notBeforeMs) - marginMs <= until)
      .filter((i) => request.startMs <= i.nextStartMs + marginMs)
      .map((i) => i.id),
    request,
    startMs: request.startMs,
    firstByteMs: kind === 'gone' ? null : (request.firstByteMs ?? request.endMs),
    endMs: request.endMs,
    status,
  };
  if (kind !== 'mesh') return made;
  const callees = made.backends.map(workloadOf);
  return { ...made, refusal: refusalOf(made, callees, truth) };
}

/**
 * Where a request can have come. An answer names its pod: the app of that incarnation was up before the answer ended.
 * Without a name, any sidecar of the workloads that can have lived meanwhile.
 */
function reach(
  truth: Truth,
  request: MadeRequest,
  { backends }: OutboundPath,
  workloadOf: (service: string) => string,
  marginMs: number,
): { backends: readonly string[]; instances: Instance[] } {
  if (!request.pod) {
    const workloads = new Set(backends.map(workloadOf));
    return { backends, instances: [...workloads].flatMap((w) => truth.instancesOfWorkload.get(w) ?? []) };
  }
  const named = (service: string): Instance[] => {
    const workload = workloadOf(service);
    const all = truth.instancesOfPod.get(podKey(workload.split('/')[0]!, request.pod)) ?? [];
    return all.filter((i) => i.workload === workload && i.startMs - marginMs <= (request.endMs ?? Infinity));
  };
  if (backends.length === 1) return { backends, instances: named(backends[0]!) };
  const those = backends.filter((service) => named(service).length > 0);
  const instances = [...new Set(those.flatMap(named))];
  return { backends: those.length > 0 ? those : backends, instances };
}

const DENIED: ReadonlySet<Outcome> = new Set([403, grpcOutcome(7)]);
const NOT_FOUND: ReadonlySet<Outcome> = new Set([404, grpcOutcome(5)]);
const LIMITED: ReadonlySet<Outcome> = new Set([429, grpcOutcome(8)]);

/** What the policy of a possible callee makes of the request, when that is how it was answered. */
function refusalOf({ caller, request, status }: Made, callees: readonly string[], truth: Truth): Refusal | null {
  const { policies, paths } = truth;
  for (const workload of callees) {
    const path = paths.inbound(workload, request.method, request.route);
    if (NOT_FOUND.has(status) && path.ref === null) return 'no-route';
    if (LIMITED.has(status) && policies.serverOf(workload)?.rateLimit) return 'limited';
    if (!DENIED.has(status) || path.ref === null) continue;
    if (policies.admission(workload, path, policies.clientOf(caller.workload, caller.pod)).admitted !== 'yes')
      return 'denied';
  }
  return null;
}

function kindOf(request: MadeRequest, status: Outcome, path: OutboundPath, marginMs: number): MadeKind {
  if (request.outcome !== 'completed') return 'gone';
  if (path.kind === 'none' && request.pod === '' && NOT_FOUND.has(status)) return 'unrouted';
  if (path.kind === 'profile' && request.pod === '' && isTimeout(request, status, path, marginMs)) return 'expired';
  // A peer's proxy that answered in a pod's stead does not say so to the app; but no pod has put its name on the answer.
  if (request.meshError === '') return request.pod === '' ? 'mesh' : 'ok';
  if (FAIL_FAST.test(request.meshError)) return 'failfast';
  return LOAD_SHED.test(request.meshError) ? 'shed' : 'mesh';
}

const TIMED_OUT: ReadonlySet<Outcome> = new Set([504, grpcOutcome(4)]);

/** The answer of a proxy whose route has a timeout, not before that. */
function isTimeout(request: MadeRequest, status: Outcome, { timeouts }: OutboundPath, marginMs: number): boolean {
  if (!TIMED_OUT.has(status) || FAIL_FAST.test(request.meshError)) return false;
  const set = [timeouts.requestMs, timeouts.responseMs, timeouts.idleMs].filter((ms) => ms !== null);
  return set.length > 0 && (request.endMs ?? Infinity) - request.startMs >= Math.min(...set) - marginMs;
}

export function podKey(namespace: string, pod: string): string {
  return `${namespace}/${pod}`;
}

export function group<T>(items: Iterable<T>, key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) push(groups, key(item), item);
  return groups;
}

export function push<T>(groups: Map<string, T[]>, key: string, item: T): void {
  const list = groups.get(key);
  if (list) list.push(item);
  else groups.set(key, [item]);
}
