import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { OutboundPolicy, OutboundRoute, RetryPolicy } from '../../core/policy.ts';
import { NO_TIMEOUTS } from '../../core/policy.ts';
import { waitFor } from '../../core/wait.ts';
import { peerOf } from './peer.ts';
import { call, open } from './testing/call.ts';
import { H2Caller } from './testing/h2-call.ts';
import { Rig } from './testing/rig.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const soon = (what: string, probe: () => boolean) =>
  waitFor(() => probe() || undefined, { what, deadlineMs: 20_000, everyMs: 5, hint: 'see the log of the rig' });

const retry: RetryPolicy = { http: [[500, 599]], grpc: [], limit: 1, timeoutMs: null };

/** Answers of an app, one after the other, with a body; the last again and again. */
function statuses(...list: number[]): Handler {
  let next = 0;
  return (request, response) => {
    request.resume();
    request.once('end', () => {
      response.writeHead(list[Math.min(next++, list.length - 1)]!);
      response.end('body');
    });
  };
}

function web(handler: Handler, policy: Partial<OutboundPolicy>): Promise<Rig> {
  return Rig.start({ services: { web: [handler] }, policy: { web: policy } });
}

/** Waits until the way to the app is open: what follows is not slowed down by handshakes. */
async function warmUp(rig: Rig): Promise<void> {
  const answered = async () => (await call(rig, { path: '/warm' })).status === 200 || undefined;
  await waitFor(answered, { what: 'the app answers', deadlineMs: 20_000, everyMs: 5, hint: 'see the log of the rig' });
}

function route(name: string, rules: OutboundRoute['rules'], extra: Partial<OutboundRoute> = {}): OutboundRoute {
  const ref = { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: 'shop', name };
  return { ref, rules, retry: null, timeouts: NO_TIMEOUTS, ...extra };
}

const prefix = (value: string) => ({ path: { type: 'PathPrefix' as const, value }, method: null, headers: [] });

describe('routes of a Service', () => {
  it('the rule that matches is the route, and backends are balanced under their parent', async () => {
    const rules = [{ matches: [prefix('/b')], backends: [{ service: 'shop/other', port: 80, weight: 1 }] }];
    await using rig = await Rig.start({
      services: { web: [statuses(200)], other: [statuses(201)] },
      policy: { web: { routes: [route('to-other', rules)] } },
    });
    const result = await call(rig, { path: '/b/1?x=y' });
    expect(result.status).toBe(201);
    expect(rig.events('load', 'route')).toEqual([
      'to web by to-other',
      'dispatch',
      'requestEnd',
      'head 201',
      'responseFrame 4',
      'complete',
    ]);
    expect(rig.events('load', 'backend')[0]).toBe('to other of web by to-other');
    expect(rig.events('load', 'backend').slice(-3)).toEqual(['head 201', 'responseFrame 4', 'complete']);
    expect(rig.events('load', 'backends')).toEqual(['other by to-other']);
  });

  it('none matches: 404 that no family of routes counts', async () => {
    await using rig = await web(statuses(200), { routes: [route('a', [{ matches: [prefix('/a')], backends: [] }])] });
    const result = await call(rig, { path: '/b' });
    expect(result.status).toBe(404);
    expect(result.headers['l5d-proxy-connection']).toBeUndefined();
    expect(rig.events('load', 'httpError')).toEqual(['outbound unexpected']);
    expect(rig.events('load', 'route')).toEqual([]);
  });

  it('a backend that does not exist: 500, counted by status, and as an error', async () => {
    const rules = [{ matches: [], backends: [{ service: 'shop/nobody', port: 80, weight: 1 }] }];
    await using rig = await web(statuses(200), { routes: [route('a', rules)] });
    const result = await call(rig);
    expect(result.status).toBe(500);
    expect(result.headers['l5d-proxy-error']).toBe('Service not found nobody');
    expect(rig.events('load', 'backend')).toEqual([
      'to nobody of web by a',
      'dispatch',
      'head 500',
      'fail unclassified unexpected ',
    ]);
    expect(rig.events('load', 'route').slice(-2)).toEqual(['head 500', 'fail unclassified unexpected ']);
    expect(rig.events('load', 'endpoint')).toEqual([]);
  });

  it('splits by weight, and leaves out backends without an endpoint', async () => {
    const backends = [
      { service: 'shop/a', port: 80, weight: 3 },
      { service: 'shop/b', port: 80, weight: 1 },
      { service: 'shop/c', port: 80, weight: 0 },
    ];
    await using rig = await Rig.start({
      services: { web: [statuses(200)], a: [statuses(200)], b: [statuses(201)], c: [statuses(202)] },
      policy: { web: { routes: [route('split', [{ matches: [], backends }])] } },
    });
    const counts: Record<number, number> = {};
    for (let i = 0; i < 100; i++) {
      const { status } = await call(rig);
      counts[status] = (counts[status] ?? 0) + 1;
    }
    expect(counts[200]! + counts[201]!).toBe(100);
    expect(Math.abs(counts[201]! - 25)).toBeLessThan(15);
  });
});

