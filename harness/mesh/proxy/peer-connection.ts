import type { Socket } from 'node:net';
import tls from 'node:tls';
import type { Address } from '../contract.ts';
import type { WorkloadCredentials } from '../identity/credentials.ts';
import { LINK_PROTOCOL, LinkSession } from '../link/session.ts';

/** Linkerd's LINKERD2_PROXY_OUTBOUND_CONNECT_TIMEOUT, ms; covers the TLS handshake. */
export const CONNECT_TIMEOUT_MS = 1000;

/** Linkerd's LINKERD2_PROXY_OUTBOUND_CONNECT_KEEPALIVE, ms. */
const KEEP_ALIVE_MS = 10_000;

/**
 * ALPN name of a link from a proxy that sends no transport header (before 2.18): with Linkerd it goes to the app's own port,
 * and the peer's proxy tells by that.
 */
export const DIRECT_LINK_PROTOCOL = 'meshproof-h2-direct';

export interface ConnectFailure {
  kind: 'timeout' | 'error';
  message: string;
}

type Waiter = (failure: ConnectFailure | null, session: LinkSession | null) => void;

/**
 * The one connection from this pod to a peer's proxy: mutual TLS and HTTP/2, opened when first needed, kept, opened anew
 * when it was lost. The peer must prove the identity that discovery told.
 */
export class PeerConnection {
  readonly #address: Address;
  readonly #identity: string;
  readonly #credentials: WorkloadCredentials;
  readonly #protocol: string;
  readonly #opened: (socket: Socket) => void;
  #session: LinkSession | null = null;
  #connecting: tls.TLSSocket | null = null;
  #waiters: Waiter[] = [];
  #closed = false;
  #retired = false;

  /** @param direct without a transport header */
  constructor(
    address: Address,
    identity: string,
    credentials: WorkloadCredentials,
    opened: (socket: Socket) => void,
    direct = false,
  ) {
    this.#address = address;
    this.#identity = identity;
    this.#credentials = credentials;
    this.#opened = opened;
    this.#protocol = direct ? DIRECT_LINK_PROTOCOL : LINK_PROTOCOL;
  }

  /** The session: at once when there is one, else when it has been made. */
  acquire(waiter: Waiter): void {
    const session = this.#session;
    if (session && !session.closed && !session.destroyed) {
      waiter(null, session);
      return;
    }
    this.#waiters.push(waiter);
    if (!this.#connecting) this.#connect();
  }

  /** The peer is gone: the connection is closed as soon as no request is under way on it. */
  retire(): void {
    this.#retired = true;
    this.#session?.closeWhenIdle();
  }

  destroy(): void {
    this.#closed = true;
    this.#connecting?.destroy();
    this.#session?.destroy();
    this.#session = null;
    this.#waiters = [];
  }

  #connect(): void {
    const socket = tls.connect({
      host: this.#address.host,
      port: this.#address.port,
      // The name that is asked for, and that Node verifies among the certificate's DNS names.
      servername: this.#identity,
      secureContext: this.#credentials.context,
      ALPNProtocols: [this.#protocol],
    });
    this.#connecting = socket;
    socket.setNoDelay(true);
    // A pod that is gone with its network says nothing.
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    const timer = setTimeout(() => {
      this.#settle(socket, { kind: 'timeout', message: `connect timed out after ${CONNECT_TIMEOUT_MS} ms` });
      socket.destroy();
    }, CONNECT_TIMEOUT_MS);
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      if (this.#closed) return;
      this.#connecting = null;
      this.#opened(socket);
      this.#adopt(socket);
    });
    socket.on('error', (error) => this.#settle(socket, { kind: 'error', message: error.message }));
    socket.once('close', () => {
      clearTimeout(timer);
      this.#settle(socket, { kind: 'error', message: 'connection closed during the handshake' });
    });
  }

  #adopt(socket: tls.TLSSocket): void {
    const session = new LinkSession(socket, 'client');
    session.once('close', () => {
      if (this.#session === session) this.#session = null;
    });
    this.#session = session;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter(null, session);
    if (this.#retired) session.closeWhenIdle();
  }

  /** A socket that has been a connection before may close while another is made: that is no failure of this one. */
  #settle(socket: tls.TLSSocket, failure: ConnectFailure): void {
    if (this.#connecting !== socket) return;
    this.#connecting = null;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter(failure, null);
  }
}
