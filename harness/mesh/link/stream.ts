import { EventEmitter } from 'node:events';
import type { LinkSession } from './session.ts';

/** A stream's window is given back in pieces of this many bytes. */
const ACKNOWLEDGE_BYTES = 256 * 1024;

/**
 * One request and its response on a link. It has the shape of node:http2's streams as far as the proxy uses it: events
 * `response` (client), `data`, `trailers`, `end`, `drain`, `wantTrailers`, `close`.
 */
export class LinkStream extends EventEmitter {
  readonly id: number;
  destroyed = false;
  closed = false;
  /** The peer reset the stream, or the connection was lost. */
  aborted = false;
  rstCode = 0;
  readonly #session: LinkSession;
  #sendWindow: number;
  #queue: Buffer[] = [];
  #queued = 0;
  #ending = false;
  #localEnded = false;
  #remoteEnded = false;
  #waitForTrailers = false;
  #paused = false;
  #held: (() => void)[] = [];
  #unacknowledged = 0;
  #needDrain = false;

  constructor(session: LinkSession, id: number, sendWindow: number) {
    super();
    this.#session = session;
    this.id = id;
    this.#sendWindow = sendWindow;
  }

  /** Sends the response's head. Option names are node:http2's. */
  respond(list: string[], options?: object): void {
    const { endStream = false, waitForTrailers = false } = (options ?? {}) as {
      endStream?: boolean;
      waitForTrailers?: boolean;
    };
    if (this.destroyed) return;
    this.#waitForTrailers = waitForTrailers;
    this.#session.sendHeaders(this.id, list, endStream);
    if (endStream) this.#finishLocal();
  }

  sendTrailers(fields: Record<string, string>): void {
    if (this.destroyed) return;
    const list = Object.entries(fields).flat();
    // As node:http2: an end without trailers is one of data.
    if (list.length > 0) this.#session.sendHeaders(this.id, list, true);
    else this.#session.sendData(this.id, EMPTY, true);
    this.#finishLocal();
  }

  /** false: wait for `drain`. */
  write(chunk: Buffer): boolean {
    if (this.destroyed || this.#ending) return true;
    this.#queue.push(chunk);
    this.#queued += chunk.length;
    this.pump();
    this.#needDrain = this.#queued > 0 || this.#session.congested;
    if (this.#needDrain) this.#session.notifyWhenDrained(this);
    return !this.#needDrain;
  }

  end(chunk?: Buffer): void {
    if (this.destroyed || this.#ending) return;
    this.#ending = true;
    if (chunk && chunk.length > 0) {
      this.#queue.push(chunk);
      this.#queued += chunk.length;
    }
    this.pump();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    while (!this.#paused && this.#held.length > 0) this.#held.shift()!();
  }

  /** Resets the stream. */
  close(code: number): void {
    if (this.destroyed) return;
    this.rstCode = code;
    this.#session.sendReset(this.id, code);
    this.#destroy();
  }

  /** The client's side has sent its head with END_STREAM. */
  requestSentWhole(): void {
    this.#ending = true;
    this.#finishLocal();
  }

  // What the session tells.

  receive(event: 'response' | 'trailers', ...args: unknown[]): void {
    this.#deliver(() => this.emit(event, ...args));
  }

  receiveData(chunk: Buffer): void {
    this.#deliver(() => {
      this.#unacknowledged += chunk.length;
      if (this.#unacknowledged >= ACKNOWLEDGE_BYTES && !this.#remoteEnded) {
        this.#session.sendWindowUpdate(this.id, this.#unacknowledged);
        this.#unacknowledged = 0;
      }
      this.emit('data', chunk);
    });
  }

  receiveEnd(): void {
    this.#remoteEnded = true;
    this.#deliver(() => {
      this.emit('end');
      if (this.#localEnded) this.#destroy();
    });
  }

  receiveReset(code: number): void {
    this.rstCode = code;
    this.aborted = true;
    this.#destroy();
  }

  connectionLost(): void {
    this.aborted = true;
    this.#destroy();
  }

  growWindow(bytes: number): void {
    this.#sendWindow += bytes;
    this.pump();
  }

  drained(): void {
    if (!this.#needDrain || this.#queued > 0) return;
    this.#needDrain = false;
    this.emit('drain');
  }

  /** Sends what the windows allow. */
  pump(): void {
    while (!this.destroyed && this.#queued > 0) {
      const room = Math.min(this.#sendWindow, this.#session.sendWindow);
      if (room <= 0) {
        this.#session.waitForWindow(this);
        return;
      }
      let chunk = this.#queue[0]!;
      if (chunk.length > room) {
        this.#queue[0] = chunk.subarray(room);
        chunk = chunk.subarray(0, room);
      } else this.#queue.shift();
      this.#queued -= chunk.length;
      this.#sendWindow -= chunk.length;
      const last = this.#ending && this.#queued === 0 && !this.#waitForTrailers;
      this.#session.sendData(this.id, chunk, last);
      if (last) this.#finishLocal();
    }
    if (!this.#session.congested) this.drained();
    if (this.#ending && !this.#localEnded && !this.destroyed) {
      if (this.#waitForTrailers) {
        this.#waitForTrailers = false;
        this.emit('wantTrailers');
      } else {
        this.#session.sendData(this.id, EMPTY, true);
        this.#finishLocal();
      }
    }
  }

  #finishLocal(): void {
    if (this.#localEnded) return;
    this.#localEnded = true;
    if (this.#remoteEnded && this.#held.length === 0) this.#destroy();
  }

  /** In order, and only while nobody has asked for a pause. */
  #deliver(event: () => void): void {
    if (this.destroyed) return;
    if (this.#paused || this.#held.length > 0) this.#held.push(event);
    else event();
  }

  #destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.closed = true;
    this.#queue = [];
    this.#held = [];
    this.#session.forget(this.id);
    process.nextTick(emitClose, this);
  }
}

const EMPTY = Buffer.alloc(0);

function emitClose(stream: LinkStream): void {
  stream.emit('close');
}
