import { CellGroups } from './cell-groups.ts';
import { inPeer, NO_ROUTES } from './peers.ts';
import type { Names } from './projection.ts';
import { buildScope, ids, type Scope, type ScopeQuery } from './scope.ts';
import { type Instance, type Refusal, type Truth, visited } from './truth.ts';
import type { Dialect, Versions } from './versions/index.ts';

/** The scopes of a run, by the instance whose sidecar counts and the peer that its series name. */
export class ScopeBook {
  private readonly known = new Map<number, Map<string, Scope | null>>();
  private readonly groups = new Map<number, CellGroups>();
  private readonly peersKnown = new Map<number, Peers>();
  private readonly clientsKnown = new Map<string, Clients>();
  readonly truth: Truth;
  readonly names: Names;
  readonly versions: Versions;

  constructor(truth: Truth, names: Names, versions: Versions) {
    this.truth = truth;
    this.names = names;
    this.versions = versions;
  }

  /** How the sidecar of this incarnation says what it counts. */
  dialectOf(instance: Instance): Dialect {
    return this.versions.of(instance);
  }

  /** null: the truth has no journal of the peer's pod, so nothing can be said. */
  get(instance: Instance, peer: string): Scope | null {
    let ofInstance = this.known.get(instance.id);
    if (!ofInstance) {
      ofInstance = new Map();
      this.known.set(instance.id, ofInstance);
    }
    let scope = ofInstance.get(peer);
    if (scope === undefined) {
      scope = this.build(instance, peer);
      ofInstance.set(peer, scope);
    }
    return scope;
  }

  /** What the cells of an incarnation have in common in all ledgers. */
  groupsOf(instance: Instance): CellGroups {
    let groups = this.groups.get(instance.id);
    if (!groups) {
      groups = new CellGroups();
      this.groups.set(instance.id, groups);
    }
    return groups;
  }

  /** Lets go of what was worked out for an incarnation that has been compared; it is worked out again if it is asked for. */
  release(instance: number): void {
    for (const scope of this.known.get(instance)?.values() ?? []) scope?.release();
    this.groups.get(instance)?.release();
    this.groups.delete(instance);
  }

  private build(instance: Instance, peer: string): Scope | null {
    const [side, who, a, b] = peer.split('|') as [string, string, string?, string?];
    const { paths } = this.truth;
    // What headers decide is not in the truth.
    const comparable = side === 'in' ? paths.isComparableInbound(instance.workload) : paths.isComparable(who);
    if (!comparable && (side === 'in' ? a !== undefined : side !== 'out')) return null;
    switch (side) {
      case 'in':
        return this.inbound(instance, who, a);
      case 'rt':
      case 'at':
        return this.outbound(instance, this.backendWorkloads(who), null, {
          mine: (m) => m.service === who && m.path.key === a,
          like: this.likeOutbound(who, a!),
          effective: side === 'rt',
        });
      case 'be': {
        const workload = this.workloadOf(b!);
        const split = this.backendWorkloads(who).length > 1;
        const instances = split ? ids(this.truth.instancesOfWorkload.get(workload) ?? []) : null;
        return this.outbound(instance, [workload], instances, {
          mine: (m) => m.service === who && m.path.key === a && visited(m).includes(b!),
          like: this.likeOutbound(who, a!),
        });
      }
      default:
        return this.endpoints(instance, who, a!);
    }
  }

  private inbound(instance: Instance, who: string, route: string | undefined): Scope | null {
    const { paths } = this.truth;
    const like = (workload: string, method: string, path: string): boolean =>
      paths.inbound(workload, method, path).key === route;
    return buildScope(this.truth, {
      side: 'inbound',
      callerWorkloads: who === '*' ? null : (this.names.workloadsOfIdentity.get(who) ?? new Set()),
      callers: null,
      callees: [instance.workload],
      mine: null,
      instances: new Set([instance.id]),
      like: route === undefined ? null : like,
    });
  }

  /** Endpoints of a Service; requests reach them by its own name, or as a backend of another's route. */
  private endpoints(instance: Instance, service: string, pod: string): Scope | null {
    const workload = this.workloadOf(service);
    let instances = pod === '*' ? null : this.truth.instancesOfPod.get(pod);
    if (instances === undefined) return null;
    if (instances === null && this.isSplit(service)) instances = this.truth.instancesOfWorkload.get(workload) ?? [];
    return this.outbound(instance, [workload], instances && ids(instances), {
      mine: (m) => visited(m).includes(service),
      like: null,
    });
  }

  private outbound(
    instance: Instance,
    callees: readonly string[],
    instances: ReadonlySet<number> | null,
    which: Pick<ScopeQuery, 'mine' | 'like' | 'effective'>,
  ): Scope {
    return buildScope(this.truth, {
      side: 'outbound',
      callerWorkloads: new Set([instance.workload]),
      callers: new Set([instance.id]),
      callees,
      instances,
      ...which,
    });
  }

