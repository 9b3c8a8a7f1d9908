import { LayerExchange } from './exchange.ts';
import type { Histogram, HistogramFamily, Scalar, ScalarFamily } from './families.ts';
import { type LabelBag, outboundLabels, outboundTargetKey, outboundTargetLabels, serviceKey } from './labels.ts';
import type { Page } from './page.ts';
import type { Pin, RequestSet, RequestStore } from './request-sets.ts';
import type { StackSet } from './stack.ts';
import type { Exchange, ExchangeError, OutboundTarget, ServiceRef } from './types.ts';

/** A body that was cut off, by either side: the h2 reason is lost in the proxy's own body wrapping (facts, section 2). */
const BODY_CUT = 'UNKNOWN';

/** `..._statuses_total{http_status,error}`; the status is empty when no headers were seen. */
class StatusCounters {
  readonly #clean = new Map<number, Scalar>();
  readonly #failed = new Map<string, Scalar>();
  readonly #family: ScalarFamily;
  readonly #bag: LabelBag;

  constructor(family: ScalarFamily, bag: LabelBag) {
    this.#family = family;
    this.#bag = bag;
  }

  count(status: number, error: string): void {
    let counter = error === '' ? this.#clean.get(status) : this.#failed.get(`${status} ${error}`);
    if (counter === undefined) {
      counter = this.#family.with({ ...this.#bag, http_status: status === 0 ? '' : String(status), error });
      if (error === '') this.#clean.set(status, counter);
      else this.#failed.set(`${status} ${error}`, counter);
    }
    counter.value++;
  }
}

/** Default route of a Service: request-level and backend-level families (facts 1.10). */
class ServiceRoute {
  readonly requestFrames: Histogram;
  readonly requestStatuses: StatusCounters;
  readonly backendRequests: Scalar;
  readonly backendFrames: Histogram;
  readonly backendStatuses: StatusCounters;
  readonly #families: OutboundFamilies;
  readonly #bag: LabelBag;
  #requestDuration: Histogram | null = null;
  #backendDuration: Histogram | null = null;

  constructor(families: OutboundFamilies, bag: LabelBag) {
    this.#families = families;
    this.#bag = bag;
    this.requestFrames = families.requestFrames.with(bag);
    this.requestStatuses = new StatusCounters(families.requestStatuses, bag);
    this.backendRequests = families.backendRequests.with(bag);
    this.backendFrames = families.backendFrames.with(bag);
    this.backendStatuses = new StatusCounters(families.backendStatuses, bag);
  }

  endRequest(status: number, error: string, seconds: number): void {
    this.requestStatuses.count(status, error);
    this.#requestDuration ??= this.#families.requestDuration.with(this.#bag);
    this.#requestDuration.observe(seconds);
  }

  endBackend(status: number, error: string, seconds: number): void {
    this.backendStatuses.count(status, error);
    this.#backendDuration ??= this.#families.backendDuration.with(this.#bag);
    this.#backendDuration.observe(seconds);
  }
}

interface OutboundFamilies {
  errors: ScalarFamily;
  requestDuration: HistogramFamily;
  requestFrames: HistogramFamily;
  requestStatuses: ScalarFamily;
  backendRequests: ScalarFamily;
  backendDuration: HistogramFamily;
  backendFrames: HistogramFamily;
  backendStatuses: ScalarFamily;
}

class RouteExchange extends LayerExchange {
  readonly #route: ServiceRoute;
  readonly #stack: StackSet;
  readonly #errors: ScalarFamily;

  constructor(route: ServiceRoute, stack: StackSet, errors: ScalarFamily, hasBody: boolean, startMs: number) {
    super(hasBody, startMs);
    this.#route = route;
    this.#stack = stack;
    this.#errors = errors;
  }

  protected override onDispatch(): void {
    this.#stack.ready.value++;
  }

  protected override onBodyPolled(): void {}

  protected override onRequestFrame(bytes: number): void {
    this.#route.requestFrames.observe(bytes);
  }

  protected override onFirstResponseFrame(): void {}
  protected override onResponseFrame(): void {}

  protected override onComplete(_grpcStatus: string | null, nowMs: number): void {
    this.#route.endRequest(this.status, '', this.sinceStart(nowMs));
  }

  protected override onFail(error: ExchangeError, nowMs: number): void {
    if (error.proxy !== null) this.#errors.with({ error: error.proxy }).value++;
    this.#route.endRequest(this.status, error.route, this.sinceStart(nowMs));
    // Failfast is the balancer's: the request went to the backend, but to no endpoint.
    if (error.route === 'FAIL_FAST' && this.status === 0) {
      this.#route.backendRequests.value++;
      this.#route.endBackend(0, error.route, this.sinceRequestEnd(nowMs));
    }
  }

  protected override onCancelBody(nowMs: number): void {
    this.#route.endRequest(this.status, BODY_CUT, this.sinceStart(nowMs));
  }

  protected override onRelease(): void {}
}

/** One endpoint of a Service. */
interface Endpoint {
  set: RequestSet;
  route: ServiceRoute;
  stack: StackSet;
}

class EndpointExchange extends LayerExchange {
  readonly #endpoint: Endpoint;

