import type { IncomingMessage, ServerResponse } from 'node:http';
import { constants, type ServerHttp2Stream } from 'node:http2';
import { LinkStream } from '../link/stream.ts';
import { onBrokenConnection } from './connection-error.ts';
import { type HeaderList, headerValue, isGrpc } from './headers.ts';
import { http2Headers } from './http2-headers.ts';
import { resetStream } from './reset-stream.ts';

/** The hop that asked: where an answer is written to. */
export interface Downstream {
  /** HTTP/2: a reset of the next hop can be passed on as it is. */
  readonly http2: boolean;
  /** A whole response with one write. */
  respond(status: number, headers: HeaderList, body: Buffer | null, trailers: HeaderList | null): void;
  /** Sends the head of a response whose body follows. */
  head(status: number, headers: HeaderList): void;
  /** false: wait for `onDrain`. */
  write(chunk: Buffer): boolean;
  end(chunk: Buffer | null, trailers: HeaderList | null): void;
  /** Ends without a complete response: the connection is cut (HTTP/1), the stream reset (HTTP/2). */
  reset(code: number): void;
  /** Called when the asking side has gone; also after a response, when it is of no interest. */
  onGone(listener: () => void): void;
  onDrain(listener: () => void): void;
  /** Called when its connection fails with it (HTTP/1.1; an HTTP/2 connection outlives its streams). */
  onBroken(listener: (error: 'unexpected' | 'i/o') => void): void;
}

export class Http1Downstream implements Downstream {
  readonly http2 = false;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.#request = request;
    this.#response = response;
    // What the app says about the date is passed on; we add none.
    response.sendDate = false;
    // Nor a Connection header where the version says it all, as hyper.
    if (response.shouldKeepAlive) response.removeHeader('connection');
  }

  respond(status: number, headers: HeaderList, body: Buffer | null, trailers: HeaderList | null): void {
    this.#writeHead(status, headers);
    this.end(body, trailers);
  }

  head(status: number, headers: HeaderList): void {
    this.#writeHead(status, headers);
    this.#response.flushHeaders();
  }

  write(chunk: Buffer): boolean {
    return this.#response.write(chunk);
  }

  end(chunk: Buffer | null, trailers: HeaderList | null): void {
    if (trailers) this.#response.addTrailers(pairs(trailers));
    if (chunk) this.#response.end(chunk);
    else this.#response.end();
  }

  reset(): void {
    this.#request.socket.destroy();
  }

  onGone(listener: () => void): void {
    this.#response.once('close', listener);
  }

  onDrain(listener: () => void): void {
    this.#response.once('drain', listener);
  }

  onBroken(listener: (error: 'unexpected' | 'i/o') => void): void {
    onBrokenConnection(this.#response, listener);
  }

  #writeHead(status: number, headers: HeaderList): void {
    // The proxy that made an error asks for the app's connection to be closed, so that it can choose another replica.
    if (status >= 500 && headerValue(headers, 'l5d-proxy-connection') === 'close') headers.push('connection', 'close');
    this.#response.writeHead(status, headers);
  }
}

export class Http2Downstream implements Downstream {
  readonly http2 = true;
  readonly #stream: ServerHttp2Stream | LinkStream;
  #trailers: HeaderList | null = null;

  constructor(stream: ServerHttp2Stream | LinkStream) {
    this.#stream = stream;
    // Errors come with 'close', which is what is acted on.
    stream.on('error', ignore);
  }

  respond(status: number, headers: HeaderList, body: Buffer | null, trailers: HeaderList | null): void {
    if (this.#stream.destroyed || this.#stream.closed) return;
    if (!body && !trailers) {
      this.#stream.respond(this.#list(status, headers), { endStream: true, sendDate: false } as object);
      return;
    }
    this.#head(status, headers, trailers !== null);
    this.end(body, trailers);
  }

  head(status: number, headers: HeaderList): void {
    this.#head(status, headers, headerValue(headers, 'trailer') !== undefined || isGrpc(headers));
  }

  #head(status: number, headers: HeaderList, waitForTrailers: boolean): void {
    if (this.#stream.destroyed || this.#stream.closed) return;
    this.#stream.respond(this.#list(status, headers), { waitForTrailers, sendDate: false } as object);
    if (waitForTrailers)
      this.#stream.once('wantTrailers', () => this.#stream.sendTrailers(pairs(this.#trailers ?? [])));
  }

  /** Streams between sidecars are ours, and take lists on every Node. */
  #list(status: number, headers: HeaderList) {
    const list = [':status', String(status), ...headers];
    return http2Headers(list, this.#stream instanceof LinkStream || undefined);
  }

  write(chunk: Buffer): boolean {
    return this.#stream.destroyed || this.#stream.write(chunk);
  }

  end(chunk: Buffer | null, trailers: HeaderList | null): void {
    if (this.#stream.destroyed) return;
    this.#trailers = trailers;
    if (chunk) this.#stream.end(chunk);
    else this.#stream.end();
  }

  reset(code: number): void {
    resetStream(this.#stream, code || constants.NGHTTP2_INTERNAL_ERROR);
  }

  onGone(listener: () => void): void {
    this.#stream.once('close', listener);
  }

  onDrain(listener: () => void): void {
    this.#stream.once('drain', listener);
  }

  onBroken(): void {}
}

function pairs(list: HeaderList): Record<string, string> {
  const result: Record<string, string> = {};
  for (let i = 0; i < list.length; i += 2) result[list[i]!] = list[i + 1]!;
  return result;
}

function ignore(): void {}
