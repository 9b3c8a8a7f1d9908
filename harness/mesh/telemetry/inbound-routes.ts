import { grpcNumber } from './classify.ts';
import type { Histogram, HistogramFamily, Scalar, ScalarFamily } from './families.ts';
import type { LabelBag } from './labels.ts';
import type { Page } from './page.ts';

/** Registry families of one inbound route (facts 1.9). Durations appear with their first sample, frame sizes at once. */
export class InboundRoute {
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
export interface InboundFamilies {
  grpc: boolean;
  requests: ScalarFamily;
  requestFrames: HistogramFamily;
  requestDuration: HistogramFamily;
  responseFrames: HistogramFamily;
  responseDuration: HistogramFamily;
  statuses: ScalarFamily;
}

export function inboundFamilies(page: Page, protocol: 'http' | 'grpc'): InboundFamilies {
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
