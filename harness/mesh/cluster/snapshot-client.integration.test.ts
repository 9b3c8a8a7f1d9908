import type { ServerResponse } from 'node:http';
import https, { type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { describe as say } from '../../core/errors.ts';
import { waitFor } from '../../core/wait.ts';
import { IdentityAuthority } from '../identity/authority.ts';
import { controlEndpoint } from './control-endpoint.ts';
import { SnapshotClient } from './snapshot-client.ts';
import { snapshotPod } from './testing/pods.ts';

const names = { trustDomain: 'cluster.local', controlPlaneNamespace: 'linkerd' };
const authority = new IdentityAuthority(names);
const ended: (() => void)[] = [];
afterEach(() => {
  for (const end of ended.splice(0)) end();
});

/** A client of a server whose answers are these, one a connection, the last again and again; and what the client told. */
async function follow(answers: ((response: ServerResponse) => void)[], timeoutMs?: number) {
  const told: string[] = [];
  const wait = () => {
    told.push('wait');
    return 1;
  };
  const { certPem, keyPem } = authority.issueServing(['linkerd-dst-headless.linkerd.svc']);
  let connections = 0;
  const server: Server = https.createServer({ cert: certPem, key: keyPem }, (_request, response) => {
    answers[Math.min(connections++, answers.length - 1)]?.(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
  const client = new SnapshotClient({
    endpoint: controlEndpoint('destination', names, address),
    anchorPem: authority.anchorPem,
    snapshot: ({ pods }) => told.push(pods.map(({ name }) => name).join(',')),
    lost: (cause) => told.push(`lost: ${say(cause)}`),
    backoff: { next: wait, reset: () => told.push('reset') },
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
  ended.push(() => {
    client[Symbol.dispose]();
    server.closeAllConnections();
    server.close();
  });
  const until = (count: number) =>
    waitFor(() => (told.length >= count ? told.slice(0, count) : undefined), {
      what: `${count} events`,
      deadlineMs: 20_000,
      everyMs: 2,
      hint: told.join('\n'),
    });
  return { client, until };
}

const line = (...pods: string[]) =>
  `${JSON.stringify({ services: [], pods: pods.map((name) => snapshotPod(name, '10.0.0.1', { name })) })}\n`;

it('takes each snapshot as it comes, in pieces or several at once, and no notice of blank lines', async () => {
  const { client, until } = await follow([
    (response) => {
      const [first, second] = [line('a'), line('b')];
      response.write(first.slice(0, 20));
      setImmediate(() => {
        response.write(`${first.slice(20)}\n\n`);
        // A superseded snapshot is of no interest.
        setTimeout(() => response.write(`${line('x')}${second}`), 20);
      });
    },
  ]);
  await client.first;
  expect(await until(4)).toEqual(['reset', 'a', 'reset', 'b']);
});

it('opens the watch again when it ends, and waits the shorter after a snapshot', async () => {
  const { until } = await follow([
    (response) => response.writeHead(503).end(),
    (response) => response.end(line('a')),
    (response) => response.socket?.destroy(),
    (response) => response.write(line('b')),
  ]);
  expect(await until(10)).toEqual([
    'lost: status 503',
    'wait',
    'reset',
    'a',
    'lost: the watch was ended by the server',
    'wait',
    expect.stringMatching(/^lost: /),
    'wait',
    'reset',
    'b',
  ]);
});

it('says what it did not understand, and tries again', async () => {
  const { until } = await follow([
    (response) => response.write('{"services":1}\n'),
    (response) => response.write(line('a')),
  ]);
  expect(await until(4)).toEqual([expect.stringContaining('services is not a list'), 'wait', 'reset', 'a']);
});

it('does not wait for ever for the first snapshot', async () => {
  const { until } = await follow([(response) => response.write('\n'), (response) => response.write(line('a'))], 1000);
  expect(await until(4)).toEqual(['lost: no snapshot within 1000 ms', 'wait', 'reset', 'a']);
});

it('stops when disposed', async () => {
  let gone = () => {};
  const closed = new Promise<void>((resolve) => {
    gone = resolve;
  });
  const { client, until } = await follow([
    (response) => {
      response.once('close', gone);
      response.write(line('a'));
    },
  ]);
  await client.first;
  client[Symbol.dispose]();
  await closed;
  expect(await until(2)).toEqual(['reset', 'a']);
});
