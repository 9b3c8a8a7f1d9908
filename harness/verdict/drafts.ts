import type { FlowResult } from '../result/types.ts';
import type { Pair } from './reconcile.ts';
import { flowKey } from './recorder.ts';
import type { ScopeBook } from './scopebook.ts';

/** A flow while it is being made. */
export interface Draft extends FlowResult {
  pair: Pair;
  /** Truth of each instance whose sidecar counts it. */
  byInstance: Map<number, number>;
  /** Among the truth: answers that the mesh made, which the proxy may count without a status instead. */
  meshMade: number;
  /** Requests that the application made, where proxies count attempts. */
  made: number;
}

export class Drafts {
  readonly #all = new Map<string, Draft>();
  readonly #book: ScopeBook;

  constructor(book: ScopeBook) {
    this.#book = book;
  }

  get(pair: Pair, status: string): Draft {
    const key = `${flowKey(pair)}|${status}`;
    const known = this.#all.get(key);
    if (known) return known;
    const { source, destination, direction, declared } = pair;
    const draft: Draft = {
      ...{ pair, source, destination, direction },
      route: declared ?? 'default',
      protocol: this.#book.truth.protocols.get(destination) === 'grpc' ? 'grpc' : 'http',
      status,
      truth: 0,
      proxy: null,
      prometheus: null,
      unobservable: 0,
      verdict: 'pass',
      truthByRoute: {},
      bounds: [],
      byInstance: new Map(),
      meshMade: 0,
      made: 0,
    };
    this.#all.set(key, draft);
    return draft;
  }

  find(pair: Pair, status: string): Draft | undefined {
    return this.#all.get(`${flowKey(pair)}|${status}`);
  }

  values(): Draft[] {
    return [...this.#all.values()];
  }
}

/** One more of the truth. */
export function count(draft: Draft, instance: number, route: string): void {
  draft.truth++;
  draft.byInstance.set(instance, (draft.byInstance.get(instance) ?? 0) + 1);
  draft.truthByRoute[route] = (draft.truthByRoute[route] ?? 0) + 1;
}

export function resultOf(draft: Draft): FlowResult {
  const { pair: _p, byInstance: _b, meshMade: _m, made, ...flow } = draft;
  return made > 0 && made !== flow.truth ? { ...flow, requests: made } : flow;
}
