/** Pauses between attempts: doubled each time up to a limit, each shortened at random by up to half. */
export class Backoff {
  readonly #minMs: number;
  readonly #maxMs: number;
  readonly #random: () => number;
  #nextMs: number;

  constructor(minMs: number, maxMs: number, random: () => number = Math.random) {
    this.#minMs = minMs;
    this.#maxMs = maxMs;
    this.#random = random;
    this.#nextMs = minMs;
  }

  /** @returns how long to wait before the next attempt, ms */
  next(): number {
    const ms = this.#nextMs;
    this.#nextMs = Math.min(this.#maxMs, ms * 2);
    return ms * (1 - this.#random() / 2);
  }

  /** It went well. */
  reset(): void {
    this.#nextMs = this.#minMs;
  }
}
