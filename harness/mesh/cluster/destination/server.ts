import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Address } from '../../contract.ts';
import { ComponentServer, NO_FACTS } from '../../control-plane.ts';
import type { ApiClient } from '../api/client.ts';
import { TlsServer } from '../tls-server.ts';
import type { MeshNames } from './policy/authorization.ts';
import { MeshState } from './state.ts';

/** So that watchers and what lies between notice when the other is gone, ms. */
const KEEP_ALIVE_MS = 15_000;
/** A watcher that does not read is cut rather than kept in memory; it comes again. */
const MAX_UNREAD_BYTES = 16 * 1024 * 1024;

export interface DestinationOptions {
  api: Pick<ApiClient, 'request' | 'lines'>;
  listen: Address;
  admin: Address;
  tls: { certPem: string; keyPem: string };
  names: MeshNames;
  log(line: string): void;
  keepAliveMs?: number;
  coalesceMs?: number;
}

/** The component `destination`: `GET /watch` streams the mesh as snapshots, a line each. */
export class DestinationServer implements AsyncDisposable {
  readonly #watchers = new Set<ServerResponse>();
  readonly #stack = new AsyncDisposableStack();
  #server: TlsServer | null = null;
  #adminServer: ComponentServer | null = null;

  private constructor() {}

  /** @throws HarnessError PORT_TAKEN */
  static async start(options: DestinationOptions): Promise<DestinationServer> {
    const destination = new DestinationServer();
    try {
      await destination.#start(options);
      return destination;
    } catch (error) {
      await destination[Symbol.asyncDispose]();
      throw error;
    }
  }

  get port(): number {
    return this.#server!.port;
  }

  get adminPort(): number {
    return this.#adminServer!.address.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  async #start({ api, listen, admin, tls, names, log, keepAliveMs, coalesceMs }: DestinationOptions): Promise<void> {
    const state = this.#stack.use(
      new MeshState({ api, names, log, coalesceMs, changed: (line) => this.#tell(`${line}\n`) }),
    );
    this.#server = this.#stack.use(
      await TlsServer.start({
        ...{ what: 'destination', listen, tls },
        handle: (request, response) => this.#handle(request, response, state),
      }),
    );
    this.#adminServer = this.#stack.use(
      await ComponentServer.start({
        container: 'destination',
        listen: admin,
        facts: { ...NO_FACTS, endpoints: () => state.endpoints() },
        isReady: () => state.line !== null,
      }),
    );
    const timer = setInterval(() => this.#tell('\n'), keepAliveMs ?? KEEP_ALIVE_MS);
    this.#stack.defer(() => clearInterval(timer));
  }

  #handle({ method, url }: IncomingMessage, response: ServerResponse, state: MeshState): void {
    if (method !== 'GET' || url !== '/watch') {
      response.writeHead(404).end('GET /watch\n');
      return;
    }
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    response.flushHeaders();
    if (state.line !== null) response.write(`${state.line}\n`);
    this.#watchers.add(response);
    response.once('close', () => this.#watchers.delete(response));
  }

  #tell(text: string): void {
    for (const watcher of this.#watchers) {
      if (watcher.writableLength > MAX_UNREAD_BYTES) watcher.destroy();
      else watcher.write(text);
    }
  }
}
