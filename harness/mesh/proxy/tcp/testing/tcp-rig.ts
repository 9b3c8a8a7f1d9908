import { randomInt } from 'node:crypto';
import net, { type Server, type Socket } from 'node:net';
import tls from 'node:tls';
import type { OutboundPolicy } from '../../../../core/policy.ts';
import { NO_TIMEOUTS } from '../../../../core/policy.ts';
import { waitFor } from '../../../../core/wait.ts';
import type { MeshPodConfig } from '../../../contract.ts';
import { IdentityAuthority } from '../../../identity/authority.ts';
import { WorkloadCredentials } from '../../../identity/credentials.ts';
import { findProfile } from '../../../profiles/index.ts';
import type { FullProxyTelemetry } from '../../../telemetry/types.ts';
import { ControlWatches } from '../../control-clients.ts';
import { Discovery, type KnownService, podKey } from '../../discovery.ts';
import { peerOf } from '../../peer.ts';
import { podTelemetry } from '../../pod-telemetry.ts';
import { ProcessShares } from '../../process-share.ts';
import { seededRandom } from '../../random.ts';
import { TcpMeter } from '../../tcp-meter.ts';
import { InboundTcp, type TcpPolicy } from '../inbound-tcp.ts';
import { OutboundTcp, type TcpTimes } from '../outbound-tcp.ts';
import { OPAQUE_PROTOCOL } from '../tunnel-leg.ts';

const NAMES = { trustDomain: 'cluster.local', controlPlaneNamespace: 'linkerd' };
const VERSION = '2.366.0';

export interface TcpRigOptions {
  /** What the app does with each connection; null: nothing listens. */
  app: ((socket: Socket) => void) | null;
  /** To both proxies; true unless given. */
  opaque?: boolean;
  skipsInbound?: boolean;
  policy?: TcpPolicy;
  times?: Partial<TcpTimes>;
  /** No endpoint is ready. */
  unready?: boolean;
}

/** One proxy's pages, as numbers by `family{label="value",...}` with the labels that are asked for. */
export class Page {
  readonly #telemetry: FullProxyTelemetry;

  constructor(telemetry: FullProxyTelemetry) {
    this.#telemetry = telemetry;
  }

  /** Sum of the samples of a family that have all these labels; undefined: there is none. */
  value(family: string, labels: Record<string, string> = {}): number | undefined {
    let sum: number | undefined;
    for (const line of this.#telemetry.render(performance.now()).split('\n')) {
      if (!line.startsWith(`${family}{`) && !line.startsWith(`${family} `)) continue;
      const has = Object.entries(labels).every(([name, value]) =>
        new RegExp(`[{,]${name}="${value.replace(/[.*/]/g, '\\$&')}"`).test(line),
      );
      if (has) sum = (sum ?? 0) + Number(line.slice(line.lastIndexOf(' ') + 1));
    }
    return sum;
  }

  /** The tcp_* families of one side. */
  tcp(direction: 'inbound' | 'outbound', peer: 'src' | 'dst') {
    const of = (family: string) => this.value(family, { direction, peer }) ?? 0;
    return {
      opened: of('tcp_open_total'),
      open: of('tcp_open_connections'),
      read: of('tcp_read_bytes_total'),
      written: of('tcp_write_bytes_total'),
      closed: of('tcp_close_total'),
    };
  }
}

/** Two pods' proxies of TCP, real sockets and real pages: a client, and the one pod of the service `db`. */
export class TcpRig implements AsyncDisposable {
  /** Connections that detection called HTTP, by protocol; they are ended. */
  readonly http: string[] = [];
  readonly client: Page;
  readonly server: Page;
  readonly outbound: OutboundTcp;
  readonly inbound: InboundTcp;
  readonly service: KnownService;
  readonly discovery: Discovery;
  readonly pod: MeshPodConfig;
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #tls: tls.Server;
  #ports = { outbound: 0, inbound: 0 };

