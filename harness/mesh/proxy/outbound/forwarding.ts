import type { Socket } from 'node:net';
import tls from 'node:tls';
import type { Address } from '../../contract.ts';
import type { WorkloadCredentials } from '../../identity/credentials.ts';
import type { FullProxyTelemetry } from '../../telemetry/types.ts';
import { APP_CONNECT_TIMEOUT_MS, AppClient, type Connector } from '../app-client.ts';
import { Http2AppClient } from '../app-client-http2.ts';
import type { Endpoint } from '../balancer.ts';
import { ADMIN_PORT, type DialledPod } from '../discovery.ts';
import { IdleServices } from '../idle-services.ts';
import { type MeshNames, type Peer, peerIdentity, podTarget } from '../peer.ts';
import type { PeerConnection } from '../peer-connection.ts';
import type { TcpMeter } from '../tcp-meter.ts';
import { ForwardStack } from './forward-stack.ts';

interface ForwardingOptions {
  telemetry: FullProxyTelemetry;
  credentials: WorkloadCredentials;
  meter: TcpMeter;
  names: MeshNames;
  /** The link to a peer's proxy, which serves its app's port. */
  link(pod: Peer): PeerConnection;
}

interface Forwarded {
  stack: ForwardStack;
  pod: Peer;
  close(): void;
  destroy(): void;
}

/**
 * Pods that the app dials by their addresses. The app's port of a meshed pod is its proxy's to serve; its proxy's own port 4191
 * is dialled itself, by mutual TLS and HTTP/1.1 (facts, section 3); all others in plaintext.
 */
export class Forwarding {
  readonly #options: ForwardingOptions;
  readonly #known = new Map<string, Forwarded>();
  readonly #used = new IdleServices<string>((key) => this.#drop(key));

  constructor(options: ForwardingOptions) {
    this.#options = options;
  }

  /** A request or a connection to it; the result is called when that has ended. */
  use(dialled: DialledPod): () => void {
    return this.#used.use(keyOf(dialled));
  }

  stack(dialled: DialledPod): ForwardStack {
    const key = keyOf(dialled);
    const known = this.#known.get(key);
    if (known && known.pod !== dialled.pod) this.#drop(key);
    let forwarded = this.#known.get(key);
    if (!forwarded) {
      forwarded = this.#make(dialled);
      this.#known.set(key, forwarded);
    }
    return forwarded.stack;
  }

  destroy(): void {
    this.#used.clear();
    for (const forwarded of this.#known.values()) forwarded.destroy();
  }

  #drop(key: string): void {
    this.#known.get(key)?.close();
    this.#known.delete(key);
  }

  #make({ pod, port }: DialledPod): Forwarded {
    const { telemetry, meter, names, credentials, link } = this.#options;
    const isAdmin = port === ADMIN_PORT && pod.inbound !== null;
    const linked = pod.inbound !== null && port === pod.appPort;
    const target = podTarget(pod, port, isAdmin || linked, names);
    const endpoint = { pod, target, inFlight: 0, failed: false };
    if (linked) {
      // Asked for each time: the link is shared with Services, and ends when none of those is called any more.
      const byLink: Endpoint = {
        ...endpoint,
        get peer() {
          return link(pod);
        },
        app: null,
      };
      return forwarded(byLink, telemetry, []);
    }
    const address = isAdmin ? (pod.admin ?? { host: pod.ip, port }) : { host: pod.ip, port };
    const opened = (socket: Socket) => meter.add(socket, telemetry.outboundDstTcp(target));
    const secure = isAdmin ? [mutualTls(address, peerIdentity(pod, names), credentials)] : [];
    const app = { http1: new AppClient(address, opened, ...secure), http2: new Http2AppClient(address, opened) };
    return forwarded({ ...endpoint, peer: null, app }, telemetry, [app.http1, app.http2]);
  }
}

function keyOf({ pod, port }: DialledPod): string {
  return `${pod.ip}:${port}`;
}

function forwarded(
  endpoint: Endpoint,
  telemetry: FullProxyTelemetry,
  clients: { close(): void; destroy(): void }[],
): Forwarded {
  return {
    stack: new ForwardStack(endpoint, telemetry),
    pod: endpoint.pod,
    close() {
      for (const client of clients) client.close();
    },
    destroy() {
      for (const client of clients) client.destroy();
    },
  };
}

/** Connections by TLS with this pod's certificate, to a peer that must prove its identity. */
function mutualTls({ host, port }: Address, identity: string, credentials: WorkloadCredentials): Connector {
  return (_options, callback) => {
    const options = { host, port, servername: identity, secureContext: credentials.context };
    const socket = tls.connect({ ...options, ALPNProtocols: ['http/1.1'] });
    socket.setNoDelay(true);
    let settled = false;
    const settle = (error: Error | null) => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      if (error) callback(error, null);
      else callback(null, socket);
    };
    const timer = setTimeout(() => {
      settle(Object.assign(new Error('connect timed out'), { code: 'UND_ERR_CONNECT_TIMEOUT' }));
      socket.destroy();
    }, APP_CONNECT_TIMEOUT_MS);
    socket.once('secureConnect', () => settle(null));
    socket.on('error', settle);
    return socket;
  };
}
