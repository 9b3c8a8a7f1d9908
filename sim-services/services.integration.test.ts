import { writeFileSync } from 'node:fs';
import { createConnection, type Server } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { parseConfig } from './config.ts';
import type { ErrorRule, WorkloadConfig } from './contract.ts';
import { Services } from './services.ts';
import { ask, journalOf, story, until } from './testing/client.ts';
import { aCall, aConfig, aRoute, aWorkload } from './testing/configs.ts';

const started: Services[] = [];
const listeners: Server[] = [];

afterEach(async () => {
  for (const services of started.splice(0)) await services.drain(0);
  for (const server of listeners.splice(0)) server.close();
});

async function serve(...workloads: WorkloadConfig[]): Promise<Services> {
  const services = await Services.start(parseConfig(aConfig(...workloads)));
  started.push(services);
  return services;
}

const always = (rule: Omit<ErrorRule, 'rate'>): ErrorRule[] => [{ ...rule, rate: 1 } as ErrorRule];

/** Asks, gives up when the journal has a line of the kind, and waits until the service has noticed. */
async function leaveAfter(workload: WorkloadConfig, kind: string): Promise<void> {
  const leave = new AbortController();
  const answer = ask(workload, { signal: leave.signal });
  answer.catch(() => {});
  const has = (first: string) => (lines: string[]) => lines.some((line) => line.startsWith(first));
  await until(() => story(workload), has(kind));
  leave.abort();
  await expect(answer).rejects.toThrow();
  await until(() => story(workload), has('X'));
}

describe('a request', () => {
  test('is answered, with the pod named, and journalled with its caller', async () => {
    const web = aWorkload('web', [aRoute({ status: 201, body: { bytes: 100, chunks: 1, overMs: 0 } })]);
    await serve(web);
    const answer = await ask(web, { path: '/x?q=1', caller: 'shop/front door,1' });
    expect(answer).toMatchObject({
      status: 201,
      body: 'x'.repeat(100),
      headers: { 'x-meshproof-pod': 'web-0', 'content-length': '100' },
    });
    expect(story(web)).toEqual(['S shop/front door,1 GET /x', 'E 201']);
  });

  test('to an unknown path or method is 404 and goes to `other`', async () => {
    const web = aWorkload('web', [aRoute({ method: 'GET' })]);
    await serve(web);
    const statuses = [];
    for (const [method, path] of [
      ['GET', '/y'],
      ['POST', '/x'],
      ['GET', '/%zz'],
      ['GET', '/x/'],
    ] as const) {
      statuses.push((await ask(web, { method, path })).status);
    }
    expect(statuses).toEqual([404, 404, 404, 404]);
    expect(story(web)).toEqual(['GET', 'POST', 'GET', 'GET'].flatMap((m) => [`S - ${m} other`, 'E 404']));
  });

  test('goes to the route of its method before the one for all', async () => {
    const web = aWorkload('web', [aRoute({ status: 200 }), aRoute({ method: 'POST', status: 202 })]);
    await serve(web);
    expect((await ask(web, { method: 'POST', body: 'hello' })).status).toBe(202);
    expect((await ask(web, { method: 'PUT', body: 'hello' })).status).toBe(200);
  });

  test.each(['', ';;;', 'application/json'])('with a body of type "%s" is read in full first', async (type) => {
    const web = aWorkload('web', [aRoute()]);
    await serve(web);
    const body = '{'.repeat(300_000);
    const headers = { 'content-type': type };
    expect((await ask(web, { method: 'POST', body, headers })).status).toBe(200);
    expect(story(web)).toEqual(['S - POST /x', 'E 200']);
  });

  test('begins when its body is complete, and not at all when it never is', async () => {
    const web = aWorkload('web', [aRoute()]);
    await serve(web);
    const head = 'POST /x HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n';
    const sockets = ['01234', '56789'].map((half) => {
      const socket = createConnection(web.pods[0]!.listen);
      socket.write(head + half);
      return socket;
    });
    // Answered on another connection: by now the server has seen the first halves.
    await ask(web, { path: '/healthz' });
    await ask(web, { path: '/healthz' });
    expect(story(web).filter((line) => line.includes('POST'))).toEqual([]);
    sockets[0]!.write('56789');
    sockets[1]!.destroy();
    await until(
      () => story(web),
      (lines) => lines.length === 6,
    );
    expect(story(web).slice(4)).toEqual(['S - POST /x', 'E 200']);
    sockets[0]!.destroy();
  });

  test('of method HEAD, or answered 204, has no body', async () => {
    const web = aWorkload('web', [aRoute(), aRoute({ path: '/none', status: 204 })]);
    await serve(web);
    expect(await ask(web, { method: 'HEAD' })).toMatchObject({
      status: 200,
      body: '',
      headers: { 'content-length': '16' },
    });
    expect(await ask(web, { path: '/none' })).toMatchObject({ status: 204, body: '' });
  });

  test('waits its latency, never less', async () => {
    const web = aWorkload('web', [aRoute({ latency: { kind: 'constant', ms: 30.5 } })]);
    await serve(web);
    await Promise.all(Array.from({ length: 20 }, () => ask(web)));
    const lines = journalOf(web);
    const startOf = new Map(lines.filter(([k]) => k === 'S').map(([, id, t]) => [id, Number(t)]));
    const waits = lines.filter(([k]) => k === 'E').map(([, id, t]) => Number(t) - startOf.get(id)!);
    expect(waits).toHaveLength(20);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(30.499);
  });

  test('probes are journalled without a caller', async () => {
    const web = aWorkload('web', []);
    await serve(web);
    expect((await ask(web, { path: '/healthz', caller: 'shop/x' })).status).toBe(200);
    expect((await ask(web, { path: '/readyz' })).status).toBe(200);
    expect(story(web)).toEqual(['S - GET /healthz', 'E 200', 'S - GET /readyz', 'E 200']);
  });
});

