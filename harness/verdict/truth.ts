import { GRPC_WITHOUT_TRAILERS, grpcOutcome, type Outcome } from '../core/outcome.ts';
import type { Topology, WorkloadInfo } from '../core/topology.ts';
import type { MadeRequest, ServedRequest, TruthJournal } from '../ledger/types.ts';

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
  /** Last thing the pod's previous incarnation wrote; -Infinity for the first. This one can't have lived before. */
  notBeforeMs: number;
  journal: TruthJournal;
}

/**
 * How a request ended for the one who made it. `ok`: a service's own answer; `mesh`: the mesh answered; `failfast` and
 * `shed`: the mesh answered before any endpoint was chosen; `gone`: no complete answer.
 */
export type MadeKind = 'ok' | 'mesh' | 'failfast' | 'shed' | 'gone';

export interface Made {
  caller: Instance;
  /** `namespace/service`. */
  service: string;
  /** Workload behind the service. */
  callee: string;
  kind: MadeKind;
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

/** The truth, indexed by callee workload. */
export interface Truth {
  instances: Instance[];
  instancesOfPod: Map<string, Instance[]>;
  instancesOfWorkload: Map<string, Instance[]>;
  made: Map<string, Made[]>;
  served: Map<string, Served[]>;
  /** Of workloads that speak another than HTTP/1. */
  protocols: Map<string, Protocol>;
}

export type Protocol = NonNullable<WorkloadInfo['protocol']>;

const FAIL_FAST = /fail-?\s?fast/i;
const LOAD_SHED = /shed|overload/i;

export function compileTruth(journals: readonly TruthJournal[], topology: Topology, marginMs: number): Truth {
  const instances = compileInstances(journals);
  const truth: Truth = {
    instances,
    instancesOfPod: group(instances, (i) => i.pod),
    instancesOfWorkload: group(instances, (i) => i.workload),
    made: new Map(),
    served: new Map(),
    protocols: new Map(topology.workloads.flatMap((w) => (w.protocol ? [[w.id, w.protocol] as const] : []))),
  };
  const workloadOf = new Map(topology.services.map((s) => [s.id, s.workload]));
  const isGrpc = (workload: string): boolean => truth.protocols.get(workload) === 'grpc';
  for (const instance of instances) {
    for (const request of instance.journal.made) {
      const callee = workloadOf.get(request.callee) ?? request.callee;
      push(truth.made, callee, compileMade(truth, instance, request, callee, isGrpc(callee), marginMs));
    }
    for (const request of instance.journal.served) {
      const status = outcomeOf(request, isGrpc(instance.workload));
      push(truth.served, instance.workload, { callee: instance, caller: request.caller, request, status });
    }
  }
  return truth;
}

function compileInstances(journals: readonly TruthJournal[]): Instance[] {
  const byPod = group(journals, (j) => podKey(j.workload.split('/')[0]!, j.pod));
  const instances: Instance[] = [];
  for (const [pod, incarnations] of byPod) {
    const sorted = incarnations.toSorted((a, b) => a.startMs - b.startMs);
    sorted.forEach((journal, ordinal) => {
      const previous = sorted[ordinal - 1];
      instances.push({
        id: instances.length,
        workload: journal.workload,
        pod,
        ordinal,
        startMs: journal.startMs,
        nextStartMs: sorted[ordinal + 1]?.startMs ?? Number.POSITIVE_INFINITY,
        notBeforeMs: previous ? lastMoment(previous) : Number.NEGATIVE_INFINITY,
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
  callee: string,
  isGrpc: boolean,
  marginMs: number,
): Made {
  const kind = kindOf(request);
  const until = request.endMs ?? Number.POSITIVE_INFINITY;
  const namespace = callee.split('/')[0]!;
  // An answer names its pod: the app of that incarnation was up before the answer ended. Without a name, any sidecar
  // of the workload that can have lived meanwhile.
  const candidates = request.pod
    ? (truth.instancesOfPod.get(podKey(namespace, request.pod)) ?? []).filter((i) => i.startMs - marginMs <= until)
    : (truth.instancesOfWorkload.get(callee) ?? []).filter((i) => i.notBeforeMs - marginMs <= until);
  return {
    caller,
    service: request.callee,
    callee,
    kind,
    candidates: candidates.filter((i) => request.startMs <= i.nextStartMs + marginMs).map((i) => i.id),
    request,
    startMs: request.startMs,
    firstByteMs: kind === 'gone' ? null : (request.firstByteMs ?? request.endMs),
    endMs: request.endMs,
    status: outcomeOf(request, isGrpc),
  };
}

function kindOf(request: MadeRequest): MadeKind {
  if (request.outcome !== 'completed') return 'gone';
  // A peer's proxy that answered in a pod's stead does not say so to the app; but no pod has put its name on the answer.
  if (request.meshError === '') return request.pod === '' ? 'mesh' : 'ok';
  if (FAIL_FAST.test(request.meshError)) return 'failfast';
  return LOAD_SHED.test(request.meshError) ? 'shed' : 'mesh';
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
