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
  readonly #tracked = new Set<Socket>();
  #cleared = false;
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

  /** A connection whose bytes are told as they pass: it is read and written with more than the label set counts. */
  track(socket: Socket, connection: TcpConnection): TcpConnection {
    this.#tracked.add(socket);
    socket.once('close', () => this.#tracked.delete(socket));
    return {
      read: (bytes) => {
        if (this.#cleared) return;
        connection.read(bytes);
        this.receivedBytes += bytes;
      },
      write: (bytes) => {
        if (this.#cleared) return;
        connection.write(bytes);
        this.sentBytes += bytes;
      },
      close: (errno) => {
        if (!this.#cleared) connection.close(errno);
      },
    };
  }

  get size(): number {
    return this.#open.size + this.#tracked.size;
  }

  sync(): void {
    for (const [socket, metered] of this.#open) this.#bring(socket, metered);
  }

  /** Forgets all: their telemetry is gone. */
  clear(): void {
    this.#open.clear();
    this.#tracked.clear();
    this.#cleared = true;
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
