import type { Names } from './projection.ts';
import { buildScope, ids, type Scope } from './scope.ts';
import type { Instance, Truth } from './truth.ts';

/** The scopes of a run, by the instance whose sidecar counts and the peer that its series name. */
export class ScopeBook {
  private readonly known = new Map<string, Scope | null>();
  readonly truth: Truth;
  readonly names: Names;

  constructor(truth: Truth, names: Names) {
    this.truth = truth;
    this.names = names;
  }

  /** null: the truth has no journal of the peer's pod, so nothing can be said. */
  get(instance: Instance, peer: string): Scope | null {
    const key = `${instance.id}|${peer}`;
    let scope = this.known.get(key);
    if (scope === undefined) {
      scope = this.build(instance, peer);
      this.known.set(key, scope);
    }
    return scope;
  }

  private build(instance: Instance, peer: string): Scope | null {
    const [side, who, pod] = peer.split('|') as [string, string, string?];
    if (side === 'in') {
      return buildScope(this.truth, {
        side: 'inbound',
        callerWorkloads: who === '*' ? null : (this.names.workloadsOfIdentity.get(who) ?? new Set()),
        callers: null,
        callee: instance.workload,
        service: null,
        callees: new Set([instance.id]),
      });
    }
    const instances = pod === '*' ? null : this.truth.instancesOfPod.get(pod!);
    if (instances === undefined) return null;
    return buildScope(this.truth, {
      side: 'outbound',
      callerWorkloads: new Set([instance.workload]),
      callers: new Set([instance.id]),
      callee: this.names.services.get(who)?.workload ?? who,
      service: who,
      callees: instances && ids(instances),
    });
  }

  /** Peers that the truth expects series of: clients by identity, services and their pods. */
  peers(instance: Instance): { inClient: string[]; inServer: string[]; outPod: string[]; outService: string[] } {
    const callers = new Set<string>();
    for (const m of this.truth.made.get(instance.workload) ?? []) callers.add(m.caller.workload);
    for (const s of this.truth.served.get(instance.workload) ?? []) if (s.caller !== '-') callers.add(s.caller);
    const identities = new Set([...callers].map((w) => this.names.identityOfWorkload.get(w) ?? `?${w}`));
    const services = new Set(instance.journal.made.map((m) => m.callee));
    const outPod: string[] = [];
    for (const service of services) {
      const workload = this.names.services.get(service)?.workload ?? service;
      const pods = new Set((this.truth.instancesOfWorkload.get(workload) ?? []).map((i) => i.pod));
      for (const pod of pods) outPod.push(`out|${service}|${pod}`);
    }
    return {
      inClient: [...identities].map((id) => `in|${id}`),
      inServer: callers.size > 0 ? ['in|*'] : [],
      outPod,
      outService: [...services].map((s) => `out|${s}|*`),
    };
  }
}
