import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { HarnessError } from '../core/errors.ts';
import { liveChildren } from '../core/process.ts';
import type { TrafficSpec } from '../scenario/model.ts';
import { launchLocalK6 } from './local.ts';
import type { LoadPlan } from './plan.ts';
import { type K6Options, type K6Result, runK6 } from './run.ts';
import { journalLines, plan, startTarget, stream, temporaryDir, testK6 } from './testing.ts';

type Answer = Parameters<typeof startTarget>[0];

const ok: Answer = (_, response) => response.setHeader('x-meshproof-pod', 'web-0').end('ok');
const steady = (ratePerSecond: number, durationMs: number, maxVUs = 4) =>
  ({ executor: 'constant-arrival-rate', ratePerSecond, durationMs, maxVUs }) as const;

/** Runs traffic against a server on loopback. */
async function drive(
  answer: Answer,
  traffic: TrafficSpec[],
  more: Partial<K6Options> = {},
  planned: Partial<LoadPlan> = {},
) {
  await using target = await startTarget(answer);
  using dir = temporaryDir();
  const result = await runK6({
    launch: launchLocalK6(testK6),
    plan: { ...plan(traffic, target.address), ...planned },
    dir: dir.path,
    ...more,
  });
  return { result, seen: target.seen, hosts: target.hosts };
}

