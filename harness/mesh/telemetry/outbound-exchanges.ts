import { LayerExchange } from './exchange.ts';
import type { ScalarFamily } from './families.ts';
import { type BackendRoute, BODY_CUT, type ParentRoute } from './outbound-routes.ts';
import type { RequestSet } from './request-sets.ts';
import type { StackSet } from './stack.ts';
import type { ExchangeError } from './types.ts';

export interface RouteEntry {
  route: ParentRoute;
  /** Where a request that fails fast counts as well; null when the attempts are reported by themselves. */
  backend: BackendRoute | null;
  stack: StackSet;
  errors: ScalarFamily;
}

/** A request on its route, above retries and the balancer. */
export class RouteExchange extends LayerExchange {
  readonly #entry: RouteEntry;

  constructor(entry: RouteEntry, hasBody: boolean, startMs: number) {
    super(hasBody, startMs);
    this.#entry = entry;
  }

  protected override onDispatch(): void {
    this.#entry.stack.ready.value++;
  }

  protected override onBodyPolled(): void {}

  protected override onRequestFrame(bytes: number): void {
    this.#entry.route.frames.observe(bytes);
  }

  protected override onFirstResponseFrame(): void {}
  protected override onResponseFrame(): void {}

  protected override onComplete(grpcStatus: string | null, nowMs: number): void {
    this.#entry.route.endings.end(this.status, grpcStatus, '', this.sinceStart(nowMs));
  }

  protected override onFail(error: ExchangeError, nowMs: number): void {
    const { route, backend, errors } = this.#entry;
    if (error.proxy !== null) errors.with({ error: error.proxy }).value++;
    route.endings.end(this.status, null, error.route, this.sinceStart(nowMs));
    // Failfast is the balancer's: the request went to the backend, but to no endpoint.
    if (backend !== null && error.route === 'FAIL_FAST' && this.status === 0) {
      backend.requests.value++;
      backend.endings.end(0, null, error.route, this.sinceRequestEnd(nowMs));
    }
  }

  protected override onCancelBody(nowMs: number): void {
    this.#entry.route.endings.end(this.status, null, BODY_CUT, this.sinceStart(nowMs));
  }

  protected override onRelease(): void {}
}

/** An attempt at a backend, above its balancer. */
export class BackendExchange extends LayerExchange {
  readonly #backend: BackendRoute;

  constructor(backend: BackendRoute, hasBody: boolean, startMs: number) {
    super(hasBody, startMs);
    this.#backend = backend;
  }

  protected override onDispatch(): void {
    this.#backend.requests.value++;
  }

  protected override onBodyPolled(): void {}
  protected override onRequestFrame(): void {}
  protected override onFirstResponseFrame(): void {}

  protected override onResponseFrame(bytes: number): void {
    this.#backend.frames.observe(bytes);
  }

  protected override onComplete(grpcStatus: string | null, nowMs: number): void {
    this.#backend.endings.end(this.status, grpcStatus, '', this.sinceRequestEnd(nowMs));
  }

  protected override onFail(error: ExchangeError, nowMs: number): void {
    this.#backend.endings.end(this.status, null, error.route, this.sinceRequestEnd(nowMs));
  }

  protected override onCancelBody(nowMs: number): void {
    this.#backend.endings.end(this.status, null, BODY_CUT, this.sinceRequestEnd(nowMs));
  }

  protected override onRelease(): void {}
}

/** One endpoint of a Service. */
export interface Endpoint {
  set: RequestSet;
  stack: StackSet;
}

/** An attempt at an endpoint, below the balancer; it counts for the default route's backend too, unless told otherwise. */
export class EndpointExchange extends LayerExchange {
  readonly #endpoint: Endpoint;
  readonly #backend: BackendRoute | null;

  constructor(endpoint: Endpoint, backend: BackendRoute | null, hasBody: boolean, startMs: number) {
    super(hasBody, startMs);
    this.#endpoint = endpoint;
    this.#backend = backend;
    endpoint.set.handles++;
    endpoint.set.attach(startMs);
  }

  protected override onDispatch(nowMs: number): void {
    const { set, stack } = this.#endpoint;
    if (this.#backend !== null) this.#backend.requests.value++;
    stack.ready.value += 2;
    if (!this.hasBody) set.request(nowMs);
  }

  protected override onBodyPolled(nowMs: number): void {
    this.#endpoint.set.request(nowMs);
  }

  protected override onRequestFrame(): void {}

  protected override onFirstResponseFrame(nowMs: number): void {
    this.#endpoint.set.latency(this.status, nowMs - this.dispatchMs, nowMs);
  }

  protected override onResponseFrame(bytes: number): void {
    this.#backend?.frames.observe(bytes);
  }

  protected override onComplete(grpcStatus: string | null, nowMs: number): void {
    this.countResponse(this.#endpoint.set, grpcStatus, nowMs);
    this.#backend?.endings.end(this.status, grpcStatus, '', this.sinceRequestEnd(nowMs));
  }

  protected override onFail(error: ExchangeError, nowMs: number): void {
    this.#endpoint.set.error(this.status, error.response, nowMs);
    this.#backend?.endings.end(this.status, null, error.route, this.sinceRequestEnd(nowMs));
  }

  protected override onCancelBody(nowMs: number): void {
    this.countResponse(this.#endpoint.set, null, nowMs);
    this.#backend?.endings.end(this.status, null, BODY_CUT, this.sinceRequestEnd(nowMs));
  }

  protected override onRelease(): void {
    this.#endpoint.set.handles--;
  }
}
