import type { Exchange, ExchangeError } from '../telemetry/types.ts';
import type { Downstream } from './downstream.ts';
import { type HeaderList, headerValue } from './headers.ts';
import { ABORTED_BODY, BODY_RESCUE, type SyntheticResponse, syntheticAnswer } from './proxy-error.ts';

const waiting: ResponseRelay[] = [];

/** One callback a turn for all heads that came in it, after the bytes that came with them have been read. */
function flushLater(relay: ResponseRelay): void {
  if (waiting.push(relay) > 1) return;
  setImmediate(() => {
    for (const each of waiting.splice(0)) each.flush();
  });
}

/** The hop that answers. */
export interface Upstream {
  pause(): void;
  resume(): void;
  /** The asking side has gone. */
  abort(): void;
}

/** Where a relay writes to: the hop that asked, or what stands between it and one attempt of several. */
export interface Sink extends Downstream {
  /** There is no response; absent: the relay answers itself. */
  failed?(error: ExchangeError, answer: SyntheticResponse | null, resetCode: number): void;
  /** What has been written is not complete and never will be; absent: the relay resets the stream. */
  aborted?(error: ExchangeError, resetCode: number, rescued: boolean): void;
}

/**
 * Carries one response from the next hop to the previous one and tells telemetry, in the order on which verdicts rest:
 * each frame, and the end, is counted before what lets the previous hop see it is written. Hence the last piece of a body of
 * known length is held back until the next hop has ended: its reader would take the response for complete.
 *
 * What arrives in one turn of the event loop is written at once (a small response costs one write); what comes later is
 * passed on as it comes.
 */
export class ResponseRelay {
  /** Set once the request has been given to the next hop. */
  upstream: Upstream | null = null;
  /** Told when it is over, whatever the upstream is by then. */
  attempt: { finished(): void } | null = null;
  /** Called when the proxy has answered itself: nobody should rely on that connection any longer. */
  onOwnAnswer: (() => void) | null = null;
  /** The exchange is gRPC: classified by `grpc-status`, and the proxy's own answers are gRPC's, where HTTP/2 carries them. */
  grpc = false;
  /** What a ServiceProfile calls a status. */
  classify: ((status: number) => 'success' | 'failure' | undefined) | null = null;
  /** Asked as soon as there is a head. true: nobody wants this response, it is dropped. */
  discards: ((status: number, headers: HeaderList) => boolean) | null = null;
  readonly #down: Sink;
  readonly #bodyless: boolean;
  readonly #onDone: () => void;
  /** From the inner layer to the outer; empty for requests that telemetry does not know. */
  readonly #exchanges: Exchange[];
  #done = false;
  #headSent = false;
  #status = 0;
  #headers: HeaderList | null = null;
  /** `grpc-status` of the head: of an answer without a body. */
  #grpcStatus: string | null = null;
  /** Length announced by the next hop; -1 when it is not known. */
  #expected = -1;
  #received = 0;
  /** Received, counted, not yet written. */
  #pending: Buffer | null = null;
  #paused = false;

