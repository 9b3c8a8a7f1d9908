import { once } from 'node:events';
import http, { type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { pageReader } from './server.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listen(server: Server): Promise<string> {
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A proxy that notes what it is asked. */
async function proxy(status = 200, text = 'up 1\n') {
  const asked: string[] = [];
  const answer: RequestListener = (request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers.host}`);
    response.writeHead(status).end(text);
  };
  return { asked, at: await listen(http.createServer(answer)) };
}

async function read(reader: string, path: string) {
  const response = await fetch(`http://${reader}${path}`);
  return `${response.status} ${await response.text()}`;
}

it('reads the page of the proxy that it is told', async () => {
  const { asked, at } = await proxy();
  const reader = await listen(pageReader(null));
  expect(await read(reader, `/page?instance=${at}`)).toBe('200 up 1\n');
  expect(asked).toEqual([`GET /metrics ${at}`]);
  expect(await read(reader, '/ready')).toBe('200 ready\n');
});

it('asks by another proxy where it has to, for the whole address', async () => {
  const { asked, at } = await proxy();
  const reader = await listen(pageReader(at));
  expect(await read(reader, '/page?instance=10.244.0.7:4191')).toBe('200 up 1\n');
  expect(asked).toEqual(['GET http://10.244.0.7:4191/metrics 10.244.0.7:4191']);
});

it('a refusal is told, and so is nobody at all', async () => {
  const { at } = await proxy(403, 'forbidden');
  const reader = await listen(pageReader(null));
  expect(await read(reader, `/page?instance=${at}`)).toBe(`502 ${at} answered 403: forbidden\n`);
  expect(await read(reader, '/page?instance=127.0.0.1:1')).toMatch(/^502 127\.0\.0\.1:1: .*ECONNREFUSED/);
  expect(await read(reader, '/page')).toMatch(/^404/);
  expect(await read(reader, '/other?instance=x')).toMatch(/^404/);
});
