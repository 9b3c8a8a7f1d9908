import type { IncomingHttpHeaders } from 'node:http';
import { type Dispatcher, Pool } from 'undici';
import { fill } from '../behaviour/body.ts';
import { epochMs } from '../clock.ts';
import { CALLER_HEADER, type Call, MESH_ERROR_HEADER, POD_HEADER } from '../contract.ts';
import { encoded } from '../ledger/encode.ts';
import { type Journal, NO_CODE } from '../ledger/journal.ts';

/** Told once how a call went: null, or the status that its failure amounts to. */
export interface CallObserver {
  callEnded(index: number, failure: number | null): void;
}

/** One pool of connections an address, for all pods and calls of the process that go there from one pod. */
export class Egress {
  readonly #fixed: { host: string; port: number } | null;
  readonly #pools = new Map<string, Pool>();

  /** @param fixed where every connection goes; null: to the authority called */
  constructor(fixed: { host: string; port: number } | null) {
    this.#fixed = fixed;
  }

  poolFor(call: Call): Pool {
    const { host, port } = this.#fixed ?? { host: call.authority, port: call.port };
    const origin = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
    let pool = this.#pools.get(origin);
    if (!pool) {
      // No deadline but the call's own; connections stay until the other side ends them.
      pool = new Pool(origin, {
        allowH2: false,
        headersTimeout: 0,
        bodyTimeout: 0,
        keepAliveTimeout: 600_000,
        keepAliveMaxTimeout: 600_000,
      });
      this.#pools.set(origin, pool);
    }
    return pool;
  }

  async destroy(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.destroy()));
  }
}

/** A call of a route, prepared: what is the same for every request is made once. */
export class Callee {
  readonly #pool: Pool;
  readonly #journal: Journal;
  readonly #options: Dispatcher.DispatchOptions;
  readonly #service: string;
  readonly #path: string;
  readonly timeoutMs: number | null;
  readonly propagates: boolean;

  /** @param caller `namespace/workload` that calls */
  constructor(call: Call, caller: string, egress: Egress, journal: Journal) {
    this.#pool = egress.poolFor(call);
    this.#journal = journal;
    const headers = [
      'host',
      call.port === 80 ? call.authority : `${call.authority}:${call.port}`,
      CALLER_HEADER,
      caller,
      ...(call.requestBytes > 0 ? ['content-type', 'application/octet-stream'] : []),
    ];
    this.#options = {
      method: call.method,
      path: call.path,
      headers,
      body: call.requestBytes > 0 ? fill(call.requestBytes) : null,
    };
    this.#service = encoded(call.service);
    // Routes are named by path; a query is no part of it.
    this.#path = encoded(call.path.split('?')[0]!);
    this.timeoutMs = call.timeoutMs;
    this.propagates = call.onFailure === 'propagate';
  }

  /** Makes the call. The observer is told once, possibly before this returns. */
  start(observer: CallObserver, index: number): void {
    const id = this.#journal.callStarted(this.#service, this.#options.method, this.#path);
    const call = new CallInFlight(this, this.#journal, id, observer, index);
    try {
      this.#pool.dispatch(this.#options, call);
    } catch {
      // What undici refuses to send; the caller cannot tell it from a connection that failed.
      call.onResponseError();
    }
  }
}

const CONNECTION_FAILED = 502;
const TIMED_OUT = 504;

class CallInFlight implements Dispatcher.DispatchHandler {
  readonly #callee: Callee;
  readonly #journal: Journal;
  readonly #id: number;
  readonly #observer: CallObserver;
  readonly #index: number;
  readonly #timer: NodeJS.Timeout | null;
  #controller: Dispatcher.DispatchController | null = null;
  #status = 0;
  #headers: IncomingHttpHeaders | null = null;
  #firstByteMs: number | null = null;
  #over = false;

  constructor(callee: Callee, journal: Journal, id: number, observer: CallObserver, index: number) {
    this.#callee = callee;
    this.#journal = journal;
    this.#id = id;
    this.#observer = observer;
    this.#index = index;
    this.#timer = callee.timeoutMs === null ? null : setTimeout(onTimeout, callee.timeoutMs, this);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // It timed out while it waited for a connection.
    if (this.#over) controller.abort(new Error('timed out'));
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return;
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(): void {
    this.#firstByteMs ??= epochMs();
  }

  onResponseEnd(): void {
    if (this.#over) return;
    const headers = this.#headers;
    this.#journal.callCompleted(
      this.#id,
      this.#status,
      this.#firstByteMs,
      textOf(headers?.[POD_HEADER]),
      textOf(headers?.[MESH_ERROR_HEADER]),
      NO_CODE,
    );
    this.#end(this.#status >= 500 ? this.#status : null);
  }

  onResponseError(): void {
    if (this.#over) return;
    this.#journal.callGivenUp(this.#id, 'connection', this.#status);
    this.#end(CONNECTION_FAILED);
  }

  timeOut(): void {
    if (this.#over) return;
    this.#journal.callGivenUp(this.#id, 'timeout', this.#status);
    this.#end(TIMED_OUT);
    this.#controller?.abort(new Error('timed out'));
  }

  #end(failure: number | null): void {
    this.#over = true;
    if (this.#timer) clearTimeout(this.#timer);
    this.#observer.callEnded(this.#index, this.#callee.propagates ? failure : null);
  }
}

function onTimeout(call: CallInFlight): void {
  call.timeOut();
}

function textOf(header: string | string[] | undefined): string {
  if (header === undefined) return '';
  return encoded(Array.isArray(header) ? header.join(', ') : header);
}
