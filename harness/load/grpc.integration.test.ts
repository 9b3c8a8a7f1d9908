import {
  constants,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { expect, test } from 'vitest';
import { launchLocalK6 } from './local.ts';
import { type K6Options, runK6 } from './run.ts';
import { journalLines, plan, stream, temporaryDir, testK6 } from './testing.ts';

const UNARY = '/meshproof.v1.Echo/Unary';
type Answer = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, body: Buffer) => void;

/** A gRPC server by hand, so that it can answer as none should. */
async function startGrpc(answer: Answer) {
  const connections = new Set<Socket>();
  let accepted = 0;
  const seen: { headers: IncomingHttpHeaders; body: Buffer }[] = [];
  const server: Http2Server = createServer();
  server.on('connection', (socket: Socket) => {
    accepted += 1;
    connections.add(socket);
  });
  server.on('stream', (h2: ServerHttp2Stream, headers) => {
    const pieces: Buffer[] = [];
    h2.on('error', () => {});
    h2.on('data', (piece: Buffer) => pieces.push(piece));
    h2.on('end', () => {
      const body = Buffer.concat(pieces);
      seen.push({ headers, body });
      answer(h2, headers, body);
    });
  });
  server.on('sessionError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    seen,
    get accepted() {
      return accepted;
    },
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of connections) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const GRPC: OutgoingHttpHeaders = {
  ':status': 200,
  'content-type': 'application/grpc+proto',
  'x-meshproof-pod': 'echo-0',
};
const EMPTY_MESSAGE = Buffer.alloc(5);

/** As a service that answers well. */
const ok: Answer = (h2) => {
  h2.once('wantTrailers', () => h2.sendTrailers({ 'grpc-status': '0' }));
  h2.respond(GRPC, { waitForTrailers: true });
  h2.end(EMPTY_MESSAGE);
};

/** One user that makes requests until the time is over, or as many as there are in a row. */
async function drive(
  answer: Answer,
  request: {
    requestBytes?: number;
    timeoutMs?: number;
    ownConnection?: boolean;
    headerBytes?: number;
    path?: string;
  } = {},
  more: Partial<K6Options> = {},
  durationMs = 1200,
) {
  await using target = await startGrpc(answer);
  using dir = temporaryDir();
  const shape = { executor: 'constant-arrival-rate', ratePerSecond: 5, durationMs, maxVUs: 1 } as const;
  const requests = [{ service: 'shop/echo', method: 'POST' as const, path: UNARY, ...request }];
  const base = plan([stream(shape, requests)], target.address);
  const authority = 'echo.shop.svc.cluster.local';
  const result = await runK6({
    launch: launchLocalK6(testK6),
    plan: {
      ...base,
      services: { ...base.services, 'shop/echo': { authority, port: 80, protocol: 'grpc' } },
      hosts: { [authority]: target.address },
    },
    dir: dir.path,
    ...more,
  });
  const lines = journalLines(result.journalText);
  return {
    result,
    starts: lines.filter(([kind]) => kind === 's'),
    /** Ends without id and times. */
    ends: lines.filter(([kind]) => kind !== 's').map(endOf),
    seen: target.seen,
    accepted: target.accepted,
  };
}

function endOf([kind, , , reasonOrStatus, ...rest]: string[]): string {
  return [kind, reasonOrStatus, ...(kind === 'e' ? rest.slice(1) : rest)].join(',');
}

test('requests on one connection, with caller, authority and message', async () => {
  const { starts, ends, seen, accepted, result } = await drive(ok, { requestBytes: 100, headerBytes: 50 });
  expect(starts.length).toBeGreaterThan(1);
  expect(new Set(starts.map((line) => line.slice(3).join(',')))).toEqual(
    new Set([`shop%2Fecho,POST,${encodeURIComponent(UNARY)}`]),
  );
  expect(new Set(ends)).toEqual(new Set(['e,200,echo-0,,0']));
  expect(ends.length).toBe(starts.length);
  expect(accepted).toBe(1);
  expect(result).toMatchObject({ requests: starts.length, failed: 0 });
  const { headers, body } = seen[0]!;
  expect(headers).toMatchObject({
    ':authority': 'echo.shop.svc.cluster.local',
    ':path': UNARY,
    'x-meshproof-caller': 'meshproof/load',
    'x-meshproof-padding': 'x'.repeat(50),
  });
  // Frame head, then field 1 of 100 bytes.
  expect(body.subarray(5).equals(Buffer.concat([Buffer.from([0x0a, 100]), Buffer.from('x'.repeat(100))]))).toBe(true);
});

test('a connection for each request', async () => {
  const { starts, ends, accepted } = await drive(ok, { ownConnection: true });
  expect(starts.length).toBeGreaterThan(1);
  expect(new Set(ends)).toEqual(new Set(['e,200,echo-0,,0']));
  expect(accepted).toBe(starts.length);
});

test('methods of any .proto', async () => {
  const { ends, seen } = await drive(ok, { path: '/shop.Pay/Charge', requestBytes: 3 });
  expect(new Set(ends)).toEqual(new Set(['e,200,echo-0,,0']));
  expect(seen[0]?.headers[':path']).toBe('/shop.Pay/Charge');
  expect(seen[0]?.body.subarray(-3).toString()).toBe('xxx');
});

const trailersOnly =
  (more: OutgoingHttpHeaders): Answer =>
  (h2) =>
    h2.respond({ ...GRPC, ...more }, { endStream: true });

test.each<[what: string, answer: Answer, end: string, failed: boolean]>([
  ['an error of the service', trailersOnly({ 'grpc-status': '14' }), 'e,200,echo-0,,14', true],
  ['one that is no failure', trailersOnly({ 'grpc-status': '5', 'grpc-message': 'no' }), 'e,200,echo-0,,5', false],
  ['a deadline of the service', trailersOnly({ 'grpc-status': '4' }), 'e,200,echo-0,,4', true],
  [
    'an error after the message',
    (h2) => {
      h2.once('wantTrailers', () => h2.sendTrailers({ 'grpc-status': '13', 'grpc-message': 'unwell' }));
      h2.respond(GRPC, { waitForTrailers: true });
      h2.end(EMPTY_MESSAGE);
    },
    'e,200,echo-0,,13',
    true,
  ],
  [
    'an error of the mesh',
    (h2) => {
      const headers = { 'content-type': 'application/grpc', 'l5d-proxy-error': 'no endpoints', 'grpc-status': '14' };
      h2.respond({ ':status': 200, ...headers }, { endStream: true });
    },
    'e,200,,no%20endpoints,14',
    true,
  ],
  [
    'no trailers',
    (h2) => {
      h2.respond(GRPC);
      h2.end(EMPTY_MESSAGE);
    },
    'e,200,echo-0,,-',
    false,
  ],
  ['an answer that is not gRPC', (h2) => h2.respond({ ':status': 503 }, { endStream: true }), 'e,503,,,-', true],
  ['a reset before headers', (h2) => h2.close(constants.NGHTTP2_INTERNAL_ERROR), 'x,connection,0', true],
  [
    'a reset after headers',
    (h2) => {
      h2.respond(GRPC);
      h2.write(EMPTY_MESSAGE.subarray(0, 3), () => h2.destroy(new Error('reset')));
    },
    'x,connection,200',
    true,
  ],
  [
    'a connection that is cut after headers',
    (h2) => {
      h2.respond(GRPC);
      h2.write(EMPTY_MESSAGE.subarray(0, 3), () => h2.session?.socket.destroy());
    },
    'x,connection,200',
    true,
  ],
  ['a connection that is cut', (h2) => h2.session?.socket.destroy(), 'x,connection,0', true],
])('%s', async (_, answer, end, failed) => {
  const { starts, ends, result } = await drive(answer, {}, {}, 400);
  expect(starts.length).toBeGreaterThan(0);
  expect(new Set(ends)).toEqual(new Set([end]));
  expect(result.failed).toBe(failed ? ends.length : 0);
});

test('k6 gives up: a timeout, and says its limit to the peer', async () => {
  const { ends, seen } = await drive(() => {}, { timeoutMs: 1000 }, {}, 300);
  expect(new Set(ends)).toEqual(new Set(['x,timeout,0']));
  expect(seen[0]?.headers['grpc-timeout']).toMatch(/^\d+[mu]$/);
});

test('after a cut connection the next request makes a new one', async () => {
  let count = 0;
  const { ends } = await drive((h2, ...rest) => {
    count += 1;
    if (count === 1) h2.session?.socket.destroy();
    else ok(h2, ...rest);
  });
  expect(ends[0]).toBe('x,connection,0');
  expect(new Set(ends.slice(1))).toEqual(new Set(['e,200,echo-0,,0']));
});

test('nobody listens', async () => {
  using dir = temporaryDir();
  const shape = { executor: 'constant-vus', vus: 1, durationMs: 400 } as const;
  const requests = [{ service: 'shop/echo', method: 'POST' as const, path: UNARY, timeoutMs: 1000 }];
  const base = plan([stream(shape, requests)]);
  const authority = 'echo.shop.svc.cluster.local';
  const result = await runK6({
    launch: launchLocalK6(testK6),
    plan: {
      ...base,
      services: { 'shop/echo': { authority, port: 80, protocol: 'grpc' } },
      hosts: { [authority]: '127.0.0.1:1' },
    },
    dir: dir.path,
  });
  const ends = journalLines(result.journalText).filter(([kind]) => kind === 'x');
  expect(ends.length).toBeGreaterThan(0);
  expect(new Set(ends.map(endOf))).toEqual(new Set(['x,connection,0']));
});
