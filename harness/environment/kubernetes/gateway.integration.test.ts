import { randomBytes } from 'node:crypto';
import http from 'node:http';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectKube } from './connect.ts';
import type { Kube } from './contract.ts';
import { GATEWAY_HEADER } from './gateway.ts';
import { notFound, StandInApi, status, TOKEN } from './testing/api.ts';

const PREFIX = '/api/v1/namespaces/shop/pods/web-1:4191/proxy';
let api: StandInApi;
let kube: Kube;
let url: string;
beforeEach(async () => {
  api = await StandInApi.start();
  kube = await connectKube({ kubeconfig: api.kubeconfig });
  url = await kube.gateway('shop', 'web-1', 4191);
});
afterEach(async () => {
  await kube.close();
  await api[Symbol.asyncDispose]();
});

/** A page as a proxy renders it, with what a careless relay would break. */
const PAGE = `# HELP x "a" <b href="/c"> & ü\u2028 \\n\nx{le="+Inf",path="/%2F?q=\\"é\\""} 1e+06\n${'y 1\n'.repeat(130_000)}`;

describe('gateway', () => {
  it('passes a large page byte for byte, with its status and type', async () => {
    api.on('GET', `${PREFIX}/metrics`, () => ({
      status: 203,
      body: Buffer.from(PAGE),
      headers: { 'content-type': 'text/plain; version=0.0.4', 'x-own': 'own' },
    }));
    const response = await fetch(`${url}/metrics`);
    expect(response.status).toBe(203);
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4');
    expect(response.headers.get('x-own')).toBe('own');
    expect(await response.text()).toBe(PAGE);
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(await kube.gateway('shop', 'web-1', 4191)).toBe(url);
    expect(await kube.gateway('shop', 'web-1', 9901)).not.toBe(url);
  });

  it('leaves what is compressed as it is', async () => {
    const packed = gzipSync(PAGE);
    api.on('GET', `${PREFIX}/metrics`, () => ({ body: packed, headers: { 'content-encoding': 'gzip' } }));
    expect(await (await fetch(`${url}/metrics`)).text()).toBe(PAGE);
  });

  it('passes path, query, method, body and headers on, but not who asks', async () => {
    const body = randomBytes(300_000);
    api.on('POST', `${PREFIX}/a%2Fb//c%20d`, (asked) => ({ body: asked.body }));
    const response = await fetch(`${url}/a%2Fb//c%20d?x=1&y=%22&y=`, {
      method: 'POST',
      body,
      headers: { 'x-own': 'own', authorization: 'Bearer other', 'impersonate-user': 'root' },
    });
    expect(Buffer.from(await response.arrayBuffer()).equals(body)).toBe(true);
    const asked = api.asked.at(-1)!;
    expect(asked.query.toString()).toBe('x=1&y=%22&y=');
    expect(asked.headers).toMatchObject({ 'x-own': 'own', authorization: `Bearer ${TOKEN}` });
    expect(asked.headers['impersonate-user']).toBeUndefined();
  });

  it('streams: the first part arrives before the last is written', async () => {
    let finish = () => {};
    api.on('GET', `${PREFIX}/tail`, (_asked, { response }) => {
      response.writeHead(200, { 'content-type': 'text/plain' });
      response.write('first');
      finish = () => response.end('last');
      return null;
    });
    const response = await fetch(`${url}/tail`);
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader.read()).value).toBe('first');
    finish();
    expect((await reader.read()).value).toBe('last');
  });

  it.each([
    ['a page', 200, 'text/plain'],
    ['a refusal', 500, 'application/json'],
  ])('does not let half of %s look like a whole one', async (_name, code, type) => {
    api.on('GET', `${PREFIX}/cut`, (_asked, { response }) => {
      response.writeHead(code, { 'content-type': type });
      response.write('half', () => response.destroy());
      return null;
    });
    await expect(fetch(`${url}/cut`).then((response) => response.text())).rejects.toThrow();
  });

  it('ends what nobody waits for any more', async () => {
    const closed = new Promise((resolve) => {
      api.on('GET', `${PREFIX}/hang`, (_asked, { response }) => {
        response.on('close', resolve);
        aborted.abort();
        return null;
      });
    });
    const aborted = new AbortController();
    await expect(fetch(`${url}/hang`, { signal: aborted.signal })).rejects.toThrow();
    await closed;
  });

  it('puts redirections right', async () => {
    const to = (location: string) => ({ status: 302, headers: { location } });
    api.on('GET', `${PREFIX}/a`, () => to(`${PREFIX}/graph?x=1`));
    api.on('GET', `${PREFIX}/b`, () => to(`${api.url}${PREFIX}`));
    api.on('GET', `${PREFIX}/c`, () => to('https://elsewhere.example/x'));
    const places = ['/a', '/b', '/c'].map(async (path) => {
      const response = await fetch(url + path, { redirect: 'manual' });
      return response.headers.get('location');
    });
    expect(await Promise.all(places)).toEqual(['/graph?x=1', '/', 'https://elsewhere.example/x']);
  });

  it.each([
    ['the pod does not listen', 503, status(503, 'ServiceUnavailable', 'error trying to reach service: refused')],
    ['there is no such pod', 502, notFound('pods', 'web-1')],
    ['it may not', 502, status(403, 'Forbidden', 'pods/proxy is forbidden')],
  ])('says in plain text when %s', async (_name, code, answer) => {
    api.on('GET', `${PREFIX}/metrics`, () => answer);
    const response = await fetch(`${url}/metrics`);
    expect(response.status).toBe(code);
    expect(response.headers.get('content-type')).toContain('text/plain');
    expect(response.headers.get(GATEWAY_HEADER)).toBe('unreachable');
    expect(await response.text()).toBe(
      `pod shop/web-1, port 4191: the API server can't reach it: ${(answer.body as { message: string }).message}\n`,
    );
  });

  it("leaves the pod's own refusals alone", async () => {
    const body = '{"status":"error","kind":"mine"}';
    const headers = { 'content-type': 'application/json' };
    api.on('GET', `${PREFIX}/api`, () => ({ status: 503, body, headers }));
    const response = await fetch(`${url}/api`);
    expect(response.status).toBe(503);
    expect(response.headers.has(GATEWAY_HEADER)).toBe(false);
    expect(await response.text()).toBe(body);
  });

  it('502 when the API server has gone, also for a request with a body', async () => {
    await api.stop();
    for (const method of ['GET', 'POST']) {
      const response = await fetch(`${url}/x`, { method, ...(method === 'POST' && { body: 'x'.repeat(100_000) }) });
      expect(response.status).toBe(502);
      expect(await response.text()).toMatch(/^pod shop\/web-1, port 4191: .*the API server https:.* gave no answer/);
    }
  });

  it('HEAD has no body and keeps its length', async () => {
    api.on('HEAD', `${PREFIX}/metrics`, () => ({ headers: { 'content-length': '5' } }));
    const response = await fetch(`${url}/metrics`, { method: 'HEAD' });
    expect(response.headers.get('content-length')).toBe('5');
  });

  it('closes with the cluster, even while a request is under way', async () => {
    let reached = () => {};
    const under = new Promise<void>((resolve) => {
      reached = resolve;
    });
    api.on('GET', `${PREFIX}/hang`, () => {
      reached();
      return null;
    });
    const request = http.get(`${url}/hang`);
    const failed = new Promise((resolve) => request.on('error', resolve));
    await under;
    await kube.close();
    await failed;
    await expect(fetch(`${url}/x`)).rejects.toThrow();
  });
});

it('keeps few connections to the API server', async () => {
  const ports = new Set<number | undefined>();
  api.on('GET', `${PREFIX}/x`, (_asked, { request }) => {
    ports.add(request.socket.remotePort);
    return { body: 'x' };
  });
  for (let i = 0; i < 5; i++) {
    const request = http.get(`${url}/x`);
    const body = await new Promise<string>((resolve) => request.on('response', (r) => resolve(text(r))));
    expect(body).toBe('x');
  }
  expect(ports.size).toBe(1);
});
