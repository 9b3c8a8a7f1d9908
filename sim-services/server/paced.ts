import { Readable } from 'node:stream';
import { bodyOf } from '../behaviour/body.ts';

/** A request body that is written in pieces, the last one `overMs` after the first. */
export class PacedBody extends Readable {
  readonly #pieces: Buffer[];
  readonly #intervalMs: number;
  #next = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(bytes: number, chunks: number, overMs: number) {
    super();
    const { pieces, intervalMs } = bodyOf({ bytes, chunks, overMs });
    this.#pieces = pieces;
    this.#intervalMs = intervalMs;
  }

  override _read(): void {
    if (this.#timer) return;
    const pauseMs = this.#next > 0 && this.#next < this.#pieces.length ? this.#intervalMs : 0;
    if (pauseMs === 0) this.#give();
    else this.#timer = setTimeout(() => this.#give(), pauseMs);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (this.#timer) clearTimeout(this.#timer);
    done(error);
  }

  #give(): void {
    this.#timer = null;
    this.push(this.#pieces[this.#next] ?? null);
    this.#next += 1;
  }
}
