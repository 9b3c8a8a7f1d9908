import { epochMs } from '../../core/clock.ts';
import type { FailureAccrual } from '../../core/policy.ts';
import type { BackendRef, OutboundTarget, ProxyTelemetry, ServiceRef } from '../telemetry/types.ts';
import type { AppClient } from './app-client.ts';
import type { Http2AppClient } from './app-client-http2.ts';
import { type Discovery, type KnownService, podKey } from './discovery.ts';
import { Breaker } from './outbound/breaker.ts';
import type { Peer } from './peer.ts';
import type { PeerConnection } from './peer-connection.ts';

/** How long a request waits for an endpoint before the balancer fails fast, ms (facts, section 2). */
export const QUEUE_TIMEOUT_MS = 3000;
const QUEUE_CAPACITY = 10_000;
const BACKOFF_MS = { min: 100, max: 500 };

/** Connections to an app without a proxy of its own. */
export interface AppClients {
  http1: AppClient;
  http2: Http2AppClient;
}

export interface Endpoint {
  readonly pod: Peer;
  readonly target: OutboundTarget;
  /** The connection to its proxy; null when it is not meshed: then its app is asked, in plaintext. */
  readonly peer: PeerConnection | null;
  readonly app: AppClients | null;
  /** Requests that are on their way. */
  inFlight: number;
  /** Its last connection attempt failed; it gets no requests until one has succeeded. */
  failed: boolean;
  /** Takes it out while it fails; absent: nothing does. */
  breaker?: Breaker;
}

/** The Service above, where it is another, and its policy's circuit breakers. */
export interface BalancerPolicy {
  parent?: ServiceRef;
  failureAccrual: FailureAccrual | null;
}

/** A request that waits for an endpoint. */
export interface Waiting {
  /** Nobody waits for it any more. */
  readonly abandoned: boolean;
  send(endpoint: Endpoint): void;
  failFast(): void;
  shed(): void;
}

/**
 * Chooses an endpoint for each request to one service: of two taken at random, the one with fewer requests in flight. With no
 * endpoint, requests wait; after 3 s all that wait fail, and later ones are shed at once, until there is an endpoint again.
 */
export class Balancer {
  readonly ref: BackendRef;
  readonly #service: KnownService;
  readonly #discovery: Discovery;
  readonly #telemetry: ProxyTelemetry;
  readonly #connect: (service: KnownService, pod: Peer) => Endpoint;
  readonly #random: () => number;
  readonly #accrual: FailureAccrual | null;
  readonly #endpoints = new Map<string, Endpoint>();
  readonly #unwatch: () => void;
  readonly #retries = new Set<NodeJS.Timeout>();
  #available: Endpoint[] = [];
  #queue: { waiting: Waiting; sinceMs: number }[] = [];
  #timer: NodeJS.Timeout | undefined;
  #shut = false;
  #announced = false;

  constructor(
    service: KnownService,
    discovery: Discovery,
    telemetry: ProxyTelemetry,
    connect: (service: KnownService, pod: Peer) => Endpoint,
    random: () => number,
    policy: BalancerPolicy | null = null,
  ) {
    this.#accrual = policy?.failureAccrual ?? null;
    this.ref = {
      namespace: service.namespace,
      name: service.name,
      port: service.port,
      clusterIp: service.clusterIp,
      ...(policy?.parent && { parent: policy.parent }),
    };
    this.#service = service;
    this.#discovery = discovery;
    this.#telemetry = telemetry;
    this.#connect = connect;
    this.#random = random;
    this.#update();
    this.#unwatch = discovery.watch(() => this.#update());
  }

