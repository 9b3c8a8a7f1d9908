import type { ObjectRef, RateLimit } from '../../../core/policy.ts';

/**
 * The generic cell rate algorithm, as the `governor` crate (0.10) has it: a burst of one second's worth, then one each 1/rate
 * seconds. What is refused uses nothing up.
 */
export class Gcra {
  /** Between two requests at the rate. Nanoseconds are whole numbers, so that sums of them are exact. */
  readonly #intervalNs: number;
  /** How far ahead of its time a request may come. */
  readonly #toleranceNs: number;
  /** Theoretical arrival time of the next request. */
  #tatNs: number | null = null;

  constructor(perSecond: number) {
    this.#intervalNs = Math.floor(1e9 / perSecond);
    this.#toleranceNs = this.#intervalNs * (perSecond - 1);
  }

  /** True: it may pass, and is counted. */
  take(nowMs: number): boolean {
    const nowNs = Math.round(nowMs * 1e6);
    const tatNs = this.#tatNs ?? nowNs;
    if (nowNs < tatNs - this.#toleranceNs) return false;
    this.#tatNs = Math.max(tatNs, nowNs) + this.#intervalNs;
    return true;
  }
}

export type LimitScope = 'total' | 'identity';

/**
 * An HTTPLocalRateLimitPolicy in one proxy: first all requests together, then those of each identity; clients without one
 * share theirs. A rate of 0 is none.
 */
export class LocalRateLimit {
  readonly ref: ObjectRef;
  readonly totalPerSecond: number;
  readonly identityPerSecond: number;
  readonly #total: Gcra | null;
  readonly #byIdentity = new Map<string, Gcra>();

  constructor({ ref, totalPerSecond, identityPerSecond }: RateLimit) {
    this.ref = ref;
    this.totalPerSecond = totalPerSecond ?? 0;
    this.identityPerSecond = identityPerSecond ?? 0;
    this.#total = this.totalPerSecond > 0 ? new Gcra(this.totalPerSecond) : null;
  }

  /** null: it may pass; else which limit it exceeds. A request that its identity's limit stops has used up the total's. */
  exceeded(identity: string | null, nowMs: number): LimitScope | null {
    if (this.#total && !this.#total.take(nowMs)) return 'total';
    if (this.identityPerSecond > 0 && !this.#of(identity ?? '').take(nowMs)) return 'identity';
    return null;
  }

  #of(identity: string): Gcra {
    let limiter = this.#byIdentity.get(identity);
    if (!limiter) {
      limiter = new Gcra(this.identityPerSecond);
      this.#byIdentity.set(identity, limiter);
    }
    return limiter;
  }
}
