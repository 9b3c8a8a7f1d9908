import http2, { type ClientHttp2Session, type ClientHttp2Stream, type OutgoingHttpHeaders } from 'node:http2';
import type { Rig } from './rig.ts';

export interface H2Options {
  host?: string;
  path?: string;
  method?: string;
  headers?: OutgoingHttpHeaders;
  body?: string | Buffer;
}

export interface H2Result {
  status: number;
  headers: http2.IncomingHttpHeaders;
  trailers: http2.IncomingHttpHeaders;
  body: string;
  /** 0: not reset. */
  rstCode: number;
}

/** An app of the load pod that speaks HTTP/2. */
export class H2Caller implements Disposable {
  readonly session: ClientHttp2Session;

  constructor(to: { host: string; port: number }) {
    this.session = http2.connect(`http://${to.host}:${to.port}`);
    this.session.on('error', () => {});
  }

  static of(rig: Rig): H2Caller {
    return new H2Caller(rig.outbound());
  }

  [Symbol.dispose](): void {
    this.session.destroy();
  }

  open(options: H2Options = {}): ClientHttp2Stream {
    const { host = 'web', path = '/', method = 'GET', headers = {} } = options;
    const endStream = method === 'GET' || method === 'HEAD';
    const stream = this.session.request(
      { ':authority': host, ':path': path, ':method': method, ...headers },
      { endStream },
    );
    stream.on('error', () => {});
    return stream;
  }

  async call(options: H2Options = {}): Promise<H2Result> {
    const stream = this.open(options);
    if (options.body !== undefined) stream.end(options.body);
    return result(stream);
  }

  /** A call as a gRPC client makes it; the body is one message. */
  grpc(path: string, message = 'ping', headers: OutgoingHttpHeaders = {}): Promise<H2Result> {
    const head = { 'content-type': 'application/grpc', te: 'trailers', ...headers };
    return this.call({ path, method: 'POST', headers: head, body: message });
  }
}

/** Waits for the end of a stream, however it ends. */
export async function result(stream: ClientHttp2Stream): Promise<H2Result> {
  const got: H2Result = { status: 0, headers: {}, trailers: {}, body: '', rstCode: 0 };
  stream.on('response', (headers) => {
    got.status = Number(headers[':status']);
    got.headers = headers;
  });
  stream.on('trailers', (headers) => {
    got.trailers = headers;
  });
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    got.body += chunk;
  });
  if (!stream.closed) await new Promise((resolve) => stream.once('close', resolve));
  got.rstCode = stream.rstCode ?? 0;
  return got;
}
