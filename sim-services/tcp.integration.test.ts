import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { Call, RouteConfig, WorkloadConfig } from './contract.ts';
import { ask, journalOf, story, until } from './testing/client.ts';
import { aCall, anAddress, aRoute, aWorkload } from './testing/configs.ts';
import { aCallerOf, always, aTcpCall, aTcpWorkload, serve, tells } from './testing/serving.ts';

const body = (bytes: number, chunks = 1, overMs = 0) => ({ bytes, chunks, overMs });
/** `MESHPROOF shop/web 100 1\n` and the request. */
const ASKED = 'MESHPROOF shop/web 100 1\n'.length + 100;
/** `220 db-0\n`, `64\n` and the answer. */
const ANSWERED = '220 db-0\n'.length + '64\n'.length + 64;

/** What a client that says this reads until the server ends; then it closes as well. */
function talk(to: WorkloadConfig, says: string | Buffer | null): Promise<{ read: string; error: string | null }> {
  const { host, port } = to.pods[0]!.listen;
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    let read = '';
    let error: string | null = null;
    if (says !== null) socket.write(says);
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      read += text;
    });
    socket.on('error', (cause: NodeJS.ErrnoException) => {
      error = cause.code ?? '';
    });
    socket.on('close', () => resolve({ read, error }));
  });
}