  constructor(endpoint: Endpoint, hasBody: boolean, startMs: number) {
    super(hasBody, startMs);
    this.#endpoint = endpoint;
    endpoint.set.handles++;
    endpoint.set.attach(startMs);
  }

  protected override onDispatch(nowMs: number): void {
    const { set, route, stack } = this.#endpoint;
    route.backendRequests.value++;
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
    this.#endpoint.route.backendFrames.observe(bytes);
  }

  protected override onComplete(grpcStatus: string | null, nowMs: number): void {
    this.#endOfBody(grpcStatus, nowMs);
    this.#endpoint.route.endBackend(this.status, '', this.sinceRequestEnd(nowMs));
  }

  protected override onFail(error: ExchangeError, nowMs: number): void {
    this.#endpoint.set.error(this.status, error.response, nowMs);
    this.#endpoint.route.endBackend(this.status, error.route, this.sinceRequestEnd(nowMs));
  }

  protected override onCancelBody(nowMs: number): void {
    this.#endOfBody(null, nowMs);
    this.#endpoint.route.endBackend(this.status, BODY_CUT, this.sinceRequestEnd(nowMs));
  }

  protected override onRelease(): void {
    this.#endpoint.set.handles--;
  }

  /** A dropped body ends, for the endpoint's families, like a complete one. */
  #endOfBody(grpcStatus: string | null, nowMs: number): void {
    const { set } = this.#endpoint;
    if (!this.frameSeen) set.latency(this.status, nowMs - this.dispatchMs, nowMs);
    if (this.grpc) set.grpc(this.status, grpcStatus, nowMs);
    else set.http(this.status, nowMs);
  }
}

/** Outbound HTTP: the route above the balancer, and the endpoints below it. */
export class Outbound {
  readonly #routes = new WeakMap<ServiceRef, ServiceRoute>();
  readonly #routesByKey = new Map<string, ServiceRoute>();
  /** By service, since an endpoint's backend families are the service's. */
  readonly #endpoints = new WeakMap<ServiceRef, WeakMap<OutboundTarget, Endpoint>>();
  readonly #sets = new Map<string, RequestSet>();
  readonly #families: OutboundFamilies;
  readonly #store: RequestStore;
  readonly #balance: StackSet;
  readonly #endpointStack: StackSet;
  readonly #connections: (target: OutboundTarget) => Pin;

  constructor(
    page: Page,
    options: {
      store: RequestStore;
      balance: StackSet;
      endpoint: StackSet;
      connections: (target: OutboundTarget) => Pin;
    },
  ) {
    this.#store = options.store;
    this.#balance = options.balance;
    this.#endpointStack = options.endpoint;
    this.#connections = options.connections;
    this.#families = {
      errors: page.counter('outbound_http_errors_total'),
      requestDuration: page.histogram('outbound_http_route_request_duration_seconds'),
      requestFrames: page.histogram('outbound_http_route_request_frame_size_bytes'),
      requestStatuses: page.counter('outbound_http_route_request_statuses'),
      backendRequests: page.counter('outbound_http_route_backend_requests'),
      backendDuration: page.histogram('outbound_http_route_backend_response_duration_seconds'),
      backendFrames: page.histogram('outbound_http_route_backend_response_frame_size_bytes'),
      backendStatuses: page.counter('outbound_http_route_backend_response_statuses'),
    };
  }

  routeExchange(service: ServiceRef, hasBody: boolean, startMs: number): Exchange {
    return new RouteExchange(this.#route(service), this.#balance, this.#families.errors, hasBody, startMs);
  }

  endpointExchange(service: ServiceRef, target: OutboundTarget, hasBody: boolean, startMs: number): Exchange {
    const endpoint = this.#endpoints.get(service)?.get(target) ?? this.#endpoint(service, target);
    return new EndpointExchange(endpoint, hasBody, startMs);
  }

  #route(service: ServiceRef): ServiceRoute {
    let route = this.#routes.get(service);
    if (route !== undefined) return route;
    const key = serviceKey(service);
    route = this.#routesByKey.get(key);
    if (route === undefined) {
      route = new ServiceRoute(this.#families, outboundLabels(service, 'http'));
      this.#routesByKey.set(key, route);
      this.#balance.create.value++;
    }
    this.#routes.set(service, route);
    return route;
  }

  #endpoint(service: ServiceRef, target: OutboundTarget): Endpoint {
    const endpoint = { set: this.#set(target), route: this.#route(service), stack: this.#endpointStack };
    let endpoints = this.#endpoints.get(service);
    if (endpoints === undefined) {
      endpoints = new WeakMap();
      this.#endpoints.set(service, endpoints);
    }
    endpoints.set(target, endpoint);
    return endpoint;
  }

  #set(target: OutboundTarget): RequestSet {
    const key = outboundTargetKey(target);
    let set = this.#sets.get(key);
    if (set === undefined) {
      set = this.#store.set(outboundTargetLabels(target));
      set.pins.push(this.#connections(target));
      this.#sets.set(key, set);
      this.#endpointStack.created();
      this.#endpointStack.ready.value++;
    }
    return set;
  }
}
