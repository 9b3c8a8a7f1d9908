import { LayerExchange } from './exchange.ts';
import type { Histogram, HistogramFamily, Scalar, ScalarFamily } from './families.ts';
import {
  inboundRouteLabels,
  type LabelBag,
  routeLabels,
  serverLabels,
  serverTlsKey,
  serverTlsLabels,
  targetLabels,
} from './labels.ts';
import type { Page } from './page.ts';
import type { Pin, RequestSet, RequestStore } from './request-sets.ts';
import type { StackSet } from './stack.ts';
import type { Exchange, ExchangeError, InboundTarget } from './types.ts';

/** Registry families of one inbound route (facts 1.9). Durations appear with their first sample, frame sizes at once. */
class InboundRoute {
  readonly #statuses = new Map<number, Scalar>();
  readonly #families: InboundFamilies;
  readonly #bag: LabelBag;
  readonly requests: Scalar;
  readonly requestFrames: Histogram;
  readonly responseFrames: Histogram;
  #requestDuration: Histogram | null = null;
  #responseDuration: Histogram | null = null;

  constructor(families: InboundFamilies, bag: LabelBag) {
    this.#families = families;
    this.#bag = bag;
    this.requests = families.requests.with(bag);
    this.requestFrames = families.requestFrames.with(bag);
    this.responseFrames = families.responseFrames.with(bag);
  }

  /** A stream has ended; status 0 when it had no headers. */
  end(status: number, requestSeconds: number, responseSeconds: number): void {
    let counter = this.#statuses.get(status);
    if (counter === undefined) {
      counter = this.#families.statuses.with({ ...this.#bag, status: status === 0 ? '' : String(status) });
      this.#statuses.set(status, counter);
    }
    counter.value++;
    this.#requestDuration ??= this.#families.requestDuration.with(this.#bag);
    this.#requestDuration.observe(requestSeconds);
    this.#responseDuration ??= this.#families.responseDuration.with(this.#bag);
    this.#responseDuration.observe(responseSeconds);
  }
}

interface InboundFamilies {
  allow: ScalarFamily;
  errors: ScalarFamily;
  requests: ScalarFamily;
  requestFrames: HistogramFamily;
  requestDuration: HistogramFamily;
  responseFrames: HistogramFamily;
  responseDuration: HistogramFamily;
  statuses: ScalarFamily;
}

/** One label set of the inbound side. */
interface InboundEntry {
  set: RequestSet;
  allow: Scalar;
  /** The admin server has none. */
  route: InboundRoute | null;
  stack: StackSet;
  errors: ScalarFamily;
  errorBag: LabelBag;
}

class InboundExchange extends LayerExchange {
  readonly #entry: InboundEntry;

  constructor(entry: InboundEntry, hasBody: boolean, startMs: number) {
    super(hasBody, startMs);
    this.#entry = entry;
    entry.set.handles++;
    entry.set.attach(startMs);
  }

  protected override onDispatch(nowMs: number): void {
    const { allow, route, set, stack } = this.#entry;
    allow.value++;
    if (route !== null) {
      route.requests.value++;
      stack.ready.value++;
    }
    if (!this.hasBody) set.request(nowMs);
  }

  protected override onBodyPolled(nowMs: number): void {
    this.#entry.set.request(nowMs);
  }

  protected override onRequestFrame(bytes: number): void {
    this.#entry.route?.requestFrames.observe(bytes);
  }

  protected override onFirstResponseFrame(nowMs: number): void {
    this.#entry.set.latency(this.status, nowMs - this.dispatchMs, nowMs);
  }

  protected override onResponseFrame(bytes: number): void {
    this.#entry.route?.responseFrames.observe(bytes);
  }

  protected override onComplete(grpcStatus: string | null, nowMs: number): void {
    const { set } = this.#entry;
    if (!this.frameSeen) set.latency(this.status, nowMs - this.dispatchMs, nowMs);
    if (this.grpc) set.grpc(this.status, grpcStatus, nowMs);
    else set.http(this.status, nowMs);
    this.#end(nowMs);
  }