describe('a call to a TCP service', () => {
  const cases: [
    what: string,
    route: Partial<RouteConfig>,
    call: Partial<Call>,
    caller: string,
    callee: string,
    answer: number,
  ][] = [
    ['is whole', {}, {}, `c ${ANSWERED} ${ASKED} closed db-0`, `C shop/web ${ASKED} ${ANSWERED} closed`, 200],
    [
      'with an answer in pieces',
      { body: body(64, 4, 30) },
      {},
      `c ${ANSWERED} ${ASKED} closed db-0`,
      `C shop/web ${ASKED} ${ANSWERED} closed`,
      200,
    ],
    [
      'with a large answer',
      { body: body(3_000_000) },
      {},
      `c ${9 + 8 + 3_000_000} ${ASKED} closed db-0`,
      `C shop/web ${ASKED} ${9 + 8 + 3_000_000} closed`,
      200,
    ],
    [
      'of many exchanges',
      {},
      { exchanges: 10 },
      `c ${9 + 10 * 67} ${ASKED + 1 + 900} closed db-0`,
      `C shop/web ${ASKED + 1 + 900} ${9 + 10 * 67} closed`,
      200,
    ],
    [
      'of exchanges without requests',
      {},
      { exchanges: 3, requestBytes: 0 },
      `c ${9 + 3 * 67} 23 closed db-0`,
      `C shop/web 23 ${9 + 3 * 67} closed`,
      200,
    ],
    [
      'without an answer body',
      { body: body(0) },
      {},
      `c 11 ${ASKED} closed db-0`,
      `C shop/web ${ASKED} 11 closed`,
      200,
    ],
    [
      'that hangs',
      { errors: always({ kind: 'hang' }) },
      { timeoutMs: 1500 },
      `c 0 ${ASKED} timeout`,
      `C shop/web ${ASKED} 0 closed`,
      504,
    ],
    [
      'that is closed',
      { errors: always({ kind: 'close' }) },
      {},
      `c 0 ${ASKED} closed`,
      `C shop/web ${ASKED} 0 closed`,
      502,
    ],
    [
      'that is reset',
      { errors: always({ kind: 'reset', when: 'before-headers' }) },
      {},
      `c 0 ${ASKED} reset`,
      `C shop/web ${ASKED} 0 reset`,
      502,
    ],
    [
      'that is reset half-way',
      { errors: always({ kind: 'reset', when: 'mid-body' }) },
      {},
      `c ${9 + 3 + 32} ${ASKED} reset db-0`,
      `C shop/web ${ASKED} ${9 + 3 + 32} reset`,
      502,
    ],
    [
      'whose answer would be empty, reset half-way',
      { body: body(0), errors: always({ kind: 'reset', when: 'mid-body' }) },
      {},
      `c ${9 + 2} ${ASKED} reset db-0`,
      `C shop/web ${ASKED} ${9 + 2} reset`,
      502,
    ],
  ];

  test.each(cases)('%s', async (_what, route, call, caller, callee, answer) => {
    const db = aTcpWorkload('db', { body: body(64), ...route });
    const web = aCallerOf(aTcpCall(db, { requestBytes: 100, ...call }));
    await serve(web, db);
    expect((await ask(web)).status).toBe(answer);
    const lines = await until(
      () => story(web),
      (now) => now.some((line) => line.startsWith('c ')),
    );
    expect(lines.toSorted()).toEqual([`E ${answer}`, 'S - GET /x', caller, 'o shop/db'].toSorted());
    await tells(db, ['O', callee]);
  });

  test('that nobody takes', async () => {
    const web = aCallerOf(aTcpCall(aTcpWorkload('db')));
    await serve(web);
    expect((await ask(web)).status).toBe(502);
    expect(story(web)).toEqual(['S - GET /x', 'o shop/db', 'c 0 0 refused', 'E 502']);
  });

  test('waits for a server that speaks first', async () => {
    const db = aTcpWorkload('db', { body: body(64) }, { serverSpeaksFirst: true });
    const web = aCallerOf(aTcpCall(db, { requestBytes: 100, serverSpeaksFirst: true }));
    await serve(web, db);
    expect((await ask(web)).status).toBe(200);
    await tells(db, ['O', `C shop/web ${ASKED} ${ANSWERED} closed`]);
  });

  test('that waits for a greeting that does not come', async () => {
    const db = aTcpWorkload('db', { body: body(64) });
    const web = aCallerOf(aTcpCall(db, { timeoutMs: 1500, serverSpeaksFirst: true }));
    await serve(web, db);
    expect((await ask(web)).status).toBe(504);
    expect(story(web)).toContain('c 0 0 timeout');
    await tells(db, ['O', 'C - 0 0 closed']);
  });

  test('is journalled on both sides in the order of causes', async () => {
    const db = aTcpWorkload('db', { body: body(64), latency: { kind: 'constant', ms: 20 } });
    const web = aCallerOf(aTcpCall(db, { exchanges: 2 }));
    await serve(web, db);
    await ask(web);
    await tells(db, ['O', `C shop/web 23 ${9 + 2 * 67} closed`]);
    await until(
      () => story(web),
      (now) => now.some((line) => line.startsWith('c ')),
    );
    const at = (workload: WorkloadConfig, kind: string) => Number(journalOf(workload).find(([k]) => k === kind)![2]);
    const moments = [at(web, 'o'), at(db, 'O'), at(db, 'C'), at(web, 'c')];
    expect(moments).toEqual(moments.toSorted((a, b) => a - b));
    expect(at(db, 'C') - at(db, 'O')).toBeGreaterThanOrEqual(40);
  });

  test('goes to the addresses of its authority and port in turn', async () => {
    const one = aTcpWorkload('one', { body: body(64) });
    const two = aTcpWorkload('two', { body: body(64) });
    const web = aCallerOf(aTcpCall(one, { authority: 'db.shop.svc.cluster.local', port: 3306 }));
    const egressOf = { 'db.shop.svc.cluster.local:3306': [one.pods[0]!.listen, two.pods[0]!.listen] };
    Object.assign(web.pods[0]!, { egress: anAddress(), egressOf });
    await serve(web, one, two);
    for (let i = 0; i < 4; i += 1) expect((await ask(web)).status).toBe(200);
    for (const each of [one, two]) {
      await until(
        () => story(each),
        (now) => now.filter((line) => line.startsWith('C shop/web ')).length === 2,
      );
    }
  });
});

