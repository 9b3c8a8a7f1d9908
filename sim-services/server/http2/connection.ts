import { type IncomingHttpHeaders, performServerHandshake, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { AppListener } from '../listener.ts';
import { SocketListener } from '../sockets.ts';

/** Somebody whose answer goes out over a connection. */
export interface Rider {
  /** The connection is about to be closed under it. */
  lost(): void;
}

/** One connection of HTTP/2, from its accepted socket on. */
export class H2Connection {
  readonly #socket: Socket;
  readonly #riders = new Set<Rider>();

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  add(rider: Rider): void {
    this.#riders.add(rider);
  }

  remove(rider: Rider): void {
    this.#riders.delete(rider);
  }

  /** As a crash: everything that the connection carried is gone, without a GOAWAY. */
  crash(): void {
    for (const rider of this.#riders) rider.lost();
    this.#socket.destroySoon();
  }
}

/**
 * A listener for HTTP/2 in the clear with prior knowledge. What speaks anything else is dropped.
 * @param onRequest called when the request's body has been read
 * @param onBegin called before that
 */
export function listenH2(
  onRequest: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, connection: H2Connection) => void,
): AppListener {
  return new SocketListener((socket) => {
    const connection = new H2Connection(socket);
    const session = performServerHandshake(socket);
    session.on('error', () => {});
    session.on('stream', (stream, headers) => {
      stream.on('error', () => {});
      stream.once('end', () => {
        // Node ends the reading of streams that were reset, too.
        if (!stream.aborted && !stream.destroyed && stream.rstCode === 0) onRequest(stream, headers, connection);
      });
      stream.resume();
    });
  });
}
