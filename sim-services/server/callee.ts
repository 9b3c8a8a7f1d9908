import type { IncomingHttpHeaders } from 'node:http';
import { buildConnector, type Dispatcher, Pool } from 'undici';
import { fill } from '../behaviour/body.ts';
import { epochMs } from '../clock.ts';
import { CALLER_HEADER, type Call, MESH_ERROR_HEADER, POD_HEADER } from '../contract.ts';
import type { Journal } from '../ledger/journal.ts';
import {
  authorityOf,
  type Callee,
  type CallObserver,
  CONNECTION_FAILED,
  MadeRequest,
  namesOf,
  padding,
  textOf,
} from './call.ts';
import { type Address, type Egress, hostPort, type Turn } from './egress.ts';
import { HEADER_SECTION_BYTES } from './limits.ts';
import { PacedBody } from './paced.ts';

/** One pool of connections an address, for all calls of the pod that go there; calls with connections of their own have another. */
function poolTo(address: Address, own: boolean, egress: Egress): Pool {
  const origin = `http://${hostPort(address)}`;
  return egress.keep(
    `${origin} ${own}`,
    () =>
      // No deadline but the call's own; connections stay until the other side ends them.
      new Pool(origin, {
        allowH2: false,
        maxHeaderSize: HEADER_SECTION_BYTES,
        headersTimeout: 0,
        bodyTimeout: 0,
        keepAliveTimeout: 600_000,
        keepAliveMaxTimeout: 600_000,
        ...(egress.speaksAfterMs > 0 && { connect: silentFor(egress.speaksAfterMs) }),
      }),
  );
}

/** Connections that are made and then say nothing for a while, as those of a pool that connects ahead of its requests. */
function silentFor(ms: number): buildConnector.connector {
  const connect = buildConnector({ allowH2: false });
  return (options, done) =>
    connect(options, (...made) => {
      if (made[0]) done(...made);
      else setTimeout(() => done(...made), ms);
    });
}

/** A call over HTTP/1.1. */
export class HttpCallee implements Callee {
  readonly #call: Call;
  readonly #turn: Turn;
  readonly #pools: Pool[];
  readonly #journal: Journal;
  readonly #options: Dispatcher.DispatchOptions;
  readonly #paced: boolean;
  readonly #service: string;
  readonly #path: string;

  /** @param caller `namespace/workload` that calls */
  constructor(call: Call, caller: string, egress: Egress, journal: Journal) {
    const own = call.ownConnection === true;
    this.#call = call;
    this.#turn = egress.turnOf(call);
    this.#pools = this.#turn.addresses.map((address) => poolTo(address, own, egress));
    this.#journal = journal;
    this.#paced = call.requestBytes > 0 && call.requestChunks !== undefined && call.requestChunks > 1;
    const headers = [
      'host',
      authorityOf(call),
      CALLER_HEADER,
      caller,
      ...(call.requestBytes > 0 ? ['content-type', 'application/octet-stream'] : []),
      ...padding(call.headerBytes),
    ];
    this.#options = {
      method: call.method,
      path: call.path,
      headers,
      body: call.requestBytes > 0 ? fill(call.requestBytes) : null,
      ...(own && { reset: true }),
    };
    const { service, path } = namesOf(call);
    this.#service = service;
    this.#path = path;
  }

  start(observer: CallObserver, index: number): void {
    const id = this.#journal.callStarted(this.#service, this.#options.method, this.#path);
    const request = new HttpRequest(this.#journal, id, this.#call, observer, index);
    try {
      this.#pools[this.#turn.next()]!.dispatch(this.#paced ? this.#pacedOptions() : this.#options, request);
    } catch {
      // What undici refuses to send; the caller cannot tell it from a connection that failed.
      request.onResponseError();
    }
  }

  #pacedOptions(): Dispatcher.DispatchOptions {
    const { requestBytes, requestChunks = 1, requestOverMs = 0 } = this.#call;
    return { ...this.#options, body: new PacedBody(requestBytes, requestChunks, requestOverMs) };
  }
}

class HttpRequest extends MadeRequest implements Dispatcher.DispatchHandler {
  #controller: Dispatcher.DispatchController | null = null;
  #headers: IncomingHttpHeaders | null = null;

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // It timed out while it waited for a connection.
    if (this.over) controller.abort(new Error('timed out'));
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return;
    this.status = status;
    this.#headers = headers;
  }

  onResponseData(): void {
    this.firstByteMs ??= epochMs();
  }

  onResponseEnd(): void {
    const headers = this.#headers;
    const failure = this.status >= 500 ? this.status : null;
    this.complete(textOf(headers?.[POD_HEADER]), textOf(headers?.[MESH_ERROR_HEADER]), failure);
  }

  onResponseError(): void {
    this.giveUp('connection', CONNECTION_FAILED);
  }

  protected cancel(): void {
    this.#controller?.abort(new Error('timed out'));
  }
}
