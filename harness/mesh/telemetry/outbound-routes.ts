import { grpcName } from './classify.ts';
import type { Histogram, HistogramFamily, Scalar, ScalarFamily } from './families.ts';
import type { LabelBag } from './labels.ts';
import type { Page } from './page.ts';

/** A body that was cut off, by either side: the h2 reason is lost in the proxy's own body wrapping (facts, section 2). */
export const BODY_CUT = 'UNKNOWN';

/** outbound_http_route_* or outbound_grpc_route_* (facts 1.10). */
export interface RouteFamilies {
  protocol: 'http' | 'grpc';
  requestDuration: HistogramFamily;
  requestFrames: HistogramFamily;
  requestStatuses: ScalarFamily;
  backendRequests: ScalarFamily;
  backendDuration: HistogramFamily;
  backendFrames: HistogramFamily;
  backendStatuses: ScalarFamily;
}

export function routeFamilies(page: Page, protocol: 'http' | 'grpc'): RouteFamilies {
  const prefix = `outbound_${protocol}_route`;
  return {
    protocol,
    requestDuration: page.histogram(`${prefix}_request_duration_seconds`),
    requestFrames: page.histogram(`${prefix}_request_frame_size_bytes`),
    requestStatuses: page.counter(`${prefix}_request_statuses`),
    backendRequests: page.counter(`${prefix}_backend_requests`),
    backendDuration: page.histogram(`${prefix}_backend_response_duration_seconds`),
    backendFrames: page.histogram(`${prefix}_backend_response_frame_size_bytes`),
    backendStatuses: page.counter(`${prefix}_backend_response_statuses`),
  };
}

/** How a stream ended, as far as statuses tell: no headers is status 0, no trailers `grpcStatus` null. */
export interface Ending {
  status: number;
  grpcStatus: string | null;
  error: string;
}

/** Statuses and duration of one label set; both appear with the first stream that ends. */
class Endings {
  readonly #http = new Map<number, Scalar>();
  readonly #others = new Map<string, Scalar>();
  readonly #statuses: ScalarFamily;
  readonly #durations: HistogramFamily;
  readonly #bag: LabelBag;
  readonly #grpc: boolean;
  #duration: Histogram | null = null;

  constructor(families: { statuses: ScalarFamily; durations: HistogramFamily; grpc: boolean }, bag: LabelBag) {
    this.#statuses = families.statuses;
    this.#durations = families.durations;
    this.#grpc = families.grpc;
    this.#bag = bag;
  }

  end(status: number, grpcStatus: string | null, error: string, seconds: number): void {
    if (this.#grpc) this.#other(`${grpcStatus ?? ''} ${error}`, 'grpc_status', grpcName(grpcStatus), error);
    else if (error !== '') this.#other(`${status} ${error}`, 'http_status', status === 0 ? '' : String(status), error);
    else this.#clean(status);
    this.#duration ??= this.#durations.with(this.#bag);
    this.#duration.observe(seconds);
  }

  #clean(status: number): void {
    let counter = this.#http.get(status);
    if (counter === undefined) {
      counter = this.#statuses.with({ ...this.#bag, http_status: status === 0 ? '' : String(status), error: '' });
      this.#http.set(status, counter);
    }
    counter.value++;
  }

  #other(key: string, label: string, status: string, error: string): void {
    let counter = this.#others.get(key);
    if (counter === undefined) {
      counter = this.#statuses.with({ ...this.#bag, [label]: status, error });
      this.#others.set(key, counter);
    }
    counter.value++;
  }
}

/** A parent and its route: what counts once a request. */
export class ParentRoute {
  readonly frames: Histogram;
  readonly endings: Endings;

  constructor(families: RouteFamilies, bag: LabelBag) {
    this.frames = families.requestFrames.with(bag);
    this.endings = new Endings(
      {
        statuses: families.requestStatuses,
        durations: families.requestDuration,
        grpc: families.protocol === 'grpc',
      },
      bag,
    );
  }
}

/** A parent, its route and a backend: what counts once an attempt. */
export class BackendRoute {
  readonly requests: Scalar;
  readonly frames: Histogram;
  readonly endings: Endings;

  constructor(families: RouteFamilies, bag: LabelBag) {
    this.requests = families.backendRequests.with(bag);
    this.frames = families.backendFrames.with(bag);
    this.endings = new Endings(
      {
        statuses: families.backendStatuses,
        durations: families.backendDuration,
        grpc: families.protocol === 'grpc',
      },
      bag,
    );
  }
}
