import { constants } from 'node:http2';
import { describe, expect, it } from 'vitest';
import { waitFor } from '../../../core/wait.ts';
import { resetStream } from '../reset-stream.ts';
import { byStream } from '../testing/app-server.ts';
import { call } from '../testing/call.ts';
import { H2Caller, result } from '../testing/h2-call.ts';
import { Rig } from '../testing/rig.ts';

/** Answers with messages and, in the trailers, the code in the path. */
const grpcApp = byStream((stream, path) => {
  const code = path.slice(1);
  stream.resume();
  if (code.startsWith('head-')) {
    const status = code.slice('head-'.length);
    stream.respond({ 'content-type': 'application/grpc', 'grpc-status': status }, { endStream: true });
    return;
  }
  stream.respond({ 'content-type': 'application/grpc' }, { waitForTrailers: code !== 'none' });
  stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': code }));
  stream.end('pong');
});

const soon = (what: string, probe: () => boolean) =>
  waitFor(() => probe() || undefined, { what, deadlineMs: 20_000, everyMs: 5, hint: 'see the log of the rig' });

describe('what came as HTTP/2 goes to the app as HTTP/2', () => {
  it('each client is spoken to the app of in its own version', async () => {
    await using rig = await Rig.start({
      services: {
        web: [(request, response) => response.end(`${request.httpVersion} ${'l5d-orig-proto' in request.headers}`)],
      },
    });
    using h2 = H2Caller.of(rig);
    expect((await h2.call()).body).toBe('2.0 false');
    expect((await call(rig)).body).toBe('1.1 false');
    expect((await h2.call()).body).toBe('2.0 false');
    expect(rig.events('web-0', 'tcp').filter((event) => event === 'inbound-dst open')).toHaveLength(2);
  });

  it('the app learns who called, over HTTP/2 as well', async () => {
    await using rig = await Rig.start({
      services: { web: [(request, response) => response.end(String(request.headers['l5d-client-id']))] },
    });
    using h2 = H2Caller.of(rig);
    expect((await h2.call({ headers: { 'l5d-client-id': 'forged' } })).body).toBe(
      'load.shop.serviceaccount.identity.linkerd.cluster.local',
    );
  });

  it.each(['0', '5', '14'])('gRPC: code %s of the trailers is passed on and counted', async (code) => {
    await using rig = await Rig.start({ services: { web: [grpcApp] } });
    using h2 = H2Caller.of(rig);
    const answer = await h2.grpc(`/${code}`);
    expect(answer).toMatchObject({ status: 200, body: 'pong', trailers: { 'grpc-status': code }, rstCode: 0 });
    expect(rig.events('web-0', 'inbound')).toEqual([
      'from load default',
      'dispatch',
      'requestFrame 4',
      'requestEnd',
      'head 200 grpc',
      'responseFrame 4',
      `complete ${code}`,
    ]);
  });

  it('gRPC: an answer that is only a head has its code there', async () => {
    await using rig = await Rig.start({ services: { web: [grpcApp] } });
    using h2 = H2Caller.of(rig);
    const answer = await h2.grpc('/head-12');
    expect(answer).toMatchObject({ status: 200, body: '', headers: { 'grpc-status': '12' } });
    expect(rig.events('web-0', 'inbound').slice(-2)).toEqual(['head 200 grpc', 'complete 12']);
  });

  it('gRPC: a stream that ends without trailers completes without a code', async () => {
    await using rig = await Rig.start({ services: { web: [grpcApp] } });
    using h2 = H2Caller.of(rig);
    expect((await h2.grpc('/none')).trailers).toEqual({});
    expect(rig.events('web-0', 'inbound').at(-1)).toBe('complete');
  });

  it('what is not gRPC is not counted as such, whatever its trailers say', async () => {
    await using rig = await Rig.start({ services: { web: [grpcApp] } });
    using h2 = H2Caller.of(rig);
    expect((await h2.call({ path: '/7' })).trailers).toMatchObject({ 'grpc-status': '7' });
    expect(rig.events('web-0', 'inbound').at(-1)).toBe('complete');
  });

  it('bodies stream both ways, with back-pressure', async () => {
    const size = 8 * 1024 * 1024;
    await using rig = await Rig.start({
      services: {
        web: [
          byStream((stream) => {
            stream.respond({ ':status': 200 });
            stream.pipe(stream);
          }),
        ],
      },
    });
    using h2 = H2Caller.of(rig);
    const stream = h2.open({ method: 'POST' });
    const got = result(stream);
    stream.end(Buffer.alloc(size, 'a'));
    expect((await got).body.length).toBe(size);
    expect(rig.events('web-0', 'inbound').at(-1)).toBe('complete');
  });

  it('a reset of the app before headers goes through as it is: h2(REASON), and an error of the server', async () => {
    await using rig = await Rig.start({
      services: { web: [byStream((stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM))] },
    });
    using h2 = H2Caller.of(rig);
    expect((await h2.call()).rstCode).toBe(constants.NGHTTP2_REFUSED_STREAM);
    expect(rig.events('web-0', 'inbound').at(-1)).toBe('fail h2(REFUSED_STREAM) unexpected REFUSED');
  });

  it('a reset in the middle of the body: a failure after the head, no complete answer', async () => {
    await using rig = await Rig.start({
      services: {
        web: [
          byStream((stream) => {
            stream.respond({ ':status': 200 });
            stream.write('part', () => resetStream(stream, constants.NGHTTP2_INTERNAL_ERROR));
          }),
        ],
      },
    });
    using h2 = H2Caller.of(rig);
    const answer = await h2.call();
    expect(answer.body).toBe('part');
    expect(answer.rstCode).not.toBe(0);
    expect(rig.events('web-0', 'inbound').at(-1)).toBe('fail unclassified - UNKNOWN');
  });

  it('the app drops the connection without an answer: 502, gRPC 14, made below the metrics', async () => {
    await using rig = await Rig.start({ services: { web: [byStream((stream) => stream.session!.destroy())] } });
    using h2 = H2Caller.of(rig);
    expect((await h2.call()).status).toBe(502);
    const answer = await h2.grpc('/0');
    expect(answer.status).toBe(200);
    expect(answer.headers['grpc-status']).toBe('14');
    expect(rig.events('web-0', 'inbound').slice(-2)).toEqual(['head 200 grpc', 'complete 14']);
  });

  it('without an app requests wait, for a second; then they fail at once, until it is there', async () => {
    await using rig = await Rig.start({ services: { web: [null] } });
    using h2 = H2Caller.of(rig);
    expect((await h2.call()).status).toBe(504);
    const answer = await h2.grpc('/0');
    expect(answer).toMatchObject({ status: 200, headers: { 'grpc-status': '4' } });
    // Neither has got as far as being dispatched.
    const events = rig.events('web-0', 'inbound').filter((event) => !event.startsWith('from'));
    expect(events).toEqual(Array(2).fill('fail unclassified failfast FAIL_FAST'));
    await rig.serve(
      'web-0',
      byStream((stream, path) => {
        if (path === '/drop') stream.session!.destroy();
        else {
          stream.respond({ ':status': 200 });
          stream.end('back');
        }
      }),
    );
    await waitFor(async () => ((await h2.call()).body === 'back' ? true : undefined), {
      ...{ what: 'the app is found', deadlineMs: 20_000, everyMs: 50, hint: 'attempts go on in the background' },
    });
    // From then on requests wait again when it is lost.
    expect((await h2.call({ path: '/drop' })).status).toBe(502);
    expect((await h2.call()).body).toBe('back');
  });

  it('a request that waits is served as soon as there is an app', async () => {
    await using rig = await Rig.start({ services: { web: [null] } });
    using h2 = H2Caller.of(rig);
    const waiting = h2.call();
    await soon('it waits', () => rig.events('web-0', 'inbound').length > 0);
    await rig.serve('web-0', (_request, response) => response.end('late'));
    expect((await waiting).body).toBe('late');
    expect(rig.events('web-0', 'inbound').slice(1)).toEqual([
      'dispatch',
      'requestEnd',
      'head 200',
      'responseFrame 4',
      'complete',
    ]);
  });

  it('the client cancels: the app sees a reset', async () => {
    let code = -1;
    let arrived = false;
    await using rig = await Rig.start({
      services: {
        web: [
          byStream((stream) => {
            arrived = true;
            stream.once('close', () => {
              code = stream.rstCode!;
            });
          }),
        ],
      },
    });
    using h2 = H2Caller.of(rig);
    const stream = h2.open();
    await soon('it arrives', () => arrived);
    stream.close(constants.NGHTTP2_CANCEL);
    await soon('it is reset', () => code >= 0);
    expect(code).toBe(constants.NGHTTP2_CANCEL);
    expect(rig.events('web-0', 'inbound').at(-1)).toBe('cancel');
  });

  it('the connection is made anew after the app has closed it', async () => {
    await using rig = await Rig.start({
      services: {
        web: [
          byStream((stream, path) => {
            stream.respond({ ':status': 200 });
            stream.end('ok');
            if (path === '/last') stream.session!.close();
          }),
        ],
      },
    });
    using h2 = H2Caller.of(rig);
    expect((await h2.call({ path: '/last' })).body).toBe('ok');
    await soon('it is closed', () => rig.events('web-0', 'tcp').includes('inbound-dst close '));
    expect((await h2.call()).body).toBe('ok');
  });
});
