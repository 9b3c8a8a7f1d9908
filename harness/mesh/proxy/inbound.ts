import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import http2, { type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import tls, { type TLSSocket } from 'node:tls';
import type { WorkloadCredentials } from '../identity/credentials.ts';
import { LINK_PROTOCOL, LinkSession } from '../link/session.ts';
import type { LinkStream } from '../link/stream.ts';
import type { FullProxyTelemetry, InboundTarget } from '../telemetry/types.ts';
import { AppClient } from './app-client.ts';
import { Http2AppClient } from './app-client-http2.ts';
import { INBOUND_PATIENCE } from './app-connection-http2.ts';
import { onBrokenConnection } from './connection-error.ts';
import type { ControlWatches } from './control-clients.ts';
import type { Discovery } from './discovery.ts';
import { type Downstream, Http1Downstream, Http2Downstream } from './downstream.ts';
import type { FaultState } from './faults/fault-state.ts';
import { fromHttp1, fromHttp2, type RequestHead } from './headers.ts';
import { HTTP1_OPTIONS, hasBody } from './http1-options.ts';
import { type Client, Clients } from './inbound/clients.ts';
import { KeptConnections } from './inbound/kept-connections.ts';
import { Gate, type InboundPolicies, type Refused } from './inbound/policies.ts';
import { InboundProfiles } from './inbound/profile-routes.ts';
import { refusal } from './inbound/refusal.ts';
import { isGrpcRequest } from './inbound/request-shape.ts';
import { classifier } from './outbound/response-classes.ts';
import { DIRECT_LINK_PROTOCOL } from './peer-connection.ts';
import { ResponseRelay } from './relay.ts';
import { type BodySource, type RequestBody, receiveBody } from './request-body.ts';
import { H2_WINDOW, SESSION_OPTIONS } from './session-options.ts';
import type { SidecarPod } from './sidecar.ts';
import { INBOUND_PORT, InboundTcp } from './tcp/inbound-tcp.ts';
import { OPAQUE_PROTOCOL } from './tcp/tunnel-leg.ts';
import type { TcpMeter } from './tcp-meter.ts';

const END_STREAM = 1;
/** Header by which the app learns who called; whatever the caller says in it is dropped. */
const CLIENT_ID_HEADER = 'l5d-client-id';
/** Header by which the peer's proxy tells what the client spoke, when that is not what the proxies speak. */
const ORIG_PROTO_HEADER = 'l5d-orig-proto';

interface Received {
  head: RequestHead;
  down: Downstream;
  client: Client;
  target: InboundTarget;
  /** Ends the connection that it came on; null where headers say so, or nothing does. */
  close: (() => void) | null;
  startMs: number;
}

export interface InboundOptions {
  pod: SidecarPod;
  policies: InboundPolicies;
  telemetry: FullProxyTelemetry;
  credentials: WorkloadCredentials;
  meter: TcpMeter;
  watches: ControlWatches;
  discovery: Discovery;
  /** What is wrong with the proxy; absent: nothing ever is. */
  faults?: FaultState;
}

/** The inbound listener of a sidecar: mutual TLS from peers and plaintext from others, on one port, to the pod's app. */
export class Inbound {
  readonly #options: InboundOptions;
  readonly #http1 = http.createServer(HTTP1_OPTIONS);
  readonly #http2 = http2.createServer(SESSION_OPTIONS);
  readonly #tls: tls.Server;
  readonly #app: { http1: AppClient; http2: Http2AppClient } | null;
  readonly #clients: Clients;
  readonly #tcp: InboundTcp;
  readonly #unwatch: () => void;
  readonly #profiles: InboundProfiles;
  /** null: no policy, everything is let in. */
  #gate: Gate | null = null;
  readonly #byHttp1Socket = new WeakMap<Socket, Client>();
  readonly #relays = new Set<ResponseRelay>();
  readonly #connections = new KeptConnections();
  /** The client of the session that is being made: node:http2 announces it before `emit` returns. */
  #arriving: Client | null = null;
  /** Requests so far, as the share of this sidecar's work. */
  handled = 0;

  constructor(options: InboundOptions) {
    this.#options = options;
    this.#profiles = new InboundProfiles(options.discovery, options.pod.namespace);
    const { pod, credentials, telemetry, meter, policies } = options;
    const opened = (socket: Socket) => meter.add(socket, telemetry.inboundDstTcp());
    this.#app = pod.app && {
      http1: new AppClient(pod.app.address, opened),
      http2: new Http2AppClient(pod.app.address, opened, INBOUND_PATIENCE),
    };
    this.#clients = new Clients(pod);
    this.#tcp = new InboundTcp({
      ...{ pod, telemetry, meter, ...(options.faults && { faults: options.faults }) },
      policy: () => this.#gate?.connections(this.#clients) ?? null,
    });
    this.#unwatch = policies.watch(() => this.#applyPolicy());
    this.#applyPolicy();
    this.#tls = tls.createServer({
      ...credentials.contextOptions,
      requestCert: true,
      rejectUnauthorized: true,
      ALPNProtocols: [LINK_PROTOCOL, DIRECT_LINK_PROTOCOL, OPAQUE_PROTOCOL, 'h2', 'http/1.1'],
    });
    credentials.onRenewed(() => this.#tls.setSecureContext(credentials.contextOptions));
    this.#tls.on('secureConnection', (socket) => this.#onTls(socket));
    // A peer without a certificate of our anchor, or one that does not take ours: its handshake ends, nothing of it is HTTP.
    this.#tls.on('tlsClientError', (_error, socket) => {
      telemetry.inboundTcpError(pod.ip, INBOUND_PORT, 'i/o');
      socket.destroy();
    });
    this.#http1.on('request', (request, response) => this.#onHttp1(request, response));
    this.#http1.on('clientError', (_error, socket) => socket.destroy());
    this.#http2.on('sessionError', () => {});
    this.#http2.on('session', (session) => {
      const client = this.#arriving!;
      this.#connections.add(session, () => session.close());
      session.setLocalWindowSize(H2_WINDOW);
      session.on('error', () => {});
      session.on('stream', (stream: ServerHttp2Stream, _headers: unknown, flags: number, raw?: string[]) => {
        this.#handle(fromHttp2(raw!), flags & END_STREAM ? null : stream, new Http2Downstream(stream), client);
      });
    });
  }

  /** Requests that are on their way to the app, and connections that are forwarded to it. */
  get inFlight(): number {
    return this.#relays.size + this.#tcp.inFlight;
  }

  /** No request is on its way, and nobody has a connection. */
  get isQuiet(): boolean {
    return this.inFlight === 0 && this.#connections.size === 0;
  }

  /** Asks whoever has a connection to close it as soon as nothing is under way on it, and so with those that come. */
  retire(): void {
    this.#connections.retire();
  }

  accept(socket: Socket): void {
    socket.setNoDelay(true);
    this.#tcp.accept(socket, {
      tls: () => this.#tls.emit('connection', socket),
      http: (protocol, seconds) => this.#onPlaintext(socket, protocol, seconds),
    });
  }

  /** A connection to a port of the app that is opaque, as its destination tells; not one of a peer's proxy. */
  acceptOpaque(socket: Socket): void {
    socket.setNoDelay(true);
    if (this.#tcp.forwardOpaque(socket)) return;
    this.accept(socket);
  }

  #onPlaintext(socket: Socket, protocol: 'http/1' | 'http/2', seconds: number): void {
    const client = this.#clients.of(null, socket.remoteAddress);
    this.#detected(client, protocol, seconds);
    this.#meter(socket, client);
    this.#serve(socket, protocol, client);
  }

  /** A Server that says what its port speaks spares the detection. */
  #detected({ at }: Client, protocol: 'http/1' | 'http/2', seconds: number): void {
    const policy = this.#gate?.policy;
    if (policy && policy.protocol !== 'unknown') return;
    this.#options.telemetry.inboundDetected(at.port, protocol, seconds, policy?.server);
  }

  /** As SIGKILL: what is in flight is neither answered nor counted. */
  kill(): void {
    this.#unwatch();
    this.#profiles[Symbol.dispose]();
    this.#tcp.kill();
    for (const relay of this.#relays) relay.drop();
    this.#app?.http1.destroy();
    this.#app?.http2.destroy();
  }

  #applyPolicy(): void {
    const { policies, pod } = this.#options;
    const { app } = pod;
    const options = { port: app?.labelPort ?? 0, probePaths: [app?.readyPath ?? '', app?.livePath ?? ''] };
    this.#gate = policies.current ? new Gate(policies.current, options) : null;
  }

  #onTls(socket: TLSSocket): void {
    const id = dnsName(socket);
    if (socket.alpnProtocol === OPAQUE_PROTOCOL) {
      this.#tcp.meshed(socket, id);
      return;
    }
    const { alpnProtocol } = socket;
    const direct = alpnProtocol === DIRECT_LINK_PROTOCOL;
    const client = this.#clients.of(id, socket.remoteAddress, direct);
    const linked = direct || alpnProtocol === LINK_PROTOCOL;
    const protocol = linked || alpnProtocol === 'h2' ? 'http/2' : 'http/1';
    // The transport header names the session's protocol, so none is detected.
    if (direct) this.#detected(client, protocol, 0);
    else this.#options.telemetry.transportHeader(protocol, client.at.port, id);
    this.#meter(socket, client);
    if (linked) this.#serveLink(new LinkSession(socket, 'server'), client);
    else this.#serve(socket, protocol, client);
  }

  #meter(socket: Socket, { at: { ip, port, tls: how } }: Client): void {
    const { meter, telemetry } = this.#options;
    meter.add(socket, telemetry.inboundSrcTcp(ip, port, how, this.#gate?.policy.server));
  }

  #serveLink(session: LinkSession, client: Client): void {
    // After an answer of its own the real proxy closes the connection, once what is under way on it has ended.
    const close = () => session.goAway();
    this.#connections.add(session, close);
    session.on('stream', (stream: LinkStream, _headers: unknown, flags: number, raw: string[]) => {
      this.#handle(fromHttp2(raw), flags & END_STREAM ? null : stream, new Http2Downstream(stream), client, close);
    });
  }

  #serve(socket: Socket, protocol: 'http/1' | 'http/2', client: Client): void {
    if (protocol === 'http/1') {
      this.#byHttp1Socket.set(socket, client);
      this.#http1.emit('connection', socket);
      this.#connections.addHttp1(socket);
      return;
    }
    this.#arriving = client;
    this.#http2.emit('connection', socket);
    this.#arriving = null;
  }

  #onHttp1(request: IncomingMessage, response: ServerResponse): void {
    const head = fromHttp1(request.method ?? 'GET', request.url ?? '/', request.rawHeaders);
    const client = this.#byHttp1Socket.get(request.socket) ?? this.#clients.of(null, request.socket.remoteAddress);
    const { ip, port } = client.target;
    this.#connections.answering(request.socket, response);
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
    const startMs = performance.now();
    let { target } = client;
    if (this.#gate) {
      const entry = this.#gate.enter(head, client, client.at, startMs);
      if (entry.kind !== 'allowed') {
        this.#refuse(entry, head, source, down);
        return;
      }
      target = entry.target;
    } else if (client.identity === null && this.#isProbe(head)) target = client.probe;
    const request: Received = { head, down, client, target, close, startMs };
    if (source) receiveBody(source, (body) => this.#dispatch(request, body));
    else this.#dispatch(request, null);
  }

  /** It never becomes an exchange; its body is not waited for. */
  #refuse(entry: Refused, head: RequestHead, source: BodySource | null, down: Downstream): void {
    const { telemetry } = this.#options;
    if (entry.kind === 'limited') telemetry.inboundRateLimited(entry.target, entry.scope, entry.limit.ref);
    else telemetry.inboundRefused(entry.target, entry.kind);
    const { status, headers } = refusal(entry, down.http2 && isGrpcRequest(head));
    down.respond(status, headers, null, null);
    source?.resume();
  }

  #dispatch({ head, down, client, target, close, startMs }: Received, body: RequestBody): void {
    const { telemetry, watches, pod } = this.#options;
    if (client.identity !== null) watches.calledAs(serviceName(head.authority, pod.namespace));
    const exchange = telemetry.inboundExchange(target, body !== null, startMs, head.authority);
    const relay = new ResponseRelay(down, head.method, exchange, () => this.#relays.delete(relay));
    relay.onOwnAnswer = close;
    relay.grpc = isGrpcRequest(head);
    const profiled = this.#profiles.route(head, client.identity !== null);
    if (profiled) {
      const { dst, route } = profiled;
      const outer = telemetry.profileRoute('inbound', dst, route.name, 'effective', body !== null, startMs);
      outer.dispatch(performance.now());
      relay.enter(outer);
      relay.classify = classifier(route);
    }
    this.#relays.add(relay);
    // The client's version is kept: HTTP/2 between proxies may be HTTP/1.1 at both ends.
    const http2 = !setProxyHeaders(head, client.identity) && down.http2;
    const app = this.#app;
    // Without a body this counts the request, before anything of it is written.
    const dispatched = () => exchange.dispatch(performance.now());
    if (http2 && app) {
      app.http2.send(relay, head, body, dispatched);
      return;
    }
    dispatched();
    if (app) app.http1.send(relay, head, body);
    else relay.synthesize({ status: 502, message: 'error trying to connect: nothing listens in this pod' });
  }

  /** The kubelet's probes have a route of their own: the paths of the pod's spec, asked for in plaintext. */
  #isProbe(head: RequestHead): boolean {
    const { app } = this.#options.pod;
    return head.method === 'GET' && (head.path === app?.readyPath || head.path === app?.livePath);
  }
}

/** The Service by whose name a peer's app has called, in whichever form it used. */
function serviceName(authority: string, namespace: string): string {
  const [name, of = namespace] = authority.replace(/:\d+$/, '').toLowerCase().split('.');
  return `${name}.${of}`;
}

/** Tells the app who called, and takes off what the peer's proxy said to this one. @returns the client spoke HTTP/1.1 */
function setProxyHeaders({ headers }: RequestHead, id: string | null): boolean {
  let downgraded = false;
  for (let i = headers.length - 2; i >= 0; i -= 2) {
    const name = headers[i]!;
    if (name === ORIG_PROTO_HEADER) downgraded = true;
    else if (name !== CLIENT_ID_HEADER) continue;
    headers.splice(i, 2);
  }
  if (id !== null) headers.push(CLIENT_ID_HEADER, id);
  return downgraded;
}

/** The DNS name of the peer's certificate, which TLS has verified up to our anchor. */
function dnsName(socket: TLSSocket): string {
  const names = socket.getPeerX509Certificate()?.subjectAltName ?? '';
  return /DNS:([^,\s]+)/.exec(names)?.[1] ?? '';
}
