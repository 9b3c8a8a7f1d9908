import { existsSync } from 'node:fs';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { waitFor } from '../../core/wait.ts';
import { Namespaces, noNamespaces } from './testing/namespaces.ts';

const script = join(import.meta.dirname, 'redirect.sh');
const reason = await noNamespaces();

/** Listens on ports, and writes to each connection on which port it came. */
const SERVER = `
  const net = require('node:net');
  const ports = process.argv.slice(1).map(Number);
  Promise.all(ports.map((port) => new Promise((resolve) => {
    const host = port === 4140 || port >= 4200 && port < 4300 ? '127.0.0.1' : '0.0.0.0';
    net.createServer((socket) => socket.on('error', () => {}).end(String(port))).listen(port, host, resolve);
  }))).then(() => console.log('listening'));`;

/** Connects as a user to an address, and prints what it hears. */
const CLIENT = `
  const [host, port, uid] = process.argv.slice(1);
  if (uid) process.setuid(Number(uid));
  const socket = require('node:net').connect({ host, port: Number(port) });
  socket.on('data', (data) => process.stdout.write(data));
  socket.on('error', (error) => process.stdout.write(error.code));`;

async function serve(namespaces: Namespaces, where: 'pod' | 'node', ...ports: number[]): Promise<void> {
  const child = namespaces.start(where, process.execPath, '-e', SERVER, ...ports.map(String));
  await waitFor(() => (child.tail().includes('listening') ? true : undefined), {
    what: `the server in ${where} listens`,
    deadlineMs: 20_000,
    everyMs: 10,
    hint: child.tail(),
  });
}

async function hear(
  namespaces: Namespaces,
  from: 'pod' | 'node',
  host: string,
  port: number,
  uid = '',
): Promise<string> {
  return (await namespaces.run(from, process.execPath, '-e', CLIENT, host, String(port), uid)).text;
}

