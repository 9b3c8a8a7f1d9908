import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import tls from 'node:tls';
import { describe, expect, it } from 'vitest';
import { call, open } from './testing/call.ts';
import { Rig } from './testing/rig.ts';

const ok = (_request: unknown, response: { end(text: string): void }) => response.end('ok');

describe('identity on the wire', () => {
  it("refuses a server that another trust anchor certified: 502 of the client's proxy, nothing reaches the server", async () => {
    await using rig = await Rig.start({ services: { web: [ok] }, strangers: ['web'] });
    const result = await call(rig);
    expect(result.status).toBe(502);
    expect(result.headers['l5d-proxy-error']).toMatch(/certificate/);
    expect(rig.events('web-0', 'inbound')).toEqual([]);
  });

  it.each([
    ['with a certificate of another trust anchor', true],
    ['without a certificate', false],
  ])('refuses a client %s, even one that accepts any server', async (_what, certified) => {
    await using rig = await Rig.start({ services: { web: [ok] }, strangers: ['load'] });
    const { certPem, keyPem } = rig.credentials.get('load')!.certificate;
    const session = http2.connect(`https://${rig.pods.get('web-0')!.inbound.host}:4143`, {
      rejectUnauthorized: false,
      ...(certified ? { cert: certPem, key: keyPem } : {}),
    });
    session.on('error', () => {});
    const stream = session.request({ ':path': '/', ':authority': 'web' });
    const responses: unknown[] = [];
    stream.on('response', (headers) => responses.push(headers));
    stream.on('error', () => {});
    await new Promise((resolve) => stream.once('close', resolve));
    session.destroy();
    expect(responses).toEqual([]);
    expect(rig.events('web-0', 'inbound')).toEqual([]);
    expect(rig.events('web-0', 'tcp')).toEqual([]);
  });

  it('speaks TLS 1.3 with AES-128-GCM, and names the server by its ServiceAccount', async () => {
    await using rig = await Rig.start({ services: { web: [ok] } });
    const { host, port } = rig.pods.get('web-0')!.inbound;
    const servername = 'web.shop.serviceaccount.identity.linkerd.cluster.local';
    const socket = tls.connect({
      host,
      port,
      servername,
      secureContext: rig.credentials.get('load')!.context,
      ALPNProtocols: ['h2'],
    });
    await once(socket, 'secureConnect');
    expect(socket.getProtocol()).toBe('TLSv1.3');
    expect(socket.getCipher().standardName).toBe('TLS_AES_128_GCM_SHA256');
    expect(socket.alpnProtocol).toBe('h2');
    expect(socket.getPeerX509Certificate()?.subjectAltName).toBe(`DNS:${servername}`);
    socket.destroy();
  });

  it('renews certificates under traffic without losing a request', async () => {
    // Renewed every 200 ms while requests run; each handshake shows which certificate new connections get.
    await using rig = await Rig.start({
      services: { web: [ok] },
      lifetimeMs: 60_000,
      refresh: { share: 0.7, minMs: 0, maxMs: 200 },
    });
    const serials = new Set<string>();
    const { host, port } = rig.pods.get('web-0')!.inbound;
    const handshake = async () => {
      const socket = tls.connect({
        host,
        port,
        servername: 'web.shop.serviceaccount.identity.linkerd.cluster.local',
        secureContext: rig.credentials.get('load')!.context,
      });
      await once(socket, 'secureConnect');
      serials.add(socket.getPeerX509Certificate()!.serialNumber);
      socket.destroy();
    };
    const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
    let requests = 0;
    while (serials.size < 4) {
      const results = await Promise.all(Array.from({ length: 8 }, () => call(rig, { agent })));
      expect(results.map(({ status }) => status)).toEqual(Array(8).fill(200));
      requests += results.length;
      await handshake();
    }
    agent.destroy();
    expect(rig.events('web-0', 'inbound').filter((line) => line === 'complete')).toHaveLength(requests);
    expect(rig.events('web-0', 'certificate').length).toBeGreaterThanOrEqual(4);
  });
});

describe('a killed sidecar', () => {
  it('cuts a body short for its peers, counts nothing more, and comes back as a new incarnation', async () => {
    let finish = () => {};
    await using rig = await Rig.start({
      services: {
        web: [
          (request, response) => {
            if (request.url === '/quick') return response.end('ok');
            response.write('part');
            finish = () => response.end();
          },
        ],
      },
    });
    const { request, head } = open(rig);
    request.end();
    const response = await head;
    const cut = once(response, 'error');
    await once(response, 'data');
    const before = rig.events('web-0', 'inbound');
    await rig.killPod('web-0');
    await cut;
    finish();
    expect(rig.events('load', 'endpoint').at(-1)).toBe('fail unclassified - UNKNOWN');
    expect(rig.events('web-0', 'inbound')).toEqual(before);
    await rig.startPod('web-0');
    expect((await call(rig, { path: '/quick' })).status).toBe(200);
    expect(rig.events('web-0', 'certificate')).toEqual(['ok', 'ok']);
  });

  it('of the caller: the callee cancels what it was doing for it', async () => {
    let arrived = () => {};
    const inApp = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    let gone = () => {};
    const appSawClose = new Promise<void>((resolve) => {
      gone = resolve;
    });
    await using rig = await Rig.start({
      services: {
        web: [
          (request) => {
            request.once('close', gone);
            arrived();
          },
        ],
      },
    });
    const { request, head } = open(rig);
    request.end();
    await inApp;
    await rig.killPod('load');
    await expect(head).rejects.toThrow();
    await appSawClose;
    expect(rig.events('web-0', 'inbound').at(-1)).toBe('cancel');
    expect(rig.events('load', 'route').at(-1)).toBe('requestEnd');
  });
});
