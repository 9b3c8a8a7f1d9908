import { ServerResponse } from 'node:http';
import { connect, createServer, type Server } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Call, RouteConfig, WorkloadConfig } from './contract.ts';
import { ask, journalOf, story, until } from './testing/client.ts';
import { aCall, aRoute, aWorkload } from './testing/configs.ts';
import { aCallerOf, always, serve, tells } from './testing/serving.ts';

const listeners: Server[] = [];
afterEach(() => {
  for (const server of listeners.splice(0)) server.close();
});

/** What the first pod answers to these bytes, up to the end of the connection. */
function say(to: WorkloadConfig, text: string): Promise<{ read: string; error: string | null }> {
  return new Promise((resolve) => {
    const socket = connect(to.pods[0]!.listen);
    let read = '';
    let error: string | null = null;
    socket.setEncoding('latin1');
    socket.on('data', (part: string) => {
      read += part;
    });
    socket.on('error', (cause: NodeJS.ErrnoException) => {
      error = cause.code ?? '';
    });
    socket.on('close', () => resolve({ read, error }));
    socket.write(text);
  });
}

const request = (method: string, path: string, more = '') =>
  `${method} ${path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n${more}\r\n`;

/** A server that keeps what it read, connection by connection, and answers each request that ends. */
async function recorder(at: { host: string; port: number }): Promise<string[]> {
  const heard: string[] = [];
  const server = createServer((socket) => {
    const index = heard.push('') - 1;
    socket.on('error', () => {});
    socket.on('data', (data) => {
      heard[index] += data.toString('latin1');
      const text = heard[index]!;
      const chunked = /transfer-encoding: chunked/i.test(text);
      if (chunked ? text.endsWith('0\r\n\r\n') : /\r\n\r\n/.test(text)) {
        const close = /connection: close/i.test(text);
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 0\r\n${close ? 'connection: close\r\n' : ''}\r\n`);
        if (close) socket.end();
      }
    });
  });
  listeners.push(server);
  await new Promise<void>((resolve) => server.listen(at.port, at.host, resolve));
  return heard;
}

describe('a service of HTTP/1.1', () => {
  const plain: Partial<RouteConfig> = { body: { bytes: 5, chunks: 1, overMs: 0 } };

  test('announces no length when it is not to', async () => {
    const web = aWorkload('web', [aRoute({ ...plain, chunked: true }), aRoute({ path: '/y', ...plain })]);
    await serve(web);
    const chunked = await say(web, request('GET', '/x'));
    expect(chunked.read).toMatch(/\r\nTransfer-Encoding: chunked\r\n(.+\r\n)*\r\n5\r\nxxxxx\r\n0\r\n\r\n$/i);
    expect(chunked.read).not.toMatch(/content-length/i);
    expect((await say(web, request('GET', '/y'))).read).toMatch(/\r\ncontent-length: 5\r\n(.+\r\n)*\r\nxxxxx$/);
    expect(story(web)).toEqual(['S - GET /x', 'E 200', 'S - GET /y', 'E 200']);
  });

  test('has a header as large as it is told, on answers with and without a body', async () => {
    const web = aWorkload('web', [
      aRoute({ headerBytes: 9000 }),
      aRoute({ path: '/none', status: 204, headerBytes: 7 }),
      aRoute({ path: '/pieces', headerBytes: 7, body: { bytes: 10, chunks: 2, overMs: 0 } }),
    ]);
    await serve(web);
    expect((await ask(web)).headers['x-meshproof-padding']).toBe('x'.repeat(9000));
    for (const path of ['/none', '/pieces']) {
      expect((await ask(web, { path })).headers['x-meshproof-padding']).toBe('xxxxxxx');
    }
  });

  test('has no body for HEAD and 204', async () => {
    const web = aWorkload('web', [
      aRoute({ ...plain, headerBytes: 3 }),
      aRoute({ path: '/chunked', ...plain, chunked: true }),
      aRoute({ path: '/none', status: 204, ...plain, chunked: true }),
    ]);
    await serve(web);
    const head = (await say(web, request('HEAD', '/x'))).read;
    expect(head).toMatch(/content-length: 5\r\n/);
    expect(head).toMatch(/x-meshproof-padding: xxx\r\n/);
    expect(head).toMatch(/\r\n\r\n$/);
    const chunked = (await say(web, request('HEAD', '/chunked'))).read;
    expect(chunked).toMatch(/\r\n\r\n$/);
    expect(chunked).not.toMatch(/content-length/);
    const none = (await say(web, request('GET', '/none'))).read;
    expect(none).toMatch(/^HTTP\/1\.1 204 /);
    expect(none).toMatch(/\r\n\r\n$/);
    expect(none).not.toMatch(/content-length|transfer-encoding/i);
  });

  test.each([
    [102, 'HTTP/1.1 102 Processing\r\n\r\n'],
    [103, 'HTTP/1.1 103 Early Hints\r\nlink: </style.css>; rel=preload; as=style\r\n\r\n'],
  ])('sends %i before its answer, and journals the request before that', async (informational, text) => {
    const web = aWorkload('web', [
      aRoute({ informational, errors: always({ kind: 'hang' }) }),
      aRoute({ path: '/answered', informational }),
    ]);
    await serve(web);
    const socket = connect(web.pods[0]!.listen);
    socket.write(request('GET', '/x'));
    const first = await new Promise((resolve) => socket.once('data', resolve));
    expect(story(web)).toEqual(['S - GET /x']);
    expect(String(first).toLowerCase()).toBe(text.toLowerCase());
    socket.destroy();
    await tells(web, ['S - GET /x', 'X client-gone 0']);
    const { read } = await say(web, request('GET', '/answered'));
    expect(read.slice(0, text.length).toLowerCase()).toBe(text.toLowerCase());
    expect(read.slice(text.length)).toMatch(/^HTTP\/1\.1 200 /);
  });

  test('has journalled the request when an informational response goes out', async () => {
    const web = aWorkload('web', [aRoute({ informational: 103 })]);
    await serve(web);
    const before: string[][] = [];
    const send = ServerResponse.prototype.writeEarlyHints;
    const spy = vi.spyOn(ServerResponse.prototype, 'writeEarlyHints').mockImplementation(function (
      this: unknown,
      ...args
    ) {
      before.push(story(web));
      return send.apply(this as ServerResponse, args);
    });
    await ask(web);
    spy.mockRestore();
    expect(before).toEqual([['S - GET /x']]);
  });

  test('sends 100 to those who expect it', async () => {
    const web = aWorkload('web', [aRoute({ informational: 100 })]);
    await serve(web);
    const expecting = await say(
      web,
      request('POST', '/x', 'expect: 100-continue\r\ncontent-length: 2\r\n').concat('ab'),
    );
    expect(expecting.read).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /);
    expect((await say(web, request('POST', '/x'))).read).toMatch(/^HTTP\/1\.1 200 /);
  });

  test('crashes: the connection ends in order, without an answer', async () => {
    const web = aWorkload('web', [aRoute({ errors: always({ kind: 'close' }) })]);
    await serve(web);
    expect(await say(web, request('GET', '/x'))).toEqual({ read: '', error: null });
    expect(story(web)).toEqual(['S - GET /x', 'X closed 0']);
  });
});

describe('a call over HTTP/1.1', () => {
  const slow: Partial<Call> = { method: 'POST', requestBytes: 100, requestChunks: 5 };

  test('writes a body in pieces without its length', async () => {
    const db = aWorkload('db', []);
    const heard = await recorder(db.pods[0]!.listen);
    const web = aCallerOf(aCall(db, { ...slow, requestOverMs: 60 }));
    await serve(web);
    expect((await ask(web)).status).toBe(200);
    expect(heard[0]).toMatch(/transfer-encoding: chunked\r\n/i);
    expect(heard[0]).not.toMatch(/content-length/i);
    expect(heard[0]!.match(/14\r\nx{20}\r\n/g)).toHaveLength(5);
    const [, , s, e] = journalOf(web).map((line) => Number(line[2]));
    expect(e! - s!).toBeGreaterThanOrEqual(55);
  });

  test('with a slow body reaches the callee whole', async () => {
    const db = aWorkload('db', [aRoute({ method: 'POST' })]);
    const web = aCallerOf(aCall(db, slow));
    await serve(web, db);
    expect((await ask(web)).status).toBe(200);
    expect(story(db)).toEqual(['S shop/web POST /x', 'E 200']);
  });

  test('that is given up while its body is written was never begun', async () => {
    const db = aWorkload('db', [aRoute({ method: 'POST' })]);
    const web = aCallerOf(aCall(db, { ...slow, requestOverMs: 60_000, timeoutMs: 100 }));
    await serve(web, db);
    expect((await ask(web)).status).toBe(504);
    expect(story(web)[2]).toBe('x timeout 0');
    await ask(db, { method: 'POST' });
    expect(story(db)).toEqual(['S - POST /x', 'E 200']);
  });

  test('carries a header as large as it is told', async () => {
    const db = aWorkload('db', []);
    const heard = await recorder(db.pods[0]!.listen);
    const web = aCallerOf(aCall(db, { headerBytes: 5000 }));
    await serve(web);
    await ask(web);
    expect(heard[0]).toContain(`\r\nx-meshproof-padding: ${'x'.repeat(5000)}\r\n`);
  });

  test('goes over a kept connection, unless it is to have its own', async () => {
    const db = aWorkload('db', []);
    const heard = await recorder(db.pods[0]!.listen);
    const web = aWorkload('web', [
      aRoute({ steps: [[aCall(db)]] }),
      aRoute({ path: '/own', steps: [[aCall(db, { ownConnection: true })]] }),
    ]);
    await serve(web);
    for (let i = 0; i < 3; i += 1) await ask(web);
    expect(heard).toHaveLength(1);
    for (let i = 0; i < 3; i += 1) await ask(web, { path: '/own' });
    expect(heard.map((text) => text.split(/^GET /m).length - 1)).toEqual([3, 1, 1, 1]);
    expect(heard.map((text) => /connection: close/i.test(text))).toEqual([false, true, true, true]);
  });

  test('that ends in a crash is a connection that failed', async () => {
    const db = aWorkload('db', [aRoute({ errors: always({ kind: 'close' }) })]);
    const web = aCallerOf(aCall(db));
    await serve(web, db);
    expect((await ask(web)).status).toBe(502);
    expect(story(web)[2]).toBe('x connection 0');
    await tells(db, ['S shop/web GET /x', 'X closed 0']);
  });

  test('takes an informational response for none', async () => {
    const db = aWorkload('db', [aRoute({ informational: 103 })]);
    const web = aCallerOf(aCall(db));
    await serve(web, db);
    expect((await ask(web)).status).toBe(200);
    expect(story(web)[2]).toBe('e 200 db-0');
  });

  test.each([
    ['http', 500_000],
    ['http2', 50_000],
    ['grpc', 50_000],
  ] as const)('of %s may have headers far above what servers take by default', async (protocol, headerBytes) => {
    const db = aWorkload('db', [aRoute({ method: 'POST', headerBytes })], { protocol });
    const web = aCallerOf(aCall(db, { protocol, method: 'POST', headerBytes }));
    await serve(web, db);
    expect((await ask(web)).status).toBe(200);
    expect(story(web)[2]).toMatch(/^e 200 db-0/);
  });

  test.each(['http', 'http2', 'grpc'] as const)(
    'of %s goes to the addresses of its authority in turn',
    async (protocol) => {
      const route = aRoute({ method: 'POST' });
      const [one, two] = [aWorkload('one', [route], { protocol }), aWorkload('two', [route], { protocol })];
      const call = { protocol, method: 'POST' as const, authority: 'db.shop.svc.cluster.local', port: 9000 };
      const web = aCallerOf(aCall(one, call));
      web.pods[0]!.egressOf = { 'db.shop.svc.cluster.local:9000': [one.pods[0]!.listen, two.pods[0]!.listen] };
      await serve(web, one, two);
      for (let i = 0; i < 4; i += 1) expect((await ask(web)).status).toBe(200);
      for (const each of [one, two]) {
        await until(
          () => story(each),
          (now) => now.filter((line) => line.startsWith('E 200')).length === 2,
        );
      }
    },
  );
});
