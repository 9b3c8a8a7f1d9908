import type { Classification } from './classify.ts';
import type { RequestSet } from './request-sets.ts';
import type { Exchange, ExchangeError } from './types.ts';

/**
 * What all layers' exchanges share: the state of one request. A layer counts in the hooks. Fields are set once, in one
 * order, so that all exchanges of a layer have one shape.
 */
export abstract class LayerExchange implements Exchange {
  protected readonly startMs: number;
  protected readonly hasBody: boolean;
  protected dispatchMs = 0;
  /** Negative until the request body has been sent. */
  protected requestEndMs = -1;
  /** 0 until response headers. */
  protected status = 0;
  protected grpc = false;
  /** A ServiceProfile's word for the status. */
  protected classified: Classification | null = null;
  protected frameSeen = false;
  protected done = false;
  /** request_total waits for the first frame of a body. */
  #bodyPolled = false;

  constructor(hasBody: boolean, startMs: number) {
    this.hasBody = hasBody;
    this.startMs = startMs;
  }

  protected abstract onDispatch(nowMs: number): void;
  /** The first frame of the request's body (or its end without one) has been taken. */
  protected abstract onBodyPolled(nowMs: number): void;
  protected abstract onRequestFrame(bytes: number): void;
  protected abstract onFirstResponseFrame(nowMs: number): void;
  protected abstract onResponseFrame(bytes: number): void;
  protected abstract onComplete(grpcStatus: string | null, nowMs: number): void;
  protected abstract onFail(error: ExchangeError, nowMs: number): void;
  /** After headers: the consumer dropped the body. */
  protected abstract onCancelBody(nowMs: number): void;
  /** Last of all, whatever the end was. */
  protected abstract onRelease(): void;

  dispatch(nowMs: number): void {
    if (this.done) return;
    this.dispatchMs = nowMs;
    if (!this.hasBody) this.requestEndMs = nowMs;
    this.onDispatch(nowMs);
  }

  requestFrame(bytes: number, nowMs: number): void {
    if (this.done) return;
    this.#pollBody(nowMs);
    this.onRequestFrame(bytes);
  }

  requestEnd(nowMs: number): void {
    if (this.done) return;
    this.#pollBody(nowMs);
    if (this.hasBody) this.requestEndMs = nowMs;
  }

  head(status: number, _nowMs: number, grpc = false, classified: Classification | null = null): void {
    if (this.done) return;
    this.status = status;
    this.grpc = grpc;
    this.classified = classified;
  }

  responseFrame(bytes: number, nowMs: number): void {
    if (this.done) return;
    if (!this.frameSeen) {
      this.frameSeen = true;
      this.onFirstResponseFrame(nowMs);
    }
    this.onResponseFrame(bytes);
  }

  complete(nowMs: number, grpcStatus: string | null = null): void {
    if (this.done) return;
    this.done = true;
    this.onComplete(grpcStatus, nowMs);
    this.onRelease();
  }

  fail(error: ExchangeError, nowMs: number): void {
    if (this.done) return;
    this.done = true;
    this.onFail(error, nowMs);
    this.onRelease();
  }

  cancel(nowMs: number): void {
    if (this.done) return;
    this.done = true;
    if (this.status !== 0) this.onCancelBody(nowMs);
    this.onRelease();
  }

  /** Since the request began: `*_request_duration_seconds`. */
  protected sinceStart(nowMs: number): number {
    return seconds(nowMs - this.startMs);
  }

  /** Since the request's body was sent, zero when it was not: `*_response_duration_seconds`. */
  protected sinceRequestEnd(nowMs: number): number {
    return this.requestEndMs < 0 ? 0 : seconds(nowMs - this.requestEndMs);
  }

  /** The end of a response in response_total & co., where a dropped body is one that ended (facts, section 2). */
  protected countResponse(set: RequestSet, grpcStatus: string | null, nowMs: number): void {
    if (!this.frameSeen) set.latency(this.status, nowMs - this.dispatchMs, nowMs);
    if (this.classified !== null) set.classified(this.status, this.classified, nowMs);
    else if (this.grpc) set.grpc(this.status, grpcStatus, nowMs);
    else set.http(this.status, nowMs);
  }

  #pollBody(nowMs: number): void {
    if (this.#bodyPolled || !this.hasBody) return;
    this.#bodyPolled = true;
    this.onBodyPolled(nowMs);
  }
}

/** Milliseconds to seconds in whole nanoseconds, the proxy's resolution. */
export function seconds(ms: number): number {
  return ms > 0 ? Math.round(ms * 1e6) / 1e9 : 0;
}
