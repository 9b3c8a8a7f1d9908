import type { Discovery, KnownService } from '../discovery.ts';
import type { Peer } from '../peer.ts';

/** How long a connection waits for an endpoint before the balancer fails fast, ms. */
export const QUEUE_TIMEOUT_MS = 3000;

/** A connection that wants an endpoint. */
export interface Wanting {
  take(peer: Peer): void;
  /** `failfast`: it has waited too long; `loadshed`: others have, and there is still none. */
  refuse(error: 'failfast' | 'loadshed'): void;
}

/**
 * Chooses an endpoint for each opaque connection to one service, at random: the real balancer compares what its last
 * connects took, which all are short. An endpoint that refused is chosen again, as there.
 */
export class OpaquePool {
  readonly #service: KnownService;
  readonly #discovery: Discovery;
  readonly #random: () => number;
  readonly #timeoutMs: number;
  readonly #unwatch: () => void;
  #waiting: Wanting[] = [];
  #timer: NodeJS.Timeout | undefined;
  #shut = false;

  constructor(service: KnownService, discovery: Discovery, random: () => number, timeoutMs = QUEUE_TIMEOUT_MS) {
    this.#service = service;
    this.#discovery = discovery;
    this.#random = random;
    this.#timeoutMs = timeoutMs;
    this.#unwatch = discovery.watch(() => this.#update());
  }

  get size(): number {
    return this.#discovery.endpoints(this.#service).length;
  }

  dispatch(wanting: Wanting): void {
    const peer = this.#pick();
    if (peer) wanting.take(peer);
    else if (this.#shut) wanting.refuse('loadshed');
    else {
      this.#waiting.push(wanting);
      this.#timer ??= setTimeout(() => this.#failFast(), this.#timeoutMs);
    }
  }

  destroy(): void {
    this.#unwatch();
    clearTimeout(this.#timer);
    this.#waiting = [];
  }

  #pick(): Peer | undefined {
    const peers = this.#discovery.endpoints(this.#service);
    return peers[Math.floor(this.#random() * peers.length)];
  }

  #update(): void {
    if (this.size === 0) return;
    this.#shut = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wanting of waiting) this.dispatch(wanting);
  }

  #failFast(): void {
    this.#timer = undefined;
    this.#shut = true;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wanting of waiting) wanting.refuse('failfast');
  }
}
