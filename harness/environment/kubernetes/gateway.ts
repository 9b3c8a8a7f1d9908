import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { describe } from '../../core/errors.ts';
import { parseStatus } from './errors.ts';
import { REQUEST_TIMEOUT_MS, type Transport } from './transport.ts';

/** Says that an answer is the gateway's own, not the pod's. */
export const GATEWAY_HEADER = 'x-meshproof-gateway';

/** Headers that concern one connection (RFC 9110, section 7.6.1). */
const HOP_BY_HOP = new Set([
  ...['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection'],
  ...['te', 'trailer', 'transfer-encoding', 'upgrade'],
]);
/** What would change who asks the API server, or the way. */
const NOT_SENT = /^(?:host|authorization|cookie|expect|impersonate-.*|x-remote-.*|x-forwarded-.*)$/;
/** The API server's own statuses are smaller than this. */
const STATUS_BYTES = 64 * 1024;

/**
 * A local HTTP server whose every request goes through the API server to one port of one pod. Bodies pass as they are,
 * both ways, but for two things: the API server rewrites the links of pages of type text/html, and over HTTP/1.1 it may cut
 * an answer that begins before the request's body has been read whole (Go's net/http). A pod that takes bodies
 * must read them before it answers.
 */
export class Gateway implements AsyncDisposable {
  readonly url: string;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async open(transport: Transport, namespace: string, pod: string, port: number): Promise<Gateway> {
    const route = new Route(transport, namespace, pod, port);
    const server = createServer((request, response) => void route.forward(request, response));
    // Longer than any client keeps a connection, so that none is closed while it is taken up again.
    server.keepAliveTimeout = 120_000;
    server.requestTimeout = 0;
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Gateway(server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}

class Route {
  readonly #transport: Transport;
  readonly #prefix: string;
  readonly #place: string;

  constructor(transport: Transport, namespace: string, pod: string, port: number) {
    this.#transport = transport;
    this.#prefix = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}:${port}/proxy`;
    this.#place = `pod ${namespace}/${pod}, port ${port}`;
  }

  async forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.once('close', () => gone.abort(new Error('the client went away')));
    let answer: IncomingMessage;
    try {
      // Whole, before anything is asked: a request whose body is still on its way is ended with whatever ends that body.
      const body = hasBody(request) ? await buffer(request) : undefined;
      answer = await this.#transport.open({
        method: request.method!,
        path: this.#prefix + request.url!,
        headers: sentHeaders(request),
        body,
        timeoutMs: REQUEST_TIMEOUT_MS,
        signal: gone.signal,
      });
    } catch (error) {
      refuse(response, 502, `${this.#place}: ${describe(error)}`);
      return;
    }
    try {
      await this.#pass(answer, response);
    } catch {
      // Half an answer must not look like a whole one.
      answer.destroy();
      response.destroy();
    }
  }

  async #pass(answer: IncomingMessage, response: ServerResponse): Promise<void> {
    const status = answer.statusCode!;
    if (!mayBeStatus(answer)) {
      response.writeHead(status, this.#answeredHeaders(answer));
      await pipeline(answer, response);
      return;
    }
    const body = await buffer(answer);
    const said = parseStatus(body.toString('utf8'));
    if (said?.status === 'Failure') {
      // The API server speaks, not the pod: a pod that is not there must not look like a page that is not there.
      refuse(response, status === 503 ? 503 : 502, `${this.#place}: the API server can't reach it: ${said.message}`);
      return;
    }
    response.writeHead(status, this.#answeredHeaders(answer));
    response.end(body);
  }

  #answeredHeaders(answer: IncomingMessage): OutgoingHttpHeaders {
    const headers = endToEnd(answer.headers);
    // The API server puts the way through itself before the places of redirections.
    const { location } = answer.headers;
    const path = location?.startsWith(this.#transport.server)
      ? location.slice(this.#transport.server.length)
      : location;
    if (path?.startsWith(this.#prefix)) headers.location = path.slice(this.#prefix.length) || '/';
    return headers;
  }
}

function mayBeStatus(answer: IncomingMessage): boolean {
  const { 'content-type': type, 'content-length': length, 'content-encoding': encoding } = answer.headers;
  return (
    answer.statusCode! >= 400 &&
    type?.startsWith('application/json') === true &&
    encoding === undefined &&
    Number(length ?? 0) <= STATUS_BYTES
  );
}

function hasBody(request: IncomingMessage): boolean {
  return request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
}

function sentHeaders(request: IncomingMessage): OutgoingHttpHeaders {
  const headers = endToEnd(request.headers);
  for (const name of Object.keys(headers)) if (NOT_SENT.test(name)) delete headers[name];
  return headers;
}

function endToEnd(headers: IncomingMessage['headers']): OutgoingHttpHeaders {
  const named = new Set((headers.connection ?? '').toLowerCase().split(/\s*,\s*/));
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name) && !named.has(name)));
}

function refuse(response: ServerResponse, status: number, text: string): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', [GATEWAY_HEADER]: 'unreachable' });
  response.end(`${text}\n`);
}
