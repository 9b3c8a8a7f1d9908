import { grpcNumber } from './classify.ts';
import { LayerExchange } from './exchange.ts';
import type { Histogram, HistogramFamily, Scalar, ScalarFamily } from './families.ts';
import {
  defaultTargetPolicy,
  inboundKey,
  inboundRouteLabels,
  type LabelBag,
  routeAuthzLabels,
  serverLabels,
  serverTlsKey,
  serverTlsLabels,
  targetLabels,
} from './labels.ts';
import type { Page } from './page.ts';
import type { Pin, RequestSet, RequestStore } from './request-sets.ts';
import type { StackSet } from './stack.ts';
import type { Exchange, ExchangeError, InboundTarget, InboundTargetPolicy } from './types.ts';

/** Registry families of one inbound route (facts 1.9). Durations appear with their first sample, frame sizes at once. */
class InboundRoute {
  /** By HTTP status, or by gRPC status. */
  readonly #statuses = new Map<number | string, Scalar>();
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

  /** A stream has ended; status 0 when it had no headers, `grpcStatus` null when it had no trailers. */
  end(status: number, grpcStatus: string | null, requestSeconds: number, responseSeconds: number): void {
    const { grpc } = this.#families;
    const key = grpc ? (grpcStatus ?? '') : status;
    let counter = this.#statuses.get(key);
    if (counter === undefined) {
      const label = grpc ? grpcNumber(grpcStatus) : status === 0 ? '' : String(status);
      counter = this.#families.statuses.with({ ...this.#bag, status: label });
      this.#statuses.set(key, counter);
    }
    counter.value++;
    this.#requestDuration ??= this.#families.requestDuration.with(this.#bag);
    this.#requestDuration.observe(requestSeconds);
    this.#responseDuration ??= this.#families.responseDuration.with(this.#bag);
    this.#responseDuration.observe(responseSeconds);
  }
}

/** inbound_http_*, or inbound_grpc_* of a Server whose protocol is gRPC. */
interface InboundFamilies {
  grpc: boolean;
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
  #admitted = false;

  constructor(entry: InboundEntry, hasBody: boolean, startMs: number) {
    super(hasBody, startMs);
    this.#entry = entry;
    entry.set.handles++;
    entry.set.attach(startMs);
  }

  protected override onDispatch(nowMs: number): void {
    this.#admit();
    if (!this.hasBody) this.#entry.set.request(nowMs);
  }

  /** What counts above the queue before the app. */
  #admit(): void {
    const { allow, route, stack } = this.#entry;
    this.#admitted = true;
    allow.value++;
    if (route === null) return;
    route.requests.value++;
    stack.ready.value++;
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
    this.countResponse(this.#entry.set, grpcStatus, nowMs);
    this.#end(grpcStatus, nowMs);
  }

  protected override onFail(error: ExchangeError, nowMs: number): void {
    const { set, errors, errorBag } = this.#entry;
    if (this.#admitted) set.error(this.status, error.response, nowMs);
    else this.#admit();
    if (error.proxy !== null) errors.with({ ...errorBag, error: error.proxy }).value++;
    this.#end(null, nowMs);
  }

  protected override onCancelBody(nowMs: number): void {
    this.onComplete(null, nowMs);
  }

  protected override onRelease(): void {
    if (!this.#admitted) this.#admit();
    this.#entry.set.handles--;
  }

  #end(grpcStatus: string | null, nowMs: number): void {
    this.#entry.route?.end(this.status, grpcStatus, this.sinceStart(nowMs), this.sinceRequestEnd(nowMs));
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
  readonly #families: Readonly<Record<'http' | 'grpc', InboundFamilies>>;
  readonly #allow: ScalarFamily;
  readonly #errors: ScalarFamily;
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
    this.#allow = page.counter('inbound_http_authz_allow_total');
    this.#errors = page.counter('inbound_http_errors_total');
    this.#families = { http: inboundFamilies(page, 'http'), grpc: inboundFamilies(page, 'grpc') };
  }

  exchange(target: InboundTarget, hasBody: boolean, startMs: number): Exchange {
    return new InboundExchange(this.#entries.get(target) ?? this.#entry(target), hasBody, startMs);
  }

  #entry(target: InboundTarget): InboundEntry {
    const policy = target.policy ?? defaultTargetPolicy(target.route, this.#policy);
    const key = `${target.ip} ${target.port} ${policyKey(policy)} ${serverTlsKey(target.tls)}`;
    let entry = this.#byKey.get(key);
    if (entry === undefined) {
      entry = this.#make(target, policy);
      this.#byKey.set(key, entry);
    }
    this.#entries.set(target, entry);
    return entry;
  }

  #make(target: InboundTarget, policy: InboundTargetPolicy): InboundEntry {
    const server = serverLabels(policy.server, target.port);
    const endpoint: LabelBag = {
      direction: 'inbound',
      ...targetLabels(target.ip, target.port),
      ...serverTlsLabels(target.tls),
      ...server,
      ...routeAuthzLabels(policy),
    };
    const admin = isAdmin(target.ip);
    if (!admin) this.#stack.created();
    const set = this.#store.set(endpoint);
    set.pins.push(this.#connections(target));
    return {
      set,
      allow: this.#allow.with(endpoint),
      route: admin ? null : this.#route(policy, target.port),
      stack: this.#stack,
      errors: this.#errors,
      errorBag: inboundErrorLabels(target, policy, this.#inboundPort),
    };
  }

  #route(policy: InboundTargetPolicy, port: number): InboundRoute {
    return new InboundRoute(this.#families[policy.grpc ? 'grpc' : 'http'], inboundRouteLabels(policy, port));
  }
}

/**
 * Labels of inbound_http_errors_total. A meshed connection comes with a transport header to the proxy's own port, which
 * errors show as the target (facts 1.4).
 */
export function inboundErrorLabels(target: InboundTarget, policy: InboundTargetPolicy, inboundPort: number): LabelBag {
  const port = target.tls.tls === 'true' && !isAdmin(target.ip) ? inboundPort : target.port;
  return { ...targetLabels(target.ip, port), ...serverLabels(policy.server, target.port) };
}

function policyKey({ server, route, authz, grpc }: InboundTargetPolicy): string {
  return `${inboundKey(server)} ${inboundKey(route)} ${inboundKey(authz)} ${grpc}`;
}

function inboundFamilies(page: Page, protocol: 'http' | 'grpc'): InboundFamilies {
  const prefix = `inbound_${protocol}`;
  return {
    grpc: protocol === 'grpc',
    requests: page.counter(`${prefix}_requests`),
    requestFrames: page.histogram(`${prefix}_request_frame_size_bytes`),
    requestDuration: page.histogram(`${prefix}_request_duration_seconds`),
    responseFrames: page.histogram(`${prefix}_response_frame_size_bytes`),
    responseDuration: page.histogram(`${prefix}_response_duration_seconds`),
    statuses: page.counter(`${prefix}_statuses`),
  };
}
