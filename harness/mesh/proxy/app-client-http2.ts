import { type ClientHttp2Session, type ClientHttp2Stream, constants } from 'node:http2';
import type { Socket } from 'node:net';
import type { Address } from '../contract.ts';
import { Http2AppConnection, type NotConnected, type Patience } from './app-connection-http2.ts';
import { drained } from './drained.ts';
import type { HeaderList, RequestHead } from './headers.ts';
import { http2Headers } from './http2-headers.ts';
import { FAIL_FAST, resetError } from './proxy-error.ts';
import type { ResponseRelay, Upstream } from './relay.ts';
import { BodyStream, type RequestBody } from './request-body.ts';
import { resetStream } from './reset-stream.ts';

const END_STREAM = 1;

/**
 * HTTP/2 in the clear to an app, over one connection that is kept: the inbound proxy's client of its own pod, the outbound
 * proxy's of pods that are not meshed. For requests that came as HTTP/2: a proxy keeps the version.
 */
export class Http2AppClient {
  readonly #connection: Http2AppConnection;

  /** @param patience how long requests wait for a connection; null: as long as the one attempt takes */
  constructor(address: Address, opened: (socket: Socket) => void, patience: Patience | null = null) {
    this.#connection = new Http2AppConnection(address, opened, patience);
  }

  /** @param dispatched the request has a connection and is about to be written */
  send(relay: ResponseRelay, head: RequestHead, body: RequestBody, dispatched?: () => void): void {
    const call = new Http2Call(relay, head, body);
    relay.upstream = call;
    this.#connection.acquire((failure, session) => {
      if (relay.done) return;
      if (failure?.kind !== 'fail-fast') dispatched?.();
      if (session) call.start(session);
      else call.notConnected(failure!);
    });
  }

  /** What is under way ends as it will; nothing more may be sent. */
  close(): void {
    this.#connection.close();
  }

  destroy(): void {
    this.#connection.destroy();
  }
}

class Http2Call implements Upstream {
  readonly #relay: ResponseRelay;
  readonly #head: RequestHead;
  readonly #body: RequestBody;
  #stream: ClientHttp2Stream | null = null;

  constructor(relay: ResponseRelay, head: RequestHead, body: RequestBody) {
    this.#relay = relay;
    this.#head = head;
    this.#body = body;
  }

  notConnected({ kind, message }: NotConnected): void {
    if (kind === 'fail-fast') this.#relay.fail(FAIL_FAST, { status: 504, message });
    else {
      const status = kind === 'timeout' ? 504 : 502;
      this.#relay.synthesize({ status, message: `error trying to connect: ${message}` });
    }
  }

  start(session: ClientHttp2Session): void {
    const { method, path, authority, headers } = this.#head;
    const list = [':method', method, ':scheme', 'http', ':authority', authority, ':path', path, ...headers];
    const body = this.#body;
    if (!(body instanceof BodyStream)) {
      if (body) this.#relay.requestFrame(body.length);
      this.#relay.requestEnd();
    }
    const stream = session.request(http2Headers(list), { endStream: body === null });
    this.#stream = stream;
    this.#listen(stream, session);
    if (body instanceof BodyStream) this.#pump(body, stream);
    else if (body) stream.end(body);
  }

  pause(): void {
    this.#stream?.pause();
  }

  resume(): void {
    this.#stream?.resume();
  }

  abort(): void {
    if (this.#stream) resetStream(this.#stream, constants.NGHTTP2_CANCEL);
  }

  #listen(stream: ClientHttp2Stream, session: ClientHttp2Session): void {
    const relay = this.#relay;
    let trailers: HeaderList | null = null;
    // Informational responses (event 'headers') end at this hop, as in hyper.
    stream.on('response', (_headers, flags, raw?: string[]) => {
      const list = raw!;
      const ended = (flags & END_STREAM) !== 0;
      relay.head(Number(list[1]), withoutPseudo(list), ended);
      if (ended) relay.end(null);
    });
    stream.on('data', (chunk: Buffer) => relay.data(chunk));
    stream.on('trailers', (_headers, _flags, raw?: string[]) => {
      trailers = raw?.length ? raw : null;
    });
    stream.on('end', () => {
      // A reset ends the stream as well; 'close' tells of it.
      if (stream.rstCode === constants.NGHTTP2_NO_ERROR && !stream.aborted && relay.headReceived) relay.end(trailers);
    });
    stream.on('error', ignore);
    stream.on('close', () => {
      if (!relay.done) this.#lost(stream.rstCode ?? 0, session.destroyed);
    });
  }

  /**
   * Before headers a lost connection is answered below the metrics, as a refused one is; a reset goes through to the client
   * as it is, and the proxy counts it as its own error.
   */
  #lost(code: number, connectionLost: boolean): void {
    if (this.#relay.headReceived) this.#relay.abortedBody();
    else if (connectionLost) {
      this.#relay.synthesize({ status: 502, message: 'connection error: stream closed because of a broken pipe' });
    } else this.#relay.fail({ ...resetError(code), proxy: 'unexpected' }, null, code);
  }

  async #pump(body: AsyncIterable<Buffer>, stream: ClientHttp2Stream): Promise<void> {
    try {
      for await (const chunk of body) {
        if (stream.destroyed || this.#relay.done) break;
        this.#relay.requestFrame(chunk.length);
        if (!stream.write(chunk)) await drained(stream);
      }
      if (stream.destroyed) return;
      if (this.#relay.done) {
        resetStream(stream, constants.NGHTTP2_CANCEL);
        return;
      }
      this.#relay.requestEnd();
      stream.end();
    } catch {
      resetStream(stream, constants.NGHTTP2_CANCEL);
    }
  }
}

function withoutPseudo(raw: readonly string[]): HeaderList {
  const headers: HeaderList = [];
  for (let i = 0; i < raw.length; i += 2) if (raw[i]!.charCodeAt(0) !== COLON) headers.push(raw[i]!, raw[i + 1]!);
  return headers;
}

const COLON = 0x3a;

function ignore(): void {}
