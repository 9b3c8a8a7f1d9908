import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { epochMs } from '../../core/clock.ts';
import { waitFor } from '../../core/wait.ts';
import type { MeshPodConfig } from '../../mesh/contract.ts';
import { PageReader } from './pages.ts';

let server: Server;
let serve: (response: ServerResponse, url: string) => void;
let pod: MeshPodConfig;
beforeEach(async () => {
  server = createServer((request, response) => serve(response, request.url!));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  pod = { namespace: 'shop', name: 'web-1', admin: { host: '127.0.0.1', port } } as MeshPodConfig;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

it('reads a page, and says between which moments', async () => {
  serve = (response) => response.end('a 1\n');
  const before = epochMs();
  const page = await new PageReader().read(pod);
  expect(page).toMatchObject({
    namespace: 'shop',
    pod: 'web-1',
    instance: `127.0.0.1:${pod.admin.port}`,
    text: 'a 1\n',
  });
  expect(before <= page.fromMs && page.fromMs <= page.untilMs && page.untilMs <= epochMs()).toBe(true);
});

it('asks a proxy for the whole URL', async () => {
  serve = (response, url) => response.end(url);
  const target = { ...pod, admin: { host: '127.0.0.9', port: 4191 } };
  expect((await new PageReader(pod.admin).read(target)).text).toBe('http://127.0.0.9:4191/metrics');
});

it.each([
  ['status 403', (response: ServerResponse) => response.writeHead(403).end()],
  [
    'aborted',
    (response: ServerResponse) => response.writeHead(200, { 'content-length': 9 }).write('a', () => response.destroy()),
  ],
])('fails: %s', async (why, answer) => {
  serve = answer;
  await expect(new PageReader().read(pod)).rejects.toMatchObject({
    code: 'PROXY_PAGE',
    message: expect.stringContaining(why),
  });
});

it('waits less for one that was late before, until it answers', async () => {
  const reader = new PageReader(undefined, { deadlineMs: 60, againMs: 40 });
  const late = (ms: number) =>
    expect(reader.read(pod)).rejects.toMatchObject({ message: expect.stringContaining(`no answer within ${ms} ms`) });
  serve = () => {};
  await late(60);
  await late(40);
  serve = (response) => response.end('a 1\n');
  await waitFor(() => reader.read(pod), { what: 'it answers', deadlineMs: 10_000, hint: '' });
  serve = () => {};
  await late(60);
});
