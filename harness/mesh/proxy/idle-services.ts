/** Linkerd's LINKERD2_PROXY_OUTBOUND_DISCOVERY_IDLE_TIMEOUT, ms. */
export const DISCOVERY_IDLE_MS = 5000;

interface Use {
  count: number;
  timer: NodeJS.Timeout | undefined;
}

/** Notices which services the app has stopped calling: no connection for one and no request to it, for five seconds. */
export class IdleServices<Service> {
  readonly #uses = new Map<Service, Use>();
  readonly #idle: (service: Service) => void;
  readonly #afterMs: number;

  constructor(idle: (service: Service) => void, afterMs = DISCOVERY_IDLE_MS) {
    this.#idle = idle;
    this.#afterMs = afterMs;
  }

  /** A connection or a request; the result is called when it ends. */
  use(service: Service): () => void {
    const known = this.#uses.get(service);
    const use: Use = known ?? { count: 0, timer: undefined };
    if (!known) this.#uses.set(service, use);
    clearTimeout(use.timer);
    use.count++;
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      use.count--;
      if (use.count === 0 && this.#uses.get(service) === use) this.#schedule(service, use);
    };
  }

  /** Nothing is idle any more that had been used. */
  forget(service: Service): void {
    clearTimeout(this.#uses.get(service)?.timer);
    this.#uses.delete(service);
  }

  clear(): void {
    for (const service of [...this.#uses.keys()]) this.forget(service);
  }

  #schedule(service: Service, use: Use): void {
    use.timer = setTimeout(() => {
      this.#uses.delete(service);
      this.#idle(service);
    }, this.#afterMs);
    use.timer.unref();
  }
}
