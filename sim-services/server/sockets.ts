import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Address } from './egress.ts';
import type { AppListener } from './listener.ts';

/** A listener whose protocol begins with the bare socket. */
export class SocketListener implements AppListener {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #listening = false;

  /** @param allowHalfOpen the peer may end first, and our end is ours to write */
  constructor(onSocket: (socket: Socket) => void, allowHalfOpen = false) {
    this.#server = createServer({ allowHalfOpen, noDelay: true }, (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      onSocket(socket);
    });
  }

  listen(at: Address): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(at.port, at.host, () => {
        this.#listening = true;
        this.#server.off('error', reject);
        resolve((this.#server.address() as AddressInfo).port);
      });
    });
  }

  refuse(): void {
    if (this.#listening) this.#server.close();
    this.#listening = false;
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.refuse();
    this.cut();
  }
}
