import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, it, vi } from 'vitest';
import type { ProfileRoute, ServiceProfile } from '../../core/policy.ts';
import { waitFor } from '../../core/wait.ts';
import { call } from './testing/call.ts';
import { Rig } from './testing/rig.ts';

const soon = (what: string, probe: () => boolean) =>
  waitFor(() => probe() || undefined, { what, deadlineMs: 20_000, everyMs: 5, hint: 'see the log of the rig' });

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** Answers of an app, one after the other, with a body; the last again and again. */
function statuses(...list: number[]): Handler {
  let next = 0;
  return (_request, response) => response.writeHead(list[Math.min(next++, list.length - 1)]!).end('body');
}

const route: ProfileRoute = {
  name: 'GET /a',
  method: 'GET',
  pathRegex: '/a.*',
  isRetryable: false,
  timeoutMs: null,
  responseClasses: [],
};

function web(handler: Handler, change: Partial<ProfileRoute>, more: Partial<ServiceProfile> = {}): Promise<Rig> {
  const profile = { routes: [{ ...route, ...change }], retryBudget: null, split: [], ...more };
  return Rig.start({ services: { web: [handler] }, policy: { web: { profile } } });
}

const layers = ['outbound-effective', 'outbound-actual', 'endpoint'] as const;

describe('a Service with a ServiceProfile', () => {
  it('counts for the profile alone, once a request and once an attempt', async () => {
    await using rig = await web(statuses(200), {});
    expect((await call(rig, { path: '/a/1' })).status).toBe(200);
    for (const layer of layers.slice(0, 2)) {
      expect(rig.events('load', layer)).toEqual([
        ...['route GET /a', 'dispatch', 'requestEnd', 'head 200', 'responseFrame 4', 'complete'],
      ]);
    }
    expect(rig.events('load', 'route')).toEqual([]);
    expect(rig.events('load', 'backend')).toEqual([]);
    expect(rig.events('load', 'endpoint').at(-1)).toBe('complete');
  });

  it('what no route matches has none', async () => {
    await using rig = await web(statuses(200), {});
    await call(rig, { path: '/b' });
    expect(rig.events('load', 'outbound-effective')[0]).toBe('route -');
  });

  it('retries failures while there is budget', async () => {
    // It is a budget of one second, whatever the requests take.
    using _now = vi.spyOn(performance, 'now').mockReturnValue(performance.now());
    await using rig = await web(
      statuses(503, 503, 200, 503),
      { isRetryable: true },
      {
        retryBudget: { retryRatio: 0, minRetriesPerSecond: 3, ttlMs: 1000 },
      },
    );
    expect((await call(rig, { path: '/a' })).status).toBe(200);
    expect(rig.events('load', 'retryable')).toEqual(['GET /a seed', 'GET /a retried', 'GET /a retried']);
    expect(rig.events('load', 'outbound-effective').filter((line) => line === 'complete')).toHaveLength(1);
    expect(rig.events('load', 'outbound-actual').filter((line) => line === 'cancel')).toHaveLength(2);
    expect((await call(rig, { path: '/a' })).status).toBe(503);
    expect(rig.events('load', 'retryable').slice(3)).toEqual(['GET /a retried', 'GET /a no_budget']);
  });

  it('earns budget by requests that need no retry', async () => {
    const retryBudget = { retryRatio: 1, minRetriesPerSecond: 0, ttlMs: 10_000 };
    await using rig = await web(statuses(200, 503, 200, 503, 503, 503), { isRetryable: true }, { retryBudget });
    expect((await call(rig, { path: '/a' })).status).toBe(200);
    expect((await call(rig, { path: '/a' })).status).toBe(200);
    // The retry that succeeded has earned one more.
    expect((await call(rig, { path: '/a' })).status).toBe(503);
    expect(rig.events('load', 'retryable').slice(1)).toEqual([
      ...['GET /a retried', 'GET /a retried', 'GET /a no_budget'],
    ]);
  });

  it('route timeout: 504, the profile alone counts it', async () => {
    const app: Handler = (request, response) => {
      if (request.url === '/warm') response.end('warm');
    };
    await using rig = await web(app, { timeoutMs: 1000 });
    // Of no route: it opens the way to the app, however long that takes.
    expect((await call(rig, { path: '/warm' })).status).toBe(200);
    const result = await call(rig, { path: '/a' });
    expect(result.status).toBe(504);
    expect(result.headers['l5d-proxy-connection']).toBe('close');
    expect(layers.map((layer) => rig.events('load', layer).at(-1))).toEqual([
      ...['fail timeout response timeout UNKNOWN', 'cancel', 'cancel'],
    ]);
    await soon('the app is told', () => rig.events('web-0', 'inbound').includes('cancel'));
  });

  it('a response that has begun may take its time', async () => {
    const app: Handler = (_request, response) => {
      response.write('part');
      setTimeout(() => response.end('rest'), 1700);
    };
    await using rig = await web(app, { timeoutMs: 1500 });
    expect((await call(rig, { path: '/a' })).body).toBe('partrest');
  });

  it('its classes go before the status, in every layer, and for retries', async () => {
    const responseClasses = [{ min: 404, max: 404, isFailure: true }];
    await using rig = await web(statuses(404, 200), { isRetryable: true, responseClasses });
    expect((await call(rig, { path: '/a' })).status).toBe(200);
    for (const layer of layers.slice(1)) expect(rig.events('load', layer)).toContain('head 404 failure');
    expect(rig.events('load', 'endpoint')).toContain('head 200');
  });

  it('splits, also to what does not exist', async () => {
    const split = ['web', 'other', 'nobody'].map((name) => ({
      service: `shop/${name}`,
      port: 80,
      weight: name === 'nobody' ? 0 : 1,
    }));
    const profile = { routes: [], retryBudget: null, split };
    await using rig = await Rig.start({
      services: { web: [statuses(200)], other: [statuses(201)] },
      policy: { web: { profile } },
    });
    const seen = new Set<number>();
    for (let i = 0; i < 20; i++) seen.add((await call(rig)).status);
    expect([...seen].sort()).toEqual([200, 201]);
  });
});