  protected override onFail(error: ExchangeError, nowMs: number): void {
    const { set, errors, errorBag } = this.#entry;
    set.error(this.status, error.response, nowMs);
    if (error.proxy !== null) errors.with({ ...errorBag, error: error.proxy }).value++;
    this.#end(nowMs);
  }

  protected override onCancelBody(nowMs: number): void {
    this.onComplete(null, nowMs);
  }

  protected override onRelease(): void {
    this.#entry.set.handles--;
  }

  #end(nowMs: number): void {
    this.#entry.route?.end(this.status, this.sinceStart(nowMs), this.sinceRequestEnd(nowMs));
  }
}

/** True for the admin server, which has the listener's address for a target and no registry families (facts 1.1). */
export function isAdmin(ip: string): boolean {
  return ip === '0.0.0.0' || ip === '::';
}

/** Inbound HTTP: authorization, endpoint and route families. */
export class Inbound {
  readonly #entries = new WeakMap<InboundTarget, InboundEntry>();
  readonly #byKey = new Map<string, InboundEntry>();
  readonly #families: InboundFamilies;
  readonly #store: RequestStore;
  readonly #stack: StackSet;
  readonly #policy: string;
  readonly #inboundPort: number;
  readonly #connections: (target: InboundTarget) => Pin;

  constructor(
    page: Page,
    options: {
      store: RequestStore;
      stack: StackSet;
      policy: string;
      inboundPort: number;
      connections: (target: InboundTarget) => Pin;
    },
  ) {
    this.#store = options.store;
    this.#stack = options.stack;
    this.#policy = options.policy;
    this.#inboundPort = options.inboundPort;
    this.#connections = options.connections;
    this.#families = {
      allow: page.counter('inbound_http_authz_allow_total'),
      errors: page.counter('inbound_http_errors_total'),
      requests: page.counter('inbound_http_requests'),
      requestFrames: page.histogram('inbound_http_request_frame_size_bytes'),
      requestDuration: page.histogram('inbound_http_request_duration_seconds'),
      responseFrames: page.histogram('inbound_http_response_frame_size_bytes'),
      responseDuration: page.histogram('inbound_http_response_duration_seconds'),
      statuses: page.counter('inbound_http_statuses'),
    };
  }

  exchange(target: InboundTarget, hasBody: boolean, startMs: number): Exchange {
    return new InboundExchange(this.#entries.get(target) ?? this.#entry(target), hasBody, startMs);
  }

  #entry(target: InboundTarget): InboundEntry {
    const key = `${target.ip} ${target.port} ${target.route} ${serverTlsKey(target.tls)}`;
    let entry = this.#byKey.get(key);
    if (entry === undefined) {
      entry = this.#make(target);
      this.#byKey.set(key, entry);
    }
    this.#entries.set(target, entry);
    return entry;
  }

  #make(target: InboundTarget): InboundEntry {
    const server = serverLabels(this.#policy, target.port);
    const endpoint: LabelBag = {
      direction: 'inbound',
      ...targetLabels(target.ip, target.port),
      ...serverTlsLabels(target.tls),
      ...server,
      ...routeLabels(target.route, this.#policy),
    };
    const admin = isAdmin(target.ip);
    // A meshed connection comes with a transport header to the proxy's own port, which errors show as the target.
    const errorPort = target.tls.tls === 'true' && !admin ? this.#inboundPort : target.port;
    if (!admin) this.#stack.created();
    const set = this.#store.set(endpoint);
    set.pins.push(this.#connections(target));
    return {
      set,
      allow: this.#families.allow.with(endpoint),
      route: admin ? null : new InboundRoute(this.#families, inboundRouteLabels(target, this.#policy)),
      stack: this.#stack,
      errors: this.#families.errors,
      errorBag: { ...targetLabels(target.ip, errorPort), ...server },
    };
  }
}
