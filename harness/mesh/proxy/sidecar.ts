import net, { type Server, type Socket } from 'node:net';
import { HarnessError } from '../../core/errors.ts';
import type { Address, MeshPodConfig } from '../contract.ts';
import type { IssuedCertificate } from '../identity/authority.ts';
import type { WorkloadCredentials } from '../identity/credentials.ts';
import type { FullProxyTelemetry } from '../telemetry/types.ts';
import { Admin } from './admin.ts';
import type { ControlWatches } from './control-clients.ts';
import type { Discovery } from './discovery.ts';
import { withAdminDenied } from './faults/admin-denied.ts';
import { AdminListener } from './faults/admin-listener.ts';
import type { FaultState } from './faults/fault-state.ts';
import { InboundPolicies } from './inbound/policies.ts';
import { Inbound } from './inbound.ts';
import { Outbound } from './outbound.ts';
import type { MeshNames } from './peer.ts';
import { OutboundTcp } from './tcp/outbound-tcp.ts';
import type { TcpMeter } from './tcp-meter.ts';

/** Listeners for what the original destination would tell, where connections are redirected to them. */
export interface SidecarPorts {
  /** Outbound connections to one port. */
  egressByPort?: { port: number; address: Address }[];
  /** Inbound connections to the app's opaque ports; absent: they come to the inbound listener. */
  opaqueInbound?: Address;
}

/** The pod as its sidecar sees it. */
export type SidecarPod = SidecarPorts &
  Pick<
    MeshPodConfig,
    | 'namespace'
    | 'name'
    | 'ip'
    | 'inbound'
    | 'outbound'
    | 'admin'
    | 'app'
    | 'inboundPolicy'
    | 'opaquePorts'
    | 'egressOf'
  >;

export interface SidecarOptions {
  pod: SidecarPod;
  telemetry: FullProxyTelemetry;
  meter: TcpMeter;
  discovery: Discovery;
  watches: ControlWatches;
  names: MeshNames;
  env: Record<string, string>;
  /** Its connections to peers have one (since 2.18); absent: true. */
  transportHeader?: boolean;
  /** For the balancers; from 0 to 1. */
  random(): number;
  /** What is wrong with it; absent: nothing ever is. */
  faults?: FaultState;
  /** Says what became of a connection that nothing else tells of. */
  log?(line: string): void;
  /** Further addresses of the listeners, left out where the system has none of the kind (IPv6). */
  optional?: { inbound: Address; outbound: Address }[];
}

/** One incarnation of one pod's proxy: its three listeners. */
export class Sidecar {
  /** What it lets in, from now on. */
  readonly policies: InboundPolicies;
  readonly #options: SidecarOptions;
  readonly #admin: Admin;
  readonly #adminListener: AdminListener;
  /** Those of the data ports. */
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();
  /** Those that the app has made. */
  readonly #ofApp = new Set<Socket>();
  #credentials: WorkloadCredentials | null = null;
  #inbound: Inbound | null = null;
  #outbound: Outbound | null = null;
  #outboundTcp: OutboundTcp | null = null;
  #ready = false;

  private constructor(options: SidecarOptions) {
    this.#options = options;
    this.policies = new InboundPolicies(options.pod.inboundPolicy);
    this.#admin = new Admin({ ...options, policies: this.policies, isReady: () => this.#ready });
    this.#adminListener = new AdminListener({
      ...{ address: options.pod.admin, admin: this.#admin },
      bind: async (address, accept) => (await this.#bind('admin', address, accept, false))!,
    });
  }

  /** All of it at once, for a pod that is certified. @throws HarnessError PORT_TAKEN */
  static async start(options: SidecarOptions & { credentials: WorkloadCredentials }): Promise<Sidecar> {
    const sidecar = new Sidecar(options);
    try {
      await Promise.all([sidecar.applyFaults(), sidecar.certified(options.credentials)]);
    } catch (error) {
      await sidecar.kill();
      throw error;
    }
    return sidecar;
  }