function outcomes(result: K6Result): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const [kind, , , what = ''] of journalLines(result.journalText)) {
    const key = kind === 's' ? 's' : `${kind} ${what}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

function requestsByRoute(result: K6Result): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const [kind, , , service, method, route] of journalLines(result.journalText)) {
    if (kind !== 's') continue;
    const key = `${decodeURIComponent(service ?? '')} ${method} ${decodeURIComponent(route ?? '')}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

describe('what k6 journals is what the server saw', () => {
  test('counts, in every executor and at the same time', async () => {
    const { result, seen } = await drive(ok, [
      stream(steady(100, 1000), [{ path: '/constant' }]),
      stream(
        {
          executor: 'ramping-arrival-rate',
          startRatePerSecond: 10,
          stages: [
            { ratePerSecond: 100, durationMs: 500 },
            { ratePerSecond: 10, durationMs: 0 },
            { ratePerSecond: 10, durationMs: 500 },
          ],
          maxVUs: 4,
        },
        [{ path: '/ramp' }],
      ),
      stream({ executor: 'constant-vus', vus: 2, durationMs: 600 }, [{ path: '/closed', method: 'POST' }], 400),
    ]);

    const journalled = requestsByRoute(result);
    expect(journalled).toEqual(Object.fromEntries([...seen].map(([key, n]) => [`shop/web ${key}`, n])));
    // What a busy machine makes k6 drop, it reports. It may place one more iteration on the very end of a stream.
    const [constant = 0, ramp = 0] = ['/constant', '/ramp'].map((path) => journalled[`shop/web GET ${path}`]);
    expect(constant).toBeLessThanOrEqual(101);
    // 500 ms from 10 to 100 per second: 27.5; then 500 ms at 10: 5.
    expect(ramp).toBeLessThanOrEqual(34);
    expect(constant + ramp + result.droppedIterations).toSatisfy((n: number) => n >= 131 && n <= 135);
    expect(journalled['shop/web POST /closed']).toBeGreaterThan(2);

    expect(result).toMatchObject({ failed: 0, interrupted: false });
    expect(result.iterations).toBe(result.requests);
    expect(outcomes(result)).toEqual({ s: result.requests, 'e 200': result.requests });
  });

  test('a journal in the contract’s format, each request between its stamps', async () => {
    const served: number[] = [];
    const { result } = await drive(
      (request, response) => {
        served.push(Date.now());
        ok(request, response);
      },
      // One user, so that the n-th request to begin is the n-th to be served.
      [stream(steady(20, 500, 1), [{}])],
    );

    const lines = result.journalText.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^H,2,meshproof%2Fload,load-5d4f8c7b9-x2x4q,0,\d{13}\.000$/);
    expect(lines.at(-1)).toMatch(/^Z,\d{13}\.000$/);
    expect(Number(lines[0]?.split(',').at(-1))).toBe(result.originMs);
    expect(Number(lines.at(-1)?.split(',')[1])).toBe(result.endMs);

    const starts = lines.filter((l) => l.startsWith('s'));
    for (const line of starts) expect(line).toMatch(/^s,\d+,\d{13}\.000,shop%2Fweb,GET,%2F$/);
    expect(new Set(starts.map((l) => l.split(',')[1])).size).toBe(starts.length);
    for (const [i, start] of starts.entries()) {
      const [, id, begun] = start.split(',');
      const end = lines.find((l) => l.startsWith(`e,${id},`)) ?? '';
      const [, ended] = end.match(/^e,\d+,(\d{13}\.000),200,\1,web-0,,$/) ?? [];
      expect(Number(begun)).toBeGreaterThanOrEqual(result.originMs);
      expect(served[i]).toBeGreaterThanOrEqual(Number(begun));
      expect(served[i]).toBeLessThan(Number(ended));
    }
    expect(starts.length).toBe(served.length);
  });

  test('a connection for each request, and headers of the size asked for', async () => {
    const sockets = new Set<unknown>();
    const padding = new Set<number>();
    const { result } = await drive(
      (request, response) => {
        sockets.add(request.socket);
        padding.add(String(request.headers['x-meshproof-padding']).length);
        ok(request, response);
      },
      [stream(steady(20, 1000, 1), [{ ownConnection: true, headerBytes: 8000 }])],
    );
    expect(result.requests).toBeGreaterThan(3);
    expect(sockets.size).toBe(result.requests);
    expect(padding).toEqual(new Set([8000]));
  });

  test('statuses, the mesh’s own errors, redirects that are not followed', async () => {
    const { result, seen, hosts } = await drive(
      (request, response) => {
        if (request.url === '/moved') response.writeHead(302, { location: '/elsewhere' }).end();
        else if (request.url === '/mesh') response.writeHead(504, { 'l5d-proxy-error': 'timed out, after 1 ms' }).end();
        else response.writeHead(404).end();
      },
      [
        stream(steady(10, 300), [{ path: '/moved' }]),
        stream(steady(10, 300), [{ path: '/mesh', service: 'shop/pay' }]),
        stream(steady(10, 300), [{ path: '/missing' }]),
      ],
    );
    expect(seen.has('GET /elsewhere')).toBe(false);
    expect(hosts).toEqual(new Set(['web.shop.svc.cluster.local', 'pay.shop.svc.cluster.local:8080']));
    expect(result.journalText).toMatch(/^e,\d+,[\d.]+,504,[\d.]+,,timed%20out%2C%20after%201%20ms,$/m);
    expect(outcomes(result)).toEqual({
      s: result.requests,
      'e 302': seen.get('GET /moved'),
      'e 404': seen.get('GET /missing'),
      'e 504': seen.get('GET /mesh'),
    });
    expect(result.failed).toBe(seen.get('GET /mesh'));
  });

  test('requests that got no answer: timeouts and cut connections', async () => {
    const { result } = await drive(
      (request, response) => {
        if (request.url === '/cut') request.socket.destroy();
        if (request.url === '/cut-body') {
          response.writeHead(500, { 'content-length': '100' }).write('x');
          setTimeout(() => request.socket.destroy(), 20);
        }
        if (request.url === '/stalled-body') response.writeHead(200, { 'content-length': '100' }).write('x');
      },
      [
        stream(steady(10, 300), [{ path: '/hang', timeoutMs: 100 }]),
        stream(steady(10, 300), [{ path: '/stalled-body', timeoutMs: 100 }]),
        stream(steady(10, 300), [{ path: '/cut', method: 'POST', requestBytes: 10 }]),
        stream(steady(10, 300), [{ path: '/cut-body', method: 'POST' }]),
      ],
    );
    const routes = requestsByRoute(result);
    const at = (route: string) => routes[`shop/web ${route}`] ?? 0;
    expect(Object.keys(routes)).toHaveLength(4);
    expect(outcomes(result)).toEqual({
      s: result.requests,
      'x timeout': at('GET /hang') + at('GET /stalled-body'),
      'x connection': at('POST /cut') + at('POST /cut-body'),
    });
    expect(result.failed).toBe(result.requests);
  });

  test('request bodies, methods, the caller’s name', async () => {
    const bodies = new Map<string, number>();
    const callers = new Set<unknown>();
    await drive(
      async (request, response) => {
        callers.add(request.headers['x-meshproof-caller']);
        let bytes = 0;
        for await (const piece of request) bytes += piece.length;
        bodies.set(`${request.method} ${request.headers['content-type'] ?? '-'}`, bytes);
        response.end();
      },
      [
        stream(steady(10, 200), [{ method: 'PUT', requestBytes: 12_345 }]),
        stream(steady(10, 200), [{ method: 'POST', requestBytes: 0 }]),
        stream(steady(10, 200), [{ method: 'HEAD' }]),
      ],
    );
    expect(Object.fromEntries(bodies)).toEqual({ 'PUT text/plain': 12_345, 'POST -': 0, 'HEAD -': 0 });
    expect(callers).toEqual(new Set(['meshproof/load']));
  });
});

