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
  /** When each of the truth was counted that response_total counts, epoch ms; null: nobody asks for it. */
  times: number[] | null;
  /** The one family that can show it, which not every version of the proxy has. */
  needs?: string;
}

export class Drafts {
  readonly #all = new Map<string, Draft>();
  readonly #book: ScopeBook;
  readonly #keepTimes: boolean;

  constructor(book: ScopeBook, keepTimes = false) {
    this.#book = book;
    this.#keepTimes = keepTimes;
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
      times: this.#keepTimes ? [] : null,
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

/**
 * One more of the truth.
 * @param atMs when it had come to its end; absent: of the families of routes
 */
export function count(draft: Draft, instance: number, route: string, atMs?: number): void {
  draft.truth++;
  if (atMs !== undefined) draft.times?.push(atMs);
  draft.byInstance.set(instance, (draft.byInstance.get(instance) ?? 0) + 1);
  draft.truthByRoute[route] = (draft.truthByRoute[route] ?? 0) + 1;
}

export function resultOf(draft: Draft): FlowResult {
  const { pair: _p, byInstance: _b, meshMade: _m, needs: _n, times: _t, made, ...flow } = draft;
  return made > 0 && made !== flow.truth ? { ...flow, requests: made } : flow;
}
