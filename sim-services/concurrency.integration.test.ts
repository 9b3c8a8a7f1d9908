import { describe, expect, test } from 'vitest';
import type { Call, Protocol, RouteConfig, WorkloadConfig } from './contract.ts';
import { ask, journalOf, story, until } from './testing/client.ts';
import { aCall, aRoute, aWorkload } from './testing/configs.ts';
import { aCallerOf, aGrpcCall, aGrpcWorkload, always, aMethod, STREAM, serve, UNARY } from './testing/serving.ts';

const slow = { latency: { kind: 'constant', ms: 40 } } as const;

const METHODS = [UNARY, STREAM];
const PATHS = ['/x', '/y'];

function aServer(protocol: Protocol, concurrency: number, ...routes: Partial<RouteConfig>[]): WorkloadConfig {
  return protocol === 'grpc'
    ? {
        ...aGrpcWorkload(
          'db',
          routes.map((route, i) => aMethod(METHODS[i]!, { ...route, path: METHODS[i]!, method: 'POST' })),
        ),
        concurrency,
      }
    : aWorkload(
        'db',
        routes.map((route, i) => aRoute({ ...route, path: PATHS[i]! })),
        { protocol, concurrency },
      );
}

/** To one of its routes. */
function aCallOf(db: WorkloadConfig, protocol: Protocol, route = 0): Call {
  return protocol === 'grpc' ? aGrpcCall(db, METHODS[route]!) : aCall(db, { protocol, path: PATHS[route]! });
}

function callsTo(db: WorkloadConfig, protocol: Protocol, count: number): Call[] {
  return Array.from({ length: count }, () => aCallOf(db, protocol));
}

/** Of the callee's side: [id, ms] of these lines. */
function times(workload: WorkloadConfig, kind: string): [string, number][] {
  return journalOf(workload)
    .filter(([first]) => first === kind)
    .map(([, id, t]) => [id!, Number(t)]);
}

describe.each(['http', 'http2', 'grpc'] as const)('a %s service of few places', (protocol) => {
  test('handles so many at once, and no more', async () => {
    const stuck = aWorkload('stuck', [aRoute({ errors: always({ kind: 'hang' }) })]);
    const db = aServer(protocol, 2, { steps: [[aCall(stuck)]] });
    const web = aCallerOf(...callsTo(db, protocol, 5));
    await serve(web, db, stuck);
    ask(web).catch(() => {});
    await until(
      () => times(db, 'S'),
      (came) => came.length === 5,
    );
    // Whoever finds a place makes its call before the next one comes.
    expect(journalOf(db).map(([kind]) => kind)).toEqual(['H', 'S', 's', 'S', 's', 'S', 'S', 'S']);
  });

  test('handles the others when these have ended', async () => {
    const db = aServer(protocol, 2, slow);
    const web = aCallerOf(...callsTo(db, protocol, 5));
    await serve(web, db);
    await ask(web);
    const ended = times(db, 'E');
    // Pairs, one after the other; nothing bounds how much later than another one a request ends.
    expect(ended.map(([id]) => id).sort()).toEqual(['1', '2', '3', '4', '5']);
    const [first] = times(db, 'S');
    [1, 1, 2, 2, 3].forEach((turn, i) => {
      expect(ended[i]![1]).toBeGreaterThanOrEqual(first![1] + turn * 40);
    });
  });

  test('takes those that wait in the order of their coming', async () => {
    const db = aServer(protocol, 1, slow);
    const web = aCallerOf(...callsTo(db, protocol, 5));
    await serve(web, db);
    await ask(web);
    expect(times(db, 'E').map(([id]) => id)).toEqual(['1', '2', '3', '4', '5']);
  });

  test('forgets those that are gone, from the line as from their places', async () => {
    const db = aServer(protocol, 1, { errors: always({ kind: 'hang' }) }, aRoute());
    // Channels of gRPC are not cut while they are used: there the calls give up.
    const timeoutMs = protocol === 'grpc' ? 3000 : null;
    const gone = aCallerOf(...callsTo(db, protocol, 4).map((call) => ({ ...call, timeoutMs })));
    const web = aWorkload('web', [aRoute({ steps: [[aCallOf(db, protocol, 1)]] })]);
    await serve(web, db);
    const callers = await serve(gone);
    ask(gone).catch(() => {});
    await until(
      () => story(db).filter((line) => line.startsWith('S')),
      (came) => came.length === 4,
    );
    await callers.drain(0);
    const lines = await until(
      () => story(db),
      (now) => now.length === 8,
    );
    expect(lines.slice(4)).toEqual(new Array(4).fill('X client-gone 0'));
    expect((await ask(web)).status).toBe(200);
  });
});