  private constructor(options: TcpRigOptions, ports: { app: number; inbound: number }) {
    const ip = `10.0.0.${randomInt(2, 250)}`;
    const local = (port: number) => ({ host: '127.0.0.1', port });
    this.#ports.inbound = ports.inbound;
    this.pod = {
      namespace: 'shop',
      name: 'db-0',
      uid: 'db-0',
      deployment: 'db',
      serviceAccount: 'db',
      podTemplateHash: 'abc',
      labels: {},
      ip,
      inbound: local(ports.inbound),
      outbound: local(0),
      admin: local(0),
      app: { address: local(ports.app), labelPort: 5432, readyPath: '/readyz', livePath: '/healthz' },
      skipsInbound: options.skipsInbound ?? false,
      opaquePorts: (options.opaque ?? true) ? [5432] : [],
      component: null,
      componentPorts: [],
    };
    const opaque = options.opaque ?? true;
    const policy: OutboundPolicy = {
      ...{ opaque, routes: [], retry: null, timeouts: NO_TIMEOUTS, failureAccrual: null, profile: null },
    };
    const service = { namespace: 'shop', name: 'db', clusterIp: '10.96.0.1', port: 5432, targetPort: 5432, policy };
    this.discovery = new Discovery([{ ...service, pods: ['db-0'] }], [peerOf(this.pod)], NAMES.trustDomain);
    if (!options.unready) this.discovery.setReady(podKey(this.pod), true);
    this.service = this.discovery.resolve('db.shop:5432', 'shop')!;
    const authority = new IdentityAuthority({ ...NAMES, clockSkewMs: 20_000 });
    const telemetry = [0, 1].map(() => podTelemetry(findProfile(VERSION), processInfo(), null, NAMES));
    const [client, server] = telemetry as [FullProxyTelemetry, FullProxyTelemetry];
    this.client = new Page(client);
    this.server = new Page(server);
    this.outbound = new OutboundTcp({
      discovery: this.discovery,
      telemetry: client,
      credentials: WorkloadCredentials.issuedBy(authority, { ...this.pod, serviceAccount: 'web' }),
      meter: new TcpMeter(),
      watches: new ControlWatches(client),
      names: NAMES,
      random: seededRandom('tcp'),
      times: { detectMs: 10_000, queueMs: 3000, ...options.times },
      http: (socket, _service, protocol) => {
        this.http.push(protocol);
        socket.end();
      },
    });
    this.inbound = new InboundTcp({
      pod: this.pod,
      telemetry: server,
      meter: new TcpMeter(),
      policy: () => options.policy ?? null,
      ...(options.times?.detectMs !== undefined && { detectMs: options.times.detectMs }),
    });
    const credentials = WorkloadCredentials.issuedBy(authority, this.pod);
    this.#tls = tls.createServer({
      ...credentials.contextOptions,
      requestCert: true,
      rejectUnauthorized: true,
      ALPNProtocols: [OPAQUE_PROTOCOL],
    });
    this.#tls.on('secureConnection', (socket) => this.inbound.meshed(socket, 'web.shop.serviceaccount'));
  }

  static async start(options: TcpRigOptions): Promise<TcpRig> {
    const servers: Server[] = [];
    const taken: { rig?: TcpRig } = {};
    const listen = (accept: (socket: Socket) => void, pauseOnConnect = false) =>
      new Promise<number>((resolve) => {
        const server = net.createServer({ pauseOnConnect }, (socket) => {
          taken.rig?.keep(socket);
          accept(socket);
        });
        servers.push(server);
        server.listen(0, '127.0.0.1', () => resolve((server.address() as net.AddressInfo).port));
      });
    const app = await listen((socket) => {
      socket.allowHalfOpen = true;
      socket.on('error', () => {});
      options.app!(socket);
    });
    if (!options.app) await new Promise((resolve) => servers.pop()!.close(resolve));
    const inbound = await listen((socket) => {
      const rig = taken.rig!;
      rig.inbound.accept(socket, {
        tls: () => rig.#tls.emit('connection', socket),
        http: (protocol) => {
          rig.http.push(protocol);
          socket.end();
        },
      });
    });
    const outbound = await listen((socket) => taken.rig!.outbound.accept(socket, taken.rig!.service), true);
    const rig = new TcpRig(options, { app, inbound });
    rig.#ports.outbound = outbound;
    rig.#servers.push(...servers);
    taken.rig = rig;
    return rig;
  }

  keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
  }

  /** Through both proxies, or past the client's. */
  connect(at: 'outbound' | 'inbound' = 'outbound'): Socket {
    const socket = net.connect({ host: '127.0.0.1', port: this.#ports[at], allowHalfOpen: true });
    this.keep(socket);
    socket.on('error', () => {});
    return socket;
  }

  /** Both proxies hold nothing any more. */
  async quiet(): Promise<void> {
    await waitFor(() => (this.outbound.inFlight + this.inbound.inFlight === 0 ? true : undefined), {
      what: 'connections end',
      deadlineMs: 20_000,
      everyMs: 2,
      hint: 'one end was not passed on',
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.outbound.kill();
    this.inbound.kill();
    const closed = this.#servers.map((server) => new Promise((resolve) => server.close(resolve)));
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(closed);
  }
}

function processInfo() {
  return new ProcessShares().open(
    () => 0,
    () => 0,
  ).info;
}
