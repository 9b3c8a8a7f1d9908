const WINDOWS = 10;

/**
 * How many retries a ServiceProfile allows: a share of the requests of the last `ttlMs`, and some in any case. As tower's
 * TpsBudget, which linkerd2-proxy uses, with its whole numbers.
 */
export class RetryBudget {
  readonly #deposit: number;
  readonly #withdrawal: number;
  readonly #reserve: number;
  readonly #windowMs: number;
  readonly #slots = new Array<number>(WINDOWS).fill(0);
  #current = 0;
  #index = 0;
  #sinceMs: number;

  constructor(
    { retryRatio, minRetriesPerSecond, ttlMs }: { retryRatio: number; minRetriesPerSecond: number; ttlMs: number },
    nowMs: number,
  ) {
    [this.#deposit, this.#withdrawal] =
      retryRatio === 0
        ? [0, 1]
        : retryRatio <= 1
          ? [1, Math.trunc(1 / retryRatio)]
          : [1000, Math.trunc(1000 / retryRatio)];
    this.#reserve = minRetriesPerSecond * Math.trunc(ttlMs / 1000) * this.#withdrawal;
    this.#windowMs = ttlMs / WINDOWS;
    this.#sinceMs = nowMs;
  }

  /** A request that needs no retry. */
  deposit(nowMs: number): void {
    this.#expire(nowMs);
    this.#current += this.#deposit;
  }

  /** A request that does. false: there is no budget for it. */
  withdraw(nowMs: number): boolean {
    this.#expire(nowMs);
    const sum = this.#slots.reduce((a, b) => a + b, this.#current + this.#reserve);
    if (sum < this.#withdrawal) return false;
    this.#current -= this.#withdrawal;
    return true;
  }

  #expire(nowMs: number): void {
    let passed = nowMs - this.#sinceMs;
    if (passed < this.#windowMs) return;
    this.#slots[this.#index] = this.#current;
    this.#current = 0;
    this.#index = (this.#index + 1) % WINDOWS;
    // After a long silence all are empty.
    passed = Math.min(passed, this.#windowMs * (WINDOWS + 1));
    while (passed > this.#windowMs) {
      this.#slots[this.#index] = 0;
      passed -= this.#windowMs;
      this.#index = (this.#index + 1) % WINDOWS;
    }
    this.#sinceMs = nowMs;
  }
}