describe('bodies', () => {
  test('in pieces come spread over their time, the first at once', async () => {
    const web = aWorkload('web', [aRoute({ body: { bytes: 10, chunks: 4, overMs: 90 } })]);
    await serve(web);
    const { body, pieces, headers } = await ask(web);
    expect([body.length, pieces.map(({ bytes }) => bytes)]).toEqual([10, [2, 3, 2, 3]]);
    expect(headers['content-length']).toBeUndefined();
    const lines = journalOf(web);
    expect(lines.map(([kind]) => kind)).toEqual(['H', 'S', 'B', 'E']);
    const [, , b, e] = lines;
    expect(e![4]).toBe(b![2]);
    expect(Number(e![2]) - Number(b![2])).toBeGreaterThanOrEqual(90);
  });

  test('never have more pieces than bytes', async () => {
    const web = aWorkload('web', [aRoute({ body: { bytes: 2, chunks: 50, overMs: 1 } })]);
    await serve(web);
    expect((await ask(web)).pieces.map(({ bytes }) => bytes)).toEqual([1, 1]);
  });

  test('of 1 MB in one piece have their length', async () => {
    const web = aWorkload('web', [aRoute({ body: { bytes: 1_000_000, chunks: 1, overMs: 0 } })]);
    await serve(web);
    const { body, headers } = await ask(web);
    expect([body.length, headers['content-length']]).toEqual([1_000_000, '1000000']);
  });
});

