import { fill } from '../behaviour/body.ts';
import type { Call } from '../contract.ts';
import { encoded } from '../ledger/encode.ts';
import { type GiveUpReason, type Journal, NO_CODE } from '../ledger/journal.ts';

/** Told once how a call went: null, or the status that its failure amounts to. */
export interface CallObserver {
  callEnded(index: number, failure: number | null): void;
}

/** A call of a route, prepared: what is the same for every request is made once. */
export interface Callee {
  /** Makes the call. The observer is told once, possibly before this returns. */
  start(observer: CallObserver, index: number): void;
}

/** What failures of a call that has no status of its own amount to. */
export const CONNECTION_FAILED = 502;
export const TIMED_OUT = 504;

/** Header of so many bytes that a call or an answer has besides. */
export const PADDING_HEADER = 'x-meshproof-padding';

export function padding(bytes: number | undefined): string[] {
  return bytes === undefined || bytes === 0 ? [] : [PADDING_HEADER, fill(bytes).toString('latin1')];
}

/** The `host:port` that a call names; port 80 is left out, as clients do. */
export function authorityOf(call: Call): string {
  return call.port === 80 ? call.authority : `${call.authority}:${call.port}`;
}

/** Texts of a call as the journal has them. Routes are named by path; a query is no part of it. */
export function namesOf(call: Call): { service: string; path: string } {
  return { service: encoded(call.service), path: encoded(call.path.split('?')[0]!) };
}

/** A request that was made, from its first line in the journal to its last. */
export abstract class MadeRequest {
  readonly #journal: Journal;
  readonly #id: number;
  readonly #observer: CallObserver;
  readonly #index: number;
  readonly #propagates: boolean;
  readonly #timer: NodeJS.Timeout | null;
  /** Status read; 0 before headers. */
  protected status = 0;
  protected firstByteMs: number | null = null;
  protected over = false;

  constructor(journal: Journal, id: number, call: Call, observer: CallObserver, index: number) {
    this.#journal = journal;
    this.#id = id;
    this.#observer = observer;
    this.#index = index;
    this.#propagates = call.onFailure === 'propagate';
    this.#timer = call.timeoutMs === null ? null : setTimeout(onTimeout, call.timeoutMs, this);
  }

  /** Takes the request back, where anybody can see it. */
  protected abstract cancel(): void;

  timeOut(): void {
    this.giveUp('timeout', TIMED_OUT);
  }

  /** The last byte has been read. Texts are given encoded. */
  protected complete(pod: string, meshError: string, failure: number | null, grpc = NO_CODE): void {
    if (this.over) return;
    this.#journal.callCompleted(this.#id, this.status, this.firstByteMs, pod, meshError, grpc);
    this.#end(failure);
  }

  protected giveUp(reason: GiveUpReason, failure: number | null): void {
    if (this.over) return;
    this.#journal.callGivenUp(this.#id, reason, this.status);
    this.#end(failure);
    if (reason === 'timeout') this.cancel();
  }

  #end(failure: number | null): void {
    this.over = true;
    if (this.#timer) clearTimeout(this.#timer);
    this.#observer.callEnded(this.#index, this.#propagates ? failure : null);
  }
}

function onTimeout(request: MadeRequest): void {
  request.timeOut();
}

/** Of a header, for the journal. */
export function textOf(header: string | string[] | undefined): string {
  if (header === undefined) return '';
  return encoded(Array.isArray(header) ? header.join(', ') : header);
}
