/** A request that is handled when there is a place for it. */
export interface Guest {
  /** It has a place until it leaves. @param fromMs since when, epoch ms */
  handle(fromMs: number): void;
}

/**
 * The places in which a pod handles requests, so many at once; whoever finds none free waits in line, first come, first
 * served. One that waits may leave as well.
 */
export class Places {
  readonly count: number;
  /** Since when each free place is, epoch ms. */
  readonly #free: number[];
  /** When they came, epoch ms, in that order. */
  readonly #line = new Map<Guest, number>();
  #admitting = false;
  readonly #admit = () => this.#admitNext();

  constructor(count: number) {
    this.count = count;
    this.#free = new Array(count).fill(0);
  }

  /** @param nowMs epoch */
  enter(guest: Guest, nowMs: number): void {
    // A place that was left a moment ago is for the first in line.
    if (this.#free.length === 0 || this.#line.size > 0) {
      this.#line.set(guest, nowMs);
      return;
    }
    this.#free.pop();
    guest.handle(nowMs);
  }

  /**
   * Each guest leaves once, from its place or from the line. It may still be writing its last: who follows it does so after that.
   * @param sinceMs when its place was to be free, epoch: what a timer was late by is not lost to those who wait, so that a place
   * handles as many requests as it says
   */
  leave(guest: Guest, sinceMs: number): void {
    if (this.#line.delete(guest)) return;
    this.#free.push(sinceMs);
    if (this.#line.size === 0 || this.#admitting) return;
    this.#admitting = true;
    queueMicrotask(this.#admit);
  }

  #admitNext(): void {
    this.#admitting = false;
    // Those that need no time leave again within the loop.
    for (const [guest, cameMs] of this.#line) {
      const freeMs = this.#free.shift();
      if (freeMs === undefined) return;
      this.#line.delete(guest);
      guest.handle(Math.max(cameMs, freeMs));
    }
  }
}
