import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ClockProxy } from './proxy.ts';

const AHEAD_MS = 90_000;
let real: Server;
let proxy: ClockProxy;
let asked: { method: string; url: string; body: string }[];
let answers: Record<string, { type: string; body: string; status?: number }>;

beforeEach(async () => {
  asked = [];
  answers = {};
  real = createServer(async (request: IncomingMessage, response) => {
    const { method = '', url = '' } = request;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    asked.push({ method, url, body: Buffer.concat(chunks).toString() });
    const { type, body, status = 200 } = answers[url.split('?')[0]!] ?? { type: 'text/plain', body: 'no', status: 404 };
    response.writeHead(status, { 'content-type': type, 'content-encoding': 'gzip' }).end(gzipSync(body));
  });
  real.listen(0, '127.0.0.1');
  await once(real, 'listening');
  const of = `http://127.0.0.1:${(real.address() as AddressInfo).port}`;
  proxy = await ClockProxy.start({ of, host: '127.0.0.1', aheadMs: AHEAD_MS });
});
afterEach(async () => {
  await proxy[Symbol.asyncDispose]();
  real.close();
});

const json = (body: unknown) => ({ type: 'application/json', body: JSON.stringify(body) });

it('asks for other moments and answers with other moments, by GET and by POST', async () => {
  const data = { resultType: 'vector', result: [{ metric: {}, value: [1000, '5'] }] };
  answers['/api/v1/query'] = json({ status: 'success', data });
  const query = new URLSearchParams({ query: 'time()', time: '1090' });
  for (const init of [{}, { method: 'POST', body: query }]) {
    const response = await fetch(`${proxy.url}/api/v1/query${init.method ? '' : `?${query}`}`, init);
    expect(await response.json()).toMatchObject({ data: { result: [{ value: [1090, '5'] }] } });
    const { method, url, body } = asked.at(-1)!;
    const params = new URLSearchParams(method === 'POST' ? body : url.split('?')[1]);
    expect([method, Object.fromEntries(params)]).toEqual([
      init.method ?? 'GET',
      { query: '(time() + 90)', time: '1000' },
    ]);
  }
});

it('has its own Date', async () => {
  answers['/-/ready'] = { type: 'text/plain', body: 'Ready.' };
  const from = Date.now();
  const response = await fetch(`${proxy.url}/-/ready`);
  expect(await response.text()).toBe('Ready.');
  // The header has whole seconds.
  const ahead = Date.parse(response.headers.get('date')!) - from;
  expect(ahead).toBeGreaterThan(AHEAD_MS - 1000);
  expect(ahead).toBeLessThan(AHEAD_MS + 5000);
});

it('passes on what fails, and says when there is nobody behind it', async () => {
  answers['/api/v1/query'] = { ...json({ status: 'error', errorType: 'bad_data', error: 'x' }), status: 400 };
  const refused = await fetch(`${proxy.url}/api/v1/query?query=1+`);
  expect([refused.status, await refused.json()]).toEqual([400, expect.objectContaining({ error: 'x' })]);
  expect((await fetch(`${proxy.url}/nothing`)).status).toBe(404);
  real.close();
  real.closeAllConnections();
  expect((await fetch(`${proxy.url}/api/v1/query`)).status).toBe(502);
});