describe('a TCP service', () => {
  test('that speaks first greets before it is asked', async () => {
    const db = aTcpWorkload('db', { body: body(4) }, { serverSpeaksFirst: true });
    await serve(db);
    const { host, port } = db.pods[0]!.listen;
    const socket = connect({ host, port });
    const greeting = await new Promise((resolve) => socket.once('data', resolve));
    expect(String(greeting)).toBe('220 db-0\n');
    socket.destroy();
    await tells(db, ['O', 'C - 0 9 closed']);
  });

  test.each([
    ['HTTP', 'GET / HTTP/1.1\r\nhost: db\r\n\r\n'],
    ['TLS', Buffer.from([22, 3, 1, 0, 5, 1, 0, 0, 1, 3])],
    ['a bad preamble', 'MESHPROOF shop/web 10 0\n'],
    ['a line without end', `MESHPROOF ${'x'.repeat(3000)}`],
  ])('closes on %s', async (_what, says) => {
    const db = aTcpWorkload('db');
    await serve(db);
    expect(await talk(db, says)).toEqual({ read: '', error: null });
    await tells(db, ['O', `C - ${says.length} 0 closed`]);
  });

  test('takes a preamble in pieces, and requests that come early', async () => {
    const db = aTcpWorkload('db', { body: body(4) });
    await serve(db);
    const { host, port } = db.pods[0]!.listen;
    const socket = connect({ host, port, noDelay: true });
    let read = '';
    socket.on('data', (data) => {
      read += data;
    });
    for (const part of ['MESH', 'PROOF shop/x 3 2', '\nab', 'cdef']) {
      socket.write(part);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await until(
      () => read,
      (text) => text === '220 db-0\n4\nxxxx4\nxxxx',
    );
    socket.end();
    await tells(db, ['O', `C shop/x 27 ${9 + 2 * 6} closed`]);
  });

  test('sees a client go away, orderly or not', async () => {
    const stuck = aWorkload('stuck', [aRoute({ errors: always({ kind: 'hang' }) })]);
    // It makes a call that is never answered: its line tells that the preamble has been read.
    const db = aTcpWorkload('db', { steps: [[aCall(stuck)]] });
    await serve(db, stuck);
    const { host, port } = db.pods[0]!.listen;
    for (const leave of ['end', 'resetAndDestroy'] as const) {
      const socket = connect({ host, port });
      socket.on('error', () => {});
      socket.write('MESHPROOF shop/x 0 1\n');
      const before = story(db).length;
      await until(
        () => story(db),
        (now) => now.length === before + 2,
      );
      socket[leave]();
      await until(
        () => story(db),
        (now) => now.length === before + 3,
      );
    }
    const called = 's shop/stuck GET /x';
    expect(story(db)).toEqual(['O', called, 'C shop/x 21 0 closed', 'O', called, 'C shop/x 21 0 reset']);
  });

  test('serves its probes on the admin port', async () => {
    const db = aTcpWorkload('db');
    await serve(db);
    expect((await ask(db, { port: 'admin', path: '/readyz' })).status).toBe(200);
    expect(story(db)).toEqual([]);
  });

  test('drains: connections of its calls close before its journal does', async () => {
    // Answers, and hears the caller's end; its own end is held back.
    const held: Socket[] = [];
    const slow = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => {});
      socket.write('220 slow-0\n2\nok');
      socket.resume().once('end', () => held.push(socket));
    });
    await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve));
    const { port } = slow.address() as AddressInfo;
    const call = aTcpCall(aTcpWorkload('slow'), { authority: 'slow', port });
    const web = aCallerOf(call);
    web.pods[0]!.egressOf = { [`slow:${port}`]: [{ host: '127.0.0.1', port }] };
    const services = await serve(web);
    try {
      expect((await ask(web)).status).toBe(200);
      await until(
        () => held.length,
        (n) => n === 1,
      );
      const drained = services.drain();
      // Longer than a drain takes that waits for nothing.
      await new Promise((resolve) => setTimeout(resolve, 200));
      expect(story(web).at(-1)).not.toBe('Z');
      held[0]!.end();
      await drained;
      expect(story(web).slice(-2)).toEqual([expect.stringMatching(/^c .*closed slow-0$/), 'Z']);
    } finally {
      for (const socket of held) socket.destroy();
      slow.close();
    }
  });

  test('drains: what is under way ends, a hang is not waited for', async () => {
    const db = aTcpWorkload('db', { latency: { kind: 'constant', ms: 1500 }, body: body(64) });
    const stuck = aTcpWorkload('stuck', { errors: always({ kind: 'hang' }) });
    const web = aCallerOf(aTcpCall(db));
    const services = await serve(web, db, stuck);
    void talk(stuck, 'MESHPROOF shop/x 0 1\n');
    const answer = ask(web);
    await until(
      () => story(db),
      (now) => now.length === 1,
    );
    await until(
      () => story(stuck),
      (now) => now.length === 1,
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
    await services.drain();
    expect((await answer).status).toBe(200);
    expect(story(db)).toEqual(['O', `C shop/web 23 ${ANSWERED} closed`, 'Z']);
    expect(story(stuck)).toEqual(['O', 'Z']);
  });
});
