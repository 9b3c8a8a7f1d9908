import type { Exchange, ExchangeError } from '../../telemetry/types.ts';
import type { HeaderList } from '../headers.ts';
import type { SyntheticResponse } from '../proxy-error.ts';
import { ResponseRelay, type Sink, type Upstream } from '../relay.ts';
import type { RequestBody } from '../request-body.ts';
import type { Replayable } from './replay-body.ts';

/** How an attempt ended, as far as it must be known to decide on another. */
export type AttemptResult =
  | { status: number; headers: HeaderList; trailers: HeaderList | null }
  | { error: ExchangeError };

/** What decides on retries. */
export interface RetryRules {
  isRetryable(result: AttemptResult): boolean;
  /** A retryable result. @param attempt from 1 @returns how long to wait for the next, ms; null: there is none */
  again(attempt: number): number | null;
  /** The next attempt is made. */
  retried(): void;
  /** What is passed on: a result that is not to be retried. */
  settled(attempt: number, result: AttemptResult): void;
}

/** Sends one attempt. @param attempt from 1 */
export type SendAttempt = (attempt: number, relay: ResponseRelay, body: RequestBody) => void;

interface Options {
  method: string;
  http2: boolean;
  /** Carries what is passed on to whoever asked. */
  outer: ResponseRelay;
  rules: RetryRules;
  body: Replayable;
  send: SendAttempt;
  /** Of each attempt's relay, before it is sent. */
  prepare(relay: ResponseRelay): void;
}

/**
 * A request that may take several attempts. The first whose result is not retryable, or the last, goes on to whoever asked;
 * what came of the others is dropped (linkerd2-proxy, `http/retry`).
 */
export class RetryingRequest implements Upstream {
  readonly #options: Options;
  #attempt = 0;
  #relay: ResponseRelay | null = null;
  #sink: AttemptSink | null = null;
  #timer: NodeJS.Timeout | undefined;
  /** Frames of the request that the outer relay has heard of; -1: all. */
  #told = 0;

  constructor(options: Options) {
    this.#options = options;
    options.outer.upstream = this;
    this.#next();
  }

  pause(): void {
    this.#relay?.upstream?.pause();
  }

  resume(): void {
    this.#relay?.upstream?.resume();
  }

  /** Whoever asked has gone. */
  abort(): void {
    clearTimeout(this.#timer);
    this.#sink?.gone();
  }

  drop(): void {
    clearTimeout(this.#timer);
    this.#options.outer.drop();
    this.#relay?.drop();
  }

  #next(): void {
    const { method, http2, outer, body, send, prepare } = this.#options;
    const attempt = ++this.#attempt;
    const sink = new AttemptSink(http2, outer, (result) => this.#decides(result));
    const relay = new ResponseRelay(sink, method, null, () => {});
    this.#sink = sink;
    this.#relay = relay;
    prepare(relay);
    relay.enter(this.#progress());
    sink.attach(relay);
    send(attempt, relay, body.next());
  }

  /** Tells the outer relay of the request's frames, of each once. */
  #progress(): Exchange {
    const { outer } = this.#options;
    let frames = 0;
    return {
      ...UNHEARD,
      requestFrame: (bytes) => {
        if (this.#told < 0 || ++frames <= this.#told) return;
        this.#told = frames;
        outer.requestFrame(bytes);
      },
      requestEnd: () => {
        if (this.#told >= 0) outer.requestEnd();
        this.#told = -1;
      },
    };
  }

  /** true: the result is dropped, and the request is sent again. */
  #decides(result: AttemptResult): boolean {
    const { rules, body, outer } = this.#options;
    const attempt = this.#attempt;
    if (outer.done) return true;
    if (!rules.isRetryable(result)) {
      rules.settled(attempt, result);
      return false;
    }
    const givenUp = 'error' in result;
    if (!body.repeatable(givenUp)) return false;
    const waitMs = rules.again(attempt);
    if (waitMs === null) return false;
    // Not before the attempt that is dropped has been counted.
    this.#timer = setTimeout(() => {
      if (outer.done) return;
      rules.retried();
      this.#next();
    }, waitMs);
    return true;
  }
}

const UNHEARD: Exchange = {
  dispatch() {},
  requestFrame() {},
  requestEnd() {},
  head() {},
  responseFrame() {},
  complete() {},
  fail() {},
  cancel() {},
};

/**
 * Stands where an attempt's relay writes to. Over HTTP/1.1 the head decides. Over HTTP/2 the first frame of the body is waited
 * for, and whether its end comes with it: gRPC tells its status there (linkerd2-proxy, `retry/src/peek_trailers.rs`).
 */
class AttemptSink implements Sink {
  readonly http2: boolean;
  readonly #outer: ResponseRelay;
  readonly #decide: (result: AttemptResult) => boolean;
  #relay: ResponseRelay | null = null;
  #gone: (() => void) | null = null;
  #state: 'undecided' | 'passed' | 'dropped' = 'undecided';
  #head: { status: number; headers: HeaderList } | null = null;
  /** Frames that wait for the decision. */
  #frames: Buffer[] = [];

