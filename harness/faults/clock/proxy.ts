import { once } from 'node:events';
import http, { type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { describe } from '../../core/errors.ts';
import { shiftedAnswer, shiftedPage, shiftedRequest } from './shift.ts';

export interface ClockProxyOptions {
  /** URL of the real Prometheus. */
  of: string;
  host: string;
  aheadMs: number;
}

const FORM = 'application/x-www-form-urlencoded';
/** Of the connection, not of the answer; or no longer true of it. */
const DROPPED = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'content-length',
  'content-encoding',
  'date',
]);

/**
 * A Prometheus whose host's clock is off, as it looks from outside: stands before a real one, and shifts every time in what
 * it is asked and in what it answers, the Date header and `time()` included. Values that the scraped report of their own
 * clocks are theirs, and stay.
 */
export class ClockProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #options: ClockProxyOptions;
  readonly #sockets = new Set<Socket>();

  private constructor(options: ClockProxyOptions) {
    this.#options = options;
    this.#server = http.createServer((request, response) => {
      this.#forward(request, response).catch((error) => {
        if (!response.headersSent) response.writeHead(502, { 'content-type': 'text/plain' });
        response.end(describe(error));
      });
    });
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /** On a free port of `host`. */
  static async start(options: ClockProxyOptions): Promise<ClockProxy> {
    const proxy = new ClockProxy(options);
    proxy.#server.listen(0, options.host);
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get url(): string {
    return `http://${this.#options.host}:${(this.#server.address() as AddressInfo).port}`;
  }

  async #forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { of, aheadMs } = this.#options;
    const url = new URL(request.url ?? '/', of);
    url.search = shiftedRequest(url.searchParams, aheadMs).toString();
    const body = await textOf(request);
    const type = request.headers['content-type'] ?? '';
    const answer = await fetch(url, {
      method: request.method,
      redirect: 'manual',
      ...(body !== '' && {
        headers: { 'content-type': type },
        body: type.startsWith(FORM) ? shiftedRequest(new URLSearchParams(body), aheadMs).toString() : body,
      }),
    });
    const headers = [...answer.headers].filter(([name]) => !DROPPED.has(name));
    const content = await this.#shifted(url.pathname, answer);
    response.writeHead(answer.status, {
      ...Object.fromEntries(headers),
      date: new Date(Date.now() + aheadMs).toUTCString(),
      'content-length': content.length,
    });
    response.end(content);
  }

  async #shifted(path: string, answer: Response): Promise<Buffer> {
    const { aheadMs } = this.#options;
    const bytes = Buffer.from(await answer.arrayBuffer());
    const type = answer.headers.get('content-type') ?? '';
    if (type.startsWith('application/json')) {
      return Buffer.from(JSON.stringify(shiftedAnswer(path, JSON.parse(bytes.toString('utf8')), aheadMs)));
    }
    return path === '/metrics' ? Buffer.from(shiftedPage(bytes.toString('utf8'), aheadMs)) : bytes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
