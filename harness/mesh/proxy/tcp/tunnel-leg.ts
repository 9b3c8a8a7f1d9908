import { Leg } from './leg.ts';

/**
 * ALPN name of an opaque connection between two sidecars. It stands for Linkerd's transport header, whose port is that of the
 * pod's only app.
 */
export const OPAQUE_PROTOCOL = 'meshproof-opaque';

const LENGTH_BYTES = 4;
/** A piece of no length: this way has ended in order. */
const END = Buffer.alloc(LENGTH_BYTES);

/**
 * To the other sidecar, inside TLS, in pieces with their length before them. Linkerd has the apps' bytes there and nothing
 * else, and TLS's close_notify tells an end from a cut; Node does not say whether one came, so the last piece does.
 */
export class TunnelLeg extends Leg {
  readonly #length = Buffer.alloc(LENGTH_BYTES);
  /** Bytes of `#length` that have come; of the piece that are still to come. */
  #known = 0;
  #left = 0;
  #ended = false;

  write(chunk: Buffer): boolean {
    if (chunk.length === 0) return true;
    const length = Buffer.allocUnsafe(LENGTH_BYTES);
    length.writeUInt32BE(chunk.length, 0);
    this.socket.cork();
    this.socket.write(length);
    const more = this.socket.write(chunk);
    this.socket.uncork();
    return more;
  }

  end(): void {
    this.socket.end(END);
  }

  protected receive(data: Buffer): void {
    let at = 0;
    while (at < data.length && !this.#ended) {
      if (this.#left === 0) {
        const copied = data.copy(this.#length, this.#known, at, at + LENGTH_BYTES - this.#known);
        this.#known += copied;
        at += copied;
        if (this.#known < LENGTH_BYTES) return;
        this.#known = 0;
        this.#left = this.#length.readUInt32BE(0);
        if (this.#left === 0) {
          this.#ended = true;
          this.onEnd();
        }
      } else {
        const piece = data.subarray(at, at + this.#left);
        at += piece.length;
        this.#left -= piece.length;
        this.onData(piece);
      }
    }
  }

  protected receiveEnd(): void {
    if (!this.#ended) this.destroy();
  }
}
