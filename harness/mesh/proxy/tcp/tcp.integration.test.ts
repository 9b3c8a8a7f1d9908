import { once } from 'node:events';
import type { Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { waitFor } from '../../../core/wait.ts';
import { seededRandom } from '../random.ts';
import { TcpRig } from './testing/tcp-rig.ts';

const until = (what: string, check: () => boolean) =>
  waitFor(() => (check() ? true : undefined), { what, deadlineMs: 20_000, everyMs: 2, hint: 'see the test' });

/** The other end closes it, in order or not. */
async function gone(socket: Socket): Promise<void> {
  await new Promise<void>((resolve) =>
    socket
      .once('end', resolve)
      .once('close', () => resolve())
      .resume(),
  );
  socket.destroy();
}

const IDLE = { opened: 0, open: 0, read: 0, written: 0, closed: 0 };

describe('an opaque connection', () => {
  it('is counted by four label sets with the bytes of its apps, whatever their sizes and order of ends', async () => {
    const random = seededRandom('sizes');
    const size = () => Math.floor(random() ** 3 * 300_000);
    const plans = Array.from({ length: 40 }, () => ({ up: [size(), size()], down: size(), endFirst: random() < 0.5 }));
    let next = 0;
    let received = 0;
    await using rig = await TcpRig.start({
      app: async (socket) => {
        const plan = plans[next++]!;
        if (!plan.endFirst) {
          socket.write(Buffer.alloc(plan.down, 'd'));
          socket.end();
        }
        received += (await buffer(socket)).length;
        if (plan.endFirst) socket.end(Buffer.alloc(plan.down, 'd'));
      },
    });
    let answered = 0;
    for (const { up } of plans) {
      const socket = rig.connect();
      for (const bytes of up) socket.write(Buffer.alloc(bytes, 'u'));
      socket.end();
      answered += (await buffer(socket)).length;
    }
    await rig.quiet();
    const sent = plans.reduce((sum, { up }) => sum + up[0]! + up[1]!, 0);
    const down = plans.reduce((sum, plan) => sum + plan.down, 0);
    expect({ received, answered }).toEqual({ received: sent, answered: down });
    const toServer = { opened: 40, open: 0, closed: 40, read: sent, written: down };
    const toClient = { opened: 40, open: 0, closed: 40, read: down, written: sent };
    expect(rig.client.tcp('outbound', 'src')).toEqual(toServer);
    expect(rig.client.tcp('outbound', 'dst')).toEqual(toClient);
    expect(rig.server.tcp('inbound', 'src')).toEqual(toServer);
    expect(rig.server.tcp('inbound', 'dst')).toEqual(toClient);
    expect(rig.client.value('outbound_tcp_protocol_connections_total', { protocol: 'opaq' })).toBe(40);
    expect(rig.client.value('outbound_tcp_route_open_total', { route_name: 'opaq' })).toBe(40);
    expect(rig.client.value('outbound_tcp_route_close_total', { error: '' })).toBe(40);
    expect(rig.client.value('outbound_tcp_errors_total')).toBeUndefined();
    expect(rig.client.value('outbound_tcp_detect_http_results_total')).toBeUndefined();
    expect(rig.client.value('request_total')).toBeUndefined();
    expect(rig.server.value('inbound_tcp_authz_allow_total', { target_port: '5432', tls: 'true' })).toBe(40);
    const header = { session_protocol: '', target_port: '5432' };
    expect(rig.server.value('inbound_tcp_transport_header_connections_total', header)).toBe(40);
    expect(rig.server.value('inbound_tcp_detect_http_results_total')).toBeUndefined();
    expect(rig.server.value('inbound_tcp_errors_total')).toBeUndefined();
  });

  it('is open while it is, and a side that reads slowly slows the other down', async () => {
    const apps: Socket[] = [];
    await using rig = await TcpRig.start({ app: (socket) => void apps.push(socket.pause()) });
    const client = rig.connect();
    let written = 0;
    while (written < 64 * 2 ** 20 && client.write(Buffer.alloc(2 ** 20))) written += 2 ** 20;
    await until('the app is reached', () => apps.length === 1);
    // Nothing is read by the app: some buffers fill, and the client waits.
    let at = -1;
    await until('it stands still', () => {
      const before = at;
      at = rig.client.tcp('outbound', 'src').read;
      client.write(Buffer.alloc(2 ** 20));
      return before === at && client.writableLength > 2 ** 22;
    });
    expect(at).toBeLessThan(32 * 2 ** 20);
    expect(rig.client.tcp('outbound', 'dst')).toMatchObject({ opened: 1, open: 1, closed: 0 });
    expect(rig.server.tcp('inbound', 'dst')).toMatchObject({ opened: 1, open: 1, closed: 0 });
    expect(rig.outbound.inFlight).toBe(1);
    expect(rig.inbound.inFlight).toBe(1);
    apps[0]!.resume();
    client.end();
    await once(apps[0]!, 'end');
    apps[0]!.end();
    await rig.quiet();
    expect(rig.server.tcp('inbound', 'dst')).toMatchObject({ open: 0, closed: 1, written: client.bytesWritten });
  });

  it('lets the server speak first at once', async () => {
    await using rig = await TcpRig.start({ app: (socket) => socket.end('220 hello\n') });
    const client = rig.connect();
    expect((await buffer(client)).toString()).toBe('220 hello\n');
    client.end();
    await rig.quiet();
    expect(rig.client.tcp('outbound', 'src')).toMatchObject({ read: 0, written: 10, closed: 1 });
  });

  it.each(['app', 'client'] as const)('that the %s resets is cut at the other end, and counts as i/o', async (who) => {
    const apps: Socket[] = [];
    await using rig = await TcpRig.start({ app: (socket) => void apps.push(socket) });
    const client = rig.connect();
    client.write('hello');
    await until('the app has it', () => (apps[0]?.bytesRead ?? 0) === 5);
    const other = who === 'app' ? client : apps[0]!;
    (who === 'app' ? apps[0]! : client).resetAndDestroy();
    await gone(other);
    await rig.quiet();
    expect(rig.client.value('outbound_tcp_errors_total', { error: 'i/o', target_ip: '10.96.0.1' })).toBe(1);
    expect(rig.client.value('outbound_tcp_route_close_total', { error: 'unexpected' })).toBe(1);
    expect(rig.server.value('inbound_tcp_errors_total', { error: 'i/o', target_port: '4143' })).toBe(1);
    for (const page of [rig.client.tcp('outbound', 'src'), rig.server.tcp('inbound', 'src')]) {
      expect(page).toMatchObject({ opened: 1, open: 0, closed: 1, read: 5 });
    }
  });

  it('to an app that refuses is closed, once tried', async () => {
    await using rig = await TcpRig.start({ app: null });
    const client = rig.connect();
    await gone(client);
    await rig.quiet();
    expect(rig.client.value('outbound_tcp_errors_total', { error: 'i/o' })).toBe(1);
    expect(rig.client.tcp('outbound', 'dst')).toMatchObject({ opened: 1, closed: 1 });
    expect(rig.server.tcp('inbound', 'src')).toMatchObject({ opened: 1, closed: 1 });
    expect(rig.server.tcp('inbound', 'dst')).toEqual(IDLE);
    expect(rig.server.value('inbound_tcp_errors_total', { error: 'i/o' })).toBe(1);
  });

  it('to a proxy that is gone is closed without a connection of its own', async () => {
    await using rig = await TcpRig.start({ app: (socket) => socket.end() });
    const { inbound } = rig.pod;
    rig.discovery.update({
      services: [{ ...rig.service }],
      pods: [{ ...rig.discovery.endpoints(rig.service)[0]!, inbound: { ...inbound, port: 1 } }],
      ready: new Set(['shop/db-0']),
    });
    const client = rig.connect();
    await gone(client);
    await rig.quiet();
    expect(rig.client.value('outbound_tcp_errors_total', { error: 'i/o' })).toBe(1);
    expect(rig.client.value('outbound_tcp_route_close_total', { error: 'unexpected' })).toBe(1);
    expect(rig.client.tcp('outbound', 'src')).toMatchObject({ opened: 1, open: 0, closed: 1 });
    expect(rig.client.tcp('outbound', 'dst')).toEqual(IDLE);
  });

  it('without an endpoint waits, then fails fast, then is shed, until there is one', async () => {
    await using rig = await TcpRig.start({ app: (socket) => socket.end('x'), unready: true, times: { queueMs: 30 } });
    const closed = () => gone(rig.connect());
    await closed();
    expect(rig.client.value('outbound_tcp_errors_total', { error: 'failfast' })).toBe(1);
    await closed();
    expect(rig.client.value('outbound_tcp_errors_total', { error: 'loadshed' })).toBe(1);
    rig.discovery.setReady('shop/db-0', true);
    const client = rig.connect();
    expect((await buffer(client)).toString()).toBe('x');
    client.end();
    await rig.quiet();
    expect(rig.client.value('outbound_tcp_route_close_total', { error: 'unexpected' })).toBe(2);
    expect(rig.client.value('outbound_tcp_route_close_total', { error: '' })).toBe(1);
  });

  it('to a pod that skips the port goes past its proxy, in plaintext', async () => {
    await using rig = await TcpRig.start({ app: (socket) => socket.end('x'), skipsInbound: true });
    const client = rig.connect();
    client.end('hello');
    expect((await buffer(client)).toString()).toBe('x');
    await rig.quiet();
    const labels = { peer: 'dst', no_tls_reason: 'not_provided_by_service_discovery', dst_control_plane_ns: 'linkerd' };
    expect(rig.client.value('tcp_write_bytes_total', labels)).toBe(5);
    expect(rig.server.tcp('inbound', 'src')).toEqual(IDLE);
  });
});

describe('policy', () => {
  const server = { group: 'policy.linkerd.io', kind: 'server', namespace: 'shop', name: 'db' };

  it('denies a connection before anything of it is counted as open', async () => {
    const apps: Socket[] = [];
    await using rig = await TcpRig.start({
      app: (socket) => void apps.push(socket),
      policy: { server, protocol: 'opaque', authorize: () => null },
    });
    const client = rig.connect();
    client.write('hello');
    await gone(client);
    await rig.quiet();
    expect(apps).toHaveLength(0);
    expect(rig.server.value('inbound_tcp_authz_deny_total', { srv_name: 'db', tls: 'true' })).toBe(1);
    expect(rig.server.value('inbound_tcp_transport_header_connections_total')).toBe(1);
    expect(rig.server.value('inbound_tcp_errors_total')).toBeUndefined();
    expect(rig.server.tcp('inbound', 'src')).toEqual(IDLE);
    expect(rig.client.tcp('outbound', 'dst')).toMatchObject({ opened: 1, open: 0, closed: 1 });
    expect(rig.client.value('outbound_tcp_errors_total', { error: 'i/o' })).toBe(1);
  });

  it('lets in whom it names, by the authorization that did', async () => {
    const authz = { ...server, kind: 'authorizationpolicy', name: 'web-only' };
    const asked: (string | null)[] = [];
    await using rig = await TcpRig.start({
      app: (socket) => socket.end('x'),
      policy: {
        server,
        protocol: 'opaque',
        authorize: ({ identity }) => {
          asked.push(identity);
          return identity === null ? null : authz;
        },
      },
    });
    const client = rig.connect();
    client.end();
    expect((await buffer(client)).toString()).toBe('x');
    const plain = rig.connect('inbound');
    plain.write('hello');
    await gone(plain);
    await rig.quiet();
    expect(asked).toEqual(['web.shop.serviceaccount', null]);
    expect(rig.server.value('inbound_tcp_authz_allow_total', { authz_name: 'web-only' })).toBe(1);
    expect(rig.server.value('inbound_tcp_authz_deny_total', { no_tls_reason: 'port_skipped' })).toBe(1);
    expect(rig.server.value('tcp_open_total', { srv_name: 'db' })).toBe(1);
  });

  it('of a Server that speaks HTTP denies all that is none', async () => {
    await using rig = await TcpRig.start({
      app: (socket) => socket.end('x'),
      policy: { server, protocol: 'HTTP/1', authorize: () => server },
    });
    const client = rig.connect();
    expect((await buffer(client)).length).toBe(0);
    expect(rig.server.value('inbound_tcp_authz_deny_total')).toBe(1);
  });
});

describe('detection', () => {
  const hello = (socket: Socket) => void socket.end('220 hello\n');

  it('tells HTTP from what is none, and forwards that with all its bytes', async () => {
    const got: string[] = [];
    await using rig = await TcpRig.start({
      opaque: false,
      app: async (socket) => {
        got.push((await buffer(socket)).toString());
        socket.end();
      },
    });
    for (const text of ['GET / HTTP/1.1\r\n', 'PRI * HTTP/2.0\r\n\r\n', 'MESHPROOF shop/web 10 1\n', 'hi']) {
      const client = rig.connect();
      client.end(text);
      await buffer(client);
    }
    await rig.quiet();
    expect(rig.http).toEqual(['http/1', 'http/2']);
    expect(got).toEqual(['MESHPROOF shop/web 10 1\n', 'hi']);
    expect(rig.client.value('outbound_tcp_detect_http_results_total', { result: 'not_http' })).toBe(2);
    expect(rig.client.value('outbound_tcp_protocol_connections_total', { protocol: 'detect' })).toBe(2);
    expect(rig.client.tcp('outbound', 'src')).toMatchObject({ opened: 2, read: 26 });
    expect(rig.server.tcp('inbound', 'src')).toMatchObject({ opened: 2, read: 26 });
    // The header says that it is opaque: only the first proxy looks.
    expect(rig.server.value('inbound_tcp_detect_http_results_total')).toBeUndefined();
  });

  it('gives up on a client that waits for the server, after its time and at one proxy only', async () => {
    await using rig = await TcpRig.start({ opaque: false, app: hello, times: { detectMs: 500 } });
    const client = rig.connect();
    expect((await buffer(client)).toString()).toBe('220 hello\n');
    client.end();
    await rig.quiet();
    expect(rig.client.value('outbound_tcp_detect_http_results_total', { result: 'read_timeout' })).toBe(1);
    expect(rig.client.value('outbound_tcp_detect_http_duration_seconds_sum')).toBeGreaterThanOrEqual(0.499);
    expect(rig.client.value('outbound_tcp_route_close_total', { error: '' })).toBe(1);
    expect(rig.server.value('inbound_tcp_detect_http_results_total')).toBeUndefined();
  });

  it('calls a connection an error that ends before it says anything', async () => {
    await using rig = await TcpRig.start({ opaque: false, app: hello });
    const client = rig.connect();
    client.end();
    await gone(client);
    expect(rig.client.value('outbound_tcp_detect_http_results_total', { result: 'error' })).toBe(1);
    expect(rig.client.value('outbound_tcp_errors_total', { error: 'i/o' })).toBe(1);
    expect(rig.client.tcp('outbound', 'src')).toMatchObject({ opened: 1, open: 0, closed: 1 });
    const plain = rig.connect('inbound');
    plain.end();
    await gone(plain);
    expect(rig.server.value('inbound_tcp_detect_http_results_total', { result: 'error' })).toBe(1);
    expect(rig.server.value('inbound_tcp_errors_total', { error: 'i/o', target_port: '5432' })).toBe(1);
  });
});

describe('a caller without a proxy', () => {
  it('is forwarded from an opaque port, in plaintext', async () => {
    await using rig = await TcpRig.start({ app: (socket) => socket.pipe(socket) });
    const client = rig.connect('inbound');
    client.end('GET / HTTP/1.1\r\n\r\n');
    expect((await buffer(client)).length).toBe(18);
    await rig.quiet();
    expect(rig.server.value('tcp_read_bytes_total', { peer: 'src', no_tls_reason: 'port_skipped' })).toBe(18);
    expect(rig.server.value('inbound_tcp_authz_allow_total', { no_tls_reason: 'port_skipped' })).toBe(1);
    expect(rig.server.value('inbound_tcp_detect_http_results_total')).toBeUndefined();
    expect(rig.server.value('inbound_tcp_transport_header_connections_total')).toBeUndefined();
  });

  it('hears a server that speaks first, on an opaque port', async () => {
    await using rig = await TcpRig.start({ app: (socket) => socket.end('220'), times: { detectMs: 20 } });
    const client = rig.connect('inbound');
    expect((await buffer(client)).toString()).toBe('220');
    client.end();
    await rig.quiet();
  });

  it('is detected on another port, and dropped where it waits for the server', async () => {
    await using rig = await TcpRig.start({
      opaque: false,
      app: (socket) => socket.pipe(socket),
      times: { detectMs: 1000 },
    });
    const client = rig.connect('inbound');
    client.end('hello');
    expect((await buffer(client)).toString()).toBe('hello');
    const web = rig.connect('inbound');
    web.write('GET / HTTP/1.1\r\n\r\n');
    await until('it is HTTP', () => rig.http.length === 1);
    const silent = rig.connect('inbound');
    await gone(silent);
    expect(rig.server.value('inbound_tcp_detect_http_results_total', { result: 'not_http' })).toBe(1);
    expect(rig.server.value('tcp_read_bytes_total', { peer: 'src', no_tls_reason: 'no_tls_from_remote' })).toBe(5);
    expect(rig.server.value('inbound_tcp_errors_total', { error: 'tls detection timeout', target_port: '5432' })).toBe(
      1,
    );
  });
});
