import type { EventEmitter } from 'node:events';

/** Where a body comes from: events `data`, `end`, `close`; a Readable, or a stream of a link. */
export interface BodySource extends EventEmitter {
  readonly destroyed: boolean;
  pause(): unknown;
  resume(): unknown;
}

/** A request body: whole, when it came with the head, or in pieces. */
export type RequestBody = Buffer | BodyStream | null;

/**
 * Reads a request's body. A small one has arrived together with the head and is given as one buffer; what has not ended by
 * the next turn of the event loop is given as a stream.
 */
export function receiveBody(source: BodySource, ready: (body: Buffer | BodyStream) => void): void {
  const chunks: Buffer[] = [];
  let incoming: IncomingBody | null = null;
  let given = false;
  source.on('data', (chunk: Buffer) => {
    if (incoming) incoming.push(chunk);
    else chunks.push(chunk);
  });
  source.once('end', () => {
    if (incoming) incoming.finish();
    else if (!given) {
      given = true;
      ready(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks));
    }
  });
  setImmediate(() => {
    if (given || source.destroyed) return;
    given = true;
    incoming = new IncomingBody(source, chunks);
    ready(new BodyStream(incoming));
  });
}

/** A body in pieces. It can be read once. */
export class BodyStream implements AsyncIterable<Buffer> {
  readonly #pieces: AsyncIterable<Buffer>;

  constructor(pieces: AsyncIterable<Buffer>) {
    this.#pieces = pieces;
  }

  /** @throws Error when the asking side goes before the end: a truncated body must not look complete to the next hop. */
  [Symbol.asyncIterator](): AsyncIterator<Buffer> {
    return this.#pieces[Symbol.asyncIterator]();
  }
}

/** The pieces of a body as they come, with back-pressure to where they come from. */
class IncomingBody implements AsyncIterable<Buffer> {
  readonly #source: BodySource;
  readonly #chunks: Buffer[];
  #ended = false;
  #wake: (() => void) | null = null;

  constructor(source: BodySource, chunks: Buffer[]) {
    this.#source = source;
    this.#chunks = chunks;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    if (this.#chunks.length > 16) this.#source.pause();
    this.#wake?.();
  }

  finish(): void {
    this.#ended = true;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    this.#source.once('close', () => this.#wake?.());
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk) {
        yield chunk;
        continue;
      }
      if (this.#ended) return;
      if (this.#source.destroyed) throw new Error('the request body ended early');
      this.#source.resume();
      // A link's stream delivers what it has held back within that call.
      if (this.#chunks.length > 0 || this.#ended) continue;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = null;
    }
  }
}
