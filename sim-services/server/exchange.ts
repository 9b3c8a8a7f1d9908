import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Plan } from '../behaviour/route.ts';
import { epochMs } from '../clock.ts';
import type { ErrorRule } from '../contract.ts';
import { NO_CODE } from '../ledger/journal.ts';
import { hasNoBody } from './answers.ts';
import type { CallObserver } from './callee.ts';
import type { PodContext } from './context.ts';
import type { AppRoute } from './route.ts';
import { cancelWait, type Waiter, wakeAt } from './wait.ts';

/**
 * One request from the moment its body has been read. The order of things is fixed: journal, draw, latency, calls,
 * answer; each moment is in the journal before anyone else can see its effect.
 */
export class Exchange implements Waiter, CallObserver {
  timer: NodeJS.Timeout | null = null;
  dueMs = 0;
  readonly #pod: PodContext;
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  readonly #route: AppRoute;
  readonly #method: string;
  readonly #id: number;
  readonly #startMs: number;
  readonly #plan: Plan;
  #over = false;
  #hangs = false;
  /** Status sent; 0 before headers. */
  #sent = 0;
  #firstByteMs: number | null = null;
  #nextStep = 0;
  #pendingCalls = 0;
  #failures: (number | null)[] = [];
  #nextPiece = 0;

  constructor(pod: PodContext, req: IncomingMessage, res: ServerResponse, caller: string, route: AppRoute) {
    this.#pod = pod;
    this.#req = req;
    this.#res = res;
    this.#route = route;
    this.#method = req.method!;
    this.#startMs = epochMs();
    this.#id = pod.journal.requestStarted(this.#startMs, caller, this.#method, route.journalName);
    this.#plan = route.behaviour.next(pod.sinceOrigin(this.#startMs));
    pod.begun();
  }

  start(): void {
    if (this.#plan.error?.kind === 'hang') {
      this.#hangs = true;
      this.#pod.hung();
    } else if (this.#plan.latencyMs > 0) {
      wakeAt(this, this.#startMs + this.#plan.latencyMs, epochMs());
    } else {
      this.#act();
    }
  }

  /** The latency, or the pause before the next piece of the body, is over. */
  wake(): void {
    if (this.#sent === 0) this.#act();
    else this.#writePiece();
  }

  /** The response has been taken over by the system, or the connection has closed before it was complete. */
  responseClosed(): void {
    if (!this.#over) this.#abort('client-gone');
    this.#pod.ended(this.#hangs);
  }

  callEnded(index: number, failure: number | null): void {
    this.#failures[index] = failure;
    this.#pendingCalls -= 1;
    if (this.#pendingCalls > 0 || this.#over) return;
    const first = this.#failures.find((status) => status !== null);
    if (first !== undefined && first !== null) this.#answerText(first);
    else this.#takeStep();
  }

  #act(): void {
    const { error } = this.#plan;
    if (error === null) this.#takeStep();
    else if (error.kind === 'status') this.#answerText(error.status);
    else if (error.kind === 'reset') this.#reset(error);
  }

  #takeStep(): void {
    const step = this.#route.steps[this.#nextStep];
    if (!step) {
      this.#answer();
      return;
    }
    this.#nextStep += 1;
    this.#pendingCalls = step.length;
    this.#failures = new Array(step.length).fill(null);
    for (let i = 0; i < step.length; i += 1) step[i]!.start(this, i);
  }

  #answer(): void {
    const { status } = this.#route;
    const { body } = this.#plan;
    const { answers } = this.#pod;
    if (hasNoBody(this.#method, status)) {
      this.#complete(status);
      this.#res.writeHead(status, this.#headers(this.#method === 'HEAD' ? answers.headersOf(body) : answers.bare));
      this.#res.end();
    } else if (body.pieces.length === 1) {
      this.#complete(status);
      this.#res.writeHead(status, this.#headers(answers.headersOf(body)));
      this.#res.end(body.whole, 'latin1');
    } else {
      this.#sent = status;
      this.#firstByteMs = this.#pod.journal.firstPiece(this.#id, status);
      this.#res.writeHead(status, this.#headers(answers.headersOf(body)));
      this.#writePiece();
    }
  }

  #writePiece(): void {
    const { pieces, intervalMs } = this.#plan.body;
    const piece = pieces[this.#nextPiece]!;
    this.#nextPiece += 1;
    if (this.#nextPiece === pieces.length) {
      this.#complete(this.#sent);
      this.#res.end(piece);
      return;
    }
    this.#res.write(piece);
    // From the first piece on, so that lateness does not add up.
    wakeAt(this, this.#firstByteMs! + intervalMs * this.#nextPiece, epochMs());
  }

  /** An answer without a body of the route's: an injected error, or a failure of a callee. */
  #answerText(status: number): void {
    const { headers, text } = this.#pod.answers.textOf(status);
    const bare = hasNoBody(this.#method, status);
    this.#complete(status);
    this.#res.writeHead(status, this.#headers(bare ? this.#pod.answers.bare : headers));
    this.#res.end(bare ? undefined : text, 'latin1');
  }

  #reset(rule: ErrorRule & { kind: 'reset' }): void {
    const { status } = this.#route;
    if (rule.when === 'before-headers' || hasNoBody(this.#method, status)) {
      this.#abort('reset');
      this.#req.socket.resetAndDestroy();
      return;
    }
    const piece = this.#plan.body.pieces[0]!;
    const part = piece.length > 1 ? piece.subarray(0, piece.length >> 1) : 'x';
    this.#sent = status;
    this.#firstByteMs = this.#pod.journal.firstPiece(this.#id, status);
    // One byte more than will ever come, at least: the reader must know that the body is cut.
    const length = String(Math.max(2, this.#plan.body.bytes));
    this.#res.writeHead(status, [...this.#pod.answers.bare, 'content-length', length]);
    // The end of the stream goes out behind the data, where a reset could overtake it.
    this.#res.write(part, () => {
      if (this.#over) return;
      this.#abort('reset-mid-body');
      this.#req.socket.destroy();
    });
  }

  #headers(list: string[]): string[] {
    return this.#pod.draining ? [...list, 'connection', 'close'] : list;
  }

  #complete(status: number): void {
    this.#over = true;
    const endMs = this.#pod.journal.requestCompleted(this.#id, status, this.#firstByteMs, NO_CODE);
    this.#finish(status, endMs);
  }

  #abort(reason: 'client-gone' | 'reset' | 'reset-mid-body'): void {
    this.#over = true;
    this.#pod.journal.requestAborted(this.#id, reason, this.#sent);
    cancelWait(this);
    this.#finish(this.#sent, epochMs());
  }

  #finish(status: number, endMs: number): void {
    this.#pod.metrics.outcome(this.#route.name, this.#method, status).count(endMs - this.#startMs);
  }
}
