import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import https, { type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Address } from '../../contract.ts';
import { IdentityAuthority } from '../../identity/authority.ts';
import type { CertifyRequest, CertifyResponse, MeshSnapshot } from '../contract.ts';

const NAMES = { trustDomain: 'cluster.local', controlPlaneNamespace: 'linkerd' };

/** One HTTPS server that can go away and come back at its address. */
class Service {
  readonly #authority: IdentityAuthority;
  readonly #names: string[];
  readonly #handler: RequestListener;
  readonly #sockets = new Set<Duplex>();
  #server: Server | null = null;
  address: Address;

  constructor(authority: IdentityAuthority, names: string[], host: string, handler: RequestListener) {
    this.address = { host, port: 0 };
    this.#authority = authority;
    this.#names = names;
    this.#handler = handler;
  }

  async start(): Promise<void> {
    const { certPem, keyPem } = this.#authority.issueServing(this.#names);
    const server = https.createServer({ cert: certPem, key: keyPem }, this.#handler);
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.address.port, this.address.host, resolve);
    });
    this.address = { ...this.address, port: (server.address() as AddressInfo).port };
    this.#server = server;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (!server) return;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

export interface StandInOptions {
  /** Where it listens; 127.0.0.1 unless given. */
  host?: string;
  lifetimeMs?: number;
  /** Names in the serving certificates instead of the components'. */
  servingNames?: string[];
}

/** A control plane for sidecars under test: certifies `account.namespace` given as a token, and tells what it is told to. */
export class StandIn implements AsyncDisposable {
  readonly authority: IdentityAuthority;
  readonly identity: Service;
  readonly destination: Service;
  /** Tokens that were certified, in order. */
  readonly certified: string[] = [];
  /** Answers with this status instead of certifying. */
  refuse: number | null = null;
  /** Tokens that were not. */
  readonly refused = new Set<string>();
  #snapshot: MeshSnapshot = { services: [], pods: [] };
  readonly #watchers = new Set<ServerResponse>();

  private constructor({ host = '127.0.0.1', lifetimeMs, servingNames }: StandInOptions) {
    const lifetime = lifetimeMs === undefined ? {} : { lifetimeMs, clockSkewMs: 0 };
    this.authority = new IdentityAuthority({ ...NAMES, ...lifetime });
    const names = (service: string) => servingNames ?? [`${service}.linkerd.svc.cluster.local`];
    this.identity = new Service(this.authority, names('linkerd-identity-headless'), host, (request, response) => {
      void this.#certify(request, response);
    });
    this.destination = new Service(this.authority, names('linkerd-dst-headless'), host, (request, response) =>
      this.#watch(request, response),
    );
  }

  static async start(options: StandInOptions = {}): Promise<StandIn> {
    const standIn = new StandIn(options);
    await Promise.all([standIn.identity.start(), standIn.destination.start()]);
    return standIn;
  }

  get watchers(): number {
    return this.#watchers.size;
  }

  tell(snapshot: MeshSnapshot): void {
    this.#snapshot = snapshot;
    for (const watcher of this.#watchers) watcher.write(`${JSON.stringify(snapshot)}\n`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.identity.stop(), this.destination.stop()]);
  }

  async #certify(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { token } = JSON.parse(Buffer.concat(chunks).toString()) as CertifyRequest;
    if (this.refuse !== null || request.url !== '/certify' || request.method !== 'POST') {
      this.refused.add(token);
      response.writeHead(this.refuse ?? 404).end('refused');
      return;
    }
    const [serviceAccount = '', namespace = ''] = token.split('.');
    this.certified.push(token);
    const answer: CertifyResponse = this.authority.issueWorkload(serviceAccount, namespace);
    response.end(JSON.stringify(answer));
  }

  #watch(request: IncomingMessage, response: ServerResponse): void {
    if (request.url !== '/watch') {
      response.writeHead(404).end();
      return;
    }
    this.#watchers.add(response);
    response.once('close', () => this.#watchers.delete(response));
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    response.write(`${JSON.stringify(this.#snapshot)}\n`);
  }
}
