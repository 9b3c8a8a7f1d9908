import { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import {
  DEFAULT_WINDOW,
  FLAG,
  FRAME,
  frameHeader,
  HEADER_BYTES,
  MAX_FRAME_BYTES,
  numberFrame,
  PREFACE,
  SETTING,
  settingsFrame,
} from './frames.ts';
import { decodeHeaders, encodeHeaders } from './hpack.ts';
import { LinkStream } from './stream.ts';

/** ALPN name of a link. Whoever offers `h2` alone is served by node:http2, which knows all of HTTP/2. */
export const LINK_PROTOCOL = 'meshproof-h2';

const STREAM_WINDOW = 1024 * 1024;
const CONNECTION_WINDOW = 16 * 1024 * 1024;
const PROTOCOL_ERROR = 1;

/**
 * One end of the HTTP/2 connection between two simulated sidecars. It does what they need of RFC 9113 and nothing more (no
 * push, no priorities, no dynamic table, no Huffman codes), which takes a third of node:http2's time (ADR 0005). Frames
 * of one turn of the event loop leave in one write.
 *
 * Events: `stream` (server: stream, undefined, flags, raw header list), `close`.
 */
export class LinkSession extends EventEmitter {
  closed = false;
  destroyed = false;
  /** What the peer lets us send on the whole connection. */
  sendWindow = DEFAULT_WINDOW;
  readonly #socket: Duplex;
  readonly #server: boolean;
  readonly #streams = new Map<number, LinkStream>();
  readonly #waiting = new Set<LinkStream>();
  readonly #congested = new Set<LinkStream>();
  #streamWindow = DEFAULT_WINDOW;
  #nextId = 1;
  #out: Buffer[] = [];
  #rest: Buffer | null = null;
  #preface: number;
  #unacknowledged = 0;
  /** A header block that goes on in CONTINUATION frames. */
  #block: { stream: number; flags: number; parts: Buffer[] } | null = null;
  #ending = false;
  readonly #flush = () => this.#flushNow();

  constructor(socket: Duplex, side: 'client' | 'server') {
    super();
    this.#socket = socket;
    this.#server = side === 'server';
    this.#preface = this.#server ? PREFACE.length : 0;
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('drain', () => this.#drained());
    socket.once('end', () => socket.destroy());
    socket.on('error', () => {});
    socket.once('close', () => this.#lost());
    if (!this.#server) this.#send(PREFACE);
    this.#send(
      settingsFrame([
        [SETTING.headerTableSize, 0],
        [SETTING.enablePush, 0],
        [SETTING.initialWindowSize, STREAM_WINDOW],
      ]),
    );
    this.#send(numberFrame(FRAME.windowUpdate, 0, CONNECTION_WINDOW - DEFAULT_WINDOW));
  }

  /** A new request (client). The list begins with the pseudo-headers. */
  request(list: string[], options: { endStream: boolean }): LinkStream {
    const stream = new LinkStream(this, this.#nextId, this.#streamWindow);
    this.#nextId += 2;
    this.#streams.set(stream.id, stream);
    this.sendHeaders(stream.id, list, options.endStream);
    if (options.endStream) stream.requestSentWhole();
    return stream;
  }

  destroy(): void {
    this.#socket.destroy();
    this.#lost();
  }

  /** Ends when no stream is open any more; nothing more may be requested. */
  closeWhenIdle(): void {
    this.#ending = true;
    if (this.#streams.size === 0) this.#end();
  }

  /** Asks the client to make a new connection for what comes next; what it has asked on this one goes on (server). */
  goAway(): void {
    if (this.closed) return;
    this.closed = true;
    const payload = Buffer.alloc(8);
    payload.writeUInt32BE(0x7fffffff, 0);
    this.#send(frameHeader(FRAME.goAway, 0, 0, payload.length), payload);
  }

  get congested(): boolean {
    return this.#socket.writableNeedDrain;
  }

  sendHeaders(id: number, list: readonly string[], endStream: boolean): void {
    const block = encodeHeaders(list);
    const end = endStream ? FLAG.endStream : 0;
    if (block.length <= MAX_FRAME_BYTES) {
      this.#send(frameHeader(FRAME.headers, end | FLAG.endHeaders, id, block.length), block);
      return;
    }
    for (let at = 0; at < block.length; at += MAX_FRAME_BYTES) {
      const part = block.subarray(at, at + MAX_FRAME_BYTES);
      const last = at + MAX_FRAME_BYTES >= block.length ? FLAG.endHeaders : 0;
      const type = at === 0 ? FRAME.headers : FRAME.continuation;
      this.#send(frameHeader(type, (at === 0 ? end : 0) | last, id, part.length), part);
    }
  }

  /** The windows must allow it. */
  sendData(id: number, chunk: Buffer, endStream: boolean): void {
    this.sendWindow -= chunk.length;
    let at = 0;
    do {
      const part = chunk.length <= MAX_FRAME_BYTES ? chunk : chunk.subarray(at, at + MAX_FRAME_BYTES);
      at += part.length;
      const flags = endStream && at === chunk.length ? FLAG.endStream : 0;
      this.#send(frameHeader(FRAME.data, flags, id, part.length), part);
    } while (at < chunk.length);
  }

  sendReset(id: number, code: number): void {
    this.#send(numberFrame(FRAME.reset, id, code));
  }

  sendWindowUpdate(id: number, bytes: number): void {
    this.#send(numberFrame(FRAME.windowUpdate, id, bytes));
  }

  waitForWindow(stream: LinkStream): void {
    this.#waiting.add(stream);
  }

  notifyWhenDrained(stream: LinkStream): void {
    this.#congested.add(stream);
  }

  forget(id: number): void {
    this.#streams.delete(id);
    if (this.#ending && this.#streams.size === 0) this.#end();
  }

  #send(...parts: Buffer[]): void {
    if (this.destroyed) return;
    if (this.#out.length === 0) process.nextTick(this.#flush);
    this.#out.push(...parts);
  }

  #flushNow(): void {
    if (this.#out.length === 0 || this.destroyed) return;
    const out = this.#out;
    this.#out = [];
    this.#socket.write(out.length === 1 ? out[0]! : Buffer.concat(out));
    if (!this.#socket.writableNeedDrain) this.#drained();
  }

  #drained(): void {
    for (const stream of this.#congested) {
      this.#congested.delete(stream);
      stream.drained();
    }
  }

  #end(): void {
    if (this.destroyed) return;
    this.closed = true;
    this.#flushNow();
    this.#socket.end();
  }

  #lost(): void {
    if (this.destroyed) return;
    this.closed = true;
    this.destroyed = true;
    for (const stream of [...this.#streams.values()]) stream.connectionLost();
    this.#streams.clear();
    this.emit('close');
  }

  #read(chunk: Buffer): void {
    const data = this.#rest ? Buffer.concat([this.#rest, chunk]) : chunk;
    this.#rest = null;
    let at = 0;
    try {
      if (this.#preface > 0) {
        if (data.length < this.#preface) {
          this.#rest = data;
          return;
        }
        if (!data.subarray(0, this.#preface).equals(PREFACE)) throw new Error('no HTTP/2 preface');
        at = this.#preface;
        this.#preface = 0;
      }
      while (!this.destroyed && data.length - at >= HEADER_BYTES) {
        const length = data.readUIntBE(at, 3);
        if (length > MAX_FRAME_BYTES) throw new Error('a frame is too long');
        if (data.length - at < HEADER_BYTES + length) break;
        const payload = data.subarray(at + HEADER_BYTES, at + HEADER_BYTES + length);
        this.#frame(data[at + 3]!, data[at + 4]!, data.readUInt32BE(at + 5) & 0x7fffffff, payload);
        at += HEADER_BYTES + length;
      }
    } catch {
      // What is not understood on a link can't be skipped: the connection is of no use any more.
      this.#refuse();
      return;
    }
    if (at < data.length) this.#rest = data.subarray(at);
  }

  #frame(type: number, flags: number, id: number, payload: Buffer): void {
    switch (type) {
      case FRAME.headers:
      case FRAME.continuation:
        this.#headers(type, flags, id, payload);
        break;
      case FRAME.data:
        this.#data(flags, id, payload);
        break;
      case FRAME.reset:
        this.#streams.get(id)?.receiveReset(payload.readUInt32BE(0));
        break;
      case FRAME.windowUpdate:
        this.#windowUpdate(id, payload.readUInt32BE(0) & 0x7fffffff);
        break;
      case FRAME.settings:
        if ((flags & FLAG.ack) === 0) this.#settings(payload);
        break;
      case FRAME.ping:
        if ((flags & FLAG.ack) === 0) this.#send(frameHeader(FRAME.ping, FLAG.ack, 0, payload.length), payload);
        break;
      case FRAME.goAway:
        this.closed = true;
        this.closeWhenIdle();
        break;
    }
  }

  #headers(type: number, flags: number, id: number, payload: Buffer): void {
    let block = payload;
    let first = flags;
    if (type === FRAME.headers) {
      if (flags & (FLAG.padded | FLAG.priority)) throw new Error('padding and priorities are not used on a link');
    } else {
      if (this.#block?.stream !== id) throw new Error('a continuation of nothing');
      this.#block.parts.push(payload);
      first = this.#block.flags;
    }
    if ((flags & FLAG.endHeaders) === 0) {
      this.#block ??= { stream: id, flags, parts: [payload] };
      return;
    }
    if (this.#block) {
      block = Buffer.concat(this.#block.parts);
      this.#block = null;
    }
    this.#message(id, first, decodeHeaders(block));
  }

  #message(id: number, flags: number, list: string[]): void {
    const end = (flags & FLAG.endStream) !== 0;
    const known = this.#streams.get(id);
    if (this.#server && !known) {
      if (id < this.#nextId) return;
      this.#nextId = id + 2;
      const stream = new LinkStream(this, id, this.#streamWindow);
      this.#streams.set(id, stream);
      this.emit('stream', stream, undefined, flags, list);
      if (end) stream.receiveEnd();
      return;
    }
    if (!known) return;
    const isHead = list[0] === ':status' && !this.#server;
    if (isHead) known.receive('response', undefined, flags, list);
    else known.receive('trailers', undefined, flags, list);
    if (end) known.receiveEnd();
  }

  #data(flags: number, id: number, payload: Buffer): void {
    this.#unacknowledged += payload.length;
    if (this.#unacknowledged >= CONNECTION_WINDOW / 4) {
      this.sendWindowUpdate(0, this.#unacknowledged);
      this.#unacknowledged = 0;
    }
    const stream = this.#streams.get(id);
    if (!stream) return;
    if (payload.length > 0) stream.receiveData(payload);
    if (flags & FLAG.endStream) stream.receiveEnd();
  }

  #windowUpdate(id: number, bytes: number): void {
    if (id !== 0) {
      this.#streams.get(id)?.growWindow(bytes);
      return;
    }
    this.sendWindow += bytes;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const stream of waiting) stream.pump();
  }

  #settings(payload: Buffer): void {
    for (let at = 0; at + 6 <= payload.length; at += 6) {
      if (payload.readUInt16BE(at) !== SETTING.initialWindowSize) continue;
      const window = payload.readUInt32BE(at + 2);
      const grown = window - this.#streamWindow;
      this.#streamWindow = window;
      for (const stream of this.#streams.values()) stream.growWindow(grown);
    }
    this.#send(frameHeader(FRAME.settings, FLAG.ack, 0, 0));
  }

  #refuse(): void {
    const payload = Buffer.alloc(8);
    payload.writeUInt32BE(PROTOCOL_ERROR, 4);
    this.#send(frameHeader(FRAME.goAway, 0, 0, payload.length), payload);
    this.#flushNow();
    this.destroy();
  }
}
