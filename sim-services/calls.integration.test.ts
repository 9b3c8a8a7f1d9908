import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { parseConfig } from './config.ts';
import type { ErrorRule, WorkloadConfig } from './contract.ts';
import { Services } from './services.ts';
import { ask, journalOf, story } from './testing/client.ts';
import { aCall, aConfig, anAddress, aRoute, aWorkload } from './testing/configs.ts';

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

describe('calls', () => {
  test('name caller and authority, and are journalled on both sides in the order of causes', async () => {
    const db = aWorkload('db', [aRoute({ path: '/rows' })]);
    const web = aWorkload('web', [aRoute({ steps: [[aCall(db, { path: '/rows?limit=1' })]] })]);
    await serve(web, db);
    expect((await ask(web)).status).toBe(200);
    expect(story(web)).toEqual(['S - GET /x', 's shop/db GET /rows', 'e 200 db-0', 'E 200']);
    expect(story(db)).toEqual(['S shop/web GET /rows', 'E 200']);
    const [, , s, e] = journalOf(web).map((line) => Number(line[2]));
    const [, dbStart, dbEnd] = journalOf(db).map((line) => Number(line[2]));
    expect([s, dbStart, dbEnd, e]).toEqual([s, dbStart, dbEnd, e].sort((a, b) => a! - b!));
  });

  test('go to the egress with the authority as Host', async () => {
    const seen: string[] = [];
    const egress = anAddress();
    const listener = createServer((socket) => {
      socket.on('data', (data) => {
        seen.push(/^host: (.*)\r$/im.exec(data.toString('latin1'))![1]!);
        socket.write('HTTP/1.1 503 x\r\nl5d-proxy-error: no endpoints\r\ncontent-length: 0\r\n\r\n');
      });
    });
    listeners.push(listener);
    await new Promise<void>((resolve) => listener.listen(egress.port, egress.host, resolve));
    const call = (port: number) => ({
      ...aCall(aWorkload('cart', [])),
      authority: 'cart.shop.svc.cluster.local',
      port,
    });
    const web = aWorkload('web', [
      aRoute({ steps: [[call(80)]] }),
      aRoute({ path: '/y', steps: [[{ ...call(8080), onFailure: 'ignore' }]] }),
    ]);
    web.pods[0]!.egress = egress;
    await serve(web);
    expect([(await ask(web)).status, (await ask(web, { path: '/y' })).status]).toEqual([503, 200]);
    expect(seen).toEqual(['cart.shop.svc.cluster.local', 'cart.shop.svc.cluster.local:8080']);
    expect(story(web).slice(0, 4)).toEqual(['S - GET /x', 's shop/cart GET /x', 'e 503  no endpoints', 'E 503']);
  });

  test('say nothing on a new connection for as long as they are told, on a kept one at once', async () => {
    const db = aWorkload('db', [aRoute()]);
    const web = aWorkload('web', [aRoute({ steps: [[aCall(db)]] })]);
    web.pods[0]!.speaksAfterMs = 2000;
    await serve(web, db);
    const tookMs: number[] = [];
    for (let i = 0; i < 2; i++) {
      const began = performance.now();
      expect((await ask(web)).status).toBe(200);
      tookMs.push(performance.now() - began);
    }
    expect(tookMs[0]).toBeGreaterThan(1990);
    expect(tookMs[1]).toBeLessThan(1990);
  });

  test('of a step run at the same time, steps one after the other', async () => {
    const slow = aWorkload('slow', [aRoute({ latency: { kind: 'constant', ms: 40 } })]);
    const web = aWorkload('web', [aRoute({ steps: [[aCall(slow), aCall(slow)], [], [aCall(slow)]] })]);
    await serve(web, slow);
    expect((await ask(web)).status).toBe(200);
    expect(journalOf(web).map(([kind]) => kind)).toEqual(['H', 'S', 's', 's', 'e', 'e', 's', 'e', 'E']);
  });

  test('carry a body', async () => {
    const db = aWorkload('db', [aRoute({ method: 'POST', status: 201 })]);
    const web = aWorkload('web', [aRoute({ steps: [[aCall(db, { method: 'POST', requestBytes: 100_000 })]] })]);
    await serve(web, db);
    expect((await ask(web)).status).toBe(200);
    expect(story(db)).toEqual(['S shop/web POST /x', 'E 201']);
  });

  test('the first byte of the answer is told from its end', async () => {
    const db = aWorkload('db', [aRoute({ body: { bytes: 10, chunks: 2, overMs: 400 } })]);
    const web = aWorkload('web', [aRoute({ steps: [[aCall(db)]] })]);
    await serve(web, db);
    await ask(web);
    const [, , , , first] = journalOf(web).find(([kind]) => kind === 'e')!;
    const end = Number(journalOf(web).find(([kind]) => kind === 'e')![2]);
    // The pieces were written 400 ms apart.
    expect(end - Number(first)).toBeGreaterThan(10);
  });

  type Failing = [name: string, db: Partial<WorkloadConfig['routes'][number]>, told: string, status: number];
  const failing: Failing[] = [
    ['a 5xx', { status: 507 }, 'e 507 db-0', 507],
    ['a 4xx is no failure', { status: 404 }, 'e 404 db-0', 200],
    ['a timeout', { errors: always({ kind: 'hang' }) }, 'x timeout 0', 504],
    ['a timeout in the body', { body: { bytes: 10, chunks: 2, overMs: 60_000 } }, 'x timeout 200', 504],
    ['a reset', { errors: always({ kind: 'reset', when: 'before-headers' } as ErrorRule) }, 'x connection 0', 502],
    [
      'a reset in the body',
      { errors: always({ kind: 'reset', when: 'mid-body' } as ErrorRule) },
      'x connection 200',
      502,
    ],
  ];
  test.each(failing)('%s of the callee is propagated, or ignored', async (_name, route, told, status) => {
    const db = aWorkload('db', [aRoute(route)]);
    // Long enough for the headers to come first where they come at all.
    const timeouts: Record<string, number> = { 'x timeout 0': 500, 'x timeout 200': 1500 };
    const call = aCall(db, { timeoutMs: timeouts[told] ?? null });
    const web = aWorkload('web', [
      aRoute({ steps: [[call], [call]] }),
      aRoute({ path: '/ignore', steps: [[{ ...call, onFailure: 'ignore' }]] }),
    ]);
    await serve(web, db);
    expect((await ask(web)).status).toBe(status);
    // What follows a failure is not done.
    expect(story(web).filter((line) => line === told)).toHaveLength(status === 200 ? 2 : 1);
    expect((await ask(web, { path: '/ignore' })).status).toBe(200);
    expect(story(web).filter((line) => line === told)).toHaveLength(status === 200 ? 3 : 2);
  });

  test('where nobody listens are a failed connection', async () => {
    const web = aWorkload('web', [aRoute({ steps: [[aCall(aWorkload('gone', []))]] })]);
    await serve(web);
    expect((await ask(web)).status).toBe(502);
    expect(story(web)).toEqual(['S - GET /x', 's shop/gone GET /x', 'x connection 0', 'E 502']);
  });

  test('of several that fail the first in the list counts', async () => {
    const bad = aWorkload('bad', [aRoute({ status: 501, latency: { kind: 'constant', ms: 30 } })]);
    const worse = aWorkload('worse', [aRoute({ status: 507 })]);
    const web = aWorkload('web', [aRoute({ steps: [[aCall(bad), aCall(worse)]] })]);
    await serve(web, bad, worse);
    expect((await ask(web)).status).toBe(501);
  });
});