describe('retries by policy', () => {
  it('a retryable answer over HTTP/1.1 is dropped, the next is passed on; the route counts once', async () => {
    await using rig = await web(statuses(503, 200), { retry });
    expect((await call(rig)).status).toBe(200);
    expect(rig.events('load', 'route')).toEqual([
      ...['to web', 'dispatch', 'requestEnd', 'head 200', 'responseFrame 4', 'complete'],
    ]);
    expect(rig.events('load', 'backend')).toEqual([
      ...['to web', 'dispatch', 'requestEnd', 'head 503', 'cancel'],
      ...['to web', 'dispatch', 'requestEnd', 'head 200', 'responseFrame 4', 'complete'],
    ]);
    expect(rig.events('load', 'endpoint').filter((line) => line === 'dispatch')).toHaveLength(2);
    expect(rig.events('load', 'retry')).toEqual(['web none', 'web retry', 'web success']);
  });

  it('the last is passed on as it is when the limit is reached', async () => {
    await using rig = await web(statuses(503), { retry: { ...retry, limit: 2 } });
    expect((await call(rig)).status).toBe(503);
    expect(rig.events('load', 'retry')).toEqual(['web none', 'web retry', 'web retry', 'web limit-exceeded']);
    expect(rig.events('load', 'backend').filter((line) => line === 'cancel')).toHaveLength(2);
    expect(rig.events('load', 'route').slice(-3)).toEqual(['head 503', 'responseFrame 4', 'complete']);
  });

  it('a dropped answer that goes on is reset', async () => {
    let asked = 0;
    const app: Handler = (_request, response) => {
      if (asked++ > 0) response.end('ok');
      else response.writeHead(503).write('never ends');
    };
    await using rig = await web(app, { retry });
    expect((await call(rig)).body).toBe('ok');
    await soon('the app is told', () => rig.events('web-0', 'inbound').includes('cancel'));
  });

  it("the Service's apply to a route that has none of its own", async () => {
    const routes = [route('a', [{ matches: [], backends: [] }])];
    await using rig = await web(statuses(503, 200), { retry, routes });
    expect((await call(rig)).status).toBe(200);
    expect(rig.events('load', 'retry')).toEqual(['web none by a', 'web retry by a', 'web success by a']);
  });

  it('sends the body again', async () => {
    const bodies: string[] = [];
    const app: Handler = (request, response) => {
      let body = '';
      request.setEncoding('utf8');
      request.on('data', (chunk: string) => {
        body += chunk;
      });
      request.on('end', () => {
        bodies.push(body);
        response.writeHead(bodies.length === 1 ? 500 : 200).end();
      });
    };
    await using rig = await web(app, { retry });
    expect((await call(rig, { method: 'POST', body: 'x'.repeat(60_000) })).status).toBe(200);
    expect(bodies.map((body) => body.length)).toEqual([60_000, 60_000]);
    expect(rig.events('load', 'route').slice(2, 4)).toEqual(['requestFrame 60000', 'requestEnd']);
    expect(rig.events('load', 'route').filter((line) => line.startsWith('requestFrame'))).toHaveLength(1);
    // Without a body there is nothing to drop.
    expect(rig.events('load', 'backend').filter((line) => line === 'complete')).toHaveLength(2);
  });

  it('a body that is too large to keep is not sent again', async () => {
    await using rig = await web(statuses(503, 503, 200), { retry });
    expect((await call(rig, { method: 'POST', body: 'x'.repeat(70_000) })).status).toBe(503);
    expect(rig.events('load', 'retry')).toEqual(['web none']);
    const { request, head } = open(rig, { method: 'POST' });
    request.write('x'.repeat(40_000));
    request.end('x'.repeat(40_000));
    expect((await head).statusCode).toBe(503);
    expect(rig.events('load', 'retry')).toEqual(['web none', 'web none']);
  });

  it('an attempt without a head for too long is given up; the last may take its time', async () => {
    const timeoutMs = 1000;
    let attempts = () => 0;
    const app: Handler = (request, response) => {
      if (request.url === '/warm') response.end('warm');
      // The first attempt has no answer, whichever of them come this far.
      else if (attempts() > 1) setTimeout(() => response.end('late'), timeoutMs + 200);
    };
    await using rig = await web(app, { retry: { ...retry, timeoutMs } });
    await warmUp(rig);
    const [said, told] = [rig.events('load').length, rig.events('web-0').length];
    const since = (layer: string) =>
      rig
        .events('load')
        .slice(said)
        .filter((line) => line.startsWith(`${layer} `))
        .map((line) => line.slice(layer.length + 1));
    attempts = () => since('backend').filter((line) => line === 'dispatch').length;
    expect((await call(rig)).body).toBe('late');
    expect(since('backend')).toContain('fail unclassified unexpected RESPONSE_HEADERS_TIMEOUT');
    expect(since('retry')).toEqual(['web none', 'web retry', 'web success']);
    expect(since('route').at(-1)).toBe('complete');
    await soon('the app is told', () => rig.events('web-0').slice(told).includes('inbound cancel'));
  });

  it('over HTTP/2 the end of a body that comes with it is read', async () => {
    await using rig = await web(statuses(503, 200), { retry });
    using caller = H2Caller.of(rig);
    const result = await caller.call();
    expect([result.status, result.body]).toEqual([200, 'body']);
    expect(rig.events('load', 'backend').filter((line) => line === 'complete')).toHaveLength(2);
    expect(rig.events('load', 'retry')).toEqual(['web none', 'web retry', 'web success']);
  });
});

