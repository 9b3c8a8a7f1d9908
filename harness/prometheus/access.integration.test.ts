import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { IdentityAuthority } from '../mesh/identity/authority.ts';
import type { PrometheusAccess } from './access.ts';
import { PrometheusClient } from './client.ts';

const open: (Server & { closeAllConnections(): void })[] = [];
afterEach(() => {
  for (const server of open.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

async function listening(server: Server & { closeAllConnections(): void }): Promise<number> {
  open.push(server.listen(0, '127.0.0.1') as typeof server);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** A Prometheus that answers buildinfo and writes down what came with the requests. */
async function prometheus(answer: RequestListener = respond) {
  const seen: IncomingHttpHeaders[] = [];
  const port = await listening(
    createServer((request, response) => {
      seen.push(request.headers);
      answer(request, response);
    }),
  );
  return {
    seen,
    port,
    client: (access: PrometheusAccess) => new PrometheusClient(`http://127.0.0.1:${port}`, { access }),
  };
}
const respond: RequestListener = (_request, response) => {
  response.end(JSON.stringify({ status: 'success', data: { version: '3.15.0', goVersion: 'go1.26' } }));
};

describe('access to a Prometheus that wants to know who asks', () => {
  it('takes a bearer token, a user, any header', async () => {
    const { seen, client, port } = await prometheus();
    await client({ bearerToken: ' abc\n' }).buildInfo();
    await client({ basicAuth: { username: 'ann', password: 'se:cret' } }).buildInfo();
    await new PrometheusClient(`http://bob:p%40ss@127.0.0.1:${port}/`).buildInfo();
    await client({ headers: { 'X-Scope-OrgID': 'shop' } }).buildInfo();
    await client({}).buildInfo();
    const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
    expect(seen.map((headers) => [headers.authorization, headers['x-scope-orgid']])).toEqual([
      ['Bearer abc', undefined],
      [basic('ann:se:cret'), undefined],
      [basic('bob:p@ss'), undefined],
      [undefined, 'shop'],
      [undefined, undefined],
    ]);
  });

  it('never prints what is secret', async () => {
    const { client, port } = await prometheus((request, response) => {
      response.writeHead(401).end(`who is ${request.headers.authorization} with ${request.headers['x-key']}?`);
    });
    const one = client({ basicAuth: { username: 'ann', password: 'hush' }, headers: { 'x-key': 'k-1' } });
    const error: Error = await one.buildInfo().then(
      () => expect.unreachable(),
      (cause) => cause,
    );
    expect(error.message).toMatch(/HTTP 401: who is Basic \[secret\] with \[secret\]\?$/);
    const url = new PrometheusClient(`http://ann:hush@127.0.0.1:${port}`);
    expect(url.url).toBe(`http://127.0.0.1:${port}`);
    for (const shown of [inspect(one), JSON.stringify(one), inspect(url)]) expect(shown).not.toMatch(/hush|k-1/);
  });

  it('does not follow to where it might be heard', async () => {
    const elsewhere = await prometheus();
    const { client } = await prometheus((_request, response) => {
      response.writeHead(302, { location: `http://127.0.0.1:${elsewhere.port}/login` }).end();
    });
    const one = client({ headers: { 'x-key': 'k-1' } });
    await expect(one.buildInfo()).rejects.toThrow(`it sends us to http://127.0.0.1:${elsewhere.port}/login`);
    expect(await one.ready()).toBe(false);
    expect(elsewhere.seen).toEqual([]);
  });

  it('checks the certificate against the CA that it was given', async () => {
    const authority = new IdentityAuthority({ trustDomain: 'cluster.local', controlPlaneNamespace: 'linkerd' });
    const { certPem, keyPem } = authority.issueServing(['prometheus.example']);
    const port = await listening(createTlsServer({ cert: certPem, key: keyPem }, respond));
    const ask = (tls: PrometheusAccess['tls']) =>
      new PrometheusClient(`https://127.0.0.1:${port}`, { access: { ...(tls && { tls }) } }).buildInfo();
    const serverName = 'prometheus.example';
    expect(await ask({ ca: authority.anchorPem, serverName })).toMatchObject({ version: '3.15.0' });
    expect(await ask({ insecureSkipVerify: true })).toMatchObject({ version: '3.15.0' });
    await expect(ask({ ca: authority.anchorPem })).rejects.toMatchObject({ code: 'PROMETHEUS_UNREACHABLE' });
    await expect(ask({ serverName })).rejects.toThrow(/certificate/);
    await expect(ask(undefined)).rejects.toThrow(/certificate/);
  });

  it.each<[string, PrometheusAccess]>([
    ['exclude each other', { bearerToken: 'a', basicAuth: { username: 'b', password: 'c' } }],
    ['token is empty', { bearerToken: '\n' }],
    ['value of header x-a', { headers: { 'x-a': 'ab\ncd' } }],
    ['value of header authorization', { bearerToken: 'ab\ncd' }],
    ['a header has a name', { headers: { 'x a': 'b' } }],
    ['has no colon', { basicAuth: { username: 'a:b', password: 'c' } }],
  ])('refuses what can be no access: %s', (problem, access) => {
    const make = () => new PrometheusClient('http://127.0.0.1:1', { access });
    expect(make).toThrow(
      expect.objectContaining({ code: 'BAD_PROMETHEUS_ACCESS', message: expect.stringContaining(problem) }),
    );
    expect(make).not.toThrow('ab');
  });
});