  constructor(down: Sink, method: string, outer: Exchange | null, onDone: () => void) {
    this.#down = down;
    this.#bodyless = method === 'HEAD';
    this.#exchanges = outer ? [outer] : [];
    this.#onDone = onDone;
    down.onGone(() => this.#gone());
  }

  get done(): boolean {
    return this.#done;
  }

  get headReceived(): boolean {
    return this.#headers !== null;
  }

  /** Adds the layer below those known so far. */
  enter(inner: Exchange): void {
    this.#exchanges.unshift(inner);
  }

  requestFrame(bytes: number): void {
    const now = performance.now();
    for (const exchange of this.#exchanges) exchange.requestFrame(bytes, now);
  }

  requestEnd(): void {
    const now = performance.now();
    for (const exchange of this.#exchanges) exchange.requestEnd(now);
  }

  /** `ended`: there is nothing after it. */
  head(status: number, headers: HeaderList, ended = false): void {
    if (this.#done) return;
    const now = performance.now();
    const classified = this.classify?.(status);
    for (const exchange of this.#exchanges) exchange.head(status, now, this.grpc, classified);
    if (this.grpc) this.#grpcStatus = headerValue(headers, 'grpc-status') ?? null;
    this.#status = status;
    this.#headers = headers;
    const length = headerValue(headers, 'content-length');
    this.#expected =
      this.#bodyless || status === 204 || status === 304 ? 0 : length === undefined ? -1 : Number(length);
    if (this.discards?.(status, headers)) this.discard(ended || this.#expected === 0);
    else flushLater(this);
  }

  /** Nobody wants this response. `ended`: it has no more to it than was read. */
  discard(ended: boolean): void {
    if (this.#done) return;
    this.#done = true;
    const now = performance.now();
    for (const exchange of this.#exchanges) {
      if (ended) exchange.complete(now, this.#grpcStatus);
      else exchange.cancel(now);
    }
    this.upstream?.abort();
    this.#finish();
  }

  data(chunk: Buffer): void {
    if (this.#done) return;
    const now = performance.now();
    for (const exchange of this.#exchanges) exchange.responseFrame(chunk.length, now);
    this.#received += chunk.length;
    if (!this.#headSent || this.#isWhole()) {
      this.#pending = this.#pending ? Buffer.concat([this.#pending, chunk]) : chunk;
    } else this.#write(chunk);
  }

  /** The next hop has ended its response well. */
  end(trailers: HeaderList | null): void {
    if (this.#done) return;
    this.#done = true;
    const now = performance.now();
    const grpcStatus = this.grpc
      ? (this.#grpcStatus ?? (trailers && headerValue(trailers, 'grpc-status')) ?? null)
      : null;
    for (const exchange of this.#exchanges) exchange.complete(now, grpcStatus);
    if (this.#headSent) this.#down.end(this.#pending, trailers);
    else this.#down.respond(this.#status, this.#headers!, this.#pending, trailers);
    this.#finish();
  }

  /** The proxy answers itself, and the layers so far count it as a response. */
  synthesize(response: SyntheticResponse): void {
    if (this.#done) return;
    this.#done = true;
    const now = performance.now();
    const { status, headers, grpcStatus } = syntheticAnswer(response, this.grpc && this.#down.http2);
    const classified = this.classify?.(status);
    for (const exchange of this.#exchanges) {
      exchange.head(status, now, this.grpc, classified);
      exchange.complete(now, grpcStatus);
    }
    this.#down.respond(status, headers, null, null);
    this.onOwnAnswer?.();
    this.#finish();
  }

  /** No response: the layers so far count a failure, and the proxy answers above them. null: the stream is reset. */
  fail(error: ExchangeError, answer: SyntheticResponse | null, resetCode = 0): void {
    if (this.#done) return;
    this.#done = true;
    const now = performance.now();
    for (const exchange of this.#exchanges) {
      if (answer?.injected) exchange.head(answer.status, now, this.grpc);
      exchange.fail(error, now);
    }
    if (this.#down.failed) this.#down.failed(error, answer, resetCode);
    else if (answer) {
      const { status, headers } = syntheticAnswer(answer, this.grpc && this.#down.http2);
      this.#down.respond(status, headers, null, null);
    } else this.#down.reset(resetCode);
    if (answer) this.onOwnAnswer?.();
    this.#finish();
  }

  /**
   * The next hop ended in the middle of its body. What came before is passed on, then the previous hop is cut too. `rescued`:
   * not by the next hop but by this proxy, which tells a gRPC client so in trailers of its own.
   */
  abortedBody(error: ExchangeError = ABORTED_BODY, resetCode = 0, rescued = false): void {
    if (this.#done) return;
    this.#done = true;
    const now = performance.now();
    for (const exchange of this.#exchanges) exchange.fail(error, now);
    const rescue = rescued && this.grpc && this.#down.http2 && !this.#down.aborted;
    if (!this.#headSent && ((this.#pending && !this.#isWhole()) || rescue || this.#down.aborted)) {
      this.#down.head(this.#status, this.#headers!);
      if (this.#pending) this.#down.write(this.#pending);
    }
    if (this.#down.aborted) this.#down.aborted(error, resetCode, rescued);
    else if (rescue) this.#down.end(null, BODY_RESCUE);
    else this.#down.reset(resetCode);
    this.#finish();
  }

  /** The sidecar is killed: nothing is counted any more, nothing is written. */
  drop(): void {
    this.#done = true;
  }

  #gone(): void {
    if (this.#done) return;
    this.#done = true;
    const now = performance.now();
    for (const exchange of this.#exchanges) exchange.cancel(now);
    this.upstream?.abort();
    this.#finish();
  }

  #finish(): void {
    this.attempt?.finished();
    this.#onDone();
  }

  #isWhole(): boolean {
    return this.#expected >= 0 && this.#received >= this.#expected;
  }

  /** Called at the end of the turn in which the head came. */
  flush(): void {
    if (this.#done || this.#headSent || this.#isWhole()) return;
    this.#headSent = true;
    this.#down.head(this.#status, this.#headers!);
    const pending = this.#pending;
    this.#pending = null;
    if (pending) this.#write(pending);
  }

  #write(chunk: Buffer): void {
    if (this.#down.write(chunk) || this.#paused) return;
    this.#paused = true;
    this.upstream?.pause();
    this.#down.onDrain(() => {
      this.#paused = false;
      this.upstream?.resume();
    });
  }
}
