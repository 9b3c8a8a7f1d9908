import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import http2 from 'node:http2';
import net from 'node:net';
import type { Address } from '../../contract.ts';

const HOST = 'web.shop';

export interface HttpCall {
  host?: string;
  method?: string;
  body?: string;
  /** Address it comes from. */
  from?: string;
}

/** One HTTP/1.1 request on a connection of its own: `200`, `200 cut off`, `no answer`. */
export async function callHttp(to: Address, path: string, options: HttpCall = {}): Promise<string> {
  const { request, head } = openHttp(to, path, options);
  request.end(options.body);
  const response = await head.catch(() => null);
  if (response === null) return 'no answer';
  try {
    for await (const chunk of response) void chunk;
  } catch {
    return `${response.statusCode} cut off`;
  }
  return `${response.statusCode}`;
}

/** A request whose caller decides what becomes of it. */
export function openHttp(
  to: Address,
  path: string,
  { host = HOST, method = 'GET', from }: HttpCall = {},
): { request: ClientRequest; head: Promise<IncomingMessage> } {
  const request = http.request({ ...to, path, method, headers: { host }, agent: false, localAddress: from });
  const head = new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve);
    request.on('error', reject);
  });
  return { request, head };
}

/**
 * One gRPC call on a connection of its own: `grpc 0`, `grpc none`, `no answer`, `cut off`. `leave`: cancels when that is
 * there, or at the first message.
 */
export async function callGrpc(to: Address, path: string, leave?: Promise<void> | 'first message'): Promise<string> {
  const session = http2.connect(`http://${to.host}:${to.port}`);
  session.on('error', () => {});
  try {
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      ':authority': HOST,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    stream.on('error', () => {});
    let answered = false;
    let status: string | undefined;
    stream.on('response', (headers) => {
      answered = true;
      status ??= headers['grpc-status'] as string | undefined;
    });
    stream.on('trailers', (headers) => {
      status = headers['grpc-status'] as string | undefined;
    });
    stream.on('data', () => {
      if (leave === 'first message') stream.close(http2.constants.NGHTTP2_CANCEL);
    });
    stream.end(Buffer.alloc(5));
    if (leave instanceof Promise) void leave.then(() => stream.close(http2.constants.NGHTTP2_CANCEL));
    await new Promise((resolve) => stream.once('close', resolve));
    if (leave !== undefined) return 'left';
    if (stream.rstCode !== 0 && status === undefined) return answered ? 'cut off' : 'no answer';
    return `grpc ${status ?? 'none'}`;
  } finally {
    session.destroy();
  }
}

/** A connection that says `text`, or nothing and waits; it ends when five bytes have come. What came, or how it ended. */
export async function callTcp(to: Address, text: string): Promise<string> {
  const socket = net.connect(to);
  let got = '';
  let failed = false;
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    got += chunk;
    if (got.length >= 5) socket.end();
  });
  socket.on('error', () => {
    failed = true;
  });
  if (text !== '') socket.write(text);
  await new Promise((resolve) => socket.once('close', resolve));
  if (got !== '') return `"${got}"`;
  return failed ? 'reset' : 'closed';
}
