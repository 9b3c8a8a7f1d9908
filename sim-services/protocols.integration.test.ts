import { Agent } from 'node:http';
import { connect } from 'node:http2';
import { describe, expect, test } from 'vitest';
import type { Call, Protocol, RouteConfig, WorkloadConfig } from './contract.ts';
import { Services } from './services.ts';
import { ask, journalOf, type Line, story, until } from './testing/client.ts';
import { aCall, aConfig, aRoute, aWorkload } from './testing/configs.ts';
import { Program } from './testing/program.ts';
import { aCallerOf, always, serve } from './testing/serving.ts';

const PROTOCOLS = ['http', 'http2', 'grpc', 'tcp'] as const;

/** A service that speaks it, with one route. */
function speaking(protocol: Protocol, name: string, changes: Partial<RouteConfig> = {}): WorkloadConfig {
  const of = { http: ['POST', '/a.B/C'], http2: ['POST', '/a.B/C'], grpc: ['POST', '/a.B/C'], tcp: ['CONNECT', '/'] };
  const [method, path] = of[protocol] as ['POST', string];
  return aWorkload(name, [aRoute({ method, path, ...changes })], { protocol });
}

function callTo(workload: WorkloadConfig, changes: Partial<Call> = {}): Call {
  const { method, path } = workload.routes[0]!;
  return aCall(workload, { protocol: workload.protocol!, method: method!, path, ...changes });
}

describe.each(PROTOCOLS)('over %s', (protocol) => {
  test('a drain lets what is in flight end', async () => {
    const body = { bytes: 500_000, chunks: 1, overMs: 0 };
    const db = speaking(protocol, 'db', { latency: { kind: 'constant', ms: 1000 }, body });
    const web = aCallerOf(callTo(db), callTo(db), callTo(db));
    await serve(web);
    const services = await serve(db);
    const answer = ask(web);
    await until(
      () => story(db),
      (now) => now.length === 3,
    );
    await services.drain();
    expect((await answer).status).toBe(200);
    expect(story(db).at(-1)).toBe('Z');
  });

  test('a call out of a call fails as the protocol says', async () => {
    const down = aWorkload('down', [aRoute({ errors: always({ kind: 'status', status: 500 }) })]);
    const db = speaking(protocol, 'db', { steps: [[aCall(down)]] });
    const web = aCallerOf(callTo(db));
    await serve(web, db, down);
    expect((await ask(web)).status).toBe({ http: 500, http2: 500, grpc: 503, tcp: 502 }[protocol]);
    expect(story(down)).toEqual(['S shop/db GET /x', 'E 500']);
    if (protocol === 'tcp') expect(story(db)).toContain('C shop/web 23 0 closed');
  });

  test('a port that is taken is said', async () => {
    const one = speaking(protocol, 'one');
    const two = speaking(protocol, 'two');
    two.pods[0]!.listen = one.pods[0]!.listen;
    await serve(one);
    await expect(Services.start(aConfig(two))).rejects.toMatchObject({ code: 'PORT_TAKEN' });
  });

  test('the timeline changes it', async () => {
    const db = speaking(protocol, 'db');
    const change = { errors: always({ kind: 'close' }) };
    db.timeline.push({ atMs: 0, untilMs: null, path: null, method: null, change });
    const web = aCallerOf(callTo(db));
    await serve(web, db);
    expect((await ask(web)).status).toBe(200);
    const origin = JSON.stringify({ originEpochMs: Date.now() - 1000 });
    const headers = { 'content-type': 'application/json' };
    const { host, port } = db.pods[0]!.admin;
    await fetch(`http://${host}:${port}/control/origin`, { method: 'POST', body: origin, headers });
    expect((await ask(web)).status).toBe(502);
  });
});

// Of HTTP/1.1 in main.integration.test.ts.
test('SIGKILL under load loses no truth', async () => {
  const [h2, grpc, tcp] = [speaking('http2', 'h2'), speaking('grpc', 'grpc'), speaking('tcp', 'tcp')];
  const web = aCallerOf(...[h2, grpc, tcp].map((to) => callTo(to)));
  await using front = new Program(aConfig(web));
  await using back = new Program(aConfig(h2, grpc, tcp));
  await Promise.all([front.whenReady(), back.whenReady()]);
  const agent = new Agent({ keepAlive: true });
  const statuses: number[] = [];
  let stopped = false;
  const one = async () => {
    while (!stopped) statuses.push((await ask(web, { agent })).status);
  };
  const load = Promise.all(Array.from({ length: 8 }, one));
  const seen = (status: number) => statuses.filter((each) => each === status).length;
  await until(
    () => seen(200),
    (count) => count >= 100,
  );
  back.signal('SIGKILL');
  await back.exited;
  await until(
    () => seen(502),
    (count) => count >= 10,
  );
  stopped = true;
  await load;
  front.signal('SIGKILL');
  await front.exited;
  agent.destroy();

  const count = (lines: Line[], say: (line: Line) => boolean) => lines.filter(say).length;
  const caller = journalOf(web);
  for (const [callee, name, code] of [
    [journalOf(h2), 'shop/h2', ''],
    [journalOf(grpc), 'shop/grpc', '0'],
  ] as const) {
    const begun = caller.filter(([kind, , , to]) => kind === 's' && to === name);
    const ids = new Set(begun.map(([, id]) => id));
    const read = count(caller, (l) => l[0] === 'e' && ids.has(l[1]!) && l[3] === '200' && l[7] === code);
    expect(read).toBeGreaterThanOrEqual(100);
    // Whatever the caller has read, the callee had written down as done; what the callee has seen, the caller had begun.
    expect(count(callee, (l) => l[0] === 'E' && l[5] === code)).toBeGreaterThanOrEqual(read);
    expect(count(callee, (l) => l[0] === 'S')).toBeLessThanOrEqual(begun.length);
  }
  // A kill ends connections as their server would have, so only what has been read tells that there was one.
  const answered = count(caller, (l) => l[0] === 'c' && l[3] !== '0');
  expect(answered).toBeGreaterThanOrEqual(100);
  expect(count(journalOf(tcp), (l) => l[0] === 'O')).toBeGreaterThanOrEqual(answered);
  expect(count(journalOf(tcp), (l) => l[0] === 'O')).toBeLessThanOrEqual(count(caller, (l) => l[0] === 'o'));
});

test('any number of requests may be abandoned on one connection of HTTP/2', async () => {
  const db = aWorkload('db', [aRoute({ errors: always({ kind: 'hang' }) }), aRoute({ path: '/ok' })], {
    protocol: 'http2',
  });
  await serve(db);
  const { host, port } = db.pods[0]!.listen;
  const session = connect(`http://${host}:${port}`);
  session.on('error', () => {});
  // Node takes 1000 at once for an attack.
  for (let i = 0; i < 12; i += 1) {
    const stop = new AbortController();
    for (let j = 0; j < 100; j += 1) {
      session.request({ ':path': '/x' }, { signal: stop.signal }).on('error', () => {});
    }
    await until(
      () => journalOf(db).length,
      (lines) => lines >= 1 + i * 200 + 100,
    );
    stop.abort();
    await until(
      () => journalOf(db).length,
      (lines) => lines === 1 + (i + 1) * 200,
    );
  }
  const last = session.request({ ':path': '/ok' });
  const headers = await new Promise<Record<string, unknown>>((resolve, reject) => {
    last.once('response', resolve);
    last.once('error', reject);
  });
  expect(headers[':status']).toBe(200);
  session.destroy();
});
