import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import tls, { type TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import type { MeshPodConfig } from '../contract.ts';
import type { WorkloadCredentials } from '../identity/credentials.ts';
import type { FullProxyTelemetry, InboundTarget, ServerTls } from '../telemetry/types.ts';
import { serverNameOf } from './client-hello.ts';
import { detectProtocol } from './detect.ts';
import { AdminFaults, cutOff } from './faults/admin-faults.ts';
import type { FaultState } from './faults/fault-state.ts';
import { fromHttp1 } from './headers.ts';
import { HTTP1_OPTIONS } from './http1-options.ts';
import { isInPod } from './inbound/clients.ts';
import { Gate, type InboundPolicies, type Refused } from './inbound/policies.ts';
import { refusal } from './inbound/refusal.ts';
import type { TcpMeter } from './tcp-meter.ts';

const compress = promisify(gzip);
const ADMIN = { ip: '0.0.0.0', port: 4191 } as const;
const PROBE_PATHS = new Set(['/live', '/ready']);

export interface AdminOptions {
  pod: Pick<MeshPodConfig, 'ip' | 'admin'>;
  policies: InboundPolicies;
  telemetry: FullProxyTelemetry;
  meter: TcpMeter;
  env: Record<string, string>;
  /** Absent: nothing ever is wrong with it. */
  faults?: FaultState;
  isReady(): boolean;
}

interface Answer {
  status: number;
  type?: string;
  body: string | Buffer;
  gzip?: boolean;
}

/** The admin listener (facts, section 3). Its own traffic is counted as inbound, with the listener's address as target. */
export class Admin {
  readonly #options: AdminOptions;
  readonly #http = http.createServer(HTTP1_OPTIONS);
  #tls: tls.Server | null = null;
  #identity = '';
  readonly #targets = new Map<string, InboundTarget>();
  readonly #faults: AdminFaults | null;
  /** null: no policy, everything is let in. */
  #gate: Gate | null = null;
  #logLevel = 'warn,linkerd=info';

  constructor(options: AdminOptions) {
    this.#options = options;
    const { policies, pod } = options;
    this.#faults = options.faults ? new AdminFaults(options.faults, pod.ip) : null;
    const applyPolicy = () => {
      const of = { port: pod.admin.port, probePaths: [...PROBE_PATHS] };
      this.#gate = policies.current ? new Gate(policies.current, of) : null;
    };
    policies.watch(applyPolicy);
    applyPolicy();
    this.#http.on('request', (request, response) => this.#serve(request, response));
    this.#http.on('clientError', (_error, socket) => socket.destroy());
  }

  /** From now on it serves mutual TLS as well. */
  certified(credentials: WorkloadCredentials): void {
    const server = tls.createServer({
      ...credentials.contextOptions,
      requestCert: true,
      rejectUnauthorized: true,
      ALPNProtocols: ['http/1.1'],
    });
    credentials.onRenewed(() => server.setSecureContext(credentials.contextOptions));
    server.on('secureConnection', (socket) => {
      socket.setNoDelay(true);
      this.#opened(socket);
      this.#http.emit('connection', socket);
    });
    server.on('tlsClientError', (_error, socket) => socket.destroy());
    this.#tls = server;
    this.#identity = credentials.identity;
  }

  /** A connection from anywhere but this node's kubelet: it may be out of reach for these. */
  acceptRemote(socket: Socket): void {
    if (this.#faults?.intercept(socket, (plain) => this.#http.emit('connection', plain))) return;
    this.accept(socket);
  }

  accept(socket: Socket): void {
    detectProtocol(socket, (protocol, seconds, first) => {
      if (protocol === 'tls' && this.#tls && this.#isMeant(first)) this.#tls.emit('connection', socket);
      else if (protocol !== 'http/1') socket.destroy();
      else {
        this.#options.telemetry.inboundDetected(ADMIN.port, protocol, seconds, this.#gate?.policy.server);
        this.#opened(socket);
        this.#http.emit('connection', socket);
      }
    });
  }

  /** TLS is ended for those alone who ask for this proxy's identity; of others it is no HTTP, and they are turned away. */
  #isMeant(hello: Buffer): boolean {
    const name = serverNameOf(hello);
    return name === undefined || name === this.#identity;
  }

  #opened(socket: Socket): void {
    const { meter, telemetry } = this.#options;
    meter.add(socket, telemetry.inboundSrcTcp(ADMIN.ip, ADMIN.port, tlsOf(socket), this.#gate?.policy.server));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://admin');
    const target = this.#gate
      ? this.#enter(this.#gate, request, response)
      : this.#target(request.socket, PROBE_PATHS.has(url.pathname) ? 'probe' : 'default');
    if (!target) return;
    const exchange = this.#options.telemetry.inboundExchange(target, false, performance.now());
    exchange.dispatch(performance.now());
    exchange.requestEnd(performance.now());
    let answered = false;
    response.once('close', () => {
      if (!answered) exchange.cancel(performance.now());
    });
    await this.#faults?.delay(url.pathname);
    const answer = await this.#answer(request, url);
    if (response.destroyed) return;
    const now = performance.now();
    answered = true;
    const length = Buffer.byteLength(answer.body);
    exchange.head(answer.status, now);
    if (length > 0) exchange.responseFrame(length, now);
    exchange.complete(now);
    const headers: string[] = [];
    if (answer.gzip) headers.push('content-encoding', 'gzip');
    if (answer.type) headers.push('content-type', answer.type);
    headers.push('content-length', String(length), 'date', new Date().toUTCString());
    response.sendDate = false;
    response.writeHead(answer.status, headers);
    const share = url.pathname === '/metrics' ? this.#faults?.cutAfter : undefined;
    if (share === undefined) response.end(answer.body);
    else cutOff(response, Buffer.from(answer.body), share);
  }

  async #answer(request: IncomingMessage, url: URL): Promise<Answer> {
    const method = request.method ?? 'GET';
    switch (url.pathname) {
      case '/metrics':
        return this.#metrics(request);
      case '/ready':
        return this.#options.isReady()
          ? { status: 200, type: 'text/plain', body: 'ready\n' }
          : { status: 503, body: 'not ready\n' };
      case '/live':
        return { status: 200, type: 'text/plain', body: 'live\n' };
      case '/env.json':
        return this.#env(request, url);
      case '/proxy-log-level':
        return this.#level(request, method);
      case '/shutdown':
        if (method !== 'POST') return { status: 405, body: '' };
        if (!isLocal(request.socket)) return { status: 403, type: 'text/plain', body: LOCAL_ONLY };
        return { status: 404, type: 'text/plain', body: 'shutdown endpoint is not enabled\n' };
      default:
        return { status: 404, body: '' };
    }
  }

  async #metrics(request: IncomingMessage): Promise<Answer> {
    this.#options.meter.sync();
    const rendered = this.#options.telemetry.render(performance.now());
    const page = this.#faults?.page(rendered) ?? rendered;
    const encodings = String(request.headers['accept-encoding'] ?? '');
    if (!/\bgzip\b/.test(encodings)) return { status: 200, type: 'text/plain', body: page };
    // Off the main thread, and fast rather than small: pages travel over loopback.
    const body = await compress(page, { level: constants.Z_BEST_SPEED });
    return { status: 200, type: 'text/plain', body, gzip: true };
  }

  #env(request: IncomingMessage, url: URL): Answer {
    if (request.method !== 'GET') return { status: 405, body: '' };
    const { accept } = request.headers;
    if (accept && !/application\/json|application\/\*|\*\/\*/.test(accept)) return { status: 406, body: '' };
    const query = url.search.slice(1);
    if (query.includes('=')) return { status: 400, type: 'text/plain', body: 'query must be a list of names\n' };
    const { env } = this.#options;
    const names = query === '' ? Object.keys(env) : query.split('&');
    const body = JSON.stringify(Object.fromEntries(names.map((name) => [name, env[name] ?? null])));
    return { status: 200, type: 'application/json', body };
  }

  async #level(request: IncomingMessage, method: string): Promise<Answer> {
    if (!isLocal(request.socket)) return { status: 403, type: 'text/plain', body: LOCAL_ONLY };
    if (method === 'GET') return { status: 200, body: this.#logLevel };
    if (method !== 'PUT') return { status: 405, body: '' };
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const level = Buffer.concat(chunks).toString('utf8').trim();
    if (!/^[\w=,:\-[\]{}]+$/.test(level)) return { status: 400, body: `invalid log level: ${level}` };
    this.#logLevel = level;
    return { status: 204, body: '' };
  }

  /** Its target when policy lets it in; else it is answered here. */
  #enter(gate: Gate, request: IncomingMessage, response: ServerResponse): InboundTarget | null {
    const { method = 'GET', url = '/', rawHeaders, socket } = request;
    const how = tlsOf(socket);
    const address = socket.remoteAddress ?? '';
    const identity = how.tls === 'true' ? how.clientId : null;
    const client = { address, identity, local: isInPod(this.#options.pod.ip, address) };
    const entry = gate.enter(fromHttp1(method, url, rawHeaders), client, { ...ADMIN, tls: how }, performance.now());
    if (entry.kind === 'allowed') return entry.target;
    this.#refuse(entry, response);
    request.resume();
    return null;
  }

  #refuse(entry: Refused, response: ServerResponse): void {
    const { telemetry } = this.#options;
    if (entry.kind === 'limited') telemetry.inboundRateLimited(entry.target, entry.scope, entry.limit.ref);
    else telemetry.inboundRefused(entry.target, entry.kind);
    const { status, headers } = refusal(entry, false);
    response.sendDate = false;
    response.writeHead(status, [...headers, 'date', new Date().toUTCString()]).end();
  }

  #target(socket: Socket, route: 'default' | 'probe'): InboundTarget {
    const how = tlsOf(socket);
    const key = `${route} ${how.tls === 'true' ? how.clientId : ''}`;
    let target = this.#targets.get(key);
    if (!target) {
      target = { ...ADMIN, tls: how, route };
      this.#targets.set(key, target);
    }
    return target;
  }
}

const LOCAL_ONLY = 'Requests are only permitted from localhost.';

function tlsOf(socket: Socket): ServerTls {
  const names = (socket as TLSSocket).getPeerX509Certificate?.()?.subjectAltName;
  if (names === undefined) return { tls: 'no_identity', reason: 'no_tls_from_remote' };
  return { tls: 'true', clientId: /DNS:([^,\s]+)/.exec(names)?.[1] ?? '' };
}

/** Where every pod has a loopback address, "localhost" is the pod's own address or 127.0.0.1. */
function isLocal(socket: Socket): boolean {
  const remote = socket.remoteAddress ?? '';
  return remote === '::1' || remote === '127.0.0.1' || remote === socket.localAddress;
}
