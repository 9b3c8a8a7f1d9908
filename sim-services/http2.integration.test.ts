import { connect, type IncomingHttpHeaders } from 'node:http2';
import { describe, expect, test } from 'vitest';
import type { Call, RouteConfig, WorkloadConfig } from './contract.ts';
import { ask, journalOf, story, until } from './testing/client.ts';
import { aCall, aRoute, aWorkload } from './testing/configs.ts';
import { aCallerOf, always, serve, tells } from './testing/serving.ts';

const SIX = { bytes: 600, chunks: 6, overMs: 50 };

interface Got {
  headers: IncomingHttpHeaders;
  informational: IncomingHttpHeaders[];
  body: string;
}

/** One request by a client of HTTP/2 in the clear. */
function get(to: WorkloadConfig, path = '/x', method = 'GET', body?: string): Promise<Got> {
  const { host, port } = to.pods[0]!.listen;
  const session = connect(`http://${host}:${port}`);
  return new Promise((resolve, reject) => {
    session.on('error', reject);
    const stream = session.request({ ':path': path, ':method': method, 'x-meshproof-caller': 'shop/tester' });
    const got: Got = { headers: {}, informational: [], body: '' };
    stream.setEncoding('latin1');
    stream.on('headers', (headers) => got.informational.push(headers));
    stream.on('response', (headers) => {
      got.headers = headers;
    });
    stream.on('data', (text) => {
      got.body += text;
    });
    stream.on('error', reject);
    stream.on('close', () => {
      session.close();
      resolve(got);
    });
    stream.end(body);
  });
}

function anH2Workload(name: string, routes: RouteConfig[]): WorkloadConfig {
  return aWorkload(name, routes, { protocol: 'http2' });
}

function anH2Call(to: WorkloadConfig, changes: Partial<Call> = {}): Call {
  return aCall(to, { protocol: 'http2', ...changes });
}