test('its own calls are made within its places', async () => {
  const db = aWorkload('db', [aRoute(slow)]);
  const web = aWorkload('web', [aRoute({ ...slow, steps: [[aCall(db)]] })], { concurrency: 1 });
  await serve(web, db);
  await Promise.all([ask(web), ask(web), ask(web)]);
  expect(story(db).map((line) => line[0])).toEqual(['S', 'E', 'S', 'E', 'S', 'E']);
  // The latency of who follows begins when the calls have ended.
  const [, second, third] = times(web, 's');
  const [first, next] = times(web, 'E');
  expect(second![1]).toBeGreaterThanOrEqual(first![1] + 40);
  expect(third![1]).toBeGreaterThanOrEqual(next![1] + 40);
});

test('whatever ends a request frees its place', async () => {
  const errors = (rule: Record<string, unknown>) => ({ errors: always(rule) });
  const db = aWorkload(
    'db',
    [
      aRoute(slow),
      aRoute({ path: '/status', ...errors({ kind: 'status', status: 500 }) }),
      aRoute({ path: '/reset', ...errors({ kind: 'reset', when: 'before-headers' }) }),
      aRoute({ path: '/cut', ...errors({ kind: 'reset', when: 'mid-body' }) }),
      aRoute({ path: '/close', ...errors({ kind: 'close' }) }),
      aRoute({ path: '/pieces', body: { bytes: 30, chunks: 3, overMs: 20 } }),
    ],
    { concurrency: 1 },
  );
  await serve(db);
  for (const path of ['/status', '/reset', '/cut', '/close', '/pieces']) {
    await ask(db, { path }).catch(() => {});
    expect((await ask(db)).status, path).toBe(200);
  }
});

test('a request that hangs keeps its place until its caller is gone', async () => {
  const db = aWorkload('db', [aRoute(), aRoute({ path: '/hang', errors: always({ kind: 'hang' }) })], {
    concurrency: 1,
  });
  await serve(db);
  const leave = new AbortController();
  const hanging = ask(db, { path: '/hang', signal: leave.signal });
  hanging.catch(() => {});
  await until(
    () => story(db),
    (lines) => lines.length === 1,
  );
  const next = ask(db);
  await until(
    () => story(db),
    (lines) => lines.length === 2,
  );
  leave.abort();
  expect((await next).status).toBe(200);
  expect(story(db)).toEqual(['S - GET /hang', 'S - GET /x', 'X client-gone 0', 'E 200']);
});

describe('the end of the services', () => {
  test('comes when all who wait have been served', async () => {
    const db = aServer('http', 1, slow);
    const services = await serve(db);
    const asked = [ask(db), ask(db), ask(db)];
    await until(
      () => story(db),
      (lines) => lines.length === 3,
    );
    await services.drain();
    expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(story(db).at(-1)).toBe('Z');
  });

  test('does not wait for who waits behind one that hangs', async () => {
    const db = aWorkload('db', [aRoute({ errors: always({ kind: 'hang' }) })], { concurrency: 1 });
    const services = await serve(db);
    const asked = [ask(db), ask(db)].map((answer) => answer.catch(() => 'lost'));
    await until(
      () => story(db),
      (lines) => lines.length === 2,
    );
    // Longer than a test may take.
    await services.drain(1_000_000);
    expect(await Promise.all(asked)).toEqual(['lost', 'lost']);
  });

  test('a probe needs no place', async () => {
    const db = aWorkload('db', [aRoute({ errors: always({ kind: 'hang' }) })], { concurrency: 1 });
    await serve(db);
    ask(db).catch(() => {});
    await until(
      () => story(db),
      (lines) => lines.length === 1,
    );
    expect((await ask(db, { path: '/readyz' })).status).toBe(200);
  });
});
