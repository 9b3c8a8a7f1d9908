import { constants, type ServerHttp2Stream } from 'node:http2';
import { describe, expect, it } from 'vitest';
import { NO_TIMEOUTS, type OutboundPolicy, type OutboundRoute, type RetryPolicy } from '../../core/policy.ts';
import { waitFor } from '../../core/wait.ts';
import { byStream } from './testing/app-server.ts';
import { H2Caller, result } from './testing/h2-call.ts';
import { Rig } from './testing/rig.ts';

const HEAD = { ':status': 200, 'content-type': 'application/grpc' };
const GRPC = { 'content-type': 'application/grpc', te: 'trailers' };

const soon = (what: string, probe: () => boolean) =>
  waitFor(() => probe() || undefined, { what, deadlineMs: 20_000, everyMs: 5, hint: 'see the log of the rig' });

/** Ends an answer with trailers; null: without. */
function finish(stream: ServerHttp2Stream, status: string | null, body = 'pong'): void {
  stream.resume();
  stream.respond(HEAD, { waitForTrailers: status !== null });
  stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': status! }));
  stream.end(body);
}

/** An answer that is its head alone. */
function refuse(stream: ServerHttp2Stream, status: string): void {
  stream.resume();
  stream.respond({ ...HEAD, 'grpc-status': status }, { endStream: true });
}

/** Answers of an app, one after the other; the last again and again. */
function answers(...list: ((stream: ServerHttp2Stream) => void)[]) {
  let next = 0;
  return byStream((stream) => list[Math.min(next++, list.length - 1)]!(stream));
}

function grpc(handler: ReturnType<typeof byStream>, policy: Partial<OutboundPolicy> | null = null): Promise<Rig> {
  return Rig.start({ services: { web: [handler] }, ...(policy && { policy: { web: policy } }) });
}

function grpcRoute(extra: Partial<OutboundRoute> = {}, path = '/pkg.S/'): OutboundRoute {
  const ref = { group: 'gateway.networking.k8s.io', kind: 'GRPCRoute', namespace: 'shop', name: 'calls' };
  const matches = [{ path: { type: 'PathPrefix' as const, value: path }, method: null, headers: [] }];
  return { ref, rules: [{ matches, backends: [] }], retry: null, timeouts: NO_TIMEOUTS, ...extra };
}

const retry: RetryPolicy = { http: [], grpc: [14], limit: 1, timeoutMs: null };

describe('gRPC through both proxies', () => {
  it.each([
    ['a code in trailers', (stream: ServerHttp2Stream) => finish(stream, '5'), 'complete 5', '5'],
    ['no trailers', (stream: ServerHttp2Stream) => finish(stream, null), 'complete', undefined],
  ])('%s', async (_what, answer, end, status) => {
    await using rig = await grpc(answers(answer));
    using caller = H2Caller.of(rig);
    const got = await caller.grpc('/pkg.S/M');
    expect([got.status, got.body, got.trailers['grpc-status'], got.rstCode]).toEqual([200, 'pong', status, 0]);
    for (const [pod, layer] of [
      ['load', 'route'],
      ['load', 'endpoint'],
      ['web-0', 'inbound'],
    ] as const) {
      expect(rig.events(pod, layer).slice(-3)).toEqual(['head 200 grpc', 'responseFrame 4', end]);
    }
  });

  it('an answer that is its head alone', async () => {
    await using rig = await grpc(answers((stream) => refuse(stream, '14')));
    using caller = H2Caller.of(rig);
    const got = await caller.grpc('/pkg.S/M');
    expect([got.headers['grpc-status'], got.body]).toEqual(['14', '']);
    expect(rig.events('load', 'endpoint').slice(-2)).toEqual(['head 200 grpc', 'complete 14']);
  });

  it('streams both ways as it comes', async () => {
    await using rig = await grpc(
      answers((stream) => {
        stream.respond(HEAD, { waitForTrailers: true });
        stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
        stream.on('data', (chunk: Buffer) => stream.write(`echo ${chunk}`));
        stream.on('end', () => stream.end());
      }),
    );
    using caller = H2Caller.of(rig);
    const stream = caller.open({ path: '/pkg.S/Both', method: 'POST', headers: GRPC });
    const done = result(stream);
    for (const word of ['one', 'two', 'three']) {
      const echo = new Promise<string>((resolve) => stream.once('data', resolve));
      stream.write(word);
      expect(await echo).toBe(`echo ${word}`);
    }
    stream.end();
    const got = await done;
    expect([got.body, got.trailers['grpc-status']]).toEqual(['echo oneecho twoecho three', '0']);
    expect(rig.events('load', 'route')).toEqual([
      ...[
        'to web',
        'dispatch',
        'requestFrame 3',
        'head 200 grpc',
        'responseFrame 8',
        'requestFrame 3',
        'responseFrame 8',
      ],
      ...['requestFrame 5', 'responseFrame 10', 'requestEnd', 'complete 0'],
    ]);
  });

  it('a client that cancels in the middle of a stream', async () => {
    await using rig = await grpc(
      answers((stream) => {
        stream.resume();
        stream.respond(HEAD, { waitForTrailers: true });
        stream.write('part');
      }),
    );
    using caller = H2Caller.of(rig);
    const stream = caller.open({ path: '/pkg.S/Stream', method: 'POST', headers: GRPC });
    stream.end('x');
    await new Promise((resolve) => stream.once('data', resolve));
    stream.close(constants.NGHTTP2_CANCEL);
    await soon('the server knows', () => rig.events('web-0', 'inbound').includes('cancel'));
    expect(rig.events('load', 'endpoint').slice(-3)).toEqual(['head 200 grpc', 'responseFrame 4', 'cancel']);
  });

  it("the peer is gone: UNAVAILABLE of the client's proxy", async () => {
    await using rig = await grpc(answers((stream) => finish(stream, '0')));
    await rig.killPod('web-0');
    using caller = H2Caller.of(rig);
    const got = await caller.grpc('/pkg.S/M');
    expect([got.status, got.headers['content-type'], got.headers['grpc-status']]).toEqual([
      200,
      'application/grpc',
      '14',
    ]);
    expect(got.headers['grpc-message']).toMatch(/ECONNREFUSED/);
    expect(rig.events('load', 'endpoint').slice(-2)).toEqual(['head 200 grpc', 'complete 14']);
  });
});