describe('a service of HTTP/2', () => {
  test('answers with body, length, pod and padding', async () => {
    const db = anH2Workload('db', [aRoute({ headerBytes: 100 })]);
    await serve(db);
    const { headers, body } = await get(db);
    expect(headers).toMatchObject({
      ':status': 200,
      'x-meshproof-pod': 'db-0',
      'content-length': '16',
      'x-meshproof-padding': 'x'.repeat(100),
    });
    expect(body).toBe('x'.repeat(16));
    expect(story(db)).toEqual(['S shop/tester GET /x', 'E 200']);
  });

  test('reads the body of a request first', async () => {
    const db = anH2Workload('db', [aRoute()]);
    await serve(db);
    expect((await get(db, '/x', 'POST', 'x'.repeat(300_000))).headers[':status']).toBe(200);
    expect(story(db)).toEqual(['S shop/tester POST /x', 'E 200']);
  });

  test('does not announce a length when it is not to', async () => {
    const db = anH2Workload('db', [aRoute({ chunked: true }), aRoute({ path: '/pieces', body: SIX })]);
    await serve(db);
    const one = await get(db);
    expect([one.headers['content-length'], one.body.length]).toEqual([undefined, 16]);
    const pieces = await get(db, '/pieces');
    expect([pieces.headers['content-length'], pieces.body.length]).toEqual([undefined, 600]);
    expect(story(db).slice(2)).toEqual(['S shop/tester GET /pieces', 'B 200', 'E 200']);
  });

  test('has no body for HEAD and 204, but their headers', async () => {
    const db = anH2Workload('db', [aRoute({ headerBytes: 3 }), aRoute({ path: '/none', status: 204, headerBytes: 3 })]);
    await serve(db);
    const head = await get(db, '/x', 'HEAD');
    expect(head.body).toBe('');
    expect(head.headers).toMatchObject({ 'content-length': '16', 'x-meshproof-padding': 'xxx' });
    const none = await get(db, '/none');
    expect(none.body).toBe('');
    expect(none.headers).toMatchObject({ ':status': 204, 'x-meshproof-padding': 'xxx' });
  });

  test.each([102, 103])('sends %i before its answer, and journals the request before that', async (informational) => {
    const db = anH2Workload('db', [aRoute({ informational, errors: always({ kind: 'hang' }) })]);
    await serve(db);
    const { host, port } = db.pods[0]!.listen;
    const session = connect(`http://${host}:${port}`);
    const stream = session.request({ ':path': '/x' });
    const headers = await new Promise<IncomingHttpHeaders>((resolve) => stream.once('headers', resolve));
    expect(story(db)).toEqual(['S - GET /x']);
    expect(headers[':status']).toBe(informational);
    expect(headers.link !== undefined).toBe(informational === 103);
    session.destroy();
    await tells(db, ['S - GET /x', 'X client-gone 0']);
  });

  test('knows its paths, and probes', async () => {
    const db = anH2Workload('db', [aRoute({ method: 'POST' })]);
    await serve(db);
    const statuses = [];
    for (const path of ['/readyz', '/healthz', '/x?q=1', '/nowhere'])
      statuses.push((await get(db, path)).headers[':status']);
    expect(statuses).toEqual([200, 200, 404, 404]);
    expect((await get(db, '/x?q=1', 'POST')).headers[':status']).toBe(200);
    expect((await ask(db, { port: 'admin', path: '/readyz' })).status).toBe(200);
    await expect(ask(db, { path: '/readyz' })).rejects.toThrow();
    expect(story(db).filter((line) => line.startsWith('S'))).toEqual([
      'S - GET /readyz',
      'S - GET /healthz',
      'S shop/tester GET other',
      'S shop/tester GET other',
      'S shop/tester POST /x',
    ]);
  });

  test('that crashes takes along what else its connection carries', async () => {
    const crash = aRoute({ path: '/crash', errors: always({ kind: 'close' }) });
    const db = anH2Workload('db', [aRoute({ errors: always({ kind: 'hang' }) }), crash]);
    const web = aCallerOf(anH2Call(db), anH2Call(db, { path: '/crash' }));
    await serve(web, db);
    expect((await ask(web)).status).toBe(502);
    expect(story(web).filter((line) => line.startsWith('x'))).toEqual(['x connection 0', 'x connection 0']);
    const lines = await until(
      () => story(db),
      (now) => now.length === 4,
    );
    expect(lines.toSorted()).toEqual(['S shop/web GET /crash', 'S shop/web GET /x', 'X closed 0', 'X closed 0']);
  });
});

