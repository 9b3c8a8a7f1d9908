import { once } from 'node:events';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { http2Headers } from './http2-headers.ts';

const RESPONSE = [':status', '200', 'x-a', '1', 'set-cookie', 'a', 'x-b', '2', 'set-cookie', 'b', 'set-cookie', 'c'];

it('leaves a list as it is where lists are taken', () => {
  expect(http2Headers(RESPONSE, true)).toBe(RESPONSE);
});

it('has every value of a name, names in their order, where they are not', () => {
  const headers = http2Headers([...RESPONSE, '__proto__', 'x'], false);
  expect(Object.entries(headers)).toEqual([
    [':status', '200'],
    ['x-a', '1'],
    ['set-cookie', ['a', 'b', 'c']],
    ['x-b', '2'],
    ['__proto__', 'x'],
  ]);
});

it.each([true, false])('arrives, lists taken: %s', async (takesLists) => {
  const server = http2.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  let asked: string[] = [];
  server.on('stream', (stream, _headers, _flags, raw: string[]) => {
    asked = raw;
    stream.respond(http2Headers(RESPONSE, takesLists), { endStream: true, sendDate: false } as object);
  });
  const session = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const request = [':method', 'GET', ':scheme', 'http', ':authority', 'web', ':path', '/', 'x-a', '1', 'x-a', '2'];
  const stream = session.request(http2Headers(request, takesLists));
  const [head] = await once(stream, 'response');
  expect(asked).toEqual(request);
  expect(head).toMatchObject({ ':status': 200, 'x-a': '1', 'x-b': '2', 'set-cookie': ['a', 'b', 'c'] });
  session.close();
  server.close();
});
