import net, { type Server, type Socket } from 'node:net';
import { HarnessError } from '../../../core/errors.ts';
import type { Address } from '../addresses.ts';

/**
 * The address of a Service as the kernel has it for connections that no proxy takes: each goes to one of the pods behind it that
 * are there as it is made, in turn, and stays there. Without a roll-out pods do not change, and callers dial them themselves.
 */
export class ServiceAddress implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #turn = 0;

  private constructor(endpoints: () => readonly Address[]) {
    this.#server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      const pods = endpoints();
      const pod = pods[this.#turn++ % Math.max(1, pods.length)];
      this.#keep(socket);
      if (pod) this.#connect(socket, pod);
      else socket.resetAndDestroy();
    });
  }

  /** @throws HarnessError PORT_TAKEN */
  static async listen(at: Address, endpoints: () => readonly Address[]): Promise<ServiceAddress> {
    const service = new ServiceAddress(endpoints);
    await new Promise<void>((resolve, reject) => {
      service.#server.once('error', (cause) =>
        reject(
          new HarnessError('PORT_TAKEN', `${at.host}:${at.port} of a Service can't be listened on: ${cause.message}`, {
            hint: 'end what uses the address, or let the addresses be chosen',
            cause,
          }),
        ),
      );
      service.#server.listen(at.port, at.host, resolve);
    });
    return service;
  }

  #connect(socket: Socket, pod: Address): void {
    const upstream = net.connect({ ...pod, allowHalfOpen: true, noDelay: true });
    this.#keep(upstream);
    pass(socket, upstream);
    pass(upstream, socket);
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

/** What one end says, and how it ends: in order, or with a reset. */
function pass(from: Socket, to: Socket): void {
  from.pipe(to);
  from.once('error', () => to.resetAndDestroy());
  from.once('close', () => {
    if (!from.readableEnded) to.destroy();
  });
}
