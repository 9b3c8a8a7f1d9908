import type { Exchange, ExchangeError } from '../telemetry/types.ts';
import type { Downstream } from './downstream.ts';
import { type HeaderList, headerValue } from './headers.ts';
import { ABORTED_BODY, type SyntheticResponse, syntheticHeaders } from './proxy-error.ts';

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
  /** Called when the proxy has answered itself: nobody should rely on that connection any longer. */
  onOwnAnswer: (() => void) | null = null;
  readonly #down: Downstream;
  readonly #bodyless: boolean;
  readonly #onDone: () => void;
  /** From the inner layer to the outer; empty for requests that telemetry does not know. */
  readonly #exchanges: Exchange[];
  #done = false;
  #headSent = false;
  #status = 0;
  #headers: HeaderList | null = null;
  /** Length announced by the next hop; -1 when it is not known. */
  #expected = -1;
  #received = 0;
  /** Received, counted, not yet written. */
  #pending: Buffer | null = null;
  #paused = false;

  constructor(down: Downstream, method: string, outer: Exchange | null, onDone: () => void) {
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

  head(status: number, headers: HeaderList): void {
    if (this.#done) return;
    const now = performance.now();
    for (const exchange of this.#exchanges) exchange.head(status, now);
    this.#status = status;
    this.#headers = headers;
    const length = headerValue(headers, 'content-length');
    this.#expected =
      this.#bodyless || status === 204 || status === 304 ? 0 : length === undefined ? -1 : Number(length);
    flushLater(this);
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
    for (const exchange of this.#exchanges) exchange.complete(now);
    if (this.#headSent) this.#down.end(this.#pending, trailers);
    else this.#down.respond(this.#status, this.#headers!, this.#pending, trailers);
    this.#onDone();
  }

  /** The proxy answers itself, and the layers so far count it as a response. */
  synthesize(response: SyntheticResponse): void {
    if (this.#done) return;
    this.#done = true;
    const now = performance.now();
    for (const exchange of this.#exchanges) {
      exchange.head(response.status, now);
      exchange.complete(now);
    }
    this.#down.respond(response.status, syntheticHeaders(response.message), null, null);
    this.onOwnAnswer?.();
    this.#onDone();
  }

  /** No response: the layers so far count a failure, and the proxy answers above them. null: the stream is reset. */
  fail(error: ExchangeError, answer: SyntheticResponse | null, resetCode = 0): void {
    if (this.#done) return;
    this.#done = true;
    const now = performance.now();
    for (const exchange of this.#exchanges) exchange.fail(error, now);
    if (answer) this.#down.respond(answer.status, syntheticHeaders(answer.message), null, null);
    else this.#down.reset(resetCode);
    if (answer) this.onOwnAnswer?.();
    this.#onDone();
  }

  /** The next hop ended in the middle of its body. What came before is passed on, then the previous hop is cut too. */
  abortedBody(): void {
    if (this.#done) return;
    this.#done = true;
    const now = performance.now();
    for (const exchange of this.#exchanges) exchange.fail(ABORTED_BODY, now);
    if (!this.#headSent && this.#pending && !this.#isWhole()) {
      this.#down.head(this.#status, this.#headers!);
      this.#down.write(this.#pending);
    }
    this.#down.reset(0);
    this.#onDone();
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
