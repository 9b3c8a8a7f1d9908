import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { runCommand } from '../../core/run-command.ts';

const PROGRAM = fileURLToPath(new URL('./await.ts', import.meta.url));
const await_ = (port: number, deadlineMs: number) =>
  runCommand(process.execPath, [PROGRAM, String(port), String(deadlineMs)], { deadlineMs: 40_000 });

/** An admin listener that is ready from the so-many-th request on. */
async function admin(readyFrom: number): Promise<AsyncDisposable & { port: number; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url!);
    response.writeHead(asked.length >= readyFrom ? 200 : 503).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    ...{ port: (server.address() as AddressInfo).port, asked },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

it('ends when the proxy is ready, and not before', async () => {
  await using proxy = await admin(3);
  expect(await await_(proxy.port, 20_000)).toMatchObject({ code: 0, stdout: '', stderr: '' });
  expect(proxy.asked).toEqual(['/ready', '/ready', '/ready']);
});

it('gives up, and says what it saw last', async () => {
  await using proxy = await admin(Number.POSITIVE_INFINITY);
  expect(await await_(proxy.port, 3000)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('the proxy is ready did not happen within 3000 ms; last seen: 503'),
  });
});
