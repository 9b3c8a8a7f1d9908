import { createServer } from 'node:http2';
import { Client, credentials, Metadata, type StatusObject } from '@grpc/grpc-js';
import { describe, expect, test } from 'vitest';
import type { WorkloadConfig } from './contract.ts';
import { ask, journalOf, story, until } from './testing/client.ts';
import { aRoute, aWorkload } from './testing/configs.ts';
import {
  aCallerOf,
  aGrpcCall,
  aGrpcWorkload,
  always,
  aMethod,
  STREAM,
  serve,
  tells,
  UNARY,
} from './testing/serving.ts';

const SIX = { bytes: 600, chunks: 6, overMs: 50 };

interface Said {
  status: StatusObject;
  headers: Metadata | null;
  messages: Buffer[];
}

/** A call by the library, as any user of gRPC makes it. */
function say(to: WorkloadConfig, path: string, deadline?: number): Promise<Said> {
  const { host, port } = to.pods[0]!.listen;
  const client = new Client(`${host}:${port}`, credentials.createInsecure());
  const metadata = new Metadata();
  metadata.set('x-meshproof-caller', 'shop/tester');
  const same = (bytes: Buffer) => bytes;
  const options = deadline === undefined ? {} : { deadline };
  return new Promise((resolve) => {
    const call = client.makeServerStreamRequest(path, same, same, Buffer.alloc(0), metadata, options);
    const said: Said = { status: null as never, headers: null, messages: [] };
    call.on('metadata', (headers) => {
      said.headers = headers;
    });
    call.on('data', (message: Buffer) => said.messages.push(message));
    call.on('error', () => {});
    call.on('status', (status) => {
      client.close();
      resolve({ ...said, status });
    });
  });
}

describe('a gRPC service', () => {
  test('answers a unary call with one message', async () => {
    const db = aGrpcWorkload('db', [aMethod(UNARY, { body: SIX })]);
    await serve(db);
    const { status, headers, messages } = await say(db, UNARY);
    expect(status.code).toBe(0);
    expect(headers!.get('x-meshproof-pod')).toEqual(['db-0']);
    // Payload { bytes padding = 1 }: field 1, 600 as a varint, and as many bytes.
    expect(messages).toEqual([Buffer.concat([Buffer.from([0x0a, 0xd8, 0x04]), Buffer.alloc(600, 'x')])]);
    expect(story(db)).toEqual([`S shop/tester POST ${UNARY}`, 'E 200 0']);
  });

  test('streams every piece of its body as a message, over time', async () => {
    const db = aGrpcWorkload('db', [aMethod(STREAM, { streams: true, body: SIX })]);
    await serve(db);
    const { status, messages } = await say(db, STREAM);
    expect(status.code).toBe(0);
    expect(messages.map((m) => m.length)).toEqual(new Array(6).fill(102));
    expect(story(db)).toEqual([`S shop/tester POST ${STREAM}`, 'B 200', 'E 200 0']);
    const [, , B, E] = journalOf(db);
    expect(Number(E![2]) - Number(B![2])).toBeGreaterThanOrEqual(50);
    expect(E![4]).toBe(B![2]);
  });

  test('of a .proto of its own sends fields that are unknown there', async () => {
    const db = aGrpcWorkload('db', [aMethod('/shop.Cart/Items', { body: { bytes: 3, chunks: 1, overMs: 0 } })]);
    await serve(db);
    const { messages } = await say(db, '/shop.Cart/Items');
    expect(messages).toEqual([Buffer.from([0xfa, 0xff, 0xff, 0xff, 0x0f, 3, 0x78, 0x78, 0x78])]);
  });

  test('ends with any code, in one block of headers', async () => {
    const codes = Array.from({ length: 16 }, (_, i) => i + 1);
    const methods = codes.map((code) => aMethod(`/a.B/C${code}`, { errors: always({ kind: 'grpc', code }) }));
    const db = aGrpcWorkload('db', methods);
    await serve(db);
    for (const code of codes) {
      const { status, headers, messages } = await say(db, `/a.B/C${code}`);
      expect([status.code, headers, messages]).toEqual([code, null, []]);
      expect(status.metadata.get('x-meshproof-pod')).toEqual(['db-0']);
    }
    expect(story(db).filter((line) => line.startsWith('E'))).toEqual(codes.map((code) => `E 200 ${code}`));
  });

  test('does not implement what it was not told of', async () => {
    const db = aGrpcWorkload('db', [aMethod(UNARY)]);
    await serve(db);
    expect((await say(db, '/a.B/C')).status.code).toBe(12);
    expect(story(db)).toEqual(['S shop/tester POST other', 'E 200 12']);
  });

  test("is not ended by its caller's deadline, but by the caller", async () => {
    const db = aGrpcWorkload('db', [aMethod(UNARY, { errors: always({ kind: 'hang' }) })]);
    await serve(db);
    expect((await say(db, UNARY, Date.now() + 1500)).status.code).toBe(4);
    await tells(db, [`S shop/tester POST ${UNARY}`, 'X client-gone 0']);
  });

  test('serves its probes on the admin port only', async () => {
    const db = aGrpcWorkload('db', [aMethod(UNARY)]);
    await serve(db);
    expect((await ask(db, { port: 'admin', path: '/readyz' })).status).toBe(200);
    expect((await ask(db, { port: 'admin', path: '/healthz' })).status).toBe(200);
    await expect(ask(db, { path: '/readyz' })).rejects.toThrow();
    expect(story(db)).toEqual([]);
    expect((await say(db, UNARY)).status.code).toBe(0);
  });

  test('reports a failed callee as unavailable', async () => {
    const down = aWorkload('down', [aRoute({ errors: always({ kind: 'status', status: 500 }) })]);
    const db = aGrpcWorkload('db', [aMethod(UNARY, { steps: [[{ ...aGrpcCall(down, '/x'), protocol: 'http' }]] })]);
    await serve(db, down);
    expect((await say(db, UNARY)).status.code).toBe(14);
    expect(story(db).at(-1)).toBe('E 200 14');
  });
});

