import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import http2 from 'node:http2';
import net from 'node:net';
import { describe, expect, it } from 'vitest';
import { waitFor } from '../../core/wait.ts';
import { call, open } from './testing/call.ts';
import { Rig } from './testing/rig.ts';

const ok = (_request: unknown, response: { end(text: string): void }) => response.end('ok');
const soon = (what: string, probe: () => boolean) =>
  waitFor(() => probe() || undefined, { what, deadlineMs: 20_000, everyMs: 5, hint: 'see the log of the rig' });

describe('errors that the proxies answer themselves', () => {
  it('app refuses the connection: 502 of the inbound proxy, counted by both', async () => {
    await using rig = await Rig.start({ services: { web: [null] } });
    const result = await call(rig);
    expect(result.status).toBe(502);
    // The peer's account of it goes no further than the client's proxy; that the connection be closed does.
    expect(result.headers['l5d-proxy-error']).toBeUndefined();
    expect(result.headers['l5d-proxy-connection']).toBeUndefined();
    expect(result.headers.connection).toBe('close');
    expect(rig.events('web-0', 'inbound').slice(-3)).toEqual(['dispatch', 'head 502', 'complete']);
    expect(rig.events('load', 'endpoint').slice(-2)).toEqual(['head 502', 'complete']);
    expect(rig.events('load', 'route').slice(-2)).toEqual(['head 502', 'complete']);
  });

  it('app refuses the connection for a POST: its body is never polled', async () => {
    await using rig = await Rig.start({ services: { web: [null] } });
    expect((await call(rig, { method: 'POST', body: 'x' })).status).toBe(502);
    expect(rig.events('web-0', 'inbound').some((line) => line.startsWith('requestFrame'))).toBe(false);
  });

  it("the endpoint's proxy refuses the connection: 502 of the client's proxy, then no endpoint", async () => {
    await using rig = await Rig.start({ services: { web: [ok] } });
    await rig.killPod('web-0');
    const result = await call(rig, { method: 'POST', body: 'x' });
    expect(result.status).toBe(502);
    expect(result.headers['l5d-proxy-error']).toMatch(/127\.[\d.]+:8080.*ECONNREFUSED/);
    expect(rig.events('load', 'endpoint').slice(1)).toEqual(['dispatch', 'head 502', 'complete']);
    expect(rig.events('load', 'balancer').at(-1)).toBe('ready=0 pending=1');
  });

  it('comes back by itself when the endpoint accepts again, and serves those that waited', async () => {
    await using rig = await Rig.start({ services: { web: [ok] } });
    await rig.killPod('web-0');
    await call(rig);
    const waiting = call(rig);
    await rig.startPod('web-0');
    expect((await waiting).status).toBe(200);
    expect(rig.events('load', 'balancer').at(-1)).toBe('ready=1 pending=0');
  });

  it('connect timeout: 504', async () => {
    await using rig = await Rig.start({ services: { web: [ok] } });
    await rig.killPod('web-0');
    const silent = net.createServer((socket) => socket.on('error', () => {}));
    const { host, port } = rig.pods.get('web-0')!.inbound;
    const sockets: net.Socket[] = [];
    silent.on('connection', (socket) => sockets.push(socket));
    await new Promise<void>((resolve) => silent.listen(port, host, resolve));
    const result = await call(rig);
    for (const socket of sockets) socket.destroy();
    silent.close();
    expect(result.status).toBe(504);
    expect(result.headers['l5d-proxy-error']).toMatch(/timed out/);
    expect(rig.events('load', 'endpoint').slice(-2)).toEqual(['head 504', 'complete']);
  });

  it('app closes without a response: no status on the server, 500 for the client', async () => {
    await using rig = await Rig.start({ services: { web: [(request) => request.socket.destroy()] } });
    const result = await call(rig);
    expect(result.status).toBe(500);
    expect(result.headers['l5d-proxy-error']).toBeUndefined();
    expect(rig.events('web-0', 'inbound').at(-1)).toBe('fail unclassified unexpected UNKNOWN');
    expect(rig.events('load', 'endpoint').slice(-2)).toEqual(['head 500', 'complete']);
  });

  it('app resets the connection without a response: 502 of the server, on both sides, and no error of the proxies', async () => {
    await using rig = await Rig.start({ services: { web: [(request) => request.socket.resetAndDestroy()] } });
    const result = await call(rig);
    expect(result.status).toBe(502);
    expect(rig.events('web-0', 'inbound').slice(-2)).toEqual(['head 502', 'complete']);
    expect(rig.events('load', 'endpoint').slice(-2)).toEqual(['head 502', 'complete']);
    // The meshed connection ends as well; the next request has a new one.
    await soon('it is closed', () => rig.events('web-0', 'tcp').includes('inbound-src close '));
    expect((await call(rig)).status).toBe(502);
    expect(rig.events('load', 'tcp').filter((event) => event === 'outbound-dst open')).toHaveLength(2);
    expect(rig.events('web-0', 'tcp').filter((event) => /close ./.test(event))).toEqual([]);
  });

  it('what is under way on a meshed connection goes on when its peer closes it', async () => {
    let answer = () => {};
    let asked = 0;
    const app = (request: IncomingMessage, response: ServerResponse) => {
      if (asked++ > 0) request.socket.resetAndDestroy();
      else answer = () => void response.end('late');
    };
    await using rig = await Rig.start({ services: { web: [app] } });
    const first = call(rig);
    await soon('it has arrived', () => asked === 1);
    expect((await call(rig)).status).toBe(502);
    answer();
    expect((await first).status).toBe(200);
  });

  it('client of HTTP/1.1 leaves before its answer: an error of its connection, by how it left', async () => {
    await using rig = await Rig.start({ services: { web: [() => {}] } });
    const errors = ['unexpected', 'i/o'] as const;
    for (const [before, error] of errors.entries()) {
      const { request, head } = open(rig);
      head.catch(() => {});
      request.end();
      const arrived = () => rig.events('web-0', 'inbound').filter((event) => event === 'requestEnd').length;
      await soon('it has arrived', () => arrived() > before);
      if (error === 'i/o') request.socket!.resetAndDestroy();
      else request.destroy();
      await soon('it is counted', () => rig.events('load', 'tcpError').at(-1) === `outbound 80 ${error}`);
    }
    expect(rig.events('load', 'tcpError')).toHaveLength(2);
  });

  it.each([
    ['of unknown length', {}],
    ['of known length', { 'content-length': 100 }],
  ])('app aborts in the middle of a body %s: failures after a 200, the client is cut off', async (_what, headers) => {
    let abort = () => {};
    await using rig = await Rig.start({
      services: {
        web: [
          (request, response) => {
            response.writeHead(200, headers);
            response.write('part');
            abort = () => request.socket.destroy();
          },
        ],
      },
    });
    const { request, head } = open(rig);
    request.end();
    const response = await head;
    const cut = once(response, 'error');
    const [part] = (await once(response, 'data')) as [Buffer];
    expect(part.toString()).toBe('part');
    abort();
    const [error] = (await cut) as [Error];
    expect(error.message).toBe('aborted');
    for (const [pod, layer] of [
      ['web-0', 'inbound'],
      ['load', 'endpoint'],
      ['load', 'route'],
    ] as const) {
      expect(rig.events(pod, layer).slice(-3)).toEqual(['head 200', 'responseFrame 4', 'fail unclassified - UNKNOWN']);
    }
  });

  it("the peer's proxy is killed with a request in flight: 502 at the endpoint layer", async () => {
    let arrived = () => {};
    const inApp = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    await using rig = await Rig.start({ services: { web: [() => arrived()] } });
    const answer = call(rig);
    await inApp;
    const before = rig.events('web-0', 'inbound');
    await rig.killPod('web-0');
    const result = await answer;
    expect(result.status).toBe(502);
    expect(result.headers['l5d-proxy-error']).toMatch(/connection closed/);
    expect(rig.events('load', 'endpoint').slice(-2)).toEqual(['head 502', 'complete']);
    // The killed incarnation counts nothing more.
    expect(rig.events('web-0', 'inbound')).toEqual(before);
  });

  it('a service that nobody knows: 502, and telemetry says nothing', async () => {
    await using rig = await Rig.start({ services: { web: [ok] } });
    const result = await call(rig, { host: 'nobody.shop' });
    expect(result.status).toBe(502);
    expect(result.headers['l5d-proxy-error']).toMatch(/nobody\.shop/);
    expect(rig.events('load', 'route')).toEqual([]);
  });

  it('no ready endpoint: fails fast after 3 s above the endpoint layer, then sheds at once, until there is one', async () => {
    await using rig = await Rig.start({ services: { web: [ok] } });
    rig.discovery.setReady('shop/web-0', false);
    const started = performance.now();
    const first = await call(rig);
    const tookMs = performance.now() - started;
    expect(first.status).toBe(504);
    expect(first.headers['l5d-proxy-error']).toMatch(/fail-?fast/);
    expect(tookMs).toBeGreaterThan(2900);
    const again = performance.now();
    expect((await call(rig)).status).toBe(503);
    // Without the wait of the first.
    expect(performance.now() - again).toBeLessThan(2900);
    expect(rig.events('load', 'route')).toEqual([
      'to web',
      'dispatch',
      'fail unclassified failfast FAIL_FAST',
      'to web',
      'dispatch',
      'fail unclassified loadshed LOAD_SHED',
    ]);
    expect(rig.events('load', 'endpoint')).toEqual([]);
    rig.discovery.setReady('shop/web-0', true);
    expect((await call(rig)).status).toBe(200);
    expect(rig.events('load', 'gate')).toEqual(['shut', 'open']);
  });
});