describe('a call over HTTP/2', () => {
  const cases: [what: string, route: Partial<RouteConfig>, caller: string, callee: string[], answer: number][] = [
    ['that is answered', {}, 'e 200 db-0', ['E 200'], 200],
    ['with a body in pieces', { body: SIX }, 'e 200 db-0', ['B 200', 'E 200'], 200],
    ['with a large body', { body: { bytes: 3_000_000, chunks: 1, overMs: 0 } }, 'e 200 db-0', ['E 200'], 200],
    ['without a body', { status: 204 }, 'e 204 db-0', ['E 204'], 200],
    ['that fails', { errors: always({ kind: 'status', status: 503 }) }, 'e 503 db-0', ['E 503'], 503],
    ['that is no failure', { errors: always({ kind: 'status', status: 404 }) }, 'e 404 db-0', ['E 404'], 200],
    [
      'that is reset',
      { errors: always({ kind: 'reset', when: 'before-headers' }) },
      'x connection 0',
      ['X reset 0'],
      502,
    ],
    [
      'that is reset half-way',
      { body: SIX, errors: always({ kind: 'reset', when: 'mid-body' }) },
      'x connection 200',
      ['B 200', 'X reset-mid-body 200'],
      502,
    ],
    ['that hangs', { errors: always({ kind: 'hang' }) }, 'x timeout 0', ['X client-gone 0'], 504],
    [
      'that takes too long',
      { body: { bytes: 10, chunks: 2, overMs: 60_000 } },
      'x timeout 200',
      ['B 200', 'X client-gone 200'],
      504,
    ],
  ];

  test.each(cases)('%s', async (_what, route, caller, callee, answer) => {
    const db = anH2Workload('db', [aRoute(route)]);
    // Where it is not to pass it is far away; where it is, the callee has done its part by then.
    const web = aCallerOf(anH2Call(db, { timeoutMs: caller.startsWith('x timeout') ? 1500 : 30_000 }));
    await serve(web, db);
    expect((await ask(web)).status).toBe(answer);
    expect(story(web)).toEqual(['S - GET /x', 's shop/db GET /x', caller, `E ${answer}`]);
    await tells(db, ['S shop/web GET /x', ...callee]);
  });

  test('that nobody takes', async () => {
    const web = aCallerOf(anH2Call(anH2Workload('db', [])));
    await serve(web);
    expect((await ask(web)).status).toBe(502);
    expect(story(web)[2]).toBe('x connection 0');
  });

  test('with a slow body is not begun before its last piece', async () => {
    const db = anH2Workload('db', [aRoute({ method: 'POST' })]);
    const slow = { method: 'POST' as const, requestBytes: 100, requestChunks: 5, requestOverMs: 80 };
    const web = aCallerOf(anH2Call(db, slow));
    await serve(web, db);
    expect((await ask(web)).status).toBe(200);
    const at = (workload: WorkloadConfig, kind: string) => Number(journalOf(workload).find(([k]) => k === kind)![2]);
    expect(at(db, 'S') - at(web, 's')).toBeGreaterThanOrEqual(75);
  });

  test('that is given up while its body is written was never begun', async () => {
    const db = anH2Workload('db', [aRoute({ method: 'POST' })]);
    const slow = { method: 'POST' as const, requestBytes: 100, requestChunks: 5, requestOverMs: 60_000 };
    const web = aCallerOf(anH2Call(db, { ...slow, timeoutMs: 100 }));
    await serve(web, db);
    expect((await ask(web)).status).toBe(504);
    expect(story(web)[2]).toBe('x timeout 0');
    await get(db, '/x', 'POST');
    expect(story(db)).toEqual(['S shop/tester POST /x', 'E 200']);
  });

  test('goes over one connection, unless it is to have its own; a new one when that ends', async () => {
    const db = anH2Workload('db', [aRoute(), aRoute({ path: '/crash', errors: always({ kind: 'close' }) })]);
    const { createServer, connect: dial } = await import('node:net');
    // A wire that counts.
    const wire = { host: db.pods[0]!.listen.host, port: 8090 };
    let opened = 0;
    let open = 0;
    const server = createServer((socket) => {
      opened += 1;
      open += 1;
      const on = dial(db.pods[0]!.listen);
      socket.pipe(on).pipe(socket);
      socket.on('error', () => {});
      on.on('error', () => {});
      socket.on('close', () => {
        open -= 1;
        on.destroy();
      });
    });
    const route = (path: string, call: Partial<Call>) =>
      aRoute({ path, steps: [[anH2Call(db, { onFailure: 'ignore', ...call })]] });
    const web = aWorkload('web', [
      route('/x', {}),
      route('/own', { ownConnection: true }),
      route('/crash', { path: '/crash' }),
    ]);
    web.pods[0]!.egress = wire;
    await new Promise<void>((resolve) => server.listen(wire.port, wire.host, resolve));
    const services = await serve(web, db);
    try {
      for (let i = 0; i < 3; i += 1) await ask(web);
      expect(opened).toBe(1);
      for (let i = 0; i < 3; i += 1) await ask(web, { path: '/own' });
      expect(opened).toBe(4);
      await until(
        () => open,
        (now) => now === 1,
      );
      await ask(web, { path: '/crash' });
      await until(
        () => open,
        (now) => now === 0,
      );
      await ask(web);
      expect(opened).toBe(5);
      expect(story(web).filter((line) => line === 'e 200 db-0')).toHaveLength(7);
      await services.drain(0);
      await until(
        () => open,
        (now) => now === 0,
      );
    } finally {
      server.close();
    }
  });
});