describe.skipIf(reason)(`redirect.sh${reason ? ` (skipped: ${reason})` : ''}`, () => {
  it('leads what comes in to 4143 and what goes out to 4140, and leaves alone what it is told to', async () => {
    await using namespaces = await Namespaces.create();
    const { POD, NODE } = Namespaces;
    const set = await namespaces.run('pod', 'sh', script, '9901,7000-7002', '25,9000-9010');
    expect(set).toMatchObject({ code: 0 });
    await Promise.all([
      serve(namespaces, 'pod', 4140, 4143, 4191, 8080, 9901, 7001),
      serve(namespaces, 'node', 80, 25, 53, 9005, 9011),
    ]);
    const heard = async (from: 'pod' | 'node', host: string, port: number, uid?: string) => [
      port,
      await hear(namespaces, from, host, port, uid),
    ];
    expect(await Promise.all([8080, 12_345, 4143, 4191, 9901, 7001].map((port) => heard('node', POD, port)))).toEqual([
      [8080, '4143'],
      [12_345, '4143'],
      [4143, '4143'],
      [4191, '4191'],
      [9901, '9901'],
      [7001, '7001'],
    ]);
    expect(await Promise.all([80, 9011, 25, 53, 9005].map((port) => heard('pod', NODE, port)))).toEqual([
      [80, '4140'],
      [9011, '4140'],
      [25, '25'],
      [53, '53'],
      [9005, '9005'],
    ]);
    // The proxy itself, and the app when it calls its own pod.
    expect(await heard('pod', NODE, 80, '2102')).toEqual([80, '80']);
    expect(await heard('pod', POD, 8080)).toEqual([8080, '8080']);
    expect(await heard('pod', '127.0.0.1', 8080)).toEqual([8080, '8080']);
  });

  it('leads some ports to listeners of their own, so that the sidecar knows the destination', async () => {
    await using namespaces = await Namespaces.create();
    const { POD, NODE } = Namespaces;
    const set = await namespaces.run('pod', 'sh', script, '', '6379', '3306,5432,6379', '5432,7000-7001');
    expect(set).toMatchObject({ code: 0 });
    await Promise.all([serve(namespaces, 'pod', 4140, 4143, 4144, 4200, 4201, 4202), serve(namespaces, 'node', 6379)]);
    const heard = async (from: 'pod' | 'node', host: string, port: number) => [
      port,
      await hear(namespaces, from, host, port),
    ];
    expect(await Promise.all([3306, 5432, 6379, 80].map((port) => heard('pod', NODE, port)))).toEqual([
      [3306, '4200'],
      [5432, '4201'],
      [6379, '6379'],
      [80, '4140'],
    ]);
    expect(await Promise.all([5432, 7001, 8080, 4143].map((port) => heard('node', POD, port)))).toEqual([
      [5432, '4144'],
      [7001, '4144'],
      [8080, '4143'],
      [4143, '4143'],
    ]);
  });

  it('refuses a range of ports by themselves before it changes anything', async () => {
    await using namespaces = await Namespaces.create();
    const { code, text } = await namespaces.run('pod', 'sh', script, '', '', '80,90-95');
    expect({ code, text }).toEqual({ code: 1, text: expect.stringContaining("are no ranges: '80,90-95'") });
    expect((await namespaces.run('pod', 'iptables', '-t', 'nat', '-S')).text).not.toContain('MESHPROOF');
  });

  it('run again changes nothing, and given other ports has only those', async () => {
    await using namespaces = await Namespaces.create();
    const rules = async () => {
      const [nft, legacy] = await Promise.all(
        ['iptables-nft', 'iptables-legacy'].map((command) => namespaces.run('pod', command, '-t', 'nat', '-S')),
      );
      return `${nft?.text}${legacy?.text}`.split('\n').filter((line) => line.includes('MESHPROOF'));
    };
    const redirect = async (...args: string[]) =>
      expect(await namespaces.run('pod', 'sh', script, ...args)).toMatchObject({ code: 0 });
    await redirect('9901');
    const first = await rules();
    expect(first.filter((line) => / -j MESHPROOF_/.test(line))).toHaveLength(2);
    expect(first.filter((line) => line.includes('-j REDIRECT'))).toHaveLength(2);
    expect(first.some((line) => line.includes('TRIAL'))).toBe(false);
    await redirect('9901');
    expect(await rules()).toEqual(first);
    await redirect('9902');
    expect(await rules()).toEqual(first.map((line) => line.replace('9901', '9902')));
  });

  it.each(['80,x', '1-', '-5', '1-2-3', '80;90'])('refuses the ports %s before it changes anything', async (ports) => {
    await using namespaces = await Namespaces.create();
    const { code, text } = await namespaces.run('pod', 'sh', script, '', ports);
    expect({ code, text }).toEqual({
      code: 1,
      text: expect.stringContaining('is neither a port nor a range of ports'),
    });
    expect((await namespaces.run('pod', 'iptables', '-t', 'nat', '-S')).text).not.toContain('MESHPROOF');
  });

  it('says what iptables refused', async () => {
    await using namespaces = await Namespaces.create();
    const { code, text } = await namespaces.run('pod', 'sh', script, '70000');
    expect({ code, text }).toEqual({ code: 1, text: expect.stringMatching(/redirect\.sh: this was refused: .*70000/) });
  });

  it('says so when it may not', async () => {
    await using namespaces = await Namespaces.create();
    const { code, text } = await namespaces.run('pod', 'setpriv', '--reuid', '65534', '--clear-groups', 'sh', script);
    expect({ code, text }).toEqual({ code: 1, text: expect.stringMatching(/no iptables works here .*NET_ADMIN/) });
  });

  it('takes iptables-legacy where that is all there is', async ({ skip }) => {
    await using namespaces = await Namespaces.create();
    const legacy = await namespaces.run('pod', 'iptables-legacy', '-t', 'nat', '-S');
    if (legacy.code !== 0) skip(`iptables-legacy does not work here: ${legacy.text}`);
    await using path = await pathOf('tr', 'iptables-legacy');
    const set = await namespaces.run('pod', 'env', `PATH=${path.dir}`, '/bin/sh', script);
    expect(set).toMatchObject({ code: 0, text: expect.stringContaining('iptables-legacy redirects') });
    await serve(namespaces, 'pod', 4143);
    expect(await hear(namespaces, 'node', Namespaces.POD, 8080)).toBe('4143');
  });

  it('says so when there is no iptables', async () => {
    await using namespaces = await Namespaces.create();
    await using path = await pathOf('tr');
    const { code, text } = await namespaces.run('pod', 'env', `PATH=${path.dir}`, '/bin/sh', script);
    expect({ code, text }).toEqual({
      code: 1,
      text: expect.stringMatching(/no iptables works here .* iptables-nft: not found; iptables-legacy: not found;/),
    });
  });
});

/** A folder with these programs and no others. */
async function pathOf(...programs: string[]): Promise<AsyncDisposable & { dir: string }> {
  const dir = await mkdtemp(join(tmpdir(), 'path-'));
  for (const program of programs) {
    const folder = (process.env.PATH ?? '').split(':').find((each) => existsSync(join(each, program)));
    await symlink(join(folder ?? '/usr/bin', program), join(dir, program));
  }
  return { dir, [Symbol.asyncDispose]: () => rm(dir, { recursive: true }) };
}
