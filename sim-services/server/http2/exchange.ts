import type { IncomingHttpHeaders, OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { NO_CODE } from '../../ledger/journal.ts';
import { hasNoBody } from '../answers.ts';
import type { PodContext } from '../context.ts';
import type { Injected } from '../flow.ts';
import type { AppRoute } from '../route.ts';
import type { H2Connection } from './connection.ts';
import { StreamFlow } from './flow.ts';

/** A plain request over HTTP/2. */
export class H2Exchange extends StreamFlow {
  constructor(
    pod: PodContext,
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    connection: H2Connection,
    route: AppRoute,
  ) {
    super(pod, stream, headers, connection, route);
    // A 100 is only for those who expect it, and Node refuses to send one.
    if (route.informational === null || route.informational === 100) return;
    pod.journal.flush();
    const hint = route.informational === 103 ? { link: '</style.css>; rel=preload; as=style' } : {};
    stream.additionalHeaders({ ':status': route.informational, ...hint });
  }

  protected get okCode(): string {
    return NO_CODE;
  }

  protected pieces(): Buffer[] {
    return this.plan.body.pieces;
  }

  protected answer(): void {
    const { status } = this.route;
    const { body } = this.plan;
    const { answers } = this.pod;
    if (hasNoBody(this.method, status)) {
      const headers = this.method === 'HEAD' ? answers.headersOf(body, this.route) : answers.bareOf(this.route);
      this.complete(status, NO_CODE);
      this.stream.respond(headersOf(status, headers), { endStream: true });
    } else if (body.pieces.length === 1) {
      this.complete(status, NO_CODE);
      this.stream.respond(headersOf(status, answers.headersOf(body, this.route)));
      this.stream.end(body.pieces[0]);
    } else {
      this.beginBody(status);
      this.stream.respond(headersOf(status, answers.headersOf(body, this.route)));
      this.writePiece();
    }
  }

  protected answerFailure(status: number): void {
    this.complete(status, NO_CODE);
    answerText(this.pod, this.stream, this.method, status);
  }

  protected inject(error: Injected): void {
    if (error.kind === 'status') this.answerFailure(error.status);
    else if (error.kind === 'close') this.close();
    else if (error.kind === 'reset') this.#reset(error.when);
  }

  #reset(when: 'before-headers' | 'mid-body'): void {
    const { status } = this.route;
    if (when === 'before-headers' || hasNoBody(this.method, status)) this.resetBeforeHeaders();
    else this.resetMidBody(status, headersOf(status, this.pod.answers.bare), this.plan.body.pieces[0]!);
  }
}

/** An answer without a body of a route's. */
export function answerText(pod: PodContext, stream: ServerHttp2Stream, method: string, status: number): void {
  const { headers, text } = pod.answers.textOf(status);
  if (hasNoBody(method, status)) {
    stream.respond(headersOf(status, pod.answers.bare), { endStream: true });
  } else {
    stream.respond(headersOf(status, headers));
    stream.end(text, 'latin1');
  }
}

/** A flat list as node:http2 has it. */
export function headersOf(status: number, list: string[]): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = { ':status': status };
  for (let i = 0; i < list.length; i += 2) headers[list[i]!] = list[i + 1]!;
  return headers;
}
