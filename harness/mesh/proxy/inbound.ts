import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import http2, { type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import tls, { type TLSSocket } from 'node:tls';
import type { WorkloadCredentials } from '../identity/credentials.ts';
import { LINK_PROTOCOL, LinkSession } from '../link/session.ts';
import type { LinkStream } from '../link/stream.ts';
import type { InboundTarget, ProxyTelemetry, ServerTls } from '../telemetry/types.ts';
import { AppClient } from './app-client.ts';
import { onBrokenConnection } from './connection-error.ts';
import type { ControlWatches } from './control-clients.ts';
import { detectProtocol } from './detect.ts';
import { type Downstream, Http1Downstream, Http2Downstream } from './downstream.ts';
import { fromHttp1, fromHttp2, type RequestHead } from './headers.ts';
import { HTTP1_OPTIONS, hasBody } from './http1-options.ts';
import { ResponseRelay } from './relay.ts';
import { type BodySource, type RequestBody, receiveBody } from './request-body.ts';
import { H2_WINDOW, SESSION_OPTIONS } from './session-options.ts';
import type { SidecarPod } from './sidecar.ts';
import type { TcpMeter } from './tcp-meter.ts';

const END_STREAM = 1;
const PLAINTEXT: ServerTls = { tls: 'no_identity', reason: 'no_tls_from_remote' };
/** Header by which the app learns who called; whatever the caller says in it is dropped. */
const CLIENT_ID_HEADER = 'l5d-client-id';

/** Whoever is at the other end of a connection: its label sets, which telemetry knows by their object. */
interface Client {
  target: InboundTarget;
  probe: InboundTarget;
  id: string | null;
}

interface Received {
  head: RequestHead;
  down: Downstream;
  client: Client;
  /** Ends the connection that it came on; null where headers say so, or nothing does. */
  close: (() => void) | null;
  startMs: number;
}

export interface InboundOptions {
  pod: SidecarPod;
  telemetry: ProxyTelemetry;
  credentials: WorkloadCredentials;
  meter: TcpMeter;
  watches: ControlWatches;
}

/** The inbound listener of a sidecar: mutual TLS from peers and plaintext from others, on one port, to the pod's app. */
export class Inbound {
  readonly #options: InboundOptions;
  readonly #http1 = http.createServer(HTTP1_OPTIONS);
  readonly #http2 = http2.createServer(SESSION_OPTIONS);
  readonly #tls: tls.Server;
  readonly #app: AppClient | null;
  readonly #clients = new Map<string, Client>();
  readonly #byHttp1Socket = new WeakMap<Socket, Client>();
  readonly #relays = new Set<ResponseRelay>();
  /** The client of the session that is being made: node:http2 announces it before `emit` returns. */
  #arriving: Client | null = null;
  /** Requests so far, as the share of this sidecar's work. */
  handled = 0;

  constructor(options: InboundOptions) {
    this.#options = options;
    const { pod, credentials, telemetry, meter } = options;
    this.#app = pod.app && new AppClient(pod.app.address, (socket) => meter.add(socket, telemetry.inboundDstTcp()));
    this.#tls = tls.createServer({
      ...credentials.contextOptions,
      requestCert: true,
      rejectUnauthorized: true,
      ALPNProtocols: [LINK_PROTOCOL, 'h2', 'http/1.1'],
    });
    credentials.onRenewed(() => this.#tls.setSecureContext(credentials.contextOptions));
    this.#tls.on('secureConnection', (socket) => this.#onTls(socket));
    // A peer without a certificate of our anchor: its handshake ends, nothing of it is HTTP.
    this.#tls.on('tlsClientError', (_error, socket) => socket.destroy());
    this.#http1.on('request', (request, response) => this.#onHttp1(request, response));
    this.#http1.on('clientError', (_error, socket) => socket.destroy());
    this.#http2.on('sessionError', () => {});
    this.#http2.on('session', (session) => {
      const client = this.#arriving!;
      session.setLocalWindowSize(H2_WINDOW);
      session.on('error', () => {});
      session.on('stream', (stream: ServerHttp2Stream, _headers: unknown, flags: number, raw?: string[]) => {
        this.#handle(fromHttp2(raw!), flags & END_STREAM ? null : stream, new Http2Downstream(stream), client);
      });
    });
  }

  /** Requests that are on their way to the app. */
  get inFlight(): number {
    return this.#relays.size;
  }

  accept(socket: Socket): void {
    socket.setNoDelay(true);
    detectProtocol(socket, (protocol, seconds) => {
      if (protocol === 'tls') {
        this.#tls.emit('connection', socket);
        return;
      }
      const { telemetry, meter } = this.#options;
      const client = this.#client(null);
      const { ip, port, tls: how } = client.target;
      telemetry.inboundDetected(port, protocol, seconds);
      meter.add(socket, telemetry.inboundSrcTcp(ip, port, how));
      this.#serve(socket, protocol, client);
    });
  }

  /** As SIGKILL: what is in flight is neither answered nor counted. */
  kill(): void {
    for (const relay of this.#relays) relay.drop();
    this.#app?.destroy();
  }

  #onTls(socket: TLSSocket): void {
    const { telemetry, meter } = this.#options;
    const id = dnsName(socket);
    const client = this.#client(id);
    const { ip, port, tls: how } = client.target;
    const linked = socket.alpnProtocol === LINK_PROTOCOL;
    const protocol = linked || socket.alpnProtocol === 'h2' ? 'http/2' : 'http/1';
    // The transport header names the session's protocol, so none is detected.
    telemetry.transportHeader(protocol, port, id);
    meter.add(socket, telemetry.inboundSrcTcp(ip, port, how));
    if (linked) this.#serveLink(new LinkSession(socket, 'server'), client);
    else this.#serve(socket, protocol, client);
  }

  #serveLink(session: LinkSession, client: Client): void {
    // After an answer of its own the real proxy closes the connection, once what is under way on it has ended.
    const close = () => session.goAway();
    session.on('stream', (stream: LinkStream, _headers: unknown, flags: number, raw: string[]) => {
      this.#handle(fromHttp2(raw), flags & END_STREAM ? null : stream, new Http2Downstream(stream), client, close);
    });
  }

  #serve(socket: Socket, protocol: 'http/1' | 'http/2', client: Client): void {
    if (protocol === 'http/1') {
      this.#byHttp1Socket.set(socket, client);
      this.#http1.emit('connection', socket);
      return;
    }
    this.#arriving = client;
    this.#http2.emit('connection', socket);
    this.#arriving = null;
  }

  #onHttp1(request: IncomingMessage, response: ServerResponse): void {
    const head = fromHttp1(request.method ?? 'GET', request.url ?? '/', request.rawHeaders);
    const client = this.#byHttp1Socket.get(request.socket) ?? this.#client(null);
    const { ip, port } = client.target;
    onBrokenConnection(response, (error) => this.#options.telemetry.inboundTcpError(ip, port, error));
    this.#handle(head, hasBody(request) ? request : null, new Http1Downstream(request, response), client);
  }

  #handle(
    head: RequestHead,
    source: BodySource | null,
    down: Downstream,
    client: Client,
    close: (() => void) | null = null,
  ): void {
    this.handled++;
    const request: Received = { head, down, client, close, startMs: performance.now() };
    if (source) receiveBody(source, (body) => this.#dispatch(request, body));
    else this.#dispatch(request, null);
  }

  #dispatch({ head, down, client, close, startMs }: Received, body: RequestBody): void {
    const { telemetry } = this.#options;
    if (client.id !== null) this.#options.watches.calledAs(serviceName(head.authority, this.#options.pod.namespace));
    const target = client.id === null && this.#isProbe(head) ? client.probe : client.target;
    const exchange = telemetry.inboundExchange(target, body !== null, startMs);
    // Without a body this counts the request, before anything of it is written.
    exchange.dispatch(performance.now());
    const relay = new ResponseRelay(down, head.method, exchange, () => this.#relays.delete(relay));
    relay.onOwnAnswer = close;
    this.#relays.add(relay);
    setClientId(head, client.id);
    if (this.#app) this.#app.send(relay, head, body);
    else relay.synthesize({ status: 502, message: 'error trying to connect: nothing listens in this pod' });
  }

  /** The kubelet's probes have a route of their own: the paths of the pod's spec, asked for in plaintext. */
  #isProbe(head: RequestHead): boolean {
    const { app } = this.#options.pod;
    return head.method === 'GET' && (head.path === app?.readyPath || head.path === app?.livePath);
  }

  #client(id: string | null): Client {
    const known = this.#clients.get(id ?? '');
    if (known) return known;
    const { ip, app } = this.#options.pod;
    const how: ServerTls = id === null ? PLAINTEXT : { tls: 'true', clientId: id };
    const target: InboundTarget = { ip, port: app?.labelPort ?? 0, tls: how, route: 'default' };
    const client: Client = { target, probe: { ...target, route: 'probe' }, id };
    this.#clients.set(id ?? '', client);
    return client;
  }
}

/** The Service by whose name a peer's app has called, in whichever form it used. */
function serviceName(authority: string, namespace: string): string {
  const [name, of = namespace] = authority.replace(/:\d+$/, '').toLowerCase().split('.');
  return `${name}.${of}`;
}

function setClientId(head: RequestHead, id: string | null): void {
  for (let i = head.headers.length - 2; i >= 0; i -= 2) {
    if (head.headers[i] === CLIENT_ID_HEADER) head.headers.splice(i, 2);
  }
  if (id !== null) head.headers.push(CLIENT_ID_HEADER, id);
}

/** The DNS name of the peer's certificate, which TLS has verified up to our anchor. */
function dnsName(socket: TLSSocket): string {
  const names = socket.getPeerX509Certificate()?.subjectAltName ?? '';
  return /DNS:([^,\s]+)/.exec(names)?.[1] ?? '';
}
