import {
  type IncomingHttpHeaders,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
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
  readonly session: ServerHttp2Session;
  readonly #socket: Socket;
  readonly #riders = new Set<Rider>();

  constructor(socket: Socket) {
    this.#socket = socket;
    this.session = performServerHandshake(socket, OPTIONS);
    this.session.on('error', () => {});
  }

  add(rider: Rider): void {
    this.#riders.add(rider);
  }

  remove(rider: Rider): void {
    this.#riders.delete(rider);
  }

  /** A stream that is closed may still be on its way out; the answer to a ping comes behind it. */
  flush(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#socket.destroyed || this.session.closed || !this.session.ping(() => resolve())) resolve();
    });
  }

  /** As a crash: everything that the connection carried is gone, without a GOAWAY. */
  crash(): void {
    for (const rider of this.#riders) rider.lost();
    this.#socket.destroySoon();
  }
}

class H2Listener extends SocketListener {
  readonly #connections: Set<H2Connection>;

  constructor(onConnection: (connection: H2Connection) => void) {
    const connections = new Set<H2Connection>();
    super((socket) => {
      const connection = new H2Connection(socket);
      connections.add(connection);
      socket.once('close', () => connections.delete(connection));
      onConnection(connection);
    });
    this.#connections = connections;
  }

  async flush(): Promise<void> {
    await Promise.all([...this.#connections].map((connection) => connection.flush()));
  }
}

/** Callers abandon as many requests as they like: Node takes more than 33 a second for an attack, and ends the connection. */
const OPTIONS = { streamResetBurst: 1e9, streamResetRate: 1e9, maxSessionMemory: 1000 };

/**
 * A listener for HTTP/2 in the clear with prior knowledge. What speaks anything else is dropped.
 * @param onRequest called when the request's body has been read
 */
export function listenH2(
  onRequest: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, connection: H2Connection) => void,
): AppListener {
  return new H2Listener((connection) => {
    connection.session.on('stream', (stream, headers) => {
      stream.on('error', () => {});
      stream.once('end', () => {
        // Node ends the reading of streams that were reset, too.
        if (!stream.aborted && !stream.destroyed && stream.rstCode === 0) onRequest(stream, headers, connection);
      });
      stream.resume();
    });
  });
}
