import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { InboundServer, ObjectRef } from '../../../core/policy.ts';
import type { FullProxyTelemetry, ServerTls } from '../../telemetry/types.ts';
import { APP_CONNECT_TIMEOUT_MS } from '../app-client.ts';
import type { FaultState } from '../faults/fault-state.ts';
import type { SidecarPod } from '../sidecar.ts';
import type { TcpMeter } from '../tcp-meter.ts';
import { type Dialling, dialApp } from './dial.ts';
import { DETECT_TIMEOUT_MS, type First, firstBytes } from './first-bytes.ts';
import { httpOf } from './http-start.ts';
import { type Leg, PlainLeg } from './leg.ts';
import { splice } from './splice.ts';
import { TunnelLeg } from './tunnel-leg.ts';

/** Linkerd's inbound port: the target of errors on connections that came with a transport header. */
export const INBOUND_PORT = 4143;
const TLS_HANDSHAKE = 0x16;
/**
 * Whoever begins no TLS handshake within this time, ms, dials the opaque port itself, where that has no listener of its own.
 * The real proxy knows by the original destination; a peer's proxy begins at once.
 */
const OPAQUE_GRACE_MS = 500;
/** Protocols of Servers that admit nothing else, whoever is authorized. */
const HTTP: ReadonlySet<InboundServer['protocol']> = new Set(['HTTP/1', 'HTTP/2', 'gRPC']);
const DEFAULT_ROUTE: ObjectRef = { group: '', kind: 'default', namespace: '', name: 'default' };

/** Who wants to be let in. */
export interface TcpClient {
  /** IP address. */
  address: string;
  /** DNS name of its certificate; null in plaintext. */
  identity: string | null;
}

/** What applies on the app's port: its Server, or the default policy by its name. */
export interface TcpPolicy {
  server: ObjectRef;
  protocol: InboundServer['protocol'];
  /** The authorization that lets a connection in; null: none does. */
  authorize(client: TcpClient): ObjectRef | null;
}

export interface InboundTcpOptions {
  pod: SidecarPod;
  telemetry: FullProxyTelemetry;
  meter: TcpMeter;
  /** What applies now; null: the default policy, which admits everybody. */
  policy(): TcpPolicy | null;
  detectMs?: number;
  /** What is wrong with the proxy; absent: nothing ever is. */
  faults?: FaultState;
}

/** What to do with a connection that is not forwarded as it is. */
export interface Otherwise {
  tls(): void;
  http(protocol: 'http/1' | 'http/2', seconds: number): void;
}

/** The inbound proxy of connections that are not HTTP (README, Inbound). */
export class InboundTcp {
  readonly #options: InboundTcpOptions;
  /** What ends each connection that is being forwarded. */
  readonly #forwarding = new Set<() => void>();
  #killed = false;

  constructor(options: InboundTcpOptions) {
    this.#options = options;
  }

  /** Connections that are being forwarded. */
  get inFlight(): number {
    return this.#forwarding.size;
  }

