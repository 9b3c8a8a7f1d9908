import type { Socket } from 'node:net';
import type { TcpConnection } from '../telemetry/types.ts';

interface Metered {
  connection: TcpConnection;
  read: number;
  written: number;
}

/**
 * Reports the bytes of connections to telemetry: what the socket has counted itself, brought over when a page is about
 * to be rendered and when the connection ends. Counting at each read would cost the fast path.
 */
export class TcpMeter {
  readonly #open = new Map<Socket, Metered>();
  /** Bytes both ways of all connections so far, as of the last `sync`. */
  receivedBytes = 0;
  sentBytes = 0;

  add(socket: Socket, connection: TcpConnection): void {
    const metered: Metered = { connection, read: 0, written: 0 };
    this.#open.set(socket, metered);
    socket.on('error', () => {});
    socket.once('close', () => {
      if (!this.#open.delete(socket)) return;
      this.#bring(socket, metered);
      // Whatever ended it: by the time the real proxy's sensor sees an error, its number is lost in its own wrapping.
      connection.close('');
    });
  }

  get size(): number {
    return this.#open.size;
  }

  sync(): void {
    for (const [socket, metered] of this.#open) this.#bring(socket, metered);
  }

  /** Forgets all: their telemetry is gone. */
  clear(): void {
    this.#open.clear();
  }

  #bring(socket: Socket, metered: Metered): void {
    const read = socket.bytesRead ?? 0;
    const written = socket.bytesWritten ?? 0;
    if (read > metered.read) {
      metered.connection.read(read - metered.read);
      this.receivedBytes += read - metered.read;
      metered.read = read;
    }
    if (written > metered.written) {
      metered.connection.write(written - metered.written);
      this.sentBytes += written - metered.written;
      metered.written = written;
    }
  }
}