describe('gRPC and policy', () => {
  it('a GRPCRoute: nothing is detected, its name is told; what none matches is NOT_FOUND', async () => {
    await using rig = await grpc(
      answers((stream) => finish(stream, '0')),
      { routes: [grpcRoute()] },
    );
    using caller = H2Caller.of(rig);
    expect((await caller.grpc('/pkg.S/M')).trailers['grpc-status']).toBe('0');
    expect(rig.events('load', 'protocol')).toEqual(['web http/2']);
    expect(rig.events('load', 'detected')).toEqual([]);
    expect(rig.events('load', 'route')[0]).toBe('to web by calls');
    const other = await caller.grpc('/pkg.Other/M');
    expect([other.status, other.headers['grpc-status']]).toEqual([200, '5']);
    expect(rig.events('load', 'httpError')).toEqual(['outbound unexpected']);
  });

  it.each([
    ['in the head', (stream: ServerHttp2Stream) => refuse(stream, '14'), ['head 200 grpc', 'complete 14']],
    [
      'in trailers',
      (stream: ServerHttp2Stream) => finish(stream, '14', 'x'),
      ['head 200 grpc', 'responseFrame 1', 'complete 14'],
    ],
  ])('retries a code %s, which its backend counts as it was', async (_what, bad, first) => {
    const routes = [grpcRoute({ retry })];
    await using rig = await grpc(
      answers(bad, (stream) => finish(stream, '0')),
      { routes },
    );
    using caller = H2Caller.of(rig);
    const got = await caller.grpc('/pkg.S/M');
    expect([got.body, got.trailers['grpc-status']]).toEqual(['pong', '0']);
    const backend = rig.events('load', 'backend');
    expect(backend.slice(backend.indexOf('head 200 grpc'), backend.lastIndexOf('to web by calls'))).toEqual(first);
    expect(backend.at(-1)).toBe('complete 0');
    expect(rig.events('load', 'route').slice(-3)).toEqual(['head 200 grpc', 'responseFrame 4', 'complete 0']);
    expect(rig.events('load', 'retry')).toEqual(['web none by calls', 'web retry by calls', 'web success by calls']);
  });

  it('does not wait for trailers that do not come with the first frame', async () => {
    const routes = [grpcRoute({ retry })];
    let end = () => {};
    await using rig = await grpc(
      answers((stream) => {
        stream.resume();
        stream.respond(HEAD, { waitForTrailers: true });
        stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '14' }));
        stream.write('one');
        end = () => stream.end('two');
      }),
      { routes },
    );
    using caller = H2Caller.of(rig);
    const stream = caller.open({ path: '/pkg.S/M', method: 'POST', headers: GRPC });
    const done = result(stream);
    stream.end('ping');
    // It comes through while the app has not ended its answer.
    expect(await new Promise((resolve) => stream.once('data', resolve))).toBe('one');
    end();
    const got = await done;
    expect([got.body, got.trailers['grpc-status']]).toEqual(['onetwo', '14']);
    expect(rig.events('load', 'retry')).toEqual(['web none by calls']);
    expect(rig.events('load', 'route').at(-1)).toBe('complete 14');
  });

  it('request timeout: DEADLINE_EXCEEDED; in the middle of a stream trailers of INTERNAL', async () => {
    const routes = [grpcRoute({ timeouts: { ...NO_TIMEOUTS, requestMs: 1500 } })];
    const hang = (stream: ServerHttp2Stream) => stream.resume();
    const part = (stream: ServerHttp2Stream) => {
      stream.resume();
      stream.respond(HEAD, { waitForTrailers: true });
      stream.write('part');
    };
    await using rig = await grpc(answers(hang, part), { routes });
    using caller = H2Caller.of(rig);
    const got = await caller.grpc('/pkg.S/M');
    expect([got.status, got.headers['grpc-status']]).toEqual([200, '4']);
    expect(rig.events('load', 'route').at(-1)).toBe('fail unclassified unexpected REQUEST_TIMEOUT');
    const cut = await caller.grpc('/pkg.S/M');
    expect([cut.body, cut.trailers['grpc-status'], cut.rstCode]).toEqual(['part', '13', 0]);
    expect(rig.events('load', 'route').at(-1)).toBe('fail unclassified - REQUEST_TIMEOUT');
  });
});
