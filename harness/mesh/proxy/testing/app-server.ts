import http, { type RequestListener } from 'node:http';
import http2, { type ServerHttp2Stream } from 'node:http2';
import net, { type Server } from 'node:net';

/** First bytes of HTTP/2 with prior knowledge. */
const PREFACE = 'PRI ';

type StreamHandler = (stream: ServerHttp2Stream, path: string) => void;

const streamHandlers = new WeakMap<RequestListener, StreamHandler>();

/** An app by streams, which HTTP/2 alone has, as gRPC servers are made. */
export function byStream(handle: StreamHandler): RequestListener {
  const handler: RequestListener = (_request, response) => response.writeHead(505).end();
  streamHandlers.set(handler, handle);
  return handler;
}

/** An app that speaks HTTP/1.1, and HTTP/2 in the clear to whoever begins with it. Not listening yet. */
export function appServer(handler: RequestListener): Server {
  const http1 = http.createServer({ keepAliveTimeout: 60_000 }, handler);
  const onStream = streamHandlers.get(handler);
  const h2 = http2.createServer();
  if (onStream) {
    h2.on('stream', (stream, headers) => {
      stream.on('error', () => {});
      onStream(stream, String(headers[':path']));
    });
  } else h2.on('request', handler as never);
  h2.on('sessionError', () => {});
  return net.createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', (first: Buffer) => {
      socket.pause();
      socket.unshift(first);
      const isHttp2 = first.toString('latin1', 0, PREFACE.length) === PREFACE;
      (isHttp2 ? h2 : http1).emit('connection', socket);
      if (!isHttp2) socket.resume();
    });
  });
}
