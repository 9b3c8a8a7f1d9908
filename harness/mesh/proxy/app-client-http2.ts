import http2, { type ClientHttp2Session, type ClientHttp2Stream, constants } from 'node:http2';
import net, { type Socket } from 'node:net';
import type { Address } from '../contract.ts';
import { APP_CONNECT_TIMEOUT_MS } from './app-client.ts';
import type { HeaderList, RequestHead } from './headers.ts';
import { resetError } from './proxy-error.ts';
import type { ResponseRelay, Upstream } from './relay.ts';
import { BodyStream, type RequestBody } from './request-body.ts';
import { resetStream } from './reset-stream.ts';
import { H2_WINDOW, SESSION_OPTIONS } from './session-options.ts';

const END_STREAM = 1;

type Waiter = (failure: Error | null, session: ClientHttp2Session | null) => void;

/**
 * HTTP/2 in the clear to an app, over one connection that is kept: the inbound proxy's client of its own pod, the outbound
 * proxy's of pods that are not meshed. For requests that came as HTTP/2: a proxy keeps the version.
 */
export class Http2AppClient {
  readonly #address: Address;
  readonly #opened: (socket: Socket) => void;
  #session: ClientHttp2Session | null = null;
  #connecting: Socket | null = null;
  #waiters: Waiter[] = [];
  #closed = false;

  constructor(address: Address, opened: (socket: Socket) => void) {
    this.#address = address;
    this.#opened = opened;
  }

  send(relay: ResponseRelay, head: RequestHead, body: RequestBody): void {
    const call = new Http2Call(relay, head, body);
    relay.upstream = call;
    this.#acquire((failure, session) => {
      if (relay.done) return;
      if (session) call.start(session);
      else call.notConnected(failure!);
    });
  }

  /** What is under way ends as it will; nothing more may be sent. */
  close(): void {
    this.#closed = true;
    this.#session?.close();
  }

  destroy(): void {
    this.#closed = true;
    this.#waiters = [];
    this.#connecting?.destroy();
    this.#session?.destroy();
    this.#session = null;
  }

  #acquire(waiter: Waiter): void {
    const session = this.#session;
    if (session && !session.closed && !session.destroyed) {
      waiter(null, session);
      return;
    }
    this.#waiters.push(waiter);
    if (!this.#connecting) this.#connect();
  }

  #connect(): void {
    const socket = net.connect({ host: this.#address.host, port: this.#address.port, noDelay: true });
    this.#connecting = socket;
    const timer = setTimeout(() => {
      this.#settle(Object.assign(new Error('connect timed out'), { code: TIMED_OUT }), null);
      socket.destroy();
    }, APP_CONNECT_TIMEOUT_MS);
    socket.on('error', (error) => this.#settle(error, null));
    socket.once('close', () => clearTimeout(timer));
    socket.once('connect', () => {
      clearTimeout(timer);
      if (this.#closed) {
        socket.destroy();
        return;
      }
      this.#opened(socket);
      this.#adopt(socket);
    });
  }

  #adopt(socket: Socket): void {
    const authority = this.#address.host.includes(':') ? `[${this.#address.host}]` : this.#address.host;
    const session = http2.connect(`http://${authority}:${this.#address.port}`, {
      ...SESSION_OPTIONS,
      createConnection: () => socket,
    });
    session.on('error', () => {});
    session.once('connect', () => session.setLocalWindowSize(H2_WINDOW));
    session.once('close', () => {
      if (this.#session === session) this.#session = null;
    });
    this.#session = session;
    this.#settle(null, session);
  }

  #settle(failure: Error | null, session: ClientHttp2Session | null): void {
    if (!this.#connecting) return;
    this.#connecting = null;
    for (const waiter of this.#waiters.splice(0)) waiter(failure, session);
  }
}

const TIMED_OUT = 'ETIMEDOUT';

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

  notConnected(failure: NodeJS.ErrnoException): void {
    const status = failure.code === TIMED_OUT ? 504 : 502;
    this.#relay.synthesize({ status, message: `error trying to connect: ${failure.message}` });
  }

  start(session: ClientHttp2Session): void {
    const { method, path, authority, headers } = this.#head;
    const list = [':method', method, ':scheme', 'http', ':authority', authority, ':path', path, ...headers];
    const body = this.#body;
    if (!(body instanceof BodyStream)) {
      if (body) this.#relay.requestFrame(body.length);
      this.#relay.requestEnd();
    }
    const stream = session.request(list, { endStream: body === null });
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

function drained(stream: ClientHttp2Stream): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      stream.off('drain', done);
      stream.off('close', done);
      resolve();
    };
    stream.on('drain', done);
    stream.on('close', done);
  });
}

function withoutPseudo(raw: readonly string[]): HeaderList {
  const headers: HeaderList = [];
  for (let i = 0; i < raw.length; i += 2) if (raw[i]!.charCodeAt(0) !== COLON) headers.push(raw[i]!, raw[i + 1]!);
  return headers;
}

const COLON = 0x3a;

function ignore(): void {}
