import type { Socket } from 'node:net';
import type { WorkloadCredentials } from '../../identity/credentials.ts';
import type { FullProxyTelemetry, OutboundTarget, ServiceRef, TcpConnection } from '../../telemetry/types.ts';
import type { ControlWatches } from '../control-clients.ts';
import type { Discovery, KnownService } from '../discovery.ts';
import { IdleServices } from '../idle-services.ts';
import { endpointTarget, type MeshNames, type Peer, peerIdentity } from '../peer.ts';
import { CONNECT_TIMEOUT_MS } from '../peer-connection.ts';
import type { TcpMeter } from '../tcp-meter.ts';
import { type Dialled, type Dialling, dialApp, dialPeer } from './dial.ts';
import { DETECT_TIMEOUT_MS, firstBytes } from './first-bytes.ts';
import { httpOf } from './http-start.ts';
import { PlainLeg } from './leg.ts';
import { OpaquePool, QUEUE_TIMEOUT_MS } from './opaque-pool.ts';
import { type Side, splice } from './splice.ts';
import { TunnelLeg } from './tunnel-leg.ts';

/** How long things may take, ms; as with Linkerd unless given. */
export interface TcpTimes {
  detectMs: number;
  queueMs: number;
}

export const TCP_TIMES: TcpTimes = { detectMs: DETECT_TIMEOUT_MS, queueMs: QUEUE_TIMEOUT_MS };

export interface OutboundTcpOptions {
  discovery: Discovery;
  telemetry: FullProxyTelemetry;
  credentials: WorkloadCredentials;
  meter: TcpMeter;
  watches: ControlWatches;
  names: MeshNames;
  random(): number;
  times?: TcpTimes;
  /** Another time for detection than that, ms; undefined: none. */
  detectMs?(): number | undefined;
  /** Takes connections that detection found to be HTTP; their first bytes are put back. */
  http(socket: Socket, service: KnownService, protocol: 'http/1' | 'http/2', seconds: number): void;
}

interface Accepted {
  socket: Socket;
  service: KnownService;
  src: TcpConnection;
  alreadyRead: number;
}

/** The outbound proxy of connections whose Service is known by their destination (README, Outbound). */
export class OutboundTcp {
  readonly #options: OutboundTcpOptions;
  readonly #times: TcpTimes;
  readonly #pools = new Map<KnownService, OpaquePool>();
  readonly #used = new IdleServices<KnownService>((service) => this.#drop(service));
  /** What ends each connection that is being forwarded. */
  readonly #forwarding = new Set<() => void>();
  #killed = false;

  constructor(options: OutboundTcpOptions) {
    this.#options = options;
    this.#times = options.times ?? TCP_TIMES;
  }

  /** Connections that are being forwarded, or wait for that. */
  get inFlight(): number {
    return this.#forwarding.size;
  }

  /** @param socket of which nothing has been read */
  accept(socket: Socket, service: KnownService): void {
    const { telemetry } = this.#options;
    socket.on('error', ignore);
    socket.setNoDelay(true);
    if (!service.policy?.opaque) {
      this.#detect(socket, service);
      return;
    }
    telemetry.outboundProtocol(refOf(service), 'opaq');
    this.#forward({ socket, service, src: this.#opened(socket, service), alreadyRead: 0 });
  }

