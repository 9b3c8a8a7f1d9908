import http2, { type ClientHttp2Session } from 'node:http2';
import net, { type Socket } from 'node:net';
import type { Address } from '../contract.ts';
import { APP_CONNECT_TIMEOUT_MS } from './app-client.ts';
import { type Backoff, backoffMs } from './outbound/backoff.ts';
import { H2_WINDOW, SESSION_OPTIONS } from './session-options.ts';

export interface NotConnected {
  kind: 'refused' | 'timeout' | 'fail-fast';
  message: string;
}

type Waiter = (failure: NotConnected | null, session: ClientHttp2Session | null) => void;

/** How long requests wait for a connection, while attempts are made one after another. */
export interface Patience {
  /** Without a connection for this long, requests fail, and those that come later at once, until there is one. */
  failFastMs: number;
  backoff: Backoff;
  random(): number;
}

/** As Linkerd's inbound proxy with its app (defaults of LINKERD2_PROXY_INBOUND_*). */
export const INBOUND_PATIENCE: Patience = {
  failFastMs: 1000,
  backoff: { minMs: 100, maxMs: 10_000, jitter: 0.1 },
  random: Math.random,
};

/** One HTTP/2 connection in the clear that is made when first asked for, kept, and made anew when it was lost. */
export class Http2AppConnection {
  readonly #address: Address;
  readonly #opened: (socket: Socket) => void;
  /** null: a failed attempt fails those that wait for it. */
  readonly #patience: Patience | null;
  #session: ClientHttp2Session | null = null;
  #connecting: Socket | null = null;
  #waiters: Waiter[] = [];
  #closed = false;
  #failingFast = false;
  /** Attempts since the last connection; what had one and lost it waits before the first. */
  #attempts = 0;
  #lost = false;
  #gate: NodeJS.Timeout | undefined;
  #retry: NodeJS.Timeout | undefined;

  constructor(address: Address, opened: (socket: Socket) => void, patience: Patience | null) {
    this.#address = address;
    this.#opened = opened;
    this.#patience = patience;
  }

  /** The session: at once when there is one, else when it has been made. */
  acquire(waiter: Waiter): void {
    const session = this.#session;
    if (session && !session.closed && !session.destroyed) waiter(null, session);
    else if (this.#failingFast) waiter(FAIL_FAST, null);
    else {
      this.#waiters.push(waiter);
      if (this.#patience) this.#gate ??= setTimeout(() => this.#failFast(), this.#patience.failFastMs);
      this.#attempt();
    }
  }

  /** What is under way ends as it will; nothing more may be asked for. */
  close(): void {
    this.#end();
    this.#session?.close();
  }

  destroy(): void {
    this.#end();
    this.#waiters = [];
    this.#connecting?.destroy();
    this.#session?.destroy();
    this.#session = null;
  }

  #end(): void {
    this.#closed = true;
    clearTimeout(this.#gate);
    clearTimeout(this.#retry);
  }

  #failFast(): void {
    this.#failingFast = true;
    this.#settle(FAIL_FAST, null);
  }

  #attempt(): void {
    if (this.#connecting || this.#retry || this.#closed) return;
    if (this.#patience && (this.#lost || this.#attempts > 0)) {
      const { backoff, random } = this.#patience;
      this.#retry = setTimeout(
        () => {
          this.#retry = undefined;
          this.#connect();
        },
        backoffMs(backoff, this.#attempts, random),
      );
      this.#attempts++;
    } else this.#connect();
  }

  #connect(): void {
    const socket = net.connect({ host: this.#address.host, port: this.#address.port, noDelay: true });
    this.#connecting = socket;
    const timer = setTimeout(() => {
      this.#failed(socket, { kind: 'timeout', message: 'connect timed out' });
      socket.destroy();
    }, APP_CONNECT_TIMEOUT_MS);
    socket.on('error', ({ message }) => this.#failed(socket, { kind: 'refused', message }));
    socket.once('close', () => clearTimeout(timer));
    socket.once('connect', () => {
      clearTimeout(timer);
      if (this.#closed) {
        socket.destroy();
        return;
      }
      this.#opened(socket);
      this.#adopt(socket);
    });
  }

  /** A socket that was a connection before may fail while another is made: that is no failure of this one. */
  #failed(socket: Socket, failure: NotConnected): void {
    if (this.#connecting !== socket) return;
    this.#connecting = null;
    if (!this.#patience) this.#settle(failure, null);
    else if (this.#waiters.length > 0 || this.#failingFast) {
      this.#attempts = Math.max(1, this.#attempts);
      this.#attempt();
    }
  }

  #adopt(socket: Socket): void {
    const host = this.#address.host.includes(':') ? `[${this.#address.host}]` : this.#address.host;
    const session = http2.connect(`http://${host}:${this.#address.port}`, {
      ...SESSION_OPTIONS,
      createConnection: () => socket,
    });
    session.on('error', () => {});
    session.once('connect', () => session.setLocalWindowSize(H2_WINDOW));
    session.once('close', () => {
      if (this.#session !== session) return;
      this.#session = null;
      this.#lost = true;
    });
    this.#connecting = null;
    this.#session = session;
    this.#attempts = 0;
    this.#lost = false;
    this.#failingFast = false;
    this.#settle(null, session);
  }

  #settle(failure: NotConnected | null, session: ClientHttp2Session | null): void {
    clearTimeout(this.#gate);
    this.#gate = undefined;
    for (const waiter of this.#waiters.splice(0)) waiter(failure, session);
  }
}

const FAIL_FAST: NotConnected = { kind: 'fail-fast', message: 'service in fail-fast' };
