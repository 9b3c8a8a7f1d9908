import type { IncomingMessage, RequestListener } from 'node:http';
import https, { type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { HarnessError } from '../../core/errors.ts';
import type { Address } from '../contract.ts';

/**
 * Idle connections are kept for longer than clients do (Go's, and with it the API server's, for 90 s): whoever closes first
 * may do so while a request is on its way, and one that isn't answered leaves a pod without its sidecar.
 */
const KEEP_ALIVE_MS = 120_000;

export interface TlsServerOptions {
  /** For messages. */
  what: string;
  listen: Address;
  tls: { certPem: string; keyPem: string };
  handle: RequestListener;
}

/** A component's HTTPS server. */
export class TlsServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Duplex>();

  private constructor(server: Server) {
    this.#server = server;
  }

  /** @throws HarnessError PORT_TAKEN */
  static async start({ what, listen, tls, handle }: TlsServerOptions): Promise<TlsServer> {
    const server = https.createServer({ cert: tls.certPem, key: tls.keyPem, minVersion: 'TLSv1.2' }, handle);
    server.keepAliveTimeout = KEEP_ALIVE_MS;
    const started = new TlsServer(server);
    server.on('connection', (socket) => {
      started.#sockets.add(socket);
      socket.once('close', () => started.#sockets.delete(socket));
    });
    // Whoever distrusts our certificate says so in its own log.
    server.on('tlsClientError', () => {});
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause) => {
        const where = `${what}, ${listen.host}:${listen.port}: ${cause.message}`;
        reject(new HarnessError('PORT_TAKEN', where, { hint: 'end what uses the address', cause }));
      });
      server.listen(listen.port, listen.host, resolve);
    });
    return started;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** New certificate for the connections that come. */
  renew(tls: { certPem: string; keyPem: string }): void {
    this.#server.setSecureContext({ cert: tls.certPem, key: tls.keyPem, minVersion: 'TLSv1.2' });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

/** The body of a request. @throws HarnessError BODY_TOO_LONG */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length;
    if (bytes > maxBytes) {
      throw new HarnessError('BODY_TOO_LONG', `a body of more than ${maxBytes} bytes`, { hint: 'send less' });
    }
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}