  /** As SIGKILL: cut, and nothing more is counted. */
  kill(): void {
    this.#killed = true;
    this.#used.clear();
    for (const pool of this.#pools.values()) pool.destroy();
    for (const end of this.#forwarding) end();
  }

  #detect(socket: Socket, service: KnownService): void {
    const { telemetry, http } = this.#options;
    const ref = refOf(service);
    firstBytes(socket, this.#options.detectMs?.() ?? this.#times.detectMs, (first) => {
      if (this.#killed) return;
      const protocol = first.kind === 'bytes' ? httpOf(first.bytes) : null;
      if (protocol === 'http/1' || protocol === 'http/2') {
        http(socket, service, protocol, first.seconds);
        if (protocol === 'http/1') socket.resume();
        return;
      }
      const src = this.#opened(socket, service);
      if (first.kind === 'ended') {
        telemetry.outboundDetected(ref, 'error', first.seconds);
        telemetry.outboundTcpError(ref.clusterIp, ref.port, 'i/o');
        src.close('');
        socket.destroy();
        return;
      }
      const alreadyRead = first.kind === 'bytes' ? first.bytes.length : 0;
      telemetry.outboundDetected(ref, first.kind === 'bytes' ? 'not_http' : 'read_timeout', first.seconds);
      if (alreadyRead > 0) src.read(alreadyRead);
      this.#forward({ socket, service, src, alreadyRead });
    });
  }

  #opened(socket: Socket, { clusterIp, port }: KnownService): TcpConnection {
    const { telemetry, meter } = this.#options;
    return meter.track(socket, telemetry.outboundSrcTcp(clusterIp, port));
  }

  #forward(accepted: Accepted): void {
    const { telemetry } = this.#options;
    const { socket, service, src } = accepted;
    socket.allowHalfOpen = true;
    const pool = this.#pool(service);
    const unused = this.#used.use(service);
    const closeRoute = telemetry.outboundOpaque(refOf(service), pool.size);
    const { clusterIp, port } = service;
    let hangUp: Dialling = ignore;
    const cut = () => {
      hangUp();
      socket.destroy();
    };
    const end = (error: string | null) => {
      this.#forwarding.delete(cut);
      if (this.#killed) return;
      unused();
      if (error !== null) telemetry.outboundTcpError(clusterIp, port, error);
      closeRoute(error === null ? '' : 'unexpected');
    };
    const refuse = (error: string) => {
      // What the app sent and nobody read makes this a reset, as the kernel does it.
      socket.destroy();
      src.close('');
      end(error);
    };
    this.#forwarding.add(cut);
    pool.dispatch({
      refuse,
      take: (peer) => {
        const target = endpointTarget(service, peer, this.#options.names);
        hangUp = this.#dial(peer, target, ({ socket: dialled, error }) => {
          if (error !== null) {
            refuse(error);
            return;
          }
          hangUp = () => dialled.destroy();
          this.#splice(accepted, peer, target, dialled, end);
        });
      },
    });
  }

  #dial(peer: Peer, target: OutboundTarget, done: (dialled: Dialled) => void): Dialling {
    const { credentials, names } = this.#options;
    if (peer.inbound) return dialPeer(peer.inbound, peerIdentity(peer, names), credentials, CONNECT_TIMEOUT_MS, done);
    return dialApp(peer.skipped ?? { host: target.ip, port: target.port }, CONNECT_TIMEOUT_MS, done);
  }

  #splice(
    accepted: Accepted,
    peer: Peer,
    target: OutboundTarget,
    socket: Socket,
    end: (error: string | null) => void,
  ): void {
    const { telemetry, meter } = this.#options;
    const leg = peer.inbound ? new TunnelLeg(socket) : new PlainLeg(socket);
    const src: Side = { leg: new PlainLeg(accepted.socket), counted: accepted.src, alreadyRead: accepted.alreadyRead };
    const dst: Side = { leg, counted: meter.track(socket, telemetry.outboundDstTcp(target)) };
    splice(src, dst, (broken) => end(broken ? 'i/o' : null));
  }

  #pool(service: KnownService): OpaquePool {
    const known = this.#pools.get(service);
    if (known) return known;
    const { discovery, random, watches } = this.#options;
    const pool = new OpaquePool(service, discovery, random, this.#times.queueMs);
    this.#pools.set(service, pool);
    watches.forService();
    return pool;
  }

  /** Nobody has called it for a while. */
  #drop(service: KnownService): void {
    this.#pools.get(service)?.destroy();
    if (this.#pools.delete(service)) this.#options.watches.idle();
  }
}

function refOf({ namespace, name, port, clusterIp }: KnownService): ServiceRef {
  return { namespace, name, port, clusterIp };
}

function ignore(): void {}
