import net, { type Server, type Socket } from 'node:net';
import { HarnessError } from '../../core/errors.ts';
import type { Address, MeshPodConfig } from '../contract.ts';
import type { IssuedCertificate } from '../identity/authority.ts';
import type { WorkloadCredentials } from '../identity/credentials.ts';
import type { OutboundTarget, ProxyTelemetry } from '../telemetry/types.ts';
import { Admin } from './admin.ts';
import type { Discovery, KnownService } from './discovery.ts';
import { Inbound } from './inbound.ts';
import { Outbound } from './outbound.ts';
import type { TcpMeter } from './tcp-meter.ts';

export interface SidecarOptions {
  pod: MeshPodConfig;
  credentials: WorkloadCredentials;
  telemetry: ProxyTelemetry;
  meter: TcpMeter;
  discovery: Discovery;
  target(service: KnownService, pod: MeshPodConfig): OutboundTarget;
  identityOf(pod: MeshPodConfig): string;
  env: Record<string, string>;
  /** For the balancers; from 0 to 1. */
  random(): number;
}

/** One incarnation of one pod's proxy: its three listeners. */
export class Sidecar {
  readonly pod: MeshPodConfig;
  readonly #options: SidecarOptions;
  readonly #inbound: Inbound;
  readonly #outbound: Outbound;
  readonly #admin: Admin;
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();
  #ready = false;

  private constructor(options: SidecarOptions) {
    const { pod, credentials, telemetry, meter } = options;
    this.pod = pod;
    this.#options = options;
    const record = ({ notAfterEpochMs }: IssuedCertificate) =>
      telemetry.certificate('ok', notAfterEpochMs / 1000, Date.now() / 1000);
    record(credentials.certificate);
    credentials.onRenewed(record);
    this.#inbound = new Inbound({ pod, telemetry, credentials, meter });
    this.#outbound = new Outbound({ ...options, namespace: pod.namespace });
    this.#admin = new Admin({ ...options, isReady: () => this.#ready });
  }

  /** @throws HarnessError PORT_TAKEN */
  static async start(options: SidecarOptions): Promise<Sidecar> {
    const sidecar = new Sidecar(options);
    const { pod } = options;
    try {
      await Promise.all([
        sidecar.#listen('admin', pod.admin, (socket) => sidecar.#admin.accept(socket)),
        sidecar.#listen('inbound', pod.inbound, (socket) => sidecar.#inbound.accept(socket)),
        sidecar.#listen('outbound', pod.outbound, (socket) => sidecar.#outbound.accept(socket)),
      ]);
    } catch (error) {
      await sidecar.kill();
      throw error;
    }
    sidecar.#ready = true;
    return sidecar;
  }

  /** Requests that went through, both ways. */
  get handled(): number {
    return this.#inbound.handled + this.#outbound.handled;
  }

  /** Sockets that it holds: listeners, accepted connections, and those it opened. */
  get openFds(): number {
    return this.#servers.length + this.#options.meter.size;
  }

  /** Ends it as SIGKILL ends a process: sockets are cut, nothing more is counted. Resolves when its ports are free. */
  async kill(): Promise<void> {
    this.#inbound.kill();
    this.#outbound.kill();
    this.#options.meter.clear();
    this.#options.credentials[Symbol.dispose]();
    const closed = this.#servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
    // As the kernel does for a killed process. A reset is no option: libuv refuses it while a shutdown is pending.
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(closed);
  }

  async #listen(what: string, address: Address, accept: (socket: Socket) => void): Promise<void> {
    const server = net.createServer((socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      accept(socket);
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause: NodeJS.ErrnoException) => {
        const where = `${what} listener of ${this.pod.namespace}/${this.pod.name}, ${address.host}:${address.port}`;
        const code = cause.code === 'EADDRINUSE' ? 'PORT_TAKEN' : 'LISTEN_FAILED';
        reject(
          new HarnessError(code, `${where}: ${cause.message}`, {
            hint: 'end what uses the address, or let the addresses be chosen',
            cause,
          }),
        );
      });
      server.listen({ port: address.port, host: address.host, backlog: 1024 }, resolve);
    });
    server.on('error', () => {});
    this.#servers.push(server);
  }
}
