import { BodyStream, type RequestBody } from '../request-body.ts';

/** What linkerd2-proxy buffers of a request that may be sent again, bytes. */
export const MAX_REPLAY_BYTES = 64 * 1024;

/** A request body that can be sent again, as long as it is not larger than what is buffered of it. */
export interface Replayable {
  /** For the next attempt; the one before reads no further. */
  next(): RequestBody;
  /** `given up`: the attempt before is over, whether or not it has read all. Else somebody may still be reading. */
  repeatable(givenUp: boolean): boolean;
}

/** null: it is known beforehand to be too large. @param declared its content-length, -1 when it has none */
export function replayable(body: RequestBody, declared: number): Replayable | null {
  if (declared > MAX_REPLAY_BYTES) return null;
  if (body instanceof BodyStream) return new ReplayStream(body);
  return { next: () => body, repeatable: () => body === null || body.length <= MAX_REPLAY_BYTES };
}

class ReplayStream implements Replayable {
  readonly #source: AsyncIterator<Buffer>;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #capped = false;
  #ended = false;
  #reader = 0;
  #pulling: Promise<void> | null = null;

  constructor(body: BodyStream) {
    this.#source = body[Symbol.asyncIterator]();
  }

  repeatable(givenUp: boolean): boolean {
    return !this.#capped && (this.#ended || givenUp);
  }

  next(): RequestBody {
    const reader = ++this.#reader;
    return new BodyStream({ [Symbol.asyncIterator]: () => this.#read(reader) });
  }

  async *#read(reader: number): AsyncGenerator<Buffer> {
    for (let at = 0; reader === this.#reader; ) {
      if (at < this.#chunks.length) {
        yield this.#chunks[at++]!;
        if (this.#capped) {
          // Nobody will read it again.
          this.#chunks.splice(0, at);
          at = 0;
        }
      } else if (this.#ended) return;
      else await this.#pull();
    }
  }

  /** One read at a time, also when the reader that began it was given up meanwhile. */
  #pull(): Promise<void> {
    this.#pulling ??= this.#source
      .next()
      .then(({ done, value }) => {
        if (done) this.#ended = true;
        else {
          this.#chunks.push(value);
          this.#bytes += value.length;
          if (this.#bytes > MAX_REPLAY_BYTES) this.#capped = true;
        }
      })
      .finally(() => {
        this.#pulling = null;
      });
    return this.#pulling;
  }
}
