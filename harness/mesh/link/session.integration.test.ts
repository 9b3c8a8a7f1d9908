import { once } from 'node:events';
import http2, { type ServerHttp2Stream } from 'node:http2';
import net, { type AddressInfo, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { waitFor } from '../../core/wait.ts';
import { LinkSession } from './session.ts';
import type { LinkStream } from './stream.ts';

const HEAD = [':method', 'POST', ':scheme', 'http', ':path', '/x', ':authority', 'web'];
const open: { destroy(): unknown }[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.destroy();
});

/** Two ends over a real connection. */
async function link(): Promise<{ client: LinkSession; server: LinkSession; sockets: Socket[] }> {
  const listener = net.createServer();
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const socket = net.connect((listener.address() as AddressInfo).port, '127.0.0.1');
  const [accepted] = (await once(listener, 'connection')) as [Socket];
  listener.close();
  open.push(socket, accepted);
  return {
    client: new LinkSession(socket, 'client'),
    server: new LinkSession(accepted, 'server'),
    sockets: [socket, accepted],
  };
}

/** What comes of a stream, to its end. */
function collect(stream: LinkStream): { body: () => Buffer; events: string[]; closed: Promise<unknown> } {
  const chunks: Buffer[] = [];
  const events: string[] = [];
  for (const name of ['response', 'trailers', 'end', 'close']) stream.on(name, () => events.push(name));
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return { body: () => Buffer.concat(chunks), events, closed: once(stream, 'close') };
}