  /** Those that it chooses from. */
  get pods(): Peer[] {
    return [...this.#endpoints.values()].map((endpoint) => endpoint.pod);
  }

  /** It has had no endpoint for too long: whoever chooses among balancers does not choose it. */
  get isShut(): boolean {
    return this.#shut;
  }

  dispatch(waiting: Waiting): void {
    const endpoint = this.#pick();
    if (endpoint) {
      this.#telemetry.balancerQueued(this.ref, 0);
      waiting.send(endpoint);
    } else if (this.#shut || this.#queue.length >= QUEUE_CAPACITY) waiting.shed();
    else {
      this.#queue.push({ waiting, sinceMs: performance.now() });
      this.#timer ??= setTimeout(() => this.#failFast(), QUEUE_TIMEOUT_MS);
    }
  }

  /** The connection to an endpoint could not be made: no more requests to it until one stands again. */
  connectFailed(endpoint: Endpoint): void {
    if (endpoint.failed) return;
    endpoint.failed = true;
    this.#recount(0, 0);
    this.#retry(endpoint, BACKOFF_MS.min);
  }

  /** Its service is gone, with its endpoints, or another balancer is in its place. What waits fails when its time is over; what is on its way goes on. */
  retire(): void {
    this.#unwatch();
    this.#update();
    this.#stopTimers();
  }

  destroy(): void {
    this.#unwatch();
    clearTimeout(this.#timer);
    this.#stopTimers();
    this.#queue = [];
  }

  /** Of its endpoints: nothing changes by itself any more. */
  #stopTimers(): void {
    for (const retry of this.#retries) clearTimeout(retry);
    for (const { breaker } of this.#endpoints.values()) breaker?.destroy();
  }

  #pick(): Endpoint | undefined {
    const endpoint = this.#choose();
    if (endpoint?.breaker) endpoint.breaker.admit();
    return endpoint;
  }

  #choose(): Endpoint | undefined {
    const { length } = this.#available;
    if (length < 2) return this.#available[0];
    const first = Math.floor(this.#random() * length);
    const second = (first + 1 + Math.floor(this.#random() * (length - 1))) % length;
    const a = this.#available[first]!;
    const b = this.#available[second]!;
    return b.inFlight < a.inFlight ? b : a;
  }

  #update(): void {
    const pods = new Map(this.#discovery.endpoints(this.#service).map((pod) => [podKey(pod), pod]));
    let added = 0;
    let removed = 0;
    for (const [key, endpoint] of [...this.#endpoints]) {
      if (pods.get(key) === endpoint.pod) continue;
      endpoint.breaker?.destroy();
      this.#endpoints.delete(key);
      removed++;
    }
    for (const [key, pod] of pods) {
      if (this.#endpoints.has(key)) continue;
      const endpoint = this.#connect(this.#service, pod);
      if (this.#accrual) endpoint.breaker = new Breaker(this.#accrual, this.#random, () => this.#recount(0, 0));
      this.#endpoints.set(key, endpoint);
      added++;
    }
    if (added > 0 || removed > 0 || !this.#announced) this.#recount(added, removed);
    this.#announced = true;
  }

  #recount(added: number, removed: number): void {
    const all = [...this.#endpoints.values()];
    this.#available = all.filter((endpoint) => !endpoint.failed && endpoint.breaker?.ready !== false);
    const ready = this.#available.length;
    this.#telemetry.balancerEndpoints(this.ref, { ready, pending: all.length - ready, added, removed });
    if (ready > 0) this.#open();
  }

  #open(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#shut) this.#telemetry.balancerGate(this.ref, 'open', epochMs() / 1000);
    this.#shut = false;
    const queue = this.#queue;
    this.#queue = [];
    for (const { waiting, sinceMs } of queue) {
      if (waiting.abandoned) continue;
      const endpoint = this.#pick();
      if (!endpoint) this.dispatch(waiting);
      else {
        this.#telemetry.balancerQueued(this.ref, (performance.now() - sinceMs) / 1000);
        waiting.send(endpoint);
      }
    }
  }

  #failFast(): void {
    this.#timer = undefined;
    this.#shut = true;
    this.#telemetry.balancerGate(this.ref, 'shut', epochMs() / 1000);
    const queue = this.#queue;
    this.#queue = [];
    for (const { waiting } of queue) if (!waiting.abandoned) waiting.failFast();
  }

  #retry(endpoint: Endpoint, afterMs: number): void {
    const timer = setTimeout(() => {
      this.#retries.delete(timer);
      if (this.#endpoints.get(podKey(endpoint.pod)) !== endpoint) return;
      endpoint.peer?.acquire((failure) => {
        if (failure) this.#retry(endpoint, Math.min(BACKOFF_MS.max, afterMs * 2));
        else {
          endpoint.failed = false;
          this.#recount(0, 0);
        }
      });
    }, afterMs);
    timer.unref();
    this.#retries.add(timer);
  }
}
