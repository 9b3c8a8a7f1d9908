import type { IncomingHttpHeaders, OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { callerOf } from '../caller.ts';
import type { PodContext } from '../context.ts';
import { RequestFlow } from '../request-flow.ts';
import type { AppRoute } from '../route.ts';
import type { H2Connection, Rider } from './connection.ts';

/** A request that is a stream of HTTP/2. */
export abstract class StreamFlow extends RequestFlow implements Rider {
  protected readonly stream: ServerHttp2Stream;
  readonly #connection: H2Connection;

  constructor(
    pod: PodContext,
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    connection: H2Connection,
    route: AppRoute,
  ) {
    super(pod, callerOf(headers), String(headers[':method']), route);
    this.stream = stream;
    this.#connection = connection;
    connection.add(this);
    stream.on('close', () => {
      connection.remove(this);
      this.responseClosed();
    });
  }

  protected send(piece: Buffer): void {
    this.stream.write(piece);
  }

  protected sendLast(piece: Buffer): void {
    this.stream.end(piece);
  }

  lost(): void {
    if (!this.over) this.abort('closed');
  }

  /** The connection ends in order, without an answer, and with it whatever else it carries. */
  protected close(): void {
    this.lost();
    this.#connection.crash();
  }

  protected resetBeforeHeaders(): void {
    this.abort('reset');
    this.#reset();
  }

  protected resetMidBody(status: number, headers: OutgoingHttpHeaders, piece: Buffer): void {
    this.beginBody(status);
    this.stream.respond(headers);
    // A reset would overtake what is not sent yet.
    this.stream.write(piece.length > 1 ? piece.subarray(0, piece.length >> 1) : 'x', () => {
      if (this.over) return;
      this.abort('reset-mid-body');
      this.#reset();
    });
  }

  /** RST_STREAM with INTERNAL_ERROR: close() would end the stream before it. */
  #reset(): void {
    this.stream.destroy(new Error('reset by plan'));
  }
}
