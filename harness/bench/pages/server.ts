import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import net, { type Server, type Socket } from 'node:net';
import { HarnessError } from '../../core/errors.ts';
import { HTTP1_OPTIONS } from '../../mesh/proxy/http1-options.ts';

/** What answers at one address. */
export interface Listener {
  host: string;
  port: number;
  /** It answers no more: connections to it are cut, new ones refused. */
  close(): void;
}

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** One HTTP server behind any number of addresses. */
export class PageServer implements AsyncDisposable {
  readonly #http = http.createServer(HTTP1_OPTIONS);
  readonly #answers = new WeakMap<Socket, Answer>();
  readonly #listeners = new Set<Listener>();

  constructor() {
    this.#http.on('request', (request, response) => this.#answers.get(request.socket)?.(request, response));
    this.#http.on('clientError', (_error, socket) => socket.destroy());
  }

  /**
   * Port 0: any.
   * @returns null where this port of the address is taken
   * @throws HarnessError NO_LOOPBACK: it is no address of this host; TOO_MANY_LISTENERS
   */
  async listen(host: string, port: number, answer: Answer): Promise<Listener | null> {
    const sockets = new Set<Socket>();
    const server = net.createServer({ noDelay: true }, (socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      this.#answers.set(socket, answer);
      this.#http.emit('connection', socket);
    });
    try {
      server.listen({ host, port, exclusive: true });
      await once(server, 'listening');
    } catch (error) {
      return refused(host, error as NodeJS.ErrnoException);
    }
    const listener = {
      host,
      port: (server.address() as net.AddressInfo).port,
      close: () => {
        this.#listeners.delete(listener);
        end(server, sockets);
      },
    };
    this.#listeners.add(listener);
    return listener;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const listener of [...this.#listeners]) listener.close();
    this.#http.closeAllConnections();
  }
}

function end(server: Server, sockets: ReadonlySet<Socket>): void {
  server.close();
  for (const socket of sockets) socket.destroy();
}

function refused(host: string, error: NodeJS.ErrnoException): null {
  if (error.code === 'EADDRINUSE') return null;
  if (error.code === 'EMFILE' || error.code === 'ENFILE') {
    throw new HarnessError('TOO_MANY_LISTENERS', `no more addresses can be listened on: ${error.message}`, {
      hint: 'allow more open files (ulimit -n), two for each pod and some more, or ask for fewer pods',
      cause: error,
    });
  }
  throw new HarnessError('NO_LOOPBACK', `${host} can't be listened on: ${error.message}`, {
    hint: 'check the loopback interface of this host',
    cause: error,
  });
}
