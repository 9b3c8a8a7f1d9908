import type { ProxyBehaviour } from '../profiles/index.ts';
import {
  type Class,
  type Classification,
  classifyAs,
  classifyError,
  classifyGrpc,
  classifyHttp,
  relevant,
} from './classify.ts';
import type { Histogram, HistogramFamily, Scalar, ScalarFamily } from './families.ts';
import type { LabelBag } from './labels.ts';
import type { Page } from './page.ts';

/** For so long the inbound proxy keeps a stack that nobody uses, and with it its label sets (facts, section 2). */
const INBOUND_CACHE_MS = 90_000;

/** Something that keeps a label set alive although nothing is counted: an open connection. */
export interface Pin {
  open(): boolean;
}

interface Families {
  total: ScalarFamily;
  latency: HistogramFamily | null;
  responses: ScalarFamily;
  behaviour: ProxyBehaviour;
}

/** All responses of one label set with one status; `http` is the hot one, without gRPC status or error. */
class StatusSet {
  readonly latency: Histogram | null;
  http: Scalar | null = null;
  /** By `grpc:<code>`, `error:<error>` or `class:<classification>`. */
  readonly others = new Map<string, Scalar>();
  constructor(latency: Histogram | null) {
    this.latency = latency;
  }
}

/**
 * request_total, response_latency_ms and response_total of one label set (facts 1.1, section 2). When it is evicted its
 * series go, and it starts at zero should it be used again.
 */
export class RequestSet {
  readonly #families: Families;
  readonly #bag: LabelBag;
  readonly #live: Set<RequestSet>;
  readonly pins: Pin[] = [];
  /** Exchanges in flight. */
  handles = 0;
  lastUpdateMs = 0;
  #total: Scalar | null = null;
  /** Status 0: no response headers were seen. */
  readonly #statuses = new Map<number, StatusSet>();

  constructor(families: Families, bag: LabelBag, live: Set<RequestSet>) {
    this.#families = families;
    this.#bag = bag;
    this.#live = live;
  }

  /** Makes the series visible, request_total at zero. */
  attach(nowMs: number): void {
    if (this.#total !== null) return;
    this.#total = this.#families.total.with(this.#bag);
    this.#live.add(this);
    this.lastUpdateMs = nowMs;
  }

  request(nowMs: number): void {
    this.attach(nowMs);
    (this.#total as Scalar).value++;
    this.lastUpdateMs = nowMs;
  }

  /** Latency is truncated to whole milliseconds before it is binned. */
  latency(status: number, elapsedMs: number, nowMs: number): void {
    this.#status(status).latency?.observe(elapsedMs > 0 ? Math.floor(elapsedMs) : 0);
    this.lastUpdateMs = nowMs;
  }

  http(status: number, nowMs: number): void {
    const set = this.#status(status);
    set.http ??= this.#response(status, classifyHttp(status));
    set.http.value++;
    this.lastUpdateMs = nowMs;
  }

  grpc(status: number, code: string | null, nowMs: number): void {
    this.#other(status, `grpc:${code}`, () => classifyGrpc(code, this.#families.behaviour.openGrpcStatus), nowMs);
  }

  /** A ServiceProfile's word for the status. */
  classified(status: number, classification: Classification, nowMs: number): void {
    this.#other(status, `class:${classification}`, () => classifyAs(classification), nowMs);
  }

  error(status: number, error: string, nowMs: number): void {
    this.#other(status, `error:${error}`, () => classifyError(error), nowMs);
  }

  /** True when nothing holds it and nothing was counted for `idleMs`. */
  isIdle(nowMs: number, idleMs: number): boolean {
    const restedMs = nowMs - this.lastUpdateMs;
    if (this.handles > 0 || restedMs <= idleMs || this.pins.some((pin) => pin.open())) return false;
    return this.#bag.direction !== 'inbound' || restedMs > INBOUND_CACHE_MS;
  }

  detach(): void {
    const { total, latency, responses } = this.#families;
    if (this.#total !== null) total.drop(this.#total);
    for (const set of this.#statuses.values()) {
      if (latency !== null && set.latency !== null) latency.drop(set.latency);
      if (set.http !== null) responses.drop(set.http);
      for (const other of set.others.values()) responses.drop(other);
    }
    this.#total = null;
    this.#statuses.clear();
    this.#live.delete(this);
  }

  #other(status: number, key: string, classify: () => Class, nowMs: number): void {
    const set = this.#status(status);
    let scalar = set.others.get(key);
    if (scalar === undefined) {
      scalar = this.#response(status, classify());
      set.others.set(key, scalar);
    }
    scalar.value++;
    this.lastUpdateMs = nowMs;
  }

  #status(status: number): StatusSet {
    let set = this.#statuses.get(status);
    if (set === undefined) {
      set = new StatusSet(this.#families.latency?.with(this.#statusBag(status)) ?? null);
      this.#statuses.set(status, set);
    }
    return set;
  }

  #response(status: number, cls: Class): Scalar {
    const { responses, behaviour } = this.#families;
    const shown = behaviour.classification === 'always' ? cls : relevant(cls);
    return responses.with({ ...this.#statusBag(status), ...shown });
  }

  #statusBag(status: number): LabelBag {
    return status === 0 ? this.#bag : { ...this.#bag, status_code: String(status) };
  }
}

/** One of the proxy's stores of request metrics: `''`, `route_`, `route_actual_` or `control_`. */
export class RequestStore {
  readonly #families: Families;
  readonly #live = new Set<RequestSet>();

  constructor(page: Page, prefix: string, options: { latency: boolean } = { latency: true }) {
    this.#families = {
      total: page.counter(`${prefix}request_total`),
      latency: options.latency ? page.histogram(`${prefix}response_latency_ms`) : null,
      responses: page.counter(`${prefix}response_total`),
      behaviour: page.behaviour,
    };
  }

  set(bag: LabelBag): RequestSet {
    return new RequestSet(this.#families, bag, this.#live);
  }

  /** After a page has been printed: drops what has been idle for longer than `idleMs`. */
  sweep(nowMs: number, idleMs: number): void {
    for (const set of this.#live) if (set.isIdle(nowMs, idleMs)) set.detach();
  }
}