describe('callers that go away', () => {
  it('before headers: every layer cancels, and the app is told', async () => {
    let arrived = () => {};
    let appSawClose = false;
    const inApp = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    await using rig = await Rig.start({
      services: {
        web: [
          (request) => {
            request.once('close', () => {
              appSawClose = true;
            });
            arrived();
          },
        ],
      },
    });
    const { request, head } = open(rig);
    head.catch(() => {});
    request.end();
    await inApp;
    request.destroy();
    await soon('the app sees it', () => appSawClose);
    expect(rig.events('load', 'endpoint').at(-1)).toBe('cancel');
    expect(rig.events('load', 'route').at(-1)).toBe('cancel');
    expect(rig.events('web-0', 'inbound').at(-1)).toBe('cancel');
  });

  it('in the middle of the body: the same, after a head', async () => {
    let appSawClose = false;
    await using rig = await Rig.start({
      services: {
        web: [
          (_request, response) => {
            response.once('close', () => {
              appSawClose = true;
            });
            response.write('part');
          },
        ],
      },
    });
    const { request, head } = open(rig);
    request.end();
    const response = await head;
    await once(response, 'data');
    response.destroy();
    await soon('the app sees it', () => appSawClose);
    for (const [pod, layer] of [
      ['load', 'endpoint'],
      ['load', 'route'],
      ['web-0', 'inbound'],
    ] as const) {
      expect(rig.events(pod, layer).slice(-3)).toEqual(['head 200', 'responseFrame 4', 'cancel']);
    }
  });

  it('while it waits for an endpoint: the route alone cancels, the request is never sent', async () => {
    await using rig = await Rig.start({ services: { web: [ok] } });
    rig.discovery.setReady('shop/web-0', false);
    const { request, head } = open(rig);
    head.catch(() => {});
    request.end();
    await soon('the proxy has it', () => rig.events('load', 'route').includes('dispatch'));
    request.destroy();
    await soon('the proxy sees it', () => rig.events('load', 'route').includes('cancel'));
    rig.discovery.setReady('shop/web-0', true);
    expect((await call(rig)).status).toBe(200);
    expect(rig.events('load', 'endpoint').filter((line) => line === 'dispatch')).toHaveLength(1);
  });

  it('many at once do not cost the connection between the pods', async () => {
    let hang = true;
    await using rig = await Rig.start({ services: { web: [(_q, response) => hang || response.end('ok')] } });
    const { host, port } = rig.outbound();
    const session = http2.connect(`http://${host}:${port}`);
    session.on('error', () => {});
    const streams = Array.from({ length: 1500 }, () => session.request({ ':path': '/', ':authority': 'web' }));
    for (const stream of streams) stream.on('error', () => {});
    await soon(
      'all are in the app',
      () => rig.events('web-0', 'inbound').filter((l) => l === 'dispatch').length === 1500,
    );
    for (const stream of streams) stream.close(http2.constants.NGHTTP2_CANCEL);
    await soon('all are cancelled', () => rig.events('web-0', 'inbound').filter((l) => l === 'cancel').length === 1500);
    session.destroy();
    hang = false;
    expect((await call(rig)).status).toBe(200);
    expect(rig.events('web-0', 'tcp').filter((line) => line === 'inbound-src open')).toHaveLength(1);
  });
});
