import net, { type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import { HarnessError } from '../../../core/errors.ts';
import type { Address } from '../../contract.ts';

/** Connections that the system makes and keeps for a listener that takes none: one more than this (Linux). */
const BACKLOG = 1;
/** A connection on this machine is made at once; one that is not by then never is. ms */
const NEVER_MS = 150;

/** A thread that listens and then stands still, so that nobody takes what comes. */
const DEAF = `
const { parentPort, workerData } = require('node:worker_threads');
const server = require('node:net').createServer();
server.once('error', (error) => { parentPort.postMessage({ code: error.code, message: error.message }); });
server.listen({ ...workerData.address, backlog: ${BACKLOG} }, () => {
  parentPort.postMessage(null);
  Atomics.wait(workerData.until, 0, 0);
  server.close();
});
`;

/**
 * An address where nothing answers, as where a firewall drops packets: its queue is full, so the system drops every further
 * SYN. Whoever connects waits until he gives up.
 */
export class DeafListener {
  readonly #worker: Worker;
  readonly #until: Int32Array;
  /** What fills the queue. */
  readonly #fill: Socket[] = [];

  private constructor(address: Address) {
    this.#until = new Int32Array(new SharedArrayBuffer(4));
    this.#worker = new Worker(DEAF, { eval: true, workerData: { address, until: this.#until } });
    this.#worker.unref();
  }

  /** @throws HarnessError PORT_TAKEN, LISTEN_FAILED */
  static async listen(address: Address): Promise<DeafListener> {
    const listener = new DeafListener(address);
    const failure = await new Promise<NodeJS.ErrnoException | null>((resolve) => {
      listener.#worker.once('message', resolve);
      listener.#worker.once('error', resolve);
    });
    if (failure) {
      const code = failure.code === 'EADDRINUSE' ? 'PORT_TAKEN' : 'LISTEN_FAILED';
      throw new HarnessError(code, `deaf listener, ${address.host}:${address.port}: ${failure.message}`, {
        hint: 'end what uses the address, or let the addresses be chosen',
      });
    }
    for (let i = 0; i <= 2 * BACKLOG + 1; i++) if (!(await listener.#connect(address))) break;
    return listener;
  }

  /** Resolves when the address is free. */
  async close(): Promise<void> {
    for (const socket of this.#fill) socket.destroy();
    const ended = new Promise((resolve) => this.#worker.once('exit', resolve));
    Atomics.store(this.#until, 0, 1);
    Atomics.notify(this.#until, 0);
    await ended;
  }

  /** @returns whether there was still room */
  #connect(address: Address): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = net.connect(address);
      const timer = setTimeout(() => {
        socket.destroy();
        resolve(false);
      }, NEVER_MS);
      socket.on('error', () => {});
      socket.once('connect', () => {
        clearTimeout(timer);
        socket.unref();
        this.#fill.push(socket);
        resolve(true);
      });
    });
  }
}
