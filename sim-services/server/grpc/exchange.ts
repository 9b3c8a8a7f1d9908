import type { IncomingHttpHeaders, OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { POD_HEADER } from '../../contract.ts';
import { NO_TRAILERS } from '../../ledger/journal.ts';
import { PADDING_HEADER } from '../call.ts';
import type { PodContext } from '../context.ts';
import type { Injected } from '../flow.ts';
import type { H2Connection } from '../http2/connection.ts';
import { StreamFlow } from '../http2/flow.ts';
import type { AppRoute } from '../route.ts';
import type { Messages } from './message.ts';

export const OK = 0;
export const UNIMPLEMENTED = 12;
export const UNAVAILABLE = 14;
const CONTENT_TYPE = 'application/grpc+proto';

/** A call of a gRPC method, unary or streaming from the server. HTTP's status of gRPC is 200 always. */
export class GrpcExchange extends StreamFlow {
  readonly #messages: Messages;

  constructor(
    pod: PodContext,
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    connection: H2Connection,
    route: AppRoute,
    messages: Messages,
  ) {
    super(pod, stream, headers, connection, route);
    this.#messages = messages;
  }

  protected get okCode(): string {
    return String(OK);
  }

  protected pieces(): Buffer[] {
    return this.#messages.of(this.plan.body, this.route.name, this.route.streams);
  }

  protected answer(): void {
    const pieces = this.pieces();
    if (pieces.length > 1) {
      this.beginBody(200);
      this.#respond();
      this.writePiece();
    } else {
      this.complete(200, this.okCode);
      this.#respond();
      this.stream.end(pieces[0]);
    }
  }

  /** Whatever a callee's failure was: this service is not available. */
  protected answerFailure(): void {
    this.#fail(UNAVAILABLE);
  }

  protected inject(error: Injected): void {
    switch (error.kind) {
      case 'grpc':
        this.#fail(error.code);
        break;
      case 'status':
        // What stands before a gRPC service may answer so.
        this.complete(error.status, NO_TRAILERS);
        this.stream.respond({ ':status': error.status, [POD_HEADER]: this.pod.answers.pod }, { endStream: true });
        break;
      case 'no-trailers':
        this.complete(200, NO_TRAILERS);
        this.stream.respond(this.#headers());
        this.stream.end(this.pieces()[0]);
        break;
      case 'close':
        this.close();
        break;
      case 'reset':
        if (error.when === 'before-headers') this.resetBeforeHeaders();
        else this.resetMidBody(200, this.#headers(), this.pieces()[0]!);
    }
  }

  #fail(code: number): void {
    this.complete(200, String(code));
    respondTrailersOnly(this.pod, this.stream, code);
  }

  #respond(): void {
    this.stream.once('wantTrailers', () => this.stream.sendTrailers({ 'grpc-status': String(OK) }));
    this.stream.respond(this.#headers(), { waitForTrailers: true });
  }

  #headers(): OutgoingHttpHeaders {
    const headers = headersOf(this.pod);
    const [, padding] = this.route.headers;
    if (padding !== undefined) headers[PADDING_HEADER] = padding;
    return headers;
  }
}

/** An error before any message: one block of headers, as gRPC libraries send it. */
export function respondTrailersOnly(pod: PodContext, stream: ServerHttp2Stream, code: number): void {
  stream.respond({ ...headersOf(pod), 'grpc-status': String(code) }, { endStream: true });
}

function headersOf(pod: PodContext): OutgoingHttpHeaders {
  return { ':status': 200, 'content-type': CONTENT_TYPE, [POD_HEADER]: pod.answers.pod };
}
