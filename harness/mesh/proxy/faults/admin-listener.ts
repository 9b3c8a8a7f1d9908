import type { AddressInfo, Server, Socket } from 'node:net';
import type { Address, PodFaults } from '../../contract.ts';
import type { Admin } from '../admin.ts';
import { DeafListener } from './deaf-listener.ts';

type Reach = NonNullable<PodFaults['admin']>['reach'];

export interface AdminListenerOptions {
  address: Address;
  admin: Admin;
  /** @throws HarnessError PORT_TAKEN */
  bind(address: Address, accept: (socket: Socket) => void): Promise<Server>;
}

/**
 * The admin port as others reach it. A firewall that bars it lets the node's own kubelet through, which asks at a port that
 * nobody else knows meanwhile.
 */
export class AdminListener implements AsyncDisposable {
  readonly #options: AdminListenerOptions;
  readonly #sockets = new Set<Socket>();
  #public: Server | null = null;
  #private: Server | null = null;
  #deaf: DeafListener | null = null;
  #reach: Reach;

  constructor(options: AdminListenerOptions) {
    this.#options = options;
  }

  /** @throws HarnessError PORT_TAKEN */
  async listen(reach: Reach): Promise<void> {
    const { address, admin, bind } = this.#options;
    if (reach && !this.#private) {
      this.#private = await bind({ ...address, port: 0 }, (socket) => admin.accept(socket));
    }
    // What is open was let through before.
    if (reach !== this.#reach) for (const socket of this.#sockets) socket.destroy();
    this.#reach = reach;
    if (reach !== 'drop') await this.#closeDeaf();
    if (reach === 'refuse' || reach === 'drop') {
      await closed(this.#public);
      this.#public = null;
      if (reach === 'drop') this.#deaf ??= await DeafListener.listen(address);
    } else {
      this.#public ??= await bind(address, (socket) => {
        this.#sockets.add(socket);
        socket.once('close', () => this.#sockets.delete(socket));
        admin.acceptRemote(socket);
      });
    }
  }

  /** What is not among its servers. */
  async #closeDeaf(): Promise<void> {
    const deaf = this.#deaf;
    this.#deaf = null;
    await deaf?.close();
  }

  /** Lets go of the address where no server has it. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#closeDeaf();
  }

  get servers(): Server[] {
    return [this.#public, this.#private].filter((server) => server !== null);
  }

  /** Where the kubelet asks. */
  get probed(): Address {
    const { address } = this.#options;
    if (!this.#reach || !this.#private) return address;
    return { host: address.host, port: (this.#private.address() as AddressInfo).port };
  }
}

function closed(server: Server | null): Promise<void> {
  return new Promise((resolve) => (server ? server.close(() => resolve()) : resolve()));
}
