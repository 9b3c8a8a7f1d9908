import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { afterEach, expect, it } from 'vitest';
import { IdentityAuthority } from '../../../mesh/identity/authority.ts';
import { readPage } from './page.ts';

const authority = new IdentityAuthority({ trustDomain: 'cluster.local', controlPlaneNamespace: 'linkerd' });
const servers: net.Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A port that does this with each connection. */
async function port(serve: (socket: net.Socket) => void, secure = false): Promise<number> {
  const sockets = new Set<net.Socket>();
  const onSocket = (socket: net.Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    serve(socket);
  };
  const { certPem, keyPem } = authority.issueServing(['127.0.0.1']);
  const server = secure ? tls.createServer({ cert: certPem, key: keyPem }, onSocket) : net.createServer(onSocket);
  server.on('close', () => {});
  server.listen(0, '127.0.0.1');
  servers.push({ close: () => [server.close(), ...[...sockets].map((s) => s.destroy())] } as unknown as net.Server);
  await once(server, 'listening');
  return (server.address() as net.AddressInfo).port;
}

const read = async (at: number, scheme: 'http' | 'https' = 'http', deadlineMs = 2000) =>
  readPage({ namespace: 'shop', pod: 'web-1', ip: '127.0.0.1', port: at, scheme, deadlineMs });

const answer =
  (body: string, status = '200 OK', length = body.length) =>
  (socket: net.Socket) => {
    socket.once('data', () =>
      socket.end(`HTTP/1.1 ${status}\r\ncontent-type: text/plain\r\ncontent-length: ${length}\r\n\r\n${body}`),
    );
  };

it('is the page where there is one, with TLS as well, whoever vouches for it', async () => {
  const at = await port(answer('a 1\na 1\n'));
  expect(await read(at)).toMatchObject({
    ...{ namespace: 'shop', pod: 'web-1', url: `http://127.0.0.1:${at}/metrics` },
    ...{ outcome: 'ok', connected: true, status: 200, error: '', bytes: 8, duplicates: ['a{}'] },
    page: { samples: [{ name: 'a' }, { name: 'a' }] },
  });
  const secured = await port(answer('a 1\n'), true);
  expect(await read(secured, 'https')).toMatchObject({ outcome: 'ok', url: `https://127.0.0.1:${secured}/metrics` });
});

it('asks for the page as Prometheus does', async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const at = await port((socket) =>
    socket.once('data', (bytes) => {
      resolve(bytes.toString());
      answer('')(socket);
      socket.emit('data', bytes);
    }),
  );
  await read(at);
  expect((await promise).split('\r\n')).toEqual(
    expect.arrayContaining(['GET /metrics HTTP/1.1', expect.stringMatching(/^accept: text\/plain;version=0\.0\.4/)]),
  );
});

it.each([
  ['status', answer('no\n', '403 Forbidden'), { status: 403, error: 'status 403: no' }],
  ['unparsable', answer('a{ 1\n'), { status: 200 }],
  ['cut-off', answer('a 1\n', '200 OK', 100), { status: 200, bytes: 4 }],
  ['not-http', (socket: net.Socket) => socket.once('data', () => socket.end(Buffer.from([21, 3, 3, 0, 2, 2, 40]))), {}],
  ['failed', (socket: net.Socket) => socket.once('data', () => socket.end()), { status: null }],
] as const)('%s', async (outcome, serve, more) => {
  expect(await read(await port(serve))).toMatchObject({ outcome, connected: true, page: null, ...more });
});

it('timeout: of one who takes the connection and says nothing, or stops in the middle', async () => {
  const silent = await read(await port(() => {}), 'http', 1000);
  expect(silent).toMatchObject({ outcome: 'timeout', connected: true, bytes: 0 });
  const begins = (socket: net.Socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\na 1\n');
  expect(await read(await port(begins), 'http', 1000)).toMatchObject({ outcome: 'timeout', connected: true, bytes: 4 });
});

it('refused: nobody listens', async () => {
  const at = await port(() => {});
  servers.splice(0)[0]!.close();
  expect(await read(at)).toMatchObject({ outcome: 'refused', connected: false });
});

it('tls-failed: plain HTTP is spoken there, or the handshake is refused', async () => {
  const plain = await port(answer('', '400 Bad Request'));
  expect(await read(plain, 'https')).toMatchObject({ outcome: 'tls-failed', connected: true, status: null });
  const turnedAway = await port((socket) => socket.once('data', () => socket.destroy()));
  expect(await read(turnedAway, 'https')).toMatchObject({ outcome: 'tls-failed', connected: true });
});
