import { constants } from 'node:http2';
import type { LinkSession } from '../../link/session.ts';
import type { LinkStream } from '../../link/stream.ts';
import type { BackendRef, OutboundTarget, ProxyTelemetry } from '../../telemetry/types.ts';
import type { Endpoint, Waiting } from '../balancer.ts';
import { drained } from '../drained.ts';
import { type RequestHead, responseFromPeer } from '../headers.ts';
import type { ConnectFailure } from '../peer-connection.ts';
import { FAIL_FAST, LOAD_SHED, resetError } from '../proxy-error.ts';
import type { ResponseRelay, Upstream } from '../relay.ts';
import { BodyStream, type RequestBody } from '../request-body.ts';
import { resetStream } from '../reset-stream.ts';
import { type StreamLimits, StreamTimeouts } from './stream-timeouts.ts';

const END_STREAM = 1;
const ORIG_PROTO_HEADER = 'l5d-orig-proto';

export interface AttemptOptions {
  telemetry: ProxyTelemetry;
  head: RequestHead;
  body: RequestBody;
  /** What asks speaks HTTP/2. */
  http2: boolean;
  /** Another exchange counts for the backend. */
  backendCounted: boolean;
  limits: StreamLimits | null;
}

/** Where its endpoint comes from: a balancer, or the address that was dialled. */
export interface EndpointSource {
  readonly ref: BackendRef;
  /** The connection to it could not be made. */
  connectFailed(endpoint: Endpoint): void;
}

/**
 * One attempt at one request: on its way from the pod's app, through a balancer, to a peer's inbound proxy (or an unmeshed
 * app). What comes back goes to the relay.
 */
export class Attempt implements Waiting, Upstream {
  readonly #from: EndpointSource;
  readonly #relay: ResponseRelay;
  readonly #options: AttemptOptions;
  #endpoint: Endpoint | null = null;
  #stream: LinkStream | null = null;

  constructor(from: EndpointSource, relay: ResponseRelay, options: AttemptOptions) {
    this.#from = from;
    this.#relay = relay;
    this.#options = options;
    relay.upstream = this;
    relay.attempt = this;
  }

  get abandoned(): boolean {
    return this.#relay.done;
  }

  /** The relay is done with it. */
  finished(): void {
    if (this.#endpoint) this.#endpoint.inFlight--;
  }

  send(endpoint: Endpoint): void {
    const now = performance.now();
    const { telemetry, head, body, http2, backendCounted, limits } = this.#options;
    this.#endpoint = endpoint;
    endpoint.inFlight++;
    const target = endpoint.target as OutboundTarget;
    const exchange = telemetry.outboundEndpoint(this.#from.ref, target, body !== null, now, backendCounted);
    // Without a body this counts the request, before anything of it is written.
    exchange.dispatch(now);
    this.#relay.enter(exchange);
    if (endpoint.breaker) this.#relay.enter(endpoint.breaker.observe());
    if (limits) this.#relay.enter(new StreamTimeouts(limits, this.#relay, now));
    if (!endpoint.peer) {
      // A proxy keeps the version.
      const { http1, http2: h2 } = endpoint.app!;
      (http2 ? h2 : http1).send(this.#relay, head, body);
      return;
    }
    endpoint.peer.acquire((failure, session) => {
      if (this.#relay.done) return;
      if (failure) this.#connectFailed(endpoint, failure);
      else this.#request(session!);
    });
  }

  failFast(): void {
    const message = `HTTP balancer ${this.#options.head.authority}: service in fail-fast`;
    this.#relay.fail(FAIL_FAST, { status: 504, message });
  }

  shed(): void {
    this.#relay.fail(LOAD_SHED, { status: 503, message: 'service unavailable: load shed' });
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

  #connectFailed(endpoint: Endpoint, failure: ConnectFailure): void {
    this.#from.connectFailed(endpoint);
    const { ip, port } = endpoint.target;
    this.#relay.synthesize({
      status: failure.kind === 'timeout' ? 504 : 502,
      message: `endpoint ${ip}:${port}: error trying to connect: ${failure.message}`,
    });
  }

  #request(session: LinkSession): void {
    const { head, body, http2 } = this.#options;
    const { method, path, authority, headers } = head;
    const list = [':method', method, ':scheme', 'http', ':authority', authority, ':path', path, ...headers];
    // HTTP/1.1 in HTTP/2: the peer makes it what it was.
    if (!http2) list.push(ORIG_PROTO_HEADER, 'HTTP/1.1');
    // The peer's proxy turns it back: its app is spoken to as this one has spoken.
    if (!this.#options.http2) list.push('l5d-orig-proto', 'HTTP/1.1');
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

  #listen(stream: LinkStream, session: LinkSession): void {
    const relay = this.#relay;
    const { http2 } = this.#options;
    let trailers: string[] | null = null;
    stream.on('response', (_headers, flags, raw?: string[]) => {
      const list = raw!;
      const ended = (flags & END_STREAM) !== 0;
      relay.head(Number(list[1]), responseFromPeer(list, http2), ended);
      if (ended) relay.end(null);
    });
    stream.on('data', (chunk: Buffer) => relay.data(chunk));
    stream.on('trailers', (_headers, _flags, raw?: string[]) => {
      trailers = raw?.length ? raw : null;
    });
    stream.on('end', () => {
      // A reset ends the stream as well; 'close' tells of it.
      if (stream.rstCode === constants.NGHTTP2_NO_ERROR && !stream.aborted) relay.end(trailers);
    });
    stream.on('error', ignore);
    stream.on('close', () => {
      if (!relay.done) this.#lost(stream.rstCode, session.closed || session.destroyed);
    });
  }

  /**
   * The peer reset the stream, or the connection is lost, with the request in flight. Before headers this is a 502 that the
   * endpoint layer counts (for HTTP/1.1 carried over HTTP/2, and for any lost connection); an HTTP/2 client gets the reset.
   */
  #lost(code: number, connectionLost: boolean): void {
    const { http2 } = this.#options;
    if (this.#relay.headReceived) this.#relay.abortedBody(undefined, http2 && !connectionLost ? code : 0);
    else if (http2 && !connectionLost) this.#relay.fail(resetError(code), null, code);
    else {
      const { ip, port } = this.#endpoint!.target;
      const reason = connectionLost ? 'connection closed before message completed' : 'stream reset by peer';
      this.#relay.synthesize({ status: 502, message: `endpoint ${ip}:${port}: ${reason}` });
    }
  }

  async #pump(body: AsyncIterable<Buffer>, stream: LinkStream): Promise<void> {
    try {
      for await (const chunk of body) {
        if (stream.destroyed || this.#relay.done) return;
        this.#relay.requestFrame(chunk.length);
        if (!stream.write(chunk)) await drained(stream);
      }
      if (stream.destroyed || this.#relay.done) return;
      this.#relay.requestEnd();
      stream.end();
    } catch {
      resetStream(stream, constants.NGHTTP2_CANCEL);
    }
  }
}

function ignore(): void {}