describe('a call to a gRPC service', () => {
  const cases: [what: string, Parameters<typeof aMethod>[1], caller: string[], callee: string[], answer: number][] = [
    ['that is answered', {}, ['e 200 db-0  0'], ['E 200 0'], 200],
    ['that streams', { streams: true, body: SIX }, ['e 200 db-0  0'], ['B 200', 'E 200 0'], 200],
    ...[
      [2, 500],
      [3, 200],
      [4, 504],
      [5, 200],
      [7, 500],
      [8, 200],
      [13, 500],
      [14, 503],
      [15, 500],
      [16, 200],
    ].map(([code, answer]): (typeof cases)[number] => [
      `that ends with ${code}`,
      { errors: always({ kind: 'grpc', code }) },
      [`e 200 db-0  ${code}`],
      [`E 200 ${code}`],
      answer!,
    ]),
    ['without trailers', { errors: always({ kind: 'no-trailers' }) }, ['e 200 db-0  -'], ['E 200 -'], 500],
    ['that HTTP answers', { errors: always({ kind: 'status', status: 503 }) }, ['e 503 db-0  -'], ['E 503 -'], 503],
    [
      'that is reset',
      { errors: always({ kind: 'reset', when: 'before-headers' }) },
      ['x connection 0'],
      ['X reset 0'],
      502,
    ],
    [
      'that is reset half-way',
      { streams: true, body: SIX, errors: always({ kind: 'reset', when: 'mid-body' }) },
      ['x connection 200'],
      ['B 200', 'X reset-mid-body 200'],
      502,
    ],
    ['whose server crashes', { errors: always({ kind: 'close' }) }, ['x connection 0'], ['X closed 0'], 502],
    ['that hangs', { errors: always({ kind: 'hang' }) }, ['x timeout 0'], ['X client-gone 0'], 504],
  ];

  test.each(cases)('%s', async (_what, changes, caller, callee, answer) => {
    const db = aGrpcWorkload('db', [aMethod(STREAM, changes)]);
    // Where it is not to pass it is far away; where it is, the call has reached its callee by then.
    const timeoutMs = caller[0]!.startsWith('x timeout') ? 1500 : 30_000;
    const web = aCallerOf(aGrpcCall(db, STREAM, { requestBytes: 100, timeoutMs }));
    await serve(web, db);
    expect((await ask(web)).status).toBe(answer);
    expect(story(web)).toEqual(['S - GET /x', `s shop/db POST ${STREAM}`, ...caller, `E ${answer}`]);
    await tells(db, [`S shop/web POST ${STREAM}`, ...callee]);
  });

  test('is given up when enough messages have come, which is no failure', async () => {
    const db = aGrpcWorkload('db', [
      aMethod(STREAM, { streams: true, body: { bytes: 600, chunks: 6, overMs: 60_000 } }),
    ]);
    const web = aCallerOf(aGrpcCall(db, STREAM, { cancelAfterMessages: 1 }));
    await serve(web, db);
    expect((await ask(web)).status).toBe(200);
    expect(story(web)).toEqual(['S - GET /x', `s shop/db POST ${STREAM}`, 'x timeout 200', 'E 200']);
    await tells(db, [`S shop/web POST ${STREAM}`, 'B 200', 'X client-gone 200']);
  });

  test('sees the first message before the end', async () => {
    const db = aGrpcWorkload('db', [aMethod(STREAM, { streams: true, body: { bytes: 20, chunks: 2, overMs: 400 } })]);
    const web = aCallerOf(aGrpcCall(db, STREAM));
    await serve(web, db);
    await ask(web);
    const [, , , endMs, , firstMs] = journalOf(web)
      .find(([kind]) => kind === 'e')!
      .map(Number)
      .toSpliced(2, 0, 0);
    // The messages were written 400 ms apart.
    expect(endMs! - firstMs!).toBeGreaterThan(10);
    const moments = [journalOf(web)[2]!, ...journalOf(db).slice(1), journalOf(web)[3]!].map((line) => Number(line[2]));
    expect(moments).toEqual(moments.toSorted((a, b) => a - b));
  });

  test('that nobody takes is a connection that failed', async () => {
    const web = aCallerOf(aGrpcCall(aGrpcWorkload('db', []), UNARY));
    await serve(web);
    expect((await ask(web)).status).toBe(502);
    expect(story(web)).toEqual(['S - GET /x', `s shop/db POST ${UNARY}`, 'x connection 0', 'E 502']);
  });

  test('that the mesh answers has its error and no pod', async () => {
    // What stands for a proxy: answers everything by itself, in one block of headers.
    const proxy = createServer();
    const seen: string[] = [];
    proxy.on('stream', (stream, headers) => {
      seen.push(`${headers[':authority']} ${headers['x-meshproof-caller']} ${headers['grpc-timeout'] ?? 'no timeout'}`);
      stream.respond(
        { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '14', 'l5d-proxy-error': 'failfast' },
        { endStream: true },
      );
    });
    const db = aGrpcWorkload('db', []);
    const call = aGrpcCall(db, UNARY, { timeoutMs: 5000 });
    const web = aCallerOf({ ...call, authority: 'db.shop.svc.cluster.local', port: 8080 });
    const egress = db.pods[0]!.listen;
    web.pods[0]!.egress = egress;
    await new Promise<void>((resolve) => proxy.listen(egress.port, egress.host, resolve));
    await serve(web);
    try {
      expect((await ask(web)).status).toBe(503);
      expect(story(web)[2]).toBe('e 200  failfast 14');
      expect(seen).toEqual(['db.shop.svc.cluster.local:8080 shop/web no timeout']);
    } finally {
      proxy.close();
    }
  });

  test('uses one connection, unless it is to have its own', async () => {
    const proxy = createServer();
    let sessions = 0;
    let open = 0;
    proxy.on('session', (session) => {
      sessions += 1;
      open += 1;
      session.on('close', () => {
        open -= 1;
      });
    });
    proxy.on('stream', (stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '0' }, { endStream: true });
    });
    const db = aGrpcWorkload('db', []);
    const { listen } = db.pods[0]!;
    const own = aGrpcCall(db, UNARY, { ownConnection: true });
    const web = aWorkload('web', [
      aRoute({ steps: [[aGrpcCall(db, UNARY)]] }),
      aRoute({ path: '/own', steps: [[own]] }),
    ]);
    await new Promise<void>((resolve) => proxy.listen(listen.port, listen.host, resolve));
    const services = await serve(web);
    try {
      for (let i = 0; i < 3; i += 1) await ask(web);
      expect([sessions, open]).toEqual([1, 1]);
      for (let i = 0; i < 3; i += 1) await ask(web, { path: '/own' });
      expect(sessions).toBe(4);
      await until(
        () => open,
        (now) => now === 1,
      );
      await services.drain(0);
      await until(
        () => open,
        (now) => now === 0,
      );
    } finally {
      proxy.close();
    }
  });
});