  /** Only the admin listener, which answers that the proxy lives and is not ready. @throws HarnessError PORT_TAKEN */
  static async startUncertified(options: SidecarOptions): Promise<Sidecar> {
    const sidecar = new Sidecar(options);
    try {
      await sidecar.applyFaults();
    } catch (error) {
      await sidecar.kill();
      throw error;
    }
    return sidecar;
  }

  /** Before that, the data ports do not accept (facts, section 2). The sidecar ends the credentials. @throws HarnessError PORT_TAKEN */
  async certified(credentials: WorkloadCredentials): Promise<void> {
    const { pod, telemetry, optional = [] } = this.#options;
    const record = ({ notAfterEpochMs }: IssuedCertificate) =>
      telemetry.certificate('ok', notAfterEpochMs / 1000, Math.min(Date.now(), notAfterEpochMs) / 1000);
    this.#credentials = credentials;
    record(credentials.certificate);
    credentials.onRenewed(record);
    this.#admin.certified(credentials);
    const inbound = new Inbound({ ...this.#options, policies: this.policies, credentials });
    const outbound = new Outbound({ ...this.#options, credentials, namespace: pod.namespace });
    this.#inbound = inbound;
    this.#outbound = outbound;
    this.#outboundTcp = new OutboundTcp({
      ...this.#options,
      detectMs: () => this.#options.faults?.current.detectTimeoutMs,
      credentials,
      http: (socket, service, protocol, seconds) => outbound.serve(socket, protocol, seconds, service),
    });
    const accept = {
      inbound: (socket: Socket) => inbound.accept(socket),
      outbound: (socket: Socket) => outbound.accept(socket),
    };
    await Promise.all([
      this.#listen('inbound', pod.inbound, accept.inbound),
      this.#listen('outbound', pod.outbound, accept.outbound),
      ...optional.flatMap((addresses) => [
        this.#listen('inbound', addresses.inbound, accept.inbound, true),
        this.#listen('outbound', addresses.outbound, accept.outbound, true),
      ]),
      ...(pod.egressOf ?? []).map(({ service, address }) =>
        this.#listen('egress', address, (socket) => this.#acceptFor(service, socket)),
      ),
      ...(pod.egressByPort ?? []).map(({ port, address }) =>
        this.#listen('egress', address, (socket) => this.#acceptAt(port, socket)),
      ),
      ...(pod.opaqueInbound
        ? [this.#listen('opaque inbound', pod.opaqueInbound, (socket) => inbound.acceptOpaque(socket))]
        : []),
    ]);
    this.#ready = true;
  }

  /** Lets others at the admin listener as its faults say now. @throws HarnessError PORT_TAKEN */
  applyFaults(): Promise<void> {
    const { pod, faults } = this.#options;
    const { reach, deniedBy } = faults?.current.admin ?? {};
    if (faults) this.policies.update(deniedBy ? withAdminDenied(pod, deniedBy) : pod.inboundPolicy);
    return this.#adminListener.listen(reach);
  }

  /** Where the kubelet finds the admin listener. */
  get probed(): Address {
    return this.#adminListener.probed;
  }

  /** Requests that went through, both ways. */
  get handled(): number {
    return (this.#inbound?.handled ?? 0) + (this.#outbound?.handled ?? 0);
  }

  /** Sockets that it holds: listeners, accepted connections, and those it opened. */
  get openFds(): number {
    return this.#allServers().length + this.#options.meter.size;
  }

  /** Requests that have come and are not answered yet, and connections that are forwarded. */
  get inFlight(): number {
    return [this.#inbound, this.#outbound, this.#outboundTcp].reduce((sum, part) => sum + (part?.inFlight ?? 0), 0);
  }

  /** Asks peers to let go of their connections, once what they have asked is answered. New ones are taken until it ends. */
  retire(): void {
    this.#inbound?.retire();
  }

  /** Nothing that came from outside is left: no request, no connection. */
  get isRetired(): boolean {
    return this.#inbound?.isQuiet ?? true;
  }

  /** Its app has no connection to it any more, and nothing of it is under way. */
  get isAlone(): boolean {
    return this.#ofApp.size === 0 && this.inFlight === 0;
  }

  /** Takes no new connections for data; what is under way goes on, and so does the admin listener. */
  drain(): void {
    for (const server of this.#servers) server.close();
  }

  /** Ends it as SIGKILL ends a process: sockets are cut, nothing more is counted. Resolves when its ports are free. */
  async kill(): Promise<void> {
    this.#inbound?.kill();
    this.#outbound?.kill();
    this.#outboundTcp?.kill();
    this.#options.meter.clear();
    this.#credentials?.[Symbol.dispose]();
    const closed = this.#allServers().map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
    // As the kernel does for a killed process. A reset is no option: libuv refuses it while a shutdown is pending.
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all([...closed, this.#adminListener[Symbol.asyncDispose]()]);
  }

  #allServers(): Server[] {
    return [...this.#adminListener.servers, ...this.#servers];
  }

  /** A connection whose destination is this Service. */
  #acceptFor({ namespace, name, port }: EgressService, socket: Socket): void {
    const service = this.#options.discovery.resolve(`${name}.${namespace}:${port}`, namespace);
    if (service) this.#outboundTcp!.accept(socket, service);
    else socket.destroy();
  }

  /** A connection of whose destination only the port is known: there must be one Service that has it. */
  #acceptAt(port: number, socket: Socket): void {
    const services = this.#options.discovery.servicesAt(port);
    const [service] = services;
    if (service && services.length === 1) {
      this.#outboundTcp!.accept(socket, service);
      return;
    }
    socket.destroy();
    const who = services.map(({ namespace, name }) => `${namespace}/${name}`).join(', ') || 'no Service';
    this.#options.log?.(`a connection to port ${port} was closed: by the port alone, its destination may be ${who}`);
  }

  async #listen(what: string, address: Address, accept: (socket: Socket) => void, optional = false): Promise<void> {
    const server = await this.#bind(what, address, accept, optional);
    if (server) this.#servers.push(server);
  }

  async #bind(
    what: string,
    address: Address,
    accept: (socket: Socket) => void,
    optional: boolean,
  ): Promise<Server | null> {
    // What nobody has read when an endpoint refuses is what makes the kernel reset the connection.
    const pauseOnConnect = what === 'egress' || what === 'opaque inbound';
    const ofApp = what === 'egress' || what === 'outbound';
    const server = net.createServer({ pauseOnConnect }, (socket) => {
      this.#sockets.add(socket);
      if (ofApp) this.#ofApp.add(socket);
      socket.once('close', () => {
        this.#sockets.delete(socket);
        this.#ofApp.delete(socket);
      });
      accept(socket);
    });
    const failure = await new Promise<NodeJS.ErrnoException | null>((resolve) => {
      server.once('error', resolve);
      // Of IPv6 its own connections only: IPv4 has a listener, and addresses as labels show them.
      server.listen({ port: address.port, host: address.host, backlog: 1024, ipv6Only: true }, () => resolve(null));
    });
    if (failure && !(optional && ABSENT.has(failure.code ?? ''))) throw this.#listenError(what, address, failure);
    server.on('error', () => {});
    return failure ? null : server;
  }

  #listenError(what: string, address: Address, cause: NodeJS.ErrnoException): HarnessError {
    const { namespace, name } = this.#options.pod;
    const where = `${what} listener of ${namespace}/${name}, ${address.host}:${address.port}`;
    const code = cause.code === 'EADDRINUSE' ? 'PORT_TAKEN' : 'LISTEN_FAILED';
    const hint = 'end what uses the address, or let the addresses be chosen';
    return new HarnessError(code, `${where}: ${cause.message}`, { hint, cause });
  }
}

type EgressService = NonNullable<MeshPodConfig['egressOf']>[number]['service'];

/** The system has no such address family, or no such address. */
const ABSENT = new Set(['EAFNOSUPPORT', 'EADDRNOTAVAIL']);