  /** A new connection: TLS of a peer, HTTP, or to be forwarded. Bytes that were looked at are put back. */
  accept(socket: Socket, otherwise: Otherwise): void {
    const { pod, faults } = this.#options;
    const detectMs = faults?.current.detectTimeoutMs ?? this.#options.detectMs ?? DETECT_TIMEOUT_MS;
    const opaque = this.#isOpaque();
    const graceMs = pod.opaqueInbound ? detectMs : Math.min(OPAQUE_GRACE_MS, detectMs);
    firstBytes(socket, opaque ? graceMs : detectMs, (first) => {
      if (this.#killed) return;
      if (first.kind === 'bytes' && first.bytes[0] === TLS_HANDSHAKE) otherwise.tls();
      else if (opaque) this.#plain(socket, 'port_skipped');
      else this.#detected(socket, first, otherwise);
    });
  }

  /** A connection to the app's port itself, without looking at it. @returns false: a Server says that it is not opaque */
  forwardOpaque(socket: Socket): boolean {
    if (!this.#isOpaque()) return false;
    this.#plain(socket, 'port_skipped');
    return true;
  }

  /** An opaque connection of a peer's proxy, whose certificate is verified. */
  meshed(socket: TLSSocket, identity: string): void {
    const { telemetry, pod } = this.#options;
    telemetry.transportHeader('', pod.app?.labelPort ?? 0, identity);
    this.#forward(socket, new TunnelLeg(socket), { tls: 'true', clientId: identity }, INBOUND_PORT);
  }

  /** As SIGKILL: cut, and nothing more is counted. */
  kill(): void {
    this.#killed = true;
    for (const cut of this.#forwarding) cut();
  }

  #isOpaque(): boolean {
    const policy = this.#options.policy();
    if (policy && policy.server.kind !== 'default') return policy.protocol === 'opaque';
    const { opaquePorts = [], app } = this.#options.pod;
    return app !== null && opaquePorts.includes(app.labelPort);
  }

  /** The first bytes are not TLS; what they are is looked for only where no Server says it. */
  #detected(socket: Socket, first: First, otherwise: Otherwise): void {
    const { pod, telemetry } = this.#options;
    const port = pod.app?.labelPort ?? 0;
    const policy = this.#options.policy();
    const protocol = policy?.protocol ?? 'unknown';
    if (first.kind === 'timeout') {
      telemetry.inboundTcpError(pod.ip, port, 'tls detection timeout');
      socket.destroy();
    } else if (protocol === 'TLS') this.#plain(socket, 'no_tls_from_remote');
    else if (protocol !== 'unknown')
      this.#http(socket, protocol === 'HTTP/1' ? 'http/1' : 'http/2', first.seconds, otherwise);
    else if (first.kind === 'ended') {
      telemetry.inboundDetected(port, 'error', first.seconds, policy?.server);
      telemetry.inboundTcpError(pod.ip, port, 'i/o');
      socket.destroy();
    } else {
      const found = httpOf(first.bytes);
      if (found !== 'not_http') {
        this.#http(socket, found, first.seconds, otherwise);
        return;
      }
      telemetry.inboundDetected(port, found, first.seconds, policy?.server);
      this.#plain(socket, 'no_tls_from_remote');
    }
  }

  #http(socket: Socket, protocol: 'http/1' | 'http/2', seconds: number, { http }: Otherwise): void {
    http(protocol, seconds);
    if (protocol === 'http/1') socket.resume();
  }

  #plain(socket: Socket, reason: 'port_skipped' | 'no_tls_from_remote'): void {
    const tls: ServerTls = { tls: 'no_identity', reason };
    this.#forward(socket, new PlainLeg(socket), tls, this.#options.pod.app?.labelPort ?? 0);
  }

  #forward(socket: Socket, leg: Leg, tls: ServerTls, errorPort: number): void {
    const { pod, telemetry, meter } = this.#options;
    const { ip, app } = pod;
    const port = app?.labelPort ?? 0;
    const policy = this.#options.policy();
    const client = { address: socket.remoteAddress ?? '', identity: tls.tls === 'true' ? tls.clientId : null };
    const authz = policy && (HTTP.has(policy.protocol) ? null : policy.authorize(client));
    const allowed = policy === null || authz !== null;
    const applied = policy ? { server: policy.server, route: DEFAULT_ROUTE, authz, grpc: false } : undefined;
    telemetry.inboundTcpAuthorized(ip, port, tls, allowed ? 'allow' : 'deny', applied);
    if (!allowed) {
      socket.destroy();
      return;
    }
    const src = meter.track(socket, telemetry.inboundSrcTcp(ip, port, tls, policy?.server));
    const fail = (error: string) => {
      socket.destroy();
      src.close('');
      telemetry.inboundTcpError(ip, errorPort, error);
    };
    if (!app) {
      fail('i/o');
      return;
    }
    let cut: Dialling = dialApp(app.address, APP_CONNECT_TIMEOUT_MS, (dialled) => {
      this.#forwarding.delete(end);
      if (dialled.error !== null) {
        fail(dialled.error);
        return;
      }
      cut = () => dialled.socket.destroy();
      this.#forwarding.add(end);
      const dst = {
        leg: new PlainLeg(dialled.socket),
        counted: meter.track(dialled.socket, telemetry.inboundDstTcp()),
      };
      splice({ leg, counted: src }, dst, (broken) => {
        this.#forwarding.delete(end);
        if (broken && !this.#killed) telemetry.inboundTcpError(ip, errorPort, 'i/o');
      });
    });
    const end = () => {
      cut();
      socket.destroy();
    };
    this.#forwarding.add(end);
  }
}