describe('the load is the one asked for', () => {
  test('a rate below one per second', async () => {
    const { result } = await drive(ok, [stream(steady(0.5, 3000), [{}])]);
    // At 0 s and at 2 s.
    expect(result.requests).toBe(2);
  });

  test('weights are kept, and the n-th choice is the same in every run with a seed', async () => {
    const traffic = [
      stream(steady(400, 1000, 8), [
        { path: '/a', weight: 6 },
        { path: '/b', weight: 3 },
        { path: '/c', weight: 1 },
      ]),
    ];
    const [first, second] = await Promise.all([drive(ok, traffic), drive(ok, traffic)]);
    const share = (path: string) => (first.seen.get(`GET ${path}`) ?? 0) / first.result.requests;
    expect(share('/a')).toBeCloseTo(0.6, 1);
    expect(share('/b')).toBeCloseTo(0.3, 1);
    expect(share('/c')).toBeCloseTo(0.1, 1);
    // k6 may place one more iteration on the very end of one of them.
    for (const path of ['/a', '/b', '/c']) {
      const difference = Math.abs((first.seen.get(`GET ${path}`) ?? 0) - (second.seen.get(`GET ${path}`) ?? 0));
      expect(difference).toBeLessThanOrEqual(Math.abs(first.result.requests - second.result.requests));
    }
  });

  test('iterations that could not begin are reported', async () => {
    const { result } = await drive(
      (_, response) => setTimeout(() => response.end(), 200),
      [stream(steady(50, 1000, 1), [{}])],
    );
    expect(result.droppedIterations).toBeGreaterThan(30);
    expect(result.droppedIterations + result.iterations).toSatisfy((n: number) => n >= 50 && n <= 51);
  });

  test('the origin is told before the first request, and progress while it runs', async () => {
    const onOrigin = vi.fn();
    const onProgress = vi.fn();
    let firstServed = 0;
    let toldBeforeFirst: unknown[][] = [];
    const { result } = await drive(
      (request, response) => {
        if (firstServed === 0) toldBeforeFirst = [...onOrigin.mock.calls];
        firstServed ||= Date.now();
        ok(request, response);
      },
      [stream(steady(50, 1500), [{}])],
      { onOrigin, onProgress },
      // Far more than a look at the journal takes.
      { originLeadMs: 1000 },
    );
    expect(toldBeforeFirst).toEqual([[result.originMs]]);
    expect(onOrigin.mock.calls).toEqual([[result.originMs]]);
    expect(firstServed).toBeGreaterThanOrEqual(result.originMs);
    const seen = onProgress.mock.calls.map(([p]) => p);
    expect(seen.length).toBeGreaterThan(1);
    expect(seen.at(-1).sent).toBeGreaterThan(0);
    expect(seen.at(-1).remainingMs).toBeLessThan(seen[0].remainingMs);
  });

  test('nothing in the user’s environment changes it', async () => {
    vi.stubEnv('K6_VUS', '3').stubEnv('K6_ITERATIONS', '1').stubEnv('HTTP_PROXY', 'http://127.0.0.1:1');
    try {
      const { result } = await drive(ok, [stream(steady(20, 300), [{}])]);
      expect(outcomes(result)).toEqual({ s: result.requests, 'e 200': result.requests });
      expect(result.requests + result.droppedIterations).toSatisfy((n: number) => n >= 5 && n <= 7);
    } finally {
      vi.unstubAllEnvs();
    }
  });
});

