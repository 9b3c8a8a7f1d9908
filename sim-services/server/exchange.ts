import type { IncomingMessage, ServerResponse } from 'node:http';
import { NO_CODE } from '../ledger/journal.ts';
import { hasNoBody } from './answers.ts';
import type { PodContext } from './context.ts';
import type { Injected } from './flow.ts';
import { RequestFlow } from './request-flow.ts';
import type { AppRoute } from './route.ts';

/** A request over HTTP/1.1. */
export class Exchange extends RequestFlow {
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;

  constructor(pod: PodContext, req: IncomingMessage, res: ServerResponse, caller: string, route: AppRoute) {
    super(pod, caller, req.method!, route);
    this.#req = req;
    this.#res = res;
    if (route.informational !== null) this.#inform(route.informational);
  }

  protected get okCode(): string {
    return NO_CODE;
  }

  protected pieces(): Buffer[] {
    return this.plan.body.pieces;
  }

  protected send(piece: Buffer): void {
    this.#res.write(piece);
  }

  protected sendLast(piece: Buffer): void {
    this.#res.end(piece);
  }

  protected answer(): void {
    const { status } = this.route;
    const { body } = this.plan;
    const { answers } = this.pod;
    if (hasNoBody(this.method, status)) {
      const headers = this.method === 'HEAD' ? answers.headersOf(body, this.route) : answers.bareOf(this.route);
      this.complete(status, NO_CODE);
      this.#res.writeHead(status, this.#headers(headers));
      this.#res.end();
    } else if (body.pieces.length === 1) {
      this.complete(status, NO_CODE);
      this.#res.writeHead(status, this.#headers(answers.headersOf(body, this.route)));
      this.#res.end(body.whole, 'latin1');
    } else {
      this.beginBody(status);
      this.#res.writeHead(status, this.#headers(answers.headersOf(body, this.route)));
      this.writePiece();
    }
  }

  protected answerFailure(status: number): void {
    this.#answerText(status);
  }

  protected inject(error: Injected): void {
    if (error.kind === 'status') this.#answerText(error.status);
    else if (error.kind === 'reset') this.#reset(error.when);
    else if (error.kind === 'close') this.#close();
    // The rest is gRPC's, which the configuration refuses here.
  }

  /** 100 goes out by itself, to those who expect it. */
  #inform(status: number): void {
    if (status === 100) return;
    this.pod.journal.flush();
    if (status === 102) this.#res.writeProcessing();
    else this.#res.writeEarlyHints({ link: '</style.css>; rel=preload; as=style' });
  }

  /** An answer without a body of the route's: an injected error, or a failure of a callee. */
  #answerText(status: number): void {
    const { headers, text } = this.pod.answers.textOf(status);
    const bare = hasNoBody(this.method, status);
    this.complete(status, NO_CODE);
    this.#res.writeHead(status, this.#headers(bare ? this.pod.answers.bare : headers));
    this.#res.end(bare ? undefined : text, 'latin1');
  }

  #reset(when: 'before-headers' | 'mid-body'): void {
    const { status } = this.route;
    if (when === 'before-headers' || hasNoBody(this.method, status)) {
      this.abort('reset');
      this.#req.socket.resetAndDestroy();
      return;
    }
    const piece = this.plan.body.pieces[0]!;
    const part = piece.length > 1 ? piece.subarray(0, piece.length >> 1) : 'x';
    this.beginBody(status);
    // One byte more than will ever come, at least: the reader must know that the body is cut.
    const length = String(Math.max(2, this.plan.body.bytes));
    this.#res.writeHead(status, [...this.pod.answers.bare, 'content-length', length]);
    // The end of the stream goes out behind the data, where a reset could overtake it.
    this.#res.write(part, () => {
      if (this.over) return;
      this.abort('reset-mid-body');
      this.#req.socket.destroy();
    });
  }

  /** As a crash: whatever the connection had is gone, in order. */
  #close(): void {
    this.abort('closed');
    this.#req.socket.destroySoon();
  }

  #headers(list: string[]): string[] {
    return this.pod.draining ? [...list, 'connection', 'close'] : list;
  }
}
