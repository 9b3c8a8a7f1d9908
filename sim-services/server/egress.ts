import type { Call } from '../contract.ts';

export interface Address {
  host: string;
  port: number;
}

/** Addresses that connections go to one after the other. */
export class Turn {
  readonly addresses: readonly Address[];
  #next = 0;

  constructor(addresses: readonly Address[]) {
    this.addresses = addresses;
  }

  /** Index of the one whose turn it is. */
  next(): number {
    if (this.addresses.length === 1) return 0;
    const index = this.#next;
    this.#next = (index + 1) % this.addresses.length;
    return index;
  }
}

/** Something kept between calls. */
export interface Kept {
  destroy(): Promise<void> | void;
}

/** Where the calls of a pod go, and what is kept open for them. */
export class Egress {
  /** How long a new connection says nothing, ms; 0: not at all. */
  readonly speaksAfterMs: number;
  readonly #fixed: Address | null;
  readonly #of: Record<string, Address[]>;
  readonly #turns = new Map<string, Turn>();
  readonly #kept = new Map<string, Kept>();
  readonly #open = new Set<Kept>();
  #onIdle: (() => void) | null = null;

  /**
   * @param fixed where every connection goes; null: to the authority called
   * @param of where those to an `authority:port` go instead, in turn
   */
  constructor(fixed: Address | null, of: Record<string, Address[]> = {}, speaksAfterMs = 0) {
    this.speaksAfterMs = speaksAfterMs;
    this.#fixed = fixed;
    this.#of = of;
  }

  /** Shared by all calls to the same `authority:port`. */
  turnOf(call: Call): Turn {
    const name = `${call.authority}:${call.port}`;
    let turn = this.#turns.get(name);
    if (!turn) {
      turn = new Turn(this.#of[name] ?? [this.#fixed ?? { host: call.authority, port: call.port }]);
      this.#turns.set(name, turn);
    }
    return turn;
  }

  /** One of a kind for each key. */
  keep<T extends Kept>(key: string, make: () => T): T {
    let kept = this.#kept.get(key);
    if (!kept) {
      kept = make();
      this.#kept.set(key, kept);
    }
    return kept as T;
  }

  /** Ends with the pod, unless it was forgotten before. */
  track(open: Kept): void {
    this.#open.add(open);
  }

  forget(open: Kept): void {
    this.#open.delete(open);
    if (this.#open.size === 0) this.#onIdle?.();
  }

  /** Resolves when nothing that is tracked is open: connections of calls that close behind what they were for. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#onIdle = resolve;
      if (this.#open.size === 0) resolve();
    });
  }

  async destroy(): Promise<void> {
    await Promise.all([...this.#kept.values(), ...this.#open].map((kept) => kept.destroy()));
  }
}

/** As a URL has it. */
export function hostPort({ host, port }: Address): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