describe('timeouts by policy', () => {
  it('request: 504, each layer fails, the app is told', async () => {
    const app: Handler = (request, response) => {
      if (request.url === '/warm') response.end('warm');
    };
    await using rig = await web(app, { timeouts: { ...NO_TIMEOUTS, requestMs: 1000 } });
    await warmUp(rig);
    const told = rig.events('web-0').length;
    const result = await call(rig);
    expect(result.status).toBe(504);
    expect(result.headers['l5d-proxy-error']).toMatch(/request timeout/);
    expect(result.headers['l5d-proxy-connection']).toBeUndefined();
    for (const layer of ['route', 'backend', 'endpoint']) {
      expect(rig.events('load', layer).at(-1)).toBe('fail unclassified unexpected REQUEST_TIMEOUT');
    }
    await soon('the app is told', () => rig.events('web-0').slice(told).includes('inbound cancel'));
  });

  it.each([
    ['request', 'REQUEST_TIMEOUT', { requestMs: 1500 }],
    ['response', 'RESPONSE_STREAM_TIMEOUT', { responseMs: 1500 }],
    ['idle', 'IDLE_TIMEOUT', { idleMs: 1500 }],
  ])('%s in the middle of a body: the client is cut off', async (_what, label, timeouts) => {
    await using rig = await web((_q, response) => void response.write('part'), {
      timeouts: { ...NO_TIMEOUTS, ...timeouts },
    });
    const { request, head } = open(rig);
    request.end();
    const response = await head;
    expect(response.statusCode).toBe(200);
    await expect(response.toArray()).rejects.toThrow('aborted');
    for (const layer of ['route', 'backend', 'endpoint']) {
      expect(rig.events('load', layer).slice(-3)).toEqual([
        'head 200',
        'responseFrame 4',
        `fail unclassified - ${label}`,
      ]);
    }
  });

  it('response: counted from the end of the request', async () => {
    await using rig = await web(statuses(200), { timeouts: { ...NO_TIMEOUTS, responseMs: 1500 } });
    const { request, head } = open(rig, { method: 'POST' });
    request.write('a');
    // Longer than the timeout.
    await new Promise((resolve) => setTimeout(resolve, 1700));
    request.end('b');
    expect((await head).statusCode).toBe(200);
  });

  it('covers all attempts of a request', async () => {
    let asked = 0;
    const app: Handler = (_request, response) => {
      if (asked++ === 0) response.writeHead(503).end('no');
    };
    await using rig = await web(app, { retry, timeouts: { ...NO_TIMEOUTS, requestMs: 1500 } });
    expect((await call(rig)).status).toBe(504);
    expect(rig.events('load', 'route').at(-1)).toBe('fail unclassified unexpected REQUEST_TIMEOUT');
    expect(rig.events('load', 'retry')).toEqual(['web none', 'web retry']);
  });
});

