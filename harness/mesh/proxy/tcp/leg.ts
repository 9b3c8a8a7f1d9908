import type { Duplex } from 'node:stream';

/** One end of a forwarded connection. Its callbacks are set before `start`. */
export abstract class Leg {
  onData: (chunk: Buffer) => void = ignore;
  /** The other side sends no more, and has said so. */
  onEnd: () => void = ignore;
  /** What was ended here has gone out. */
  onFinish: () => void = ignore;
  /** After a write that returned false: more may be written. */
  onDrain: () => void = ignore;
  /** It is gone. */
  onClose: () => void = ignore;
  protected readonly socket: Duplex;

  /** @param socket nothing of it has been read, or what was is put back */
  constructor(socket: Duplex) {
    this.socket = socket;
    socket.pause();
    // Otherwise the end of one way would end the other.
    socket.allowHalfOpen = true;
    socket.on('error', ignore);
  }

  start(): void {
    const { socket } = this;
    socket.on('data', (chunk: Buffer) => this.receive(chunk));
    socket.on('end', () => this.receiveEnd());
    socket.on('drain', () => this.onDrain());
    socket.on('finish', () => this.onFinish());
    if (socket.closed) this.onClose();
    else socket.on('close', () => this.onClose());
    // An end is told even while a socket is paused, when nothing came before it.
    if (socket.readableEnded) this.receiveEnd();
    socket.resume();
  }

  /** False: wait for onDrain before writing more. */
  abstract write(chunk: Buffer): boolean;
  /** Nothing more will be written. */
  abstract end(): void;
  protected abstract receive(chunk: Buffer): void;
  protected abstract receiveEnd(): void;

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  destroy(): void {
    this.socket.destroy();
  }
}

/** To an app, in plaintext. */
export class PlainLeg extends Leg {
  write(chunk: Buffer): boolean {
    return this.socket.write(chunk);
  }

  end(): void {
    this.socket.end();
  }

  protected receive(chunk: Buffer): void {
    this.onData(chunk);
  }

  protected receiveEnd(): void {
    this.onEnd();
  }
}

function ignore(): void {}