describe('ends', () => {
  test('when it is told to: what was measured is kept, requests in flight are open', async () => {
    const stop = new AbortController();
    const { result } = await drive(
      (request, response) => {
        // Never answered, so that one is in flight for sure.
        if (request.url === '/hang') stop.abort();
        else ok(request, response);
      },
      [stream(steady(50, 20_000), [{}]), stream(steady(1, 20_000), [{ path: '/hang' }], 300)],
      { signal: stop.signal },
    );
    expect(result.interrupted).toBe(true);
    const counts = outcomes(result);
    expect(counts['e 200']).toBeGreaterThan(0);
    expect((counts.s ?? 0) - (counts['e 200'] ?? 0)).toBeGreaterThanOrEqual(1);
    expect(liveChildren()).toEqual([]);
  });

  test('with an error when k6 dies half-way', async () => {
    using dir = temporaryDir();
    await using target = await startTarget((request, response) => {
      if (request.url === '/kill') process.kill(liveChildren()[0]?.pid ?? 0, 'SIGKILL');
      else ok(request, response);
    });
    const running = runK6({
      launch: launchLocalK6(testK6),
      plan: plan(
        [stream(steady(50, 20_000), [{}]), stream(steady(1, 20_000), [{ path: '/kill' }], 300)],
        target.address,
      ),
      dir: dir.path,
    });
    await expect(running).rejects.toThrow(/^k6 was killed by SIGKILL, after \d+ requests/);
    await expect(running).rejects.toMatchObject({ code: 'K6_DIED', exitCode: 4 });
    expect(readFileSync(join(dir.path, 'k6.journal'), 'utf8')).toMatch(/^s,\d+,[\d.]+,shop%2Fweb,GET,%2Fkill$/m);
  });

  test('with an error that shows k6’s own words when it cannot begin', async () => {
    using dir = temporaryDir();
    const impossible = plan([stream(steady(0, 1000), [{}])]);
    const error = await runK6({ launch: launchLocalK6(testK6), plan: impossible, dir: dir.path }).catch((e) => e);
    expect(error).toBeInstanceOf(HarnessError);
    expect(error.message).toMatch(/^k6 ended with exit code \d+, before traffic began:\n.*rate must be/s);
  });

  test('with an error when there is no such program', async () => {
    using dir = temporaryDir();
    const missing = { ...testK6, path: join(dir.path, 'k6') };
    const running = runK6({
      launch: launchLocalK6(missing),
      plan: plan([stream(steady(1, 100), [{}])]),
      dir: dir.path,
    });
    await expect(running).rejects.toMatchObject({ code: 'K6_DIED', message: expect.stringContaining('ENOENT') });
  });

  test('with an error when the journal lacks requests that k6 made', async () => {
    using dir = temporaryDir();
    const file = join(dir.path, 'k6');
    // In k6's place: two requests by its own count, one in the journal, as on a full disk.
    const summary = JSON.stringify({ requests: 2, iterations: 2, droppedIterations: 0 });
    const script = [
      '#!/bin/sh',
      `printf 'H,2,meshproof%%2Fload,load-1,0,1000.000\\ns,1,1001.000,shop%%2Fweb,GET,%%2F\\nZ,1002.000\\n' > k6.journal`,
      `echo '${summary}' > k6-summary.json`,
      'echo "Failed to write to log, no space left on device" >&2',
    ];
    writeFileSync(file, script.join('\n'), { mode: 0o755 });
    const running = runK6({
      launch: launchLocalK6({ ...testK6, path: file }),
      plan: plan([stream(steady(1, 100), [{}])]),
      dir: dir.path,
    });
    await expect(running).rejects.toMatchObject({
      code: 'K6_JOURNAL_INCOMPLETE',
      message: expect.stringMatching(/^k6 made 2 requests, but its journal has only 1\n.*no space left on device$/),
    });
  });
});
