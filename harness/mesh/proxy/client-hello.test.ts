import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { expect, it } from 'vitest';
import { serverNameOf } from './client-hello.ts';

/** What Node's client sends first. */
async function helloFor(servername: string): Promise<Buffer> {
  const server = net.createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  const client = tls.connect({ port, host: '127.0.0.1', servername, rejectUnauthorized: false });
  client.on('error', () => {});
  const [socket] = (await once(server, 'connection')) as [net.Socket];
  const [hello] = (await once(socket, 'data')) as [Buffer];
  client.destroy();
  socket.destroy();
  server.close();
  return hello;
}

it('names whom the client asks for, or nobody', async () => {
  const name = 'web.shop.serviceaccount.identity.linkerd.cluster.local';
  const hello = await helloFor(name);
  expect(serverNameOf(hello)).toBe(name);
  expect(serverNameOf(await helloFor(''))).toBeNull();
});

it('waits for the rest of a ClientHello, wherever it is cut', async () => {
  const hello = await helloFor('a.b');
  const cut = Array.from({ length: hello.length }, (_, end) => serverNameOf(hello.subarray(0, Math.max(end, 1))));
  // Until the extension has come it is open; from then on it is known.
  const first = cut.indexOf('a.b');
  expect(first).toBeGreaterThan(40);
  expect(cut.slice(0, first).every((one) => one === undefined)).toBe(true);
  expect(cut.slice(first).every((one) => one === 'a.b')).toBe(true);
});

it('is not taken in by something else', () => {
  expect(serverNameOf(Buffer.from('GET /metrics HTTP/1.1\r\n\r\n'))).toBeNull();
  expect(serverNameOf(Buffer.from([0x16, 3, 1, 0, 40, 2, 0, 0, 36]))).toBeNull();
});
