import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import http2, { type ServerHttp2Stream } from 'node:http2';
import net, { type Server, type Socket } from 'node:net';
import type { Address } from '../../contract.ts';
import type { WorldOptions } from './types.ts';

/** A gRPC message of five bytes. */
const MESSAGE = Buffer.from([0, 0, 0, 0, 5, 1, 2, 3, 4, 5]);
const GRPC = { ':status': 200, 'content-type': 'application/grpc' };

/** The app behind `web`: what it does is in the path. Ends with all its connections. */
export class App implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #waiting: (() => void)[] = [];
  readonly #seen = new Map<string, number>();

  constructor(protocol: NonNullable<WorldOptions['protocol']>) {
    const server =
      protocol === 'http'
        ? http.createServer({ keepAliveTimeout: 60_000 }, (request, response) => this.#http(request, response))
        : protocol === 'grpc'
          ? http2.createServer().on('stream', (stream, headers) => this.#grpc(stream, String(headers[':path'])))
          : net.createServer((socket) => echo(socket, protocol === 'tcp-greets'));
    this.#server = server as Server;
    this.#server.on('connection', (socket) => {
      socket.on('error', () => {});
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  async listen({ host, port }: Address): Promise<void> {
    await new Promise<void>((resolve, reject) => this.#server.once('error', reject).listen(port, host, resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** Resolves with the next request that is not answered. */
  asked(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #hang(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** How many times it was asked this, the present one included. */
  #count(path: string): number {
    const count = (this.#seen.get(path) ?? 0) + 1;
    this.#seen.set(path, count);
    return count;
  }

  #http(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '';
    request.resume();
    const [, verb = '', argument = ''] = path.split('/');
    if (/^\d+$/.test(verb)) response.writeHead(Number(verb)).end('body');
    else if (verb === 'ready') response.end('ok');
    else if (verb === 'flaky') response.writeHead(this.#count(path) <= Number(argument) ? 503 : 200).end('body');
    else if (verb === 'stream') response.writeHead(200).write('begin');
    else if (verb === 'abort')
      response.writeHead(200).write('begin', () => setImmediate(() => request.socket.destroy()));
    else if (verb === 'close') request.socket.destroy();
    else if (verb === 'reset') request.socket.resetAndDestroy();
    else this.#hang();
  }

  #grpc(stream: ServerHttp2Stream, path: string): void {
    stream.on('error', () => {});
    stream.resume();
    const [, verb = '', argument = ''] = path.split('/');
    const trailers = (status: string) => {
      stream.respond(GRPC, { waitForTrailers: true });
      stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': status }));
      stream.end(MESSAGE);
    };
    if (verb === 'code') trailers(argument);
    else if (verb === 'only') stream.respond({ ...GRPC, 'grpc-status': argument }, { endStream: true });
    else if (verb === 'flaky') trailers(this.#count(path) <= Number(argument) ? '14' : '0');
    else if (verb === 'bare') {
      stream.respond(GRPC);
      stream.end(MESSAGE);
    } else if (verb === 'stream') {
      stream.respond(GRPC);
      stream.write(MESSAGE);
    } else if (verb === 'reset') stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR);
    else this.#hang();
  }
}

/** Says hello if it is to speak first, sends back what comes, and ends when the other side does. */
function echo(socket: Socket, greets: boolean): void {
  if (greets) socket.write('hello');
  socket.on('data', (chunk) => socket.write(chunk));
}
