import { once } from 'node:events';
import type http from 'node:http';
import { describe, expect, it } from 'vitest';
import { waitFor } from '../../../core/wait.ts';
import { resetStream } from '../reset-stream.ts';
import { call, open } from '../testing/call.ts';
import { H2Caller, result } from '../testing/h2-call.ts';
import { Rig } from '../testing/rig.ts';

const soon = (what: string, probe: () => boolean) =>
  waitFor(() => probe() || undefined, { what, deadlineMs: 20_000, everyMs: 5, hint: 'see the log of the rig' });

const inbound = (rig: Rig) => rig.events('web-0', 'inbound').filter((event) => !event.startsWith('from'));

function serving(handler: http.RequestListener): Promise<Rig> {
  return Rig.start({ services: { web: [handler] } });
}

describe('answers', () => {
  it('informational ones end at the app’s proxy and count for nothing', async () => {
    await using rig = await serving((request, response) => {
      // HTTP/2 has no word for 102 here.
      if (request.httpVersion === '1.1') response.writeProcessing();
      response.writeEarlyHints({ link: '</a.css>; rel=preload' });
      response.end('ok');
    });
    const { request, head } = open(rig);
    let informed = 0;
    request.on('information', () => informed++);
    request.end();
    const response = await head;
    response.resume();
    await once(response, 'end');
    using h2 = H2Caller.of(rig);
    expect((await h2.call()).body).toBe('ok');
    expect(informed).toBe(0);
    const once200 = ['dispatch', 'requestEnd', 'head 200', 'responseFrame 2', 'complete'];
    expect(inbound(rig)).toEqual([...once200, ...once200]);
  });

  it('of a HEAD have a length and no frame; those of 204 and 304 neither', async () => {
    await using rig = await serving((request, response) => {
      const status = Number(request.url!.slice(1));
      if (status === 200) response.setHeader('content-length', 1234);
      response.writeHead(status).end();
    });
    using h2 = H2Caller.of(rig);
    const answers = [
      await call(rig, { method: 'HEAD', path: '/200' }),
      await h2.call({ method: 'HEAD', path: '/200' }),
      await call(rig, { path: '/204' }),
      await h2.call({ path: '/204' }),
      await call(rig, { path: '/304' }),
    ];
    expect(answers.map(({ status, body }) => [status, body])).toEqual([200, 200, 204, 204, 304].map((s) => [s, '']));
    expect(answers.map(({ headers }) => headers['content-length'])).toEqual(['1234', '1234', ...Array(3)]);
    expect(inbound(rig).some((event) => event.startsWith('responseFrame'))).toBe(false);
    expect(inbound(rig).filter((event) => event === 'complete')).toHaveLength(5);
  });

  it('of unknown length come in pieces, each counted before it is passed on', async () => {
    let next = () => {};
    await using rig = await serving((_request, response) => {
      response.write('one');
      next = () => void response.end('three');
    });
    const { request, head } = open(rig);
    request.end();
    const response = await head;
    expect(response.headers['transfer-encoding']).toBe('chunked');
    const [first] = (await once(response, 'data')) as [Buffer];
    expect(first.toString()).toBe('one');
    expect(inbound(rig).at(-1)).toBe('responseFrame 3');
    next();
    await once(response, 'end');
    expect(inbound(rig).slice(-2)).toEqual(['responseFrame 5', 'complete']);
  });

  it.each([4 * 1024, 12 * 1024])('headers of %i bytes pass, both ways and over both versions', async (bytes) => {
    await using rig = await serving((request, response) => {
      response.setHeader('x-large', 'b'.repeat(bytes));
      response.end(String(String(request.headers['x-large']).length));
    });
    using h2 = H2Caller.of(rig);
    const headers = { 'x-large': 'a'.repeat(bytes) };
    for (const answer of [await call(rig, { headers }), await h2.call({ headers })]) {
      expect(answer.body).toBe(String(bytes));
      expect(String(answer.headers['x-large']).length).toBe(bytes);
    }
  });
});

describe('request bodies', () => {
  it('that come slowly: the request counts at its first piece, not before', async () => {
    await using rig = await serving(async (request, response) => {
      for await (const _ of request) {
        // Read.
      }
      response.end('ok');
    });
    const { request, head } = open(rig, { method: 'POST' });
    request.flushHeaders();
    await soon('it arrives', () => inbound(rig).includes('dispatch'));
    expect(inbound(rig)).toEqual(['dispatch']);
    request.write('one');
    await soon('its first piece arrives', () => inbound(rig).includes('requestFrame 3'));
    expect(inbound(rig)).not.toContain('requestEnd');
    request.end('three');
    expect((await head).statusCode).toBe(200);
    expect(inbound(rig).slice(0, 4)).toEqual(['dispatch', 'requestFrame 3', 'requestFrame 5', 'requestEnd']);
  });

  it.each(['HTTP/1.1', 'HTTP/2'])(
    'that are abandoned in the middle, over %s: no answer is counted, the app is told',
    async (version) => {
      let told = '';
      await using rig = await serving((request, response) => {
        request.on('error', () => {});
        response.once('close', () => {
          told = 'closed';
        });
        request.resume();
      });
      using h2 = H2Caller.of(rig);
      if (version === 'HTTP/2') {
        const stream = h2.open({ method: 'POST' });
        stream.write('part');
        await soon('a part arrives', () => inbound(rig).includes('requestFrame 4'));
        resetStream(stream, http2Cancel);
      } else {
        const { request, head } = open(rig, { method: 'POST' });
        head.catch(() => {});
        request.write('part');
        await soon('a part arrives', () => inbound(rig).includes('requestFrame 4'));
        request.destroy();
      }
      await soon('it is cancelled', () => inbound(rig).at(-1) === 'cancel');
      expect(inbound(rig)).toEqual(['dispatch', 'requestFrame 4', 'cancel']);
      await soon('the app is told', () => told !== '');
    },
  );

  it('that the app does not read: its answer comes all the same, and the connection is of use', async () => {
    await using rig = await serving((_request, response) => response.writeHead(413).end('no'));
    using h2 = H2Caller.of(rig);
    const stream = h2.open({ method: 'POST' });
    stream.write('x'.repeat(100_000));
    expect((await Promise.race([result(stream), soonEnd(stream)])).status).toBe(413);
    stream.destroy();
    expect((await h2.call({ method: 'POST', body: 'y' })).status).toBe(413);
    expect(inbound(rig).filter((event) => event === 'complete')).toHaveLength(2);
  });
});

const http2Cancel = 8;

/** The answer is whole before the request is. */
async function soonEnd(stream: ReturnType<H2Caller['open']>): Promise<{ status: number }> {
  const [headers] = await once(stream, 'response');
  return { status: Number((headers as Record<string, unknown>)[':status']) };
}
