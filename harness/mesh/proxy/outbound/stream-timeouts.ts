import type { Exchange, ExchangeError } from '../../telemetry/types.ts';
import type { ResponseRelay } from '../relay.ts';

/** Limits of one attempt, as linkerd2-proxy's `http/stream-timeouts` enforces them: below the balancer's queue. */
export interface StreamLimits {
  /** `timeout.linkerd.io/request`: when all attempts together must have ended (performance.now()), and for how long that is, ms. */
  deadline: { atMs: number; ms: number } | null;
  /** `timeout.linkerd.io/response`: from the request's last byte to the response's. */
  responseMs: number | null;
  /** `timeout.linkerd.io/idle`: without a frame either way, while a body is on its way. */
  idleMs: number | null;
  /** `retry.linkerd.io/timeout`: from the request's last byte to the response's head; null for the last attempt. */
  headMs: number | null;
}

interface Deadline {
  atMs: number;
  route: string;
  what: string;
}

/**
 * Enforces the limits. It hears of the request's progress as an exchange does; when one is passed it fails the relay: before
 * the head with a 504, after it by an end that is none.
 */
export class StreamTimeouts implements Exchange {
  readonly #limits: StreamLimits;
  readonly #relay: ResponseRelay;
  #timer: NodeJS.Timeout | undefined;
  #limit: Deadline | null;
  /** Of the last frame, while a body is on its way. */
  #frameMs: number;
  #flushedMs: number | null = null;
  #headSeen = false;

  constructor(limits: StreamLimits, relay: ResponseRelay, nowMs: number) {
    this.#limits = limits;
    this.#relay = relay;
    this.#frameMs = nowMs;
    this.#limit = limits.deadline && this.#requestDeadline(limits.deadline);
    this.#arm(nowMs);
  }

  dispatch(): void {}

  requestFrame(_bytes: number, nowMs: number): void {
    this.#frameMs = nowMs;
  }

  requestEnd(nowMs: number): void {
    this.#frameMs = nowMs;
    if (this.#headSeen || this.#flushedMs !== null) return;
    this.#flushedMs = nowMs;
    const { headMs, responseMs } = this.#limits;
    if (headMs !== null)
      this.#earlier(nowMs + headMs, 'RESPONSE_HEADERS_TIMEOUT', `response header timeout: ${headMs}ms`);
    else if (responseMs !== null) this.#earlier(nowMs + responseMs, ...this.#response(responseMs));
    this.#arm(nowMs);
  }

  head(_status: number, nowMs: number): void {
    this.#headSeen = true;
    this.#frameMs = nowMs;
    const { deadline, responseMs } = this.#limits;
    this.#limit = deadline && this.#requestDeadline(deadline);
    if (responseMs !== null) this.#earlier((this.#flushedMs ?? nowMs) + responseMs, ...this.#response(responseMs));
    this.#arm(nowMs);
  }

  responseFrame(_bytes: number, nowMs: number): void {
    this.#frameMs = nowMs;
  }

  complete(): void {
    clearTimeout(this.#timer);
  }

  fail(): void {
    clearTimeout(this.#timer);
  }

  cancel(): void {
    clearTimeout(this.#timer);
  }

  #requestDeadline({ atMs, ms }: { atMs: number; ms: number }): Deadline {
    return { atMs, route: 'REQUEST_TIMEOUT', what: `request timeout: ${ms}ms` };
  }

  #response(ms: number): [route: string, what: string] {
    return ['RESPONSE_STREAM_TIMEOUT', `response stream timeout: ${ms}ms`];
  }

  #earlier(atMs: number, route: string, what: string): void {
    if (this.#limit === null || atMs < this.#limit.atMs) this.#limit = { atMs, route, what };
  }

  /** Idleness counts only where a body is read: that of the request until its end, then that of the response. */
  #next(): Deadline | null {
    const { idleMs } = this.#limits;
    if (idleMs === null || (this.#flushedMs !== null && !this.#headSeen)) return this.#limit;
    const idle = { atMs: this.#frameMs + idleMs, route: 'IDLE_TIMEOUT', what: `idle timeout: ${idleMs}ms` };
    return this.#limit === null || idle.atMs < this.#limit.atMs ? idle : this.#limit;
  }

  #arm(nowMs: number): void {
    clearTimeout(this.#timer);
    const next = this.#next();
    // Timers may be a fraction of a millisecond early.
    if (next) this.#timer = setTimeout(() => this.#check(), Math.max(0, Math.ceil(next.atMs - nowMs)));
  }

  #check(): void {
    const now = performance.now();
    const next = this.#next();
    if (!next || this.#relay.done) return;
    if (next.atMs > now) {
      this.#arm(now);
      return;
    }
    const { upstream } = this.#relay;
    const error: ExchangeError = { response: 'unclassified', proxy: 'unexpected', route: next.route };
    if (this.#relay.headReceived) this.#relay.abortedBody({ ...error, proxy: null }, 0, true);
    // The request's body itself failed: not what the proxy has an answer of its own for.
    else if (next.route === 'IDLE_TIMEOUT') this.#relay.fail(error, { status: 500, message: 'unexpected error' });
    else {
      const message = `timed out waiting for response headers: ${next.what}`;
      this.#relay.fail(error, { status: 504, message, close: false });
    }
    upstream?.abort();
  }
}