  private likeOutbound(service: string, key: string): ScopeQuery['like'] {
    const { paths } = this.truth;
    if (key === NO_ROUTES) return null;
    return (_workload, method, path) => paths.outbound(service, method, path).key === key;
  }

  private workloadOf(service: string): string {
    return this.names.services.get(service)?.workload ?? service;
  }

  private backendWorkloads(service: string): string[] {
    return [...new Set(this.truth.paths.backendsOf(service).map((id) => this.workloadOf(id)))];
  }

  private isSplit(service: string): boolean {
    return !this.truth.paths.isPlain(service);
  }

  /** Peers that the truth expects series of: clients by identity, services and their pods, routes and their backends. */
  peers(instance: Instance): Peers {
    let known = this.peersKnown.get(instance.id);
    if (!known) {
      known = { ...this.clientsOf(instance.workload), ...this.calledBy(instance) };
      this.peersKnown.set(instance.id, known);
    }
    return known;
  }

  private clientsOf(workload: string): Clients {
    let known = this.clientsKnown.get(workload);
    if (!known) {
      known = this.findClients(workload);
      this.clientsKnown.set(workload, known);
    }
    return known;
  }

  private findClients(workload: string): Clients {
    const { truth } = this;
    const { paths } = truth;
    const inClient = new Set<string>();
    const inServer = new Set<string>();
    const refused = { denied: new Set<string>(), 'no-route': new Set<string>(), limited: new Set<string>() };
    const identity = (w: string): string => this.names.identityOfWorkload.get(w) ?? `?${w}`;
    const add = (caller: string, { method, route }: { method: string; route: string }): string | null => {
      const path = paths.inbound(workload, method, route);
      if (!path.certain) return null;
      if (path.ref !== null) inServer.add(inPeer('*', path.key));
      return inPeer(identity(caller), path.key);
    };
    for (const m of truth.made.get(workload) ?? []) {
      const peer = add(m.caller.workload, m.request);
      if (peer === null) continue;
      // Limits of rates know no routes.
      if (m.refusal === 'limited') refused.limited.add(inPeer(identity(m.caller.workload), NO_ROUTES));
      else if (m.refusal !== null) refused[m.refusal].add(peer);
      if (m.refusal === null || m.refusal === 'limited') inClient.add(peer);
    }
    for (const s of truth.served.get(workload) ?? []) {
      const peer = s.caller === '-' ? null : add(s.caller, s.request);
      if (peer !== null) inClient.add(peer);
    }
    return {
      ...{ inClient: [...inClient], inServer: [...inServer] },
      refused: { denied: [...refused.denied], 'no-route': [...refused['no-route']], limited: [...refused.limited] },
    };
  }

  private calledBy(instance: Instance): Omit<Peers, keyof Clients> {
    const { truth } = this;
    const { paths } = truth;
    const outPod = new Set<string>();
    const outService = new Set<string>();
    const outRoute = new Set<string>();
    const outBackend = new Set<string>();
    const outRetried = new Set<string>();
    const outActual = new Set<string>();
    for (const service of new Set(instance.journal.made.map((m) => m.callee))) {
      for (const backend of paths.backendsOf(service)) {
        const pods = new Set((truth.instancesOfWorkload.get(this.workloadOf(backend)) ?? []).map((i) => i.pod));
        for (const pod of pods) outPod.add(`out|${backend}|${pod}`);
        outService.add(`out|${backend}|*`);
      }
      for (const key of paths.keysOf(service)) {
        outActual.add(`at|${service}|${key}`);
        if (paths.retries(service, key)) outRetried.add(`at|${service}|${key}`);
        outRoute.add(paths.isPlain(service) ? `out|${service}|*` : `rt|${service}|${key}`);
        for (const backend of paths.backendsOf(service)) {
          outBackend.add(paths.isPlain(service) ? `out|${service}|*` : `be|${service}|${key}|${backend}`);
        }
      }
    }
    const list = (set: Set<string>): string[] => [...set];
    return {
      ...{ outPod: list(outPod), outService: list(outService), outRoute: list(outRoute), outBackend: list(outBackend) },
      ...{ outRetried: list(outRetried), outActual: list(outActual) },
    };
  }
}

/** Of a workload: those of each of its incarnations. */
interface Clients {
  inClient: string[];
  inServer: string[];
  /** Whom the proxy let not in. */
  refused: Record<Refusal, string[]>;
}

export interface Peers extends Clients {
  outPod: string[];
  outService: string[];
  outRoute: string[];
  outBackend: string[];
  /** With a retry policy. */
  outRetried: string[];
  /** Attempts of a route, whatever their backend. */
  outActual: string[];
}
