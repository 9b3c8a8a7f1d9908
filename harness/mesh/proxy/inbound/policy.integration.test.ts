import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import { describe, expect, it, vi } from 'vitest';
import type { InboundPolicy } from '../../../core/policy.ts';
import { call } from '../testing/call.ts';
import { H2Caller } from '../testing/h2-call.ts';
import { Rig } from '../testing/rig.ts';
import { authorization, identity, policy, rateLimit, route, server } from './testing/policies.ts';

const ok: http.RequestListener = (_request, response) => response.end('ok');

function guarded(web: InboundPolicy, handler = ok): Promise<Rig> {
  return Rig.start({ services: { web: [handler] }, inboundPolicy: { web } });
}

const nobody = policy({
  servers: [server({ authorizations: [authorization('cart', { identities: [identity('cart')] })] })],
});

/** A request to an address without a proxy in between. */
async function direct(to: { host: string; port: number }, path: string, options: http.RequestOptions = {}) {
  const request = http.get({ ...to, path, agent: false, ...options });
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  response.resume();
  await once(response, 'end');
  return { status: response.statusCode!, headers: response.headers };
}

describe('requests that policy refuses', () => {
  it('denied: 403, a success at the client, nothing at the server but the refusal', async () => {
    let reached = 0;
    await using rig = await guarded(nobody, (request, response) => {
      reached++;
      ok(request, response);
    });
    const agent = new http.Agent({ keepAlive: true });
    const answer = await call(rig, { agent });
    expect(answer.status).toBe(403);
    expect(reached).toBe(0);
    expect(rig.events('web-0', 'inbound')).toEqual([]);
    expect(rig.events('web-0', 'refused')).toEqual(['denied web default -']);
    expect(rig.events('load', 'endpoint').slice(-2)).toEqual(['head 403', 'complete']);
    // The connections go on, at both ends.
    expect(answer.headers.connection).not.toBe('close');
    expect((await call(rig, { agent, method: 'POST', body: 'x'.repeat(200_000) })).status).toBe(403);
    agent.destroy();
    expect(rig.events('load', 'tcp').filter((event) => event === 'outbound-src open')).toHaveLength(1);
    expect(rig.events('load', 'tcp').filter((event) => event === 'outbound-dst open')).toHaveLength(1);
  });

  it('denied gRPC: 200 and code 7', async () => {
    await using rig = await guarded(nobody);
    using h2 = H2Caller.of(rig);
    const answer = await h2.grpc('/a.B/C');
    expect(answer.status).toBe(200);
    expect(answer.headers['grpc-status']).toBe('7');
    expect(rig.events('web-0', 'refused')).toEqual(['denied web default -']);
  });

  it('of plaintext clients gives no reason', async () => {
    await using rig = await guarded(nobody);
    const answer = await direct(rig.pods.get('web-0')!.inbound, '/');
    expect(answer.status).toBe(403);
    expect(answer.headers).not.toHaveProperty('l5d-proxy-error');
    expect(answer.headers['content-length']).toBe('0');
  });

  it('without a route: 404, and code 5 of gRPC', async () => {
    const routes = [route('api', '/api')];
    await using rig = await guarded(policy({ servers: [server({ accessPolicy: 'all-unauthenticated', routes })] }));
    using h2 = H2Caller.of(rig);
    expect((await call(rig, { path: '/other' })).status).toBe(404);
    expect((await h2.grpc('/a.B/C')).headers['grpc-status']).toBe('5');
    expect((await call(rig, { path: '/api?x=1' })).status).toBe(200);
    expect(rig.events('web-0', 'refused')).toEqual(['no-route web  -', 'no-route web  -']);
    expect(rig.events('web-0', 'inbound')[0]).toBe('from load web api all-unauthenticated');
  });

  it('allowed: what allows it is in the labels', async () => {
    await using rig = await guarded(
      policy({ servers: [server({ authorizations: [authorization('load', { identities: [identity('load')] })] })] }),
    );
    expect((await call(rig)).status).toBe(200);
    expect(rig.events('web-0', 'inbound')[0]).toBe('from load web default load');
    // The kubelet's probes are let in still.
    expect((await direct(rig.pods.get('web-0')!.inbound, '/readyz')).status).toBe(200);
    expect(rig.events('web-0', 'inbound')).toContain('from plaintext web probe probe');
  });

  it('over its rate: 429 after the burst, and 8 of gRPC', async () => {
    const limited = server({ accessPolicy: 'all-unauthenticated', rateLimit: rateLimit(2, null) });
    await using rig = await guarded(policy({ servers: [limited] }));
    using h2 = H2Caller.of(rig);
    // Time stands still, however long the requests take, and moves when it is told to.
    const startMs = performance.now();
    using now = vi.spyOn(performance, 'now').mockReturnValue(startMs);
    const statuses = [];
    for (let i = 0; i < 3; i++) statuses.push((await call(rig)).status);
    expect(statuses).toEqual([200, 200, 429]);
    expect((await h2.grpc('/a.B/C')).headers['grpc-status']).toBe('8');
    expect(rig.events('web-0', 'rateLimited')).toEqual(['total limit', 'total limit']);
    expect(rig.events('web-0', 'inbound').filter((event) => event === 'dispatch')).toHaveLength(2);
    now.mockReturnValue(startMs + 501);
    expect([(await call(rig)).status, (await call(rig)).status]).toEqual([200, 429]);
  });

  it('a policy that changes holds from then on', async () => {
    await using rig = await guarded(nobody);
    expect((await call(rig)).status).toBe(403);
    rig.sidecars.get('web-0')!.policies.update(policy({ defaultPolicy: 'all-authenticated' }));
    expect((await call(rig)).status).toBe(200);
    expect((await direct(rig.pods.get('web-0')!.inbound, '/')).status).toBe(403);
    rig.sidecars.get('web-0')!.policies.update(undefined);
    expect((await direct(rig.pods.get('web-0')!.inbound, '/')).status).toBe(200);
  });
});

