import { epochMs } from '../../clock.ts';
import type { PodContext } from '../context.ts';
import { Flow, type Injected } from '../flow.ts';
import type { AppRoute } from '../route.ts';
import { wakeAt } from '../wait.ts';
import { lengthOf } from './protocol.ts';

/** The connection that an answer goes out over. */
export interface AnswerSink {
  write(parts: Buffer[], done?: () => void): void;
  answered(): void;
  hangs(): void;
  close(): void;
  reset(): void;
}

/** One request and answer on a connection. What goes wrong by plan is decided by the first of a connection. */
export class TcpExchange extends Flow {
  readonly #sink: AnswerSink;
  #firstMs = 0;
  #nextPiece = 0;

  constructor(pod: PodContext, route: AppRoute, sink: AnswerSink, first: boolean) {
    const startMs = epochMs();
    const plan = route.behaviour.next(pod.sinceOrigin(startMs));
    super(pod, route, startMs, first ? plan : { ...plan, error: null });
    this.#sink = sink;
    // A connection that nobody will end holds up no drain.
    if (this.plan.error?.kind === 'hang') sink.hangs();
  }

  connectionClosed(): void {
    this.cancel();
  }

  protected answer(): void {
    this.#firstMs = epochMs();
    this.writePiece();
  }

  protected writePiece(): void {
    const { pieces, bytes, intervalMs } = this.plan.body;
    const piece = pieces[this.#nextPiece]!;
    const head = this.#nextPiece === 0 ? [lengthOf(bytes)] : [];
    this.#nextPiece += 1;
    const last = this.#nextPiece === pieces.length;
    if (last) this.over = true;
    this.#sink.write([...head, piece]);
    if (last) this.#sink.answered();
    else wakeAt(this, this.#firstMs + intervalMs * this.#nextPiece, epochMs());
  }

  /** A protocol without status: the connection ends instead of an answer. */
  protected answerFailure(): void {
    this.#sink.close();
  }

  protected inject(error: Injected): void {
    if (error.kind !== 'reset') this.#sink.close();
    else if (error.when === 'before-headers') this.#sink.reset();
    else this.#cut();
  }

  #cut(): void {
    const piece = this.plan.body.pieces[0]!;
    // One byte more than will ever come, at least: the reader must know that the answer is cut.
    const part = piece.subarray(0, piece.length >> 1);
    this.#sink.write([lengthOf(Math.max(1, this.plan.body.bytes)), part], () => {
      if (!this.over) this.#sink.reset();
    });
  }
}
