import net, { type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { claimAddresses } from '../addresses.ts';
import { ServiceAddress } from './service-address.ts';

const pods: Server[] = [];
let behind: Server[] = [];
let service: ServiceAddress;
let at: { host: string; port: number };

/** Says its name, and then what it is told, until it is told no more. */
async function pod(name: string, accept?: (socket: Socket) => void): Promise<Server> {
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {});
    socket.write(name);
    if (accept) accept(socket);
    else socket.pipe(socket);
  });
  pods.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

beforeEach(async () => {
  await using space = await claimAddresses({ onlyOneAddress: true });
  at = await space.listen('127.0.0.1', 0);
  service = await ServiceAddress.listen(at, () =>
    behind.map((server) => ({ host: '127.0.0.1', port: (server.address() as AddressInfo).port })),
  );
});

afterEach(async () => {
  await service[Symbol.asyncDispose]();
  for (const server of pods.splice(0)) server.close();
  behind = [];
});

/** A connection, and everything that comes on it until its end. */
function dial() {
  const socket = net.connect(at);
  const said: Buffer[] = [];
  let error = '';
  socket.on('data', (chunk) => said.push(chunk));
  socket.on('error', (cause: NodeJS.ErrnoException) => {
    error = cause.code ?? '';
  });
  const closed = new Promise<string>((resolve) =>
    socket.once('close', () => resolve(error || Buffer.concat(said).toString())),
  );
  const greeted = new Promise<void>((resolve) => socket.once('data', () => resolve()));
  return { socket, closed, greeted };
}

async function ask(text: string): Promise<string> {
  const { socket, closed } = dial();
  socket.end(text);
  return closed;
}

it('takes the pods in turn, and passes on both directions with their ends', async () => {
  behind = [await pod('a:'), await pod('b:')];
  expect([await ask('one'), await ask('two'), await ask('three')]).toEqual(['a:one', 'b:two', 'a:three']);
});

it('goes to those that are there when a connection is made, which stays where it is', async () => {
  const [a, b] = [await pod('a:'), await pod('b:')];
  behind = [a];
  const kept = dial();
  await kept.greeted;
  behind = [b];
  expect(await ask('new')).toBe('b:new');
  kept.socket.end('old');
  expect(await kept.closed).toBe('a:old');
});

it('passes on a reset as such', async () => {
  behind = [await pod('a:', (socket) => socket.once('data', () => socket.resetAndDestroy()))];
  const { socket, greeted, closed } = dial();
  await greeted;
  socket.write('x');
  expect(await closed).toBe('ECONNRESET');
});

it('refuses where there is no pod', async () => {
  expect(await ask('x')).toBe('ECONNRESET');
});