describe('errors', () => {
  test('by status come after the latency and make no calls', async () => {
    const db = aWorkload('db', [aRoute()]);
    const web = aWorkload('web', [
      aRoute({
        latency: { kind: 'constant', ms: 25 },
        errors: always({ kind: 'status', status: 503 } as ErrorRule),
        steps: [[aCall(db)]],
      }),
    ]);
    await serve(web, db);
    const answer = await ask(web);
    expect(answer.status).toBe(503);
    expect(answer.tookMs).toBeGreaterThanOrEqual(25);
    expect(story(web)).toEqual(['S - GET /x', 'E 503']);
    expect(story(db)).toEqual([]);
  });

  test('a hang lasts until the caller gives up', async () => {
    const web = aWorkload('web', [aRoute({ errors: always({ kind: 'hang' }) })]);
    await serve(web);
    await leaveAfter(web, 'S');
    expect(story(web)).toEqual(['S - GET /x', 'X client-gone 0']);
  });

  test('a reset before the headers', async () => {
    const errors = always({ kind: 'reset', when: 'before-headers' } as ErrorRule);
    const web = aWorkload('web', [aRoute({ errors })]);
    await serve(web);
    await expect(ask(web)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(story(web)).toEqual(['S - GET /x', 'X reset 0']);
  });

  test.each([0, 1, 1000])('a reset in the middle of a body of %d bytes', async (bytes) => {
    const errors = always({ kind: 'reset', when: 'mid-body' } as ErrorRule);
    const web = aWorkload('web', [aRoute({ errors, body: { bytes, chunks: 1, overMs: 0 } })]);
    await serve(web);
    await expect(ask(web)).rejects.toMatchObject({ code: 'ECONNRESET', message: 'aborted' });
    expect(story(web)).toEqual(['S - GET /x', 'B 200', 'X reset-mid-body 200']);
  });

  test('a caller that goes away cancels what was to come', async () => {
    const db = aWorkload('db', [aRoute()]);
    const web = aWorkload('web', [aRoute({ latency: { kind: 'constant', ms: 2000 }, steps: [[aCall(db)]] })]);
    await serve(web, db);
    await leaveAfter(web, 'S');
    expect(story(web)).toEqual(['S - GET /x', 'X client-gone 0']);
    // The latency of one that came later ends after that of the first: its call would have been made by then.
    expect((await ask(web)).status).toBe(200);
    expect(story(web).filter((line) => line.startsWith('s'))).toHaveLength(1);
    expect(story(db)).toEqual(['S shop/web GET /x', 'E 200']);
  });

  test('a caller that goes away in the middle of a body has seen the headers', async () => {
    const web = aWorkload('web', [aRoute({ body: { bytes: 10, chunks: 2, overMs: 60_000 } })]);
    await serve(web);
    await leaveAfter(web, 'B');
    expect(story(web)).toEqual(['S - GET /x', 'B 200', 'X client-gone 200']);
  });
});

describe('the timeline', () => {
  test('applies once the origin is told', async () => {
    const web = aWorkload('web', [aRoute()], {
      timeline: [
        {
          atMs: 0,
          untilMs: null,
          path: '/x',
          method: null,
          change: { errors: always({ kind: 'status', status: 500 } as ErrorRule) },
        },
      ],
    });
    await serve(web);
    const origin = (originEpochMs: number) =>
      ask(web, {
        port: 'admin',
        method: 'POST',
        path: '/control/origin',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ originEpochMs }),
      });
    expect((await ask(web)).status).toBe(200);
    expect((await origin(Date.now() + 60_000)).status).toBe(204);
    expect((await ask(web)).status).toBe(200);
    expect((await origin(Date.now() - 1000)).status).toBe(204);
    expect((await ask(web)).status).toBe(500);
    expect((await origin(Number.NaN)).status).toBe(400);
  });
});