  constructor(http2: boolean, outer: ResponseRelay, decide: (result: AttemptResult) => boolean) {
    this.http2 = http2;
    this.#outer = outer;
    this.#decide = decide;
  }

  attach(relay: ResponseRelay): void {
    this.#relay = relay;
    if (!this.http2) relay.discards = (status, headers) => this.#settle({ status, headers, trailers: null });
  }

  gone(): void {
    this.#gone?.();
  }

  respond(status: number, headers: HeaderList, body: Buffer | null, trailers: HeaderList | null): void {
    if (this.#state === 'undecided' && this.#settle({ status, headers, trailers })) return;
    this.#outer.head(status, headers, !body && !trailers);
    if (body) this.#outer.data(body);
    this.#outer.end(trailers);
  }

  head(status: number, headers: HeaderList): void {
    this.#head = { status, headers };
    if (this.#state === 'passed') this.#outer.head(status, headers);
  }

  write(chunk: Buffer): boolean {
    if (this.#state === 'passed') this.#outer.data(chunk);
    else if (this.#state === 'undecided') {
      // The end may come in this very turn.
      if (this.#frames.push(chunk) === 1) setImmediate(() => this.#decideNow(null));
    }
    return true;
  }

  end(chunk: Buffer | null, trailers: HeaderList | null): void {
    if (this.#state === 'undecided') {
      if (chunk) this.#frames.push(chunk);
      if (!this.#decideNow(trailers)) return;
    } else if (chunk) this.#outer.data(chunk);
    this.#outer.end(trailers);
  }

  failed(error: ExchangeError, answer: SyntheticResponse | null, resetCode: number): void {
    if (this.#state === 'undecided' && this.#settle({ error })) return;
    this.#outer.fail(error, answer, resetCode);
  }

  aborted(error: ExchangeError, resetCode: number, rescued: boolean): void {
    if (this.#state === 'dropped' || !this.#decideNow(null)) return;
    this.#outer.abortedBody(error, resetCode, rescued);
  }

  reset(): void {}

  onGone(listener: () => void): void {
    this.#gone = listener;
  }

  onDrain(): void {}

  onBroken(): void {}

  /** true: what is there was passed on, now or before. */
  #decideNow(trailers: HeaderList | null): boolean {
    if (this.#state !== 'undecided') return this.#state === 'passed';
    const { status, headers } = this.#head!;
    if (this.#settle({ status, headers, trailers })) {
      this.#relay?.discard(false);
      return false;
    }
    this.#outer.head(status, headers);
    for (const frame of this.#frames) this.#outer.data(frame);
    this.#frames = [];
    return true;
  }

  #settle(result: AttemptResult): boolean {
    const dropped = this.#decide(result);
    this.#state = dropped ? 'dropped' : 'passed';
    return dropped;
  }
}
