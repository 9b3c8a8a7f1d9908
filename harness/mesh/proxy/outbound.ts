import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import http2, { type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { Address } from '../contract.ts';
import type { WorkloadCredentials } from '../identity/credentials.ts';
import type { FullProxyTelemetry, OutboundTarget } from '../telemetry/types.ts';
import { AppClient } from './app-client.ts';
import { Http2AppClient } from './app-client-http2.ts';
import type { AppClients, Endpoint } from './balancer.ts';
import type { ControlWatches } from './control-clients.ts';
import { detectProtocol } from './detect.ts';
import type { DialledPod, Discovery, KnownService } from './discovery.ts';
import { type Downstream, Http1Downstream, Http2Downstream } from './downstream.ts';
import { fromHttp1, fromHttp2, type RequestHead } from './headers.ts';
import { HTTP1_OPTIONS, hasBody } from './http1-options.ts';
import { IdleServices } from './idle-services.ts';
import { buildStack, type StackOf } from './outbound/build-stack.ts';
import { Forwarding } from './outbound/forwarding.ts';
import type { InFlight, ServiceStack } from './outbound/service-stack.ts';
import { endpointTarget, type MeshNames, type Peer, peerIdentity, podTarget } from './peer.ts';
import { PeerConnection } from './peer-connection.ts';
import { syntheticHeaders } from './proxy-error.ts';
import { type RequestBody, receiveBody } from './request-body.ts';
import { SESSION_OPTIONS } from './session-options.ts';
import type { TcpMeter } from './tcp-meter.ts';

const END_STREAM = 1;

export interface OutboundOptions {
  namespace: string;
  discovery: Discovery;
  telemetry: FullProxyTelemetry;
  credentials: WorkloadCredentials;
  meter: TcpMeter;
  watches: ControlWatches;
  names: MeshNames;
  /** Connections to peers have one; false: a proxy before 2.18, absent: true. */
  transportHeader?: boolean;
  random(): number;
}

/** What is known about an accepted connection; its service only when the first request names it. */
interface Accepted {
  socket: Socket;
  protocol: 'http/1' | 'http/2';
  seconds: number;
  known: boolean;
  /** Where its destination names it; then the Host is only the authority. */
  service: KnownService | undefined;
}

/** The outbound listener of a sidecar: plaintext HTTP from the pod's app, to services of the mesh. */
export class Outbound {
  readonly #options: OutboundOptions;
  readonly #http1 = http.createServer(HTTP1_OPTIONS);
  readonly #http2 = http2.createServer(SESSION_OPTIONS);
  readonly #accepted = new WeakMap<Socket, Accepted>();
  readonly #stacks = new Map<KnownService, StackOf>();
  readonly #peers = new Map<Peer, PeerConnection>();
  /** Of endpoints that are not meshed, by `ip:port`. */
  readonly #apps = new Map<string, { peer: Peer; client: AppClients }>();
  readonly #unwatch: () => void;
  readonly #used = new IdleServices<KnownService>((service) => this.#dropIdle(service));
  readonly #requests = new Set<InFlight>();
  readonly #forwarding: Forwarding;
  /** The connection whose session is being made: node:http2 announces it before `emit` returns. */
  #arriving: Accepted | undefined;
  #killed = false;
  /** Requests so far, as the share of this sidecar's work. */
  handled = 0;

  constructor(options: OutboundOptions) {
    this.#options = options;
    this.#forwarding = new Forwarding({
      ...options,
      link: (pod) => this.#peer(pod, pod.inbound!, podTarget(pod, pod.appPort!, true, options.names)),
    });
    this.#http1.on('request', (request, response) => this.#onHttp1(request, response));
    this.#http1.on('clientError', (_error, socket) => socket.destroy());
    this.#http2.on('session', (session) => this.#onSession(session));
    this.#http2.on('sessionError', () => {});
    this.#unwatch = options.discovery.watch(() => this.#forget());
  }

  /** Requests of the app that are not answered yet. */
  get inFlight(): number {
    return this.#requests.size;
  }

  accept(socket: Socket): void {
    socket.setNoDelay(true);
    detectProtocol(socket, (protocol, seconds) => {
      if (protocol === 'tls') {
        // Opaque TLS of the app is not simulated: no scenario sends any.
        socket.destroy();
        return;
      }
      this.serve(socket, protocol, seconds);
    });
  }

  /** A connection that is found to be HTTP. */
  serve(socket: Socket, protocol: 'http/1' | 'http/2', seconds: number, service?: KnownService): void {
    const accepted: Accepted = { socket, protocol, seconds, known: false, service };
    if (protocol === 'http/1') {
      this.#accepted.set(socket, accepted);
      this.#http1.emit('connection', socket);
      return;
    }
    this.#arriving = accepted;
    this.#http2.emit('connection', socket);
    this.#arriving = undefined;
  }

  /** As SIGKILL: what is in flight is neither answered nor counted. */
  kill(): void {
    this.#killed = true;
    this.#unwatch();
    this.#used.clear();
    for (const request of this.#requests) request.drop();
    for (const { balancers } of this.#stacks.values()) for (const balancer of balancers.values()) balancer.destroy();
    for (const peer of this.#peers.values()) peer.destroy();
    this.#forwarding.destroy();
    for (const { client } of this.#apps.values()) {
      client.http1.destroy();
      client.http2.destroy();
    }
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
    const { discovery, namespace, telemetry } = this.#options;
    const { authority } = head;
    const dialled = accepted?.service ?? discovery.resolve(authority, namespace) ?? discovery.resolvePod(authority);
    if (!dialled) {
      // The real proxy forwards to the connection's original destination; here there is none to know.
      const message = `no service of the mesh is called ${authority || '(no authority)'}`;
      down.respond(502, syntheticHeaders(message.replace(/[^ -~]/g, '?')), null, null);
      return;
    }
    const stack = 'pod' in dialled ? this.#forwarding.stack(dialled) : this.#stack(dialled).stack;
    const { clusterIp } = stack.ref;
    down.onBroken((error) => telemetry.outboundTcpError(clusterIp, dialled.port, error));
    if (accepted && !accepted.known) this.#firstRequest(accepted, stack, dialled);
    down.onGone(this.#use(dialled));
    if (source) receiveBody(source, (body) => this.#dispatch(stack, head, body, down, startMs));
    else this.#dispatch(stack, head, null, down, startMs);
  }

  #dispatch(stack: ServiceStack, head: RequestHead, body: RequestBody, down: Downstream, startMs: number): void {
    if (this.#killed) return;
    let over = false;
    let request: InFlight | null = null;
    request = stack.start({ head, body, down, startMs }, () => {
      over = true;
      if (request) this.#requests.delete(request);
    });
    if (!over) this.#requests.add(request);
  }

  #firstRequest(accepted: Accepted, { ref, protocol }: ServiceStack, dialled: KnownService | DialledPod): void {
    const { telemetry, meter } = this.#options;
    accepted.socket.once('close', this.#use(dialled));
    accepted.known = true;
    if (protocol) telemetry.outboundProtocol(ref, protocol);
    else telemetry.outboundDetected(ref, accepted.protocol, accepted.seconds);
    meter.add(accepted.socket, telemetry.outboundSrcTcp(ref.clusterIp, dialled.port));
  }

  /** A request or a connection; the result is called when it has ended. */
  #use(dialled: KnownService | DialledPod): () => void {
    return 'pod' in dialled ? this.#forwarding.use(dialled) : this.#used.use(dialled);
  }

  /** Of a Service that is called; built anew when its policy is another than it was. */
  #stack(service: KnownService): StackOf {
    const known = this.#stacks.get(service);
    if (known && known.policy === service.policy) return known;
    if (known) this.#retire(known);
    const { discovery, telemetry, random, watches } = this.#options;
    const connect = (of: KnownService, pod: Peer) => this.#endpoint(of, pod);
    const built = buildStack(service, { discovery, telemetry, random, connect });
    this.#stacks.set(service, built);
    watches.forService(built.balancers.size);
    return built;
  }

  #retire({ balancers }: StackOf): void {
    const { telemetry, watches } = this.#options;
    for (const balancer of balancers.values()) {
      balancer.retire();
      telemetry.balancerDropped(balancer.ref);
    }
    watches.idle(balancers.size);
  }

  #endpoint(service: KnownService, pod: Peer): Endpoint {
    const target = endpointTarget(service, pod, this.#options.names);
    const peer = pod.inbound && this.#peer(pod, pod.inbound, target);
    return { pod, target, peer, app: peer ? null : this.#app(pod, target), inFlight: 0, failed: false };
  }

  #peer(pod: Peer, address: Address, target: OutboundTarget): PeerConnection {
    const known = this.#peers.get(pod);
    if (known) return known;
    const { telemetry, meter, credentials, names, transportHeader } = this.#options;
    const opened = (socket: Socket) => meter.add(socket, telemetry.outboundDstTcp(target));
    const direct = transportHeader === false;
    const peer = new PeerConnection(address, peerIdentity(pod, names), credentials, opened, direct);
    this.#peers.set(pod, peer);
    return peer;
  }

  /** Its connections are the pod's, as those of a meshed pod: labels are those of the service that was called first. */
  #app(pod: Peer, target: OutboundTarget): AppClients {
    const key = `${target.ip}:${target.port}`;
    const known = this.#apps.get(key);
    // Of this very pod: `#forget` has let go of another that was here, before balancers hear of this one.
    if (known) return known.client;
    const { telemetry, meter } = this.#options;
    const address = pod.skipped ?? { host: target.ip, port: target.port };
    const opened = (socket: Socket) => meter.add(socket, telemetry.outboundDstTcp(target));
    const client = { http1: new AppClient(address, opened), http2: new Http2AppClient(address, opened) };
    this.#apps.set(key, { peer: pod, client });
    return client;
  }

  /** Nobody calls it any more: its pool goes, its watches end, and connections to pods that no other service has. */
  #dropIdle(service: KnownService): void {
    const stack = this.#stacks.get(service);
    if (!stack) return;
    const { telemetry, watches } = this.#options;
    const balancers = [...stack.balancers.values()];
    const pods = balancers.flatMap((balancer) => balancer.pods);
    this.#stacks.delete(service);
    for (const balancer of balancers) {
      balancer.destroy();
      telemetry.balancerDropped(balancer.ref);
    }
    watches.idle(balancers.length);
    const others = [...this.#stacks.values()].flatMap((other) => [...other.balancers.values()]);
    const kept = new Set(others.flatMap((other) => other.pods));
    for (const pod of pods) {
      if (kept.has(pod)) continue;
      this.#peers.get(pod)?.retire();
      this.#peers.delete(pod);
    }
  }

  /** Lets go of what discovery no longer knows; requests that are under way end as they will. */
  #forget(): void {
    const { discovery } = this.#options;
    for (const [service, { balancers }] of this.#stacks) {
      if (discovery.has(service)) continue;
      this.#stacks.delete(service);
      this.#used.forget(service);
      for (const balancer of balancers.values()) balancer.retire();
    }
    for (const [pod, peer] of this.#peers) {
      if (discovery.hasPeer(pod) && !discovery.isLeaving(pod)) continue;
      this.#peers.delete(pod);
      peer.retire();
    }
    for (const [key, { peer, client }] of this.#apps) {
      if (discovery.hasPeer(peer) && !discovery.isLeaving(peer)) continue;
      this.#apps.delete(key);
      client.http1.close();
      client.http2.close();
    }
  }
}
