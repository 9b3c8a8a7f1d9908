import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import http2, { type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { MeshPodConfig } from '../contract.ts';
import type { WorkloadCredentials } from '../identity/credentials.ts';
import type { OutboundTarget, ProxyTelemetry } from '../telemetry/types.ts';
import { Balancer, type Endpoint } from './balancer.ts';
import { reportServiceWatches } from './control-clients.ts';
import { detectProtocol } from './detect.ts';
import { type Discovery, type KnownService, podKey } from './discovery.ts';
import { type Downstream, Http1Downstream, Http2Downstream } from './downstream.ts';
import { fromHttp1, fromHttp2, type RequestHead } from './headers.ts';
import { HTTP1_OPTIONS, hasBody } from './http1-options.ts';
import { OutboundRequest } from './outbound-request.ts';
import { PeerConnection } from './peer-connection.ts';
import { syntheticHeaders } from './proxy-error.ts';
import { type RequestBody, receiveBody } from './request-body.ts';
import { SESSION_OPTIONS } from './session-options.ts';
import type { TcpMeter } from './tcp-meter.ts';

const END_STREAM = 1;

export interface OutboundOptions {
  namespace: string;
  discovery: Discovery;
  telemetry: ProxyTelemetry;
  credentials: WorkloadCredentials;
  meter: TcpMeter;
  target(service: KnownService, pod: MeshPodConfig): OutboundTarget;
  identityOf(pod: MeshPodConfig): string;
  random(): number;
}

/** What is known about an accepted connection; its service only when the first request names it. */
interface Accepted {
  socket: Socket;
  protocol: 'http/1' | 'http/2';
  seconds: number;
  known: boolean;
}

/** The outbound listener of a sidecar: plaintext HTTP from the pod's app, to services of the mesh. */
export class Outbound {
  readonly #options: OutboundOptions;
  readonly #http1 = http.createServer(HTTP1_OPTIONS);
  readonly #http2 = http2.createServer(SESSION_OPTIONS);
  readonly #accepted = new WeakMap<Socket, Accepted>();
  readonly #balancers = new Map<string, Balancer>();
  readonly #peers = new Map<string, PeerConnection>();
  readonly #requests = new Set<OutboundRequest>();
  /** The connection whose session is being made: node:http2 announces it before `emit` returns. */
  #arriving: Accepted | undefined;
  #killed = false;
  /** Requests so far, as the share of this sidecar's work. */
  handled = 0;

  constructor(options: OutboundOptions) {
    this.#options = options;
    this.#http1.on('request', (request, response) => this.#onHttp1(request, response));
    this.#http1.on('clientError', (_error, socket) => socket.destroy());
    this.#http2.on('session', (session) => this.#onSession(session));
    this.#http2.on('sessionError', () => {});
  }

  accept(socket: Socket): void {
    socket.setNoDelay(true);
    detectProtocol(socket, (protocol, seconds) => {
      if (protocol === 'tls') {
        // Opaque TLS of the app is not simulated: no scenario sends any.
        socket.destroy();
        return;
      }
      const accepted: Accepted = { socket, protocol, seconds, known: false };
      if (protocol === 'http/1') {
        this.#accepted.set(socket, accepted);
        this.#http1.emit('connection', socket);
        return;
      }
      this.#arriving = accepted;
      this.#http2.emit('connection', socket);
      this.#arriving = undefined;
    });
  }

  /** As SIGKILL: what is in flight is neither answered nor counted. */
  kill(): void {
    this.#killed = true;
    for (const request of this.#requests) request.drop();
    for (const balancer of this.#balancers.values()) balancer.destroy();
    for (const peer of this.#peers.values()) peer.destroy();
  }

  #onSession(session: ServerHttp2Session): void {
    const accepted = this.#arriving;
    session.on('error', () => {});
    session.on('stream', (stream: ServerHttp2Stream, _headers: unknown, flags: number, raw?: string[]) => {
      const body = flags & END_STREAM ? null : stream;
      this.#handle(fromHttp2(raw!), body, new Http2Downstream(stream), accepted);
    });
  }

  #onHttp1(request: IncomingMessage, response: ServerResponse): void {
    const head = fromHttp1(request.method ?? 'GET', request.url ?? '/', request.rawHeaders);
    const body = hasBody(request) ? request : null;
    this.#handle(head, body, new Http1Downstream(request, response), this.#accepted.get(request.socket));
  }

  #handle(head: RequestHead, source: Readable | null, down: Downstream, accepted: Accepted | undefined): void {
    const startMs = performance.now();
    this.handled++;
    const service = this.#options.discovery.resolve(head.authority, this.#options.namespace);
    if (!service) {
      // The real proxy forwards to the connection's original destination; here there is none to know.
      const message = `no service of the mesh is called ${head.authority || '(no authority)'}`;
      down.respond(502, syntheticHeaders(message.replace(/[^ -~]/g, '?')), null, null);
      return;
    }
    const balancer = this.#balancer(service);
    if (accepted && !accepted.known) this.#firstRequest(accepted, balancer);
    if (source) receiveBody(source, (body) => this.#dispatch(balancer, head, body, down, startMs));
    else this.#dispatch(balancer, head, null, down, startMs);
  }

  #dispatch(balancer: Balancer, head: RequestHead, body: RequestBody, down: Downstream, startMs: number): void {
    if (this.#killed) return;
    const { telemetry } = this.#options;
    const done = (ended: OutboundRequest) => this.#requests.delete(ended);
    const request = new OutboundRequest(telemetry, balancer, head, body, down, done, startMs);
    this.#requests.add(request);
    balancer.dispatch(request);
  }

  #firstRequest(accepted: Accepted, balancer: Balancer): void {
    const { telemetry, meter } = this.#options;
    accepted.known = true;
    telemetry.outboundDetected(balancer.ref, accepted.protocol, accepted.seconds);
    meter.add(accepted.socket, telemetry.outboundSrcTcp(balancer.ref.clusterIp, balancer.ref.port));
  }

  #balancer(service: KnownService): Balancer {
    const known = this.#balancers.get(service.authority);
    if (known) return known;
    const { discovery, telemetry, random } = this.#options;
    const connect = (of: KnownService, pod: MeshPodConfig) => this.#endpoint(of, pod);
    const balancer = new Balancer(service, discovery, telemetry, connect, random);
    this.#balancers.set(service.authority, balancer);
    reportServiceWatches(telemetry);
    return balancer;
  }

  #endpoint(service: KnownService, pod: MeshPodConfig): Endpoint {
    const { telemetry, meter, credentials, target, identityOf } = this.#options;
    const labels = target(service, pod);
    let peer = this.#peers.get(podKey(pod));
    if (!peer) {
      peer = new PeerConnection(pod.inbound, identityOf(pod), credentials, (socket) =>
        meter.add(socket, telemetry.outboundDstTcp(labels)),
      );
      this.#peers.set(podKey(pod), peer);
    }
    return { pod, target: labels, peer, inFlight: 0, failed: false };
  }
}
