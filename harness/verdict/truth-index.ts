import type { Made, MadeKind, Served, Truth } from './truth.ts';

/**
 * The truth by incarnations, so that the scope of one of them is made from its own requests, not from all of its workload's.
 * Each workload is indexed when it is first asked for.
 */
export class TruthIndex {
  readonly #truth: Pick<Truth, 'made' | 'served' | 'instancesOfWorkload'>;
  readonly #made = new Map<string, MadeOfWorkload>();
  readonly #served = new Map<string, Map<number, Served[]>>();
  readonly #restarting = new Map<string, boolean>();

  constructor(truth: Pick<Truth, 'made' | 'served' | 'instancesOfWorkload'>) {
    this.#truth = truth;
  }

  /** Requests that may have reached this incarnation, and those that may have reached none, in the order in which they were made. */
  madeNear(workload: string, instance: number): { near: readonly Made[]; failfast: readonly Made[] } {
    const { byCandidate, failfast } = this.#ofWorkload(workload);
    return { near: byCandidate.get(instance) ?? [], failfast };
  }

  /** Whether any request to the workload has ended so. Those that expired end as `gone` or `mesh`, by who is asked. */
  everEnded(workload: string, kind: MadeKind): boolean {
    const { kinds } = this.#ofWorkload(workload);
    return kinds.has(kind) || (kinds.has('expired') && (kind === 'gone' || kind === 'mesh'));
  }

  /** Whether any request to the workload may have been sent again. */
  everRetried(workload: string): boolean {
    return this.#ofWorkload(workload).retried;
  }

  servedBy(workload: string, instance: number): readonly Served[] {
    let byInstance = this.#served.get(workload);
    if (!byInstance) {
      byInstance = new Map();
      for (const s of this.#truth.served.get(workload) ?? []) pushTo(byInstance, s.callee.id, s);
      this.#served.set(workload, byInstance);
    }
    return byInstance.get(instance) ?? [];
  }

  /** Whether a pod of it was away for a while. */
  restarts(workload: string): boolean {
    let known = this.#restarting.get(workload);
    if (known === undefined) {
      const instances = this.#truth.instancesOfWorkload.get(workload) ?? [];
      known = instances.some((i) => i.nextStartMs !== Number.POSITIVE_INFINITY);
      this.#restarting.set(workload, known);
    }
    return known;
  }

  #ofWorkload(workload: string): MadeOfWorkload {
    let known = this.#made.get(workload);
    if (!known) {
      known = { byCandidate: new Map(), failfast: [], kinds: new Set(), retried: false };
      for (const m of this.#truth.made.get(workload) ?? []) {
        known.kinds.add(m.kind);
        known.retried ||= m.path.retry !== null;
        if (m.kind === 'failfast') known.failfast.push(m);
        else for (const id of m.candidates) pushTo(known.byCandidate, id, m);
      }
      this.#made.set(workload, known);
    }
    return known;
  }
}

interface MadeOfWorkload {
  byCandidate: Map<number, Made[]>;
  failfast: Made[];
  kinds: Set<MadeKind>;
  retried: boolean;
}

function pushTo<T>(lists: Map<number, T[]>, key: number, item: T): void {
  const list = lists.get(key);
  if (list) list.push(item);
  else lists.set(key, [item]);
}