describe('the admin port under policy', () => {
  const prometheus = server({
    name: 'scrapes',
    port: 4191,
    authorizations: [authorization('prometheus', { identities: [identity('load')] })],
  });

  async function scrape(
    rig: Rig,
    as: string | null,
    path = '/metrics',
  ): Promise<{ status: number; headers: http.IncomingHttpHeaders }> {
    const { admin } = rig.pods.get('web-0')!;
    if (as === null) return direct(admin, path);
    const { certPem, keyPem } = rig.credentials.get(as)!.certificate;
    const tls = { cert: certPem, key: keyPem, rejectUnauthorized: false, servername: identity('web') };
    const request = https.get({ ...admin, path, agent: false, ...tls });
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    response.resume();
    await once(response, 'end');
    return { status: response.statusCode!, headers: response.headers };
  }

  it('scrapes of one identity alone; probes are let in where no route is declared', async () => {
    await using rig = await guarded(policy({ servers: [prometheus] }));
    expect((await scrape(rig, 'load')).status).toBe(200);
    expect((await scrape(rig, 'web-0')).status).toBe(403);
    expect((await scrape(rig, null)).status).toBe(403);
    expect((await scrape(rig, null, '/ready')).status).toBe(200);
    expect((await scrape(rig, null, '/env.json')).status).toBe(403);
    expect(rig.events('web-0', 'refused')).toEqual(Array(3).fill('denied scrapes default -'));
    expect(rig.events('web-0', 'admin').filter((event) => event.startsWith('from'))).toEqual([
      'from load scrapes default prometheus',
      'from plaintext scrapes probe probe',
    ]);
  });

  it('says why to those with an identity', async () => {
    await using rig = await guarded(policy({ servers: [prometheus] }));
    expect((await scrape(rig, 'web-0')).headers['l5d-proxy-error']).toMatch(/unauthorized/);
    expect((await scrape(rig, null)).headers).not.toHaveProperty('l5d-proxy-error');
  });

  it('deny by default holds there too, and the pod itself is let in', async () => {
    await using rig = await guarded(policy({ defaultPolicy: 'deny' }));
    const { admin, ip } = rig.pods.get('web-0')!;
    expect((await direct(admin, '/metrics')).status).toBe(403);
    expect((await direct(admin, '/metrics', { localAddress: ip })).status).toBe(200);
    expect(rig.events('web-0', 'admin')[0]).toBe('from plaintext deny default localhost');
  });
});