describe('a link', () => {
  it('carries many requests at once, with bodies both ways and trailers', async () => {
    const { client, server } = await link();
    server.on('stream', (stream: LinkStream, _headers: unknown, _flags: number, raw: string[]) => {
      const { body } = collect(stream);
      stream.once('end', () => {
        stream.respond([':status', '200', 'x-path', raw[raw.indexOf(':path') + 1]!], { waitForTrailers: true });
        stream.once('wantTrailers', () => stream.sendTrailers({ 'x-sum': String(body().length) }));
        stream.end(body());
      });
    });
    await Promise.all(
      Array.from({ length: 200 }, async (_, i) => {
        const stream = client.request([...HEAD.slice(0, 5), `/${i}`, ...HEAD.slice(6)], { endStream: false });
        const sent = Buffer.alloc(i * 10, i);
        let [path, sum] = ['', ''];
        stream.on('response', (_h, _f, raw: string[]) => {
          path = raw[3]!;
        });
        stream.on('trailers', (_h, _f, raw: string[]) => {
          sum = raw[1]!;
        });
        const { body, events, closed } = collect(stream);
        stream.end(sent);
        await closed;
        expect({ path, sum, same: body().equals(sent) }).toEqual({
          path: `/${i}`,
          sum: String(sent.length),
          same: true,
        });
        expect(events).toEqual(['response', 'trailers', 'end', 'close']);
      }),
    );
  });

  it('told to close when idle, lets what is under way end, the reset of a stream included, and then closes', async () => {
    const { client, server } = await link();
    const streams: LinkStream[] = [];
    const resets: number[] = [];
    server.on('stream', (stream: LinkStream) => {
      stream.on('error', () => {});
      stream.once('close', () => resets.push(stream.rstCode));
      streams.push(stream);
    });
    const [first, second] = [client.request(HEAD, { endStream: true }), client.request(HEAD, { endStream: true })];
    const { body, closed } = collect(first);
    second.on('error', () => {});
    await waitFor(() => (streams.length === 2 ? true : undefined), { what: 'both came', deadlineMs: 20_000, hint: '' });
    client.closeWhenIdle();
    const ended = once(client, 'close');
    streams[0]!.respond([':status', '200']);
    streams[0]!.end(Buffer.from('late'));
    await closed;
    expect(body().toString()).toBe('late');
    expect([client.destroyed, server.destroyed]).toEqual([false, false]);
    second.close(8);
    await ended;
    expect(resets).toEqual([0, 8]);
  });

  it('told to close when idle and idle already, closes at once', async () => {
    const { client, server } = await link();
    const ended = Promise.all([once(client, 'close'), once(server, 'close')]);
    client.closeWhenIdle();
    await ended;
  });

  it('keeps to the windows: a body far larger than them arrives whole, and a paused reader holds the writer back', async () => {
    const { client, server } = await link();
    const size = 24 * 1024 * 1024;
    let taken = 0;
    server.on('stream', (stream: LinkStream) => {
      stream.respond([':status', '200']);
      const piece = Buffer.alloc(64 * 1024, 7);
      const more = () => {
        while (taken < size) {
          taken += piece.length;
          if (!stream.write(piece)) {
            stream.once('drain', more);
            return;
          }
        }
        stream.end();
      };
      more();
    });
    const stream = client.request(HEAD, { endStream: true });
    stream.pause();
    const { body, closed } = collect(stream);
    let before = -1;
    // It has come to a stand when two looks see the same.
    const standsStill = () => {
      const still = taken === before && taken > 0;
      before = taken;
      return still || undefined;
    };
    await waitFor(standsStill, {
      what: 'the writer is held back',
      deadlineMs: 20_000,
      everyMs: 100,
      hint: 'the window of a stream is not kept to',
    });
    expect(taken).toBeLessThan(8 * 1024 * 1024);
    stream.resume();
    await closed;
    expect(body().length).toBe(size);
    expect(body().every((byte) => byte === 7)).toBe(true);
  });

  it('splits header blocks that do not fit a frame', async () => {
    const { client, server } = await link();
    const large = 'v'.repeat(50_000);
    server.on('stream', (stream: LinkStream, _h: unknown, _f: number, raw: string[]) => {
      stream.respond([':status', '200', 'x-back', raw.at(-1)!], { endStream: true });
    });
    const stream = client.request([...HEAD, 'x-large', large], { endStream: true });
    const [, , raw] = (await once(stream, 'response')) as [unknown, number, string[]];
    expect(raw).toEqual([':status', '200', 'x-back', large]);
  });

  it('passes a reset on, without an end that would make a cut body look whole', async () => {
    const { client, server } = await link();
    server.on('stream', (stream: LinkStream) => {
      stream.respond([':status', '200']);
      stream.write(Buffer.from('half'));
      stream.close(8);
    });
    const stream = client.request(HEAD, { endStream: true });
    const { events, closed } = collect(stream);
    await closed;
    expect({ events, code: stream.rstCode }).toEqual({ events: ['response', 'close'], code: 8 });
    expect(client.destroyed).toBe(false);
  });

  it('tells each stream when the connection is lost', async () => {
    const { client, server, sockets } = await link();
    const arrived = once(server, 'stream') as Promise<[LinkStream]>;
    const stream = client.request(HEAD, { endStream: true });
    const { events, closed } = collect(stream);
    const [served] = await arrived;
    const gone = once(served, 'close');
    sockets[1]!.destroy();
    await Promise.all([closed, gone]);
    expect(events).toEqual(['close']);
    expect(client.destroyed && stream.aborted && served.aborted).toBe(true);
  });

  it('gives a connection up that speaks something else', async () => {
    const { server, sockets } = await link();
    const lost = once(server, 'close');
    sockets[0]!.write(Buffer.from([0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0]));
    await lost;
    expect(server.destroyed).toBe(true);
  });
});

describe('what it writes', () => {
  it('is HTTP/2: node:http2 reads its requests, bodies and resets', async () => {
    const other = http2.createServer();
    const heads: unknown[] = [];
    const bodies: string[] = [];
    const resets: number[] = [];
    other.on('stream', (stream: ServerHttp2Stream, headers) => {
      heads.push({ method: headers[':method'], path: headers[':path'], own: headers['x-own'] });
      stream.on('data', (chunk: Buffer) => bodies.push(chunk.toString()));
      stream.on('error', () => {});
      stream.on('close', () => resets.push(stream.rstCode));
    });
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    const socket = net.connect((other.address() as AddressInfo).port, '127.0.0.1');
    open.push(socket, { destroy: () => other.close() });
    const client = new LinkSession(socket, 'client');
    const stream = client.request([...HEAD, 'x-own', 'é'], { endStream: false });
    stream.write(Buffer.from('one'));
    await waitFor(() => bodies.length || undefined, { what: 'the body', deadlineMs: 20_000, hint: '' });
    stream.close(8);
    await waitFor(() => resets.length || undefined, { what: 'the reset', deadlineMs: 20_000, hint: '' });
    expect({ heads, bodies, resets }).toEqual({
      heads: [{ method: 'POST', path: '/x', own: 'é' }],
      bodies: ['one'],
      resets: [8],
    });
  });
});
