import { once } from 'node:events';
import http2 from 'node:http2';
import { describe, expect, it } from 'vitest';
import { waitFor } from '../../core/wait.ts';
import { call, open } from './testing/call.ts';
import { Rig } from './testing/rig.ts';

const hint = 'see the log of the rig';

describe('a request through the mesh', () => {
  it('is counted between the moments of caller and callee, at each layer', async () => {
    await using rig = await Rig.start({
      services: {
        web: [
          (_request, response) => {
            rig.log.push('app start');
            rig.log.push('app end');
            response.end('hello');
          },
        ],
      },
    });
    rig.log.push('caller start');
    const { body } = await call(rig);
    rig.log.push('caller end');
    expect(body).toBe('hello');
    const moments = rig.log.filter((line) => /caller|app (start|end)|dispatch|complete|responseFrame/.test(line));
    expect(moments).toEqual([
      'caller start',
      'load route dispatch',
      'load endpoint dispatch',
      'web-0 inbound dispatch',
      'app start',
      'app end',
      'web-0 inbound responseFrame 5',
      'web-0 inbound complete',
      'load endpoint responseFrame 5',
      'load route responseFrame 5',
      'load endpoint complete',
      'load route complete',
      'caller end',
    ]);
    expect(rig.events('web-0', 'inbound')).toEqual([
      'from load default',
      'dispatch',
      'requestEnd',
      'head 200',
      'responseFrame 5',
      'complete',
    ]);
    expect(rig.events('web-0', 'transportHeader')).toEqual(['http/2']);
  });

  it('keeps every header but those of a hop, and tells the app who called', async () => {
    await using rig = await Rig.start({
      services: {
        web: [
          (request, response) => {
            response.setHeader('set-cookie', ['a=1', 'b=2']);
            response.setHeader('x-reply', 'r');
            response.setHeader('keep-alive', 'timeout=9');
            response.setHeader('x-hop', '1');
            response.setHeader('connection', 'x-hop');
            response.end(JSON.stringify({ url: request.url, headers: request.headers }));
          },
        ],
      },
    });
    const result = await call(rig, {
      host: 'web.shop.svc.cluster.local:80',
      path: '/a?b=c',
      headers: {
        'x-many': ['1', '2'],
        'user-agent': 'me',
        'l5d-client-id': 'forged',
        connection: 'x-drop',
        'x-drop': '1',
      },
    });
    const seen = JSON.parse(result.body);
    expect(seen.url).toBe('/a?b=c');
    expect(seen.headers).toMatchObject({
      host: 'web.shop.svc.cluster.local:80',
      'x-many': '1, 2',
      'user-agent': 'me',
      'l5d-client-id': 'load.shop.serviceaccount.identity.linkerd.cluster.local',
    });
    expect(seen.headers).not.toHaveProperty('x-drop');
    expect(result.headers).toMatchObject({ 'set-cookie': ['a=1', 'b=2'], 'x-reply': 'r' });
    expect(result.headers).not.toHaveProperty('x-hop');
    expect(result.headers['keep-alive']).not.toBe('timeout=9');
  });

  it('carries bodies, trailers, HEAD and bodyless statuses', async () => {
    await using rig = await Rig.start({
      services: {
        web: [
          async (request, response) => {
            if (request.url === '/204') return response.writeHead(204).end();
            if (request.url === '/trailers') {
              response.writeHead(200, { trailer: 'x-sum' });
              response.write('part');
              response.addTrailers({ 'x-sum': '42' });
              return response.end();
            }
            let length = 0;
            for await (const chunk of request) length += (chunk as Buffer).length;
            response.setHeader('content-length', 7);
            return response.end(request.method === 'HEAD' ? undefined : String(length).padEnd(7));
          },
        ],
      },
    });
    expect((await call(rig, { path: '/204' })).status).toBe(204);
    expect(await call(rig, { path: '/trailers' })).toMatchObject({ body: 'part', trailers: { 'x-sum': '42' } });
    expect((await call(rig, { method: 'HEAD' })).headers['content-length']).toBe('7');
    rig.log.length = 0;
    expect((await call(rig, { method: 'POST', body: 'x'.repeat(1000) })).body.trim()).toBe('1000');
    expect(rig.events('load', 'endpoint').slice(1, 4)).toEqual(['dispatch', 'requestFrame 1000', 'requestEnd']);
    expect((await call(rig, { method: 'POST', body: 'x'.repeat(3_000_000) })).body.trim()).toBe('3000000');
  });

  it('passes on each piece of a streamed body as it comes, counted before', async () => {
    let more = () => {};
    await using rig = await Rig.start({
      services: {
        web: [
          (_request, response) => {
            response.writeHead(200, { 'content-length': 10 });
            response.write('first');
            more = () => response.end('later');
          },
        ],
      },
    });
    const { request, head } = open(rig);
    request.end();
    const response = await head;
    const [first] = (await once(response, 'data')) as [Buffer];
    // The app has not written the rest, and does so only now: the piece came through alone.
    expect(first.toString()).toBe('first');
    expect(rig.events('load', 'endpoint').at(-1)).toBe('responseFrame 5');
    more();
    await once(response, 'end');
    expect(rig.events('load', 'endpoint').slice(-2)).toEqual(['responseFrame 5', 'complete']);
  });

  it('counts the end before the last piece of a body of known length is written', async () => {
    const pieces = 40;
    await using rig = await Rig.start({
      services: {
        web: [
          (_request, response) => {
            response.writeHead(200, { 'content-length': pieces * 10 });
            let sent = 0;
            const next = () => {
              sent++;
              if (sent === pieces) response.end('x'.repeat(10));
              else response.write('x'.repeat(10), () => setImmediate(next));
            };
            next();
          },
        ],
      },
    });
    const { request, head } = open(rig);
    request.end();
    const response = await head;
    let length = 0;
    let atLastByte: string[] = [];
    response.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length === pieces * 10) atLastByte = [...rig.log];
    });
    await once(response, 'end');
    expect(atLastByte.filter((line) => line.endsWith('complete')).sort()).toEqual([
      'load endpoint complete',
      'load route complete',
      'web-0 inbound complete',
    ]);
  });

  it('streams a request body while it is being sent', async () => {
    await using rig = await Rig.start({
      services: {
        web: [
          (request, response) => {
            request.once('data', (chunk: Buffer) => response.write(chunk));
            request.once('end', () => response.end('!'));
          },
        ],
      },
    });
    const { request, head } = open(rig, { method: 'POST' });
    request.write('early');
    const response = await head;
    const [echo] = (await once(response, 'data')) as [Buffer];
    expect(echo.toString()).toBe('early');
    request.end('late');
    await once(response, 'end');
    expect(rig.events('web-0', 'inbound').filter((line) => line.startsWith('request'))).toEqual([
      'requestFrame 5',
      'requestFrame 4',
      'requestEnd',
    ]);
  });

  it('holds a large body back when its reader is slow', async () => {
    const size = 64 * 1024 * 1024;
    let written = 0;
    await using rig = await Rig.start({
      services: {
        web: [
          (_request, response) => {
            const piece = Buffer.alloc(256 * 1024);
            const pump = () => {
              while (written < size) {
                written += piece.length;
                if (!response.write(piece)) {
                  response.once('drain', pump);
                  return;
                }
              }
              response.end();
            };
            pump();
          },
        ],
      },
    });
    const { request, head } = open(rig);
    request.end();
    const response = await head;
    response.pause();
    let before = -1;
    await waitFor(
      () => {
        const still = written === before;
        before = written;
        return still || undefined;
      },
      { what: 'the app stops writing', deadlineMs: 20_000, everyMs: 100, hint },
    );
    expect(written).toBeLessThan(size);
    let read = 0;
    for await (const chunk of response) read += (chunk as Buffer).length;
    expect(read).toBe(size);
  });

  it('takes HTTP/2 with prior knowledge from the app, many streams on one connection', async () => {
    await using rig = await Rig.start({
      services: {
        web: [
          (request, response) => response.end(`${request.headers.host ?? request.headers[':authority']}${request.url}`),
        ],
      },
    });
    const { host, port } = rig.outbound();
    const session = http2.connect(`http://${host}:${port}`);
    const answers = await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        const stream = session.request({ ':path': `/${i}`, ':authority': 'web.shop' });
        let body = '';
        stream.setEncoding('utf8').on('data', (text) => {
          body += text;
        });
        await once(stream, 'end');
        return body;
      }),
    );
    session.close();
    expect(answers).toEqual(Array.from({ length: 20 }, (_, i) => `web.shop/${i}`));
    expect(rig.events('load', 'detected')).toEqual(['outbound http/2']);
    // One session between the two pods, whatever the number of requests.
    expect(rig.events('web-0', 'tcp').filter((line) => line === 'inbound-src open')).toHaveLength(1);
  });

  it('spreads requests over ready replicas only', async () => {
    const served = [0, 0, 0];
    const app = (replica: number) => (_: unknown, response: { end(text: string): void }) => {
      served[replica]!++;
      response.end('ok');
    };
    await using rig = await Rig.start({ services: { web: [app(0), app(1), app(2)] } });
    rig.discovery.setReady('shop/web-2', false);
    await Promise.all(Array.from({ length: 60 }, () => call(rig)));
    expect(served[2]).toBe(0);
    expect(served[0]! + served[1]!).toBe(60);
    expect(Math.min(served[0]!, served[1]!)).toBeGreaterThan(10);
  });
});
