import { epochMs } from '../clock.ts';
import type { AbortReason } from '../ledger/journal.ts';
import type { PodContext } from './context.ts';
import { Flow } from './flow.ts';
import type { AppRoute } from './route.ts';
import { wakeAt } from './wait.ts';

/**
 * One request from the moment its body has been read, in the journal as a request. The order of things is fixed: journal,
 * draw, the wait for a place where the pod has few, latency, calls, answer; each moment is in the journal before anyone else
 * can see its effect.
 */
export abstract class RequestFlow extends Flow {
  protected readonly method: string;
  readonly #id: number;
  /** Status sent; 0 before headers. */
  protected sent = 0;
  #firstByteMs: number | null = null;
  #nextPiece = 0;

  /** @param caller encoded */
  constructor(pod: PodContext, caller: string, method: string, route: AppRoute) {
    const startMs = epochMs();
    const id = pod.journal.requestStarted(startMs, caller, method, route.journalName);
    super(pod, route, startMs, route.behaviour.next(pod.sinceOrigin(startMs)));
    this.method = method;
    this.#id = id;
    pod.begun();
  }

  /** Ends the answer by its last piece; the end has been journalled. */
  protected abstract sendLast(piece: Buffer): void;
  protected abstract send(piece: Buffer): void;
  protected abstract pieces(): Buffer[];
  /** gRPC's code of an answer that comes whole, as the journal has it. */
  protected abstract get okCode(): string;

  /** The response has been taken over by the system, or the connection has closed before it was complete. */
  responseClosed(): void {
    if (!this.over) this.abort('client-gone');
    this.pod.ended(this.hangs);
  }

  protected writePiece(): void {
    const pieces = this.pieces();
    const piece = pieces[this.#nextPiece]!;
    this.#nextPiece += 1;
    if (this.#nextPiece === pieces.length) {
      this.complete(this.sent, this.okCode);
      this.sendLast(piece);
      return;
    }
    this.send(piece);
    // From the first piece on, so that lateness does not add up.
    wakeAt(this, this.#firstByteMs! + this.plan.body.intervalMs * this.#nextPiece, epochMs());
  }

  /** Headers and the first byte of a body that comes in pieces are about to be written. */
  protected beginBody(status: number): void {
    this.sent = status;
    this.#firstByteMs = this.pod.journal.firstPiece(this.#id, status);
  }

  /** The last write is about to be made. */
  protected complete(status: number, grpc: string): void {
    this.over = true;
    const endMs = this.pod.journal.requestCompleted(this.#id, status, this.#firstByteMs, grpc);
    this.pod.places?.leave(this, this.endDueMs ?? endMs);
    this.#finish(status, endMs);
  }

  protected abort(reason: AbortReason): void {
    this.pod.journal.requestAborted(this.#id, reason, this.sent);
    this.cancel();
    const endMs = epochMs();
    this.pod.places?.leave(this, endMs);
    this.#finish(this.sent, endMs);
  }

  #finish(status: number, endMs: number): void {
    this.pod.metrics.outcome(this.route.name, this.method, status).count(endMs - this.startMs);
  }
}
