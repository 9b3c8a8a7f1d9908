/** Everything random of one test, from one number. */
export class Draw {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 (inclusive) to 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let x = this.#state;
    x = Math.imul(x ^ (x >>> 15), x | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  }

  int(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  pick<T>(items: readonly T[]): T {
    return items[this.int(0, items.length - 1)]!;
  }

  /** Some of them, one at least, in their order. */
  some<T>(items: readonly T[]): T[] {
    const sure = this.int(0, items.length - 1);
    return items.filter((_, i) => i === sure || this.next() < 0.4);
  }

  /** Lower-case letters, such as nothing in the mesh is called. */
  word(): string {
    return `q${Array.from({ length: this.int(3, 9) }, () => this.pick([...'abcdefghijklmnopqrstuvwxyz'])).join('')}`;
  }
}