describe('a policy that changes', () => {
  it('applies from the next request on; what has not changed keeps its balancer', async () => {
    await using rig = await web(statuses(503, 503, 503, 200), {});
    const known = rig.discovery.service('shop', 'web', 80)!;
    const update = (policy: Partial<OutboundPolicy>) => {
      const { authority: _, ...service } = structuredClone(known);
      const pods = [...rig.pods.values()].map(peerOf);
      rig.discovery.update({
        services: [{ ...service, policy: { ...service.policy!, ...policy } }],
        pods,
        ready: new Set(['shop/web-0']),
      });
    };
    expect((await call(rig)).status).toBe(503);
    update({});
    expect((await call(rig)).status).toBe(503);
    expect(rig.events('load', 'balancer')).toEqual(['ready=1 pending=0']);
    update({ retry });
    expect((await call(rig)).status).toBe(200);
    expect(rig.events('load', 'retry')).toEqual(['web none', 'web retry', 'web success']);
    expect(rig.events('load', 'balancer')).toEqual(['ready=1 pending=0', 'dropped', 'ready=1 pending=0']);
  });
});

describe('circuit breakers', () => {
  const accrual = { maxFailures: 3, minPenaltyMs: 1500, maxPenaltyMs: 60_000, jitterRatio: 0 };

  it('an endpoint that fails in a row takes none for a while, then one', async () => {
    await using rig = await web(statuses(500, 500, 500, 200), { failureAccrual: accrual });
    for (let i = 0; i < 3; i++) expect((await call(rig)).status).toBe(500);
    expect(rig.events('load', 'balancer').at(-1)).toBe('ready=0 pending=1');
    const waiting = [call(rig), call(rig)];
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([200, 200]);
    expect(rig.events('load', 'balancer').slice(1)).toEqual([
      'ready=0 pending=1',
      'ready=1 pending=0',
      'ready=0 pending=1',
      'ready=1 pending=0',
    ]);
  });

  it('the others take what it does not', async () => {
    await using rig = await Rig.start({
      services: { web: [statuses(500), statuses(200)] },
      policy: { web: { failureAccrual: { ...accrual, minPenaltyMs: 60_000 } } },
    });
    const seen: number[] = [];
    for (let i = 0; i < 60; i++) seen.push((await call(rig)).status);
    expect(seen.filter((status) => status === 500)).toHaveLength(3);
  });

  it('a retry finds another endpoint', async () => {
    await using rig = await Rig.start({
      services: { web: [statuses(500), statuses(200)] },
      policy: { web: { failureAccrual: { ...accrual, maxFailures: 1, minPenaltyMs: 60_000 }, retry } },
    });
    for (let i = 0; i < 20; i++) expect((await call(rig)).status).toBe(200);
  });
});