describe('the admin port', () => {
  test('serves every journal of the pod, its own last, a cut line marked', async () => {
    const web = aWorkload('web', [aRoute()]);
    const { journalDir } = web.pods[0]!;
    writeFileSync(`${journalDir}/b.journal`, 'H,2,shop%2Fweb,web-0,b,1000.000\nS,1,10');
    writeFileSync(`${journalDir}/a.journal`, 'H,2,shop%2Fweb,web-0,a,2000.000\nZ,2001.000\n');
    writeFileSync(`${journalDir}/late.journal`, 'H,2,shop%2Fweb,web-0,late,9000000000000.000\n');
    writeFileSync(`${journalDir}/notes.txt`, 'not a journal');
    await serve(web);
    await ask(web);
    const { body } = await ask(web, { port: 'admin', path: '/truth' });
    const lines = body.split('\n');
    expect(lines.slice(0, 5)).toEqual([
      'H,2,shop%2Fweb,web-0,b,1000.000',
      'S,1,10%',
      'H,2,shop%2Fweb,web-0,a,2000.000',
      'Z,2001.000',
      'H,2,shop%2Fweb,web-0,late,9000000000000.000',
    ]);
    expect(lines.slice(5).map((line) => line[0])).toEqual(['H', 'S', 'E', undefined]);
  });

  test('serves metrics that count as the journal does', async () => {
    const web = aWorkload('web', [aRoute(), aRoute({ path: '/hang', errors: always({ kind: 'hang' }) })]);
    await serve(web);
    await ask(web);
    await ask(web);
    await ask(web, { path: '/nowhere' });
    const gone = new AbortController();
    const hanging = ask(web, { path: '/hang', signal: gone.signal });
    hanging.catch(() => {});
    await until(
      () => story(web),
      (lines) => lines.includes('S - GET /hang'),
    );
    const page = (await ask(web, { port: 'admin', path: '/metrics' })).body;
    gone.abort();
    for (const line of [
      'app_requests_total{route="/x",method="GET",status="200"} 2',
      'app_requests_total{route="other",method="GET",status="404"} 1',
      'app_request_duration_seconds_count{route="/x",method="GET",status="200"} 2',
      'app_requests_in_flight 1',
    ]) {
      expect(page).toContain(`${line}\n`);
    }
    expect(page).toMatch(/^process_start_time_seconds \d/m);
  });

  test('tells the clock of the stamps', async () => {
    const web = aWorkload('web', []);
    await serve(web);
    const before = performance.timeOrigin + performance.now();
    const { nowEpochMs } = JSON.parse((await ask(web, { port: 'admin', path: '/clock' })).body);
    expect(nowEpochMs).toBeGreaterThanOrEqual(before);
    expect(nowEpochMs).toBeLessThanOrEqual(performance.timeOrigin + performance.now());
  });
});

test('replicas of several workloads live side by side', async () => {
  const one = aWorkload('one', [aRoute({ status: 201 })]);
  const more = aWorkload('one', []).pods[0]!;
  one.pods.push({ ...more, pod: 'one-1', replica: 1 });
  const two = aWorkload('two', [aRoute({ status: 202 })]);
  const services = await serve(one, two);
  const second = { ...one, pods: [one.pods[1]!] };
  expect(services.pods.map(({ pod }) => pod)).toEqual(['one-0', 'one-1', 'two-0']);
  expect([(await ask(one)).status, (await ask(second)).headers['x-meshproof-pod'], (await ask(two)).status]).toEqual([
    201,
    'one-1',
    202,
  ]);
  expect([story(one), story(second)]).toEqual([
    ['S - GET /x', 'E 201'],
    ['S - GET /x', 'E 201'],
  ]);
});

describe('a drain', () => {
  test('waits for an answer to be taken, however slowly it is read', async () => {
    const bytes = 24_000_000;
    const web = aWorkload('web', [aRoute({ body: { bytes, chunks: 1, overMs: 0 } })]);
    const services = await serve(web);
    const socket = createConnection(web.pods[0]!.listen);
    socket.pause();
    socket.write('GET /x HTTP/1.1\r\nhost: x\r\n\r\n');
    await until(
      () => story(web),
      (lines) => lines.length === 2,
    );
    let drained = false;
    const drain = services.drain().then(() => {
      drained = true;
    });
    let read = 0;
    socket.on('data', (piece) => {
      read += piece.length;
    });
    // No more than what fits into the buffers of two sockets has left so far.
    expect(drained).toBe(false);
    socket.resume();
    await drain;
    await until(
      () => read,
      (count) => count > bytes,
    );
    socket.destroy();
    expect(story(web).map((line) => line[0])).toEqual(['S', 'E', 'Z']);
  });

  test('cuts off what outlasts the grace, and never answers what it has not written down', async () => {
    const web = aWorkload('web', [aRoute({ latency: { kind: 'constant', ms: 60_000 } })]);
    const services = await serve(web);
    const answer = ask(web);
    answer.catch(() => {});
    await until(
      () => story(web),
      (lines) => lines.length === 1,
    );
    await services.drain(20);
    await expect(answer).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(journalOf(web).map(([kind]) => kind)).toEqual(['H', 'S', 'Z']);
  });
});
