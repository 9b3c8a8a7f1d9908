import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { waitFor } from '../../core/wait.ts';
import { open } from './testing/call.ts';
import { H2Caller } from './testing/h2-call.ts';
import { Rig } from './testing/rig.ts';

const app = (_request: unknown, response: { end(text: string): void }) => response.end('ok');

async function get(rig: Rig, authority: string, path: string, headers: Record<string, string> = {}) {
  const { request, head } = open(rig, { host: authority, path, headers });
  request.end();
  const response = await head;
  return { response, body: Buffer.concat(await response.toArray()) };
}

describe('a pod that is dialled by its address', () => {
  it("its proxy's admin port: by mutual TLS itself, with the caller's identity", async () => {
    await using rig = await Rig.start({ services: { web: [app] } });
    const { host, port } = rig.pods.get('web-0')!.admin;
    const authority = `${host}:${port}`;
    // As a client asks that takes the outbound side for its HTTP proxy.
    const asked = await get(rig, authority, `http://${authority}/metrics`, { 'accept-encoding': 'gzip' });
    expect([asked.response.statusCode, asked.response.headers['content-encoding']]).toEqual([200, 'gzip']);
    expect(gunzipSync(asked.body).toString()).toBe('rendered web-0\n# EOF\n');
    expect(rig.events('web-0', 'admin')[0]).toBe('from load default');
    expect(rig.events('load', 'route')[0]).toBe('to endpoint by endpoint');
    expect(rig.events('load', 'backend')[0]).toBe('to unknown of endpoint by endpoint');
    for (const layer of ['route', 'backend', 'endpoint']) expect(rig.events('load', layer).at(-1)).toBe('complete');
    expect(rig.events('load', 'balancer')).toEqual([]);
    expect(rig.events('web-0', 'transportHeader')).toEqual([]);
  });

  it('the app of a meshed pod: by the link', async () => {
    await using rig = await Rig.start({ services: { web: [app] } });
    const { ip } = rig.pods.get('web-0')!;
    expect((await get(rig, `${ip}:8080`, '/')).body.toString()).toBe('ok');
    expect(rig.events('web-0', 'inbound')[0]).toBe('from load default');
    using caller = H2Caller.of(rig);
    expect((await caller.call({ host: `${ip}:8080` })).body).toBe('ok');
    expect(rig.events('web-0', 'tcp').filter((event) => event === 'inbound-src open')).toHaveLength(1);
  });

  it('nothing listens there: 502', async () => {
    await using rig = await Rig.start({ services: { web: [app] } });
    const { ip } = rig.pods.get('web-0')!;
    expect((await get(rig, `${ip}:9`, '/')).response.statusCode).toBe(502);
    expect(rig.events('load', 'endpoint').slice(-2)).toEqual(['head 502', 'complete']);
  });

  it('a proxy of another trust anchor gets no answer', async () => {
    await using rig = await Rig.start({ services: { web: [app] }, strangers: ['web'] });
    const { host, port } = rig.pods.get('web-0')!.admin;
    expect((await get(rig, `${host}:${port}`, '/metrics')).response.statusCode).toBe(502);
    expect(rig.events('web-0', 'admin')).toEqual([]);
  });

  it('connections go with the sidecar', async () => {
    await using rig = await Rig.start({ services: { web: [app] } });
    const { host, port } = rig.pods.get('web-0')!.admin;
    await get(rig, `${host}:${port}`, '/live');
    await rig.killPod('load');
    const closed = () => rig.events('web-0', 'tcp').includes('inbound-src close ') || undefined;
    await waitFor(closed, {
      what: 'its connection closes',
      deadlineMs: 20_000,
      everyMs: 5,
      hint: 'see the log of the rig',
    });
  });
});
