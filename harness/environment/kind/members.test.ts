import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { PodInfo } from '../../core/topology.ts';
import type { Kube } from '../kubernetes/contract.ts';
import { Members } from './members.ts';

let dir: string;
/** Requests to pods, as `pod:port method path`. */
let asked: string[];
const servers = new Map<string, ReturnType<typeof createServer>>();

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'members-'));
  asked = [];
});
afterEach(async () => {
  for (const server of servers.values()) server.close();
  servers.clear();
  await rm(dir, { recursive: true, force: true });
});

/** Each port of each pod answers with its place and path. */
const kube = {
  async gateway(_namespace: string, pod: string, port: number): Promise<string> {
    const key = `${pod}:${port}`;
    const server = createServer((request, response) => {
      asked.push(`${key} ${request.method} ${request.url}`);
      response.end(request.url === '/clock' ? '{"nowEpochMs":7}' : `${key}${request.url}`);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    servers.set(`${key} ${servers.size}`, server);
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  },
} as unknown as Kube;

const info = (name: string, workload = 'shop/web'): PodInfo => ({
  ...{ namespace: 'shop', name, workload, replica: 0, ip: '10.0.0.1', appPort: 8080 },
  instance: '10.0.0.1:4191',
});

function setUp(read: (pod: { name: string; node: string }) => Promise<string> = async ({ name }) => `node ${name}`) {
  const reads: string[] = [];
  const truth = {
    read: (pod: { name: string; node: string }) => {
      reads.push(`${pod.node}/${pod.name}`);
      return read(pod);
    },
  };
  const notes: string[] = [];
  const note = (line: string) => notes.push(line);
  return { reads, notes, members: new Members({ kube, dir, reader: null, truth, note }) };
}

it('asks pods that are there for their journals, and the node for those of pods that leave; all are kept', async () => {
  const { members, reads } = setUp();
  members.add(info('load', 'meshproof/load'), 'n');
  members.add(info('web-0'), 'n');
  Object.assign(members.add(info('web-1'), 'n'), { leaving: true });
  expect(await members.journals()).toEqual(['web-0:9901/truth', 'node web-1']);
  expect(reads).toEqual(['n/web-1']);
  expect(await readFile(join(dir, 'truth', 'shop.web-1.journal'), 'utf8')).toBe('node web-1');
});

it('reads the journal of a pod that is gone once, of one that is leaving each time', async () => {
  const { members, reads } = setUp();
  const member = members.add(info('web-0'), 'n');
  member.leaving = true;
  await members.journals();
  await members.journals();
  expect(reads).toHaveLength(2);
  member.gone = true;
  await members.journals();
  await members.journals();
  expect(reads).toHaveLength(3);
});

it.each([
  ['is not there', async () => '', /the journal of shop\/web-0, which was replaced: the node n has none/],
  ['can’t be read', () => Promise.reject(new Error('no such node')), /which was replaced: no such node/],
])('does not go on without a journal that %s', async (_, read, message) => {
  const { members } = setUp(read);
  Object.assign(members.add(info('web-0'), 'n'), { leaving: true, gone: true });
  await expect(members.journals()).rejects.toMatchObject({
    code: 'TRUTH_LOST',
    message: expect.stringMatching(message),
  });
});

it('has the last pages of pods that have left, or says that there is none', async () => {
  const { members } = setUp();
  members.add(info('web-0'), 'n');
  const page = { namespace: 'shop', pod: 'web-1', instance: 'x', fromMs: 1, untilMs: 2, text: 'last' };
  Object.assign(members.add(info('web-1'), 'n'), { leaving: true, lastPage: page });
  Object.assign(members.add(info('web-2'), 'n'), { leaving: true, gone: true });
  const { pages, unread } = await members.pages();
  expect(pages.map(({ text }) => text)).toEqual(['web-0:4191/metrics', 'last']);
  expect(unread).toEqual([
    expect.objectContaining({ pod: 'web-2', error: 'the pod left before its last page could be read' }),
  ]);
});

it('tells the origin to services, and asks the clocks of those that are there', async () => {
  const { members } = setUp();
  members.add(info('load', 'meshproof/load'), 'n');
  members.add(info('web-0'), 'n');
  await members.setOrigin(1);
  expect(asked).toEqual(['web-0:9901 POST /control/origin']);
  Object.assign(members.add(info('web-1'), 'n'), { leaving: true });
  const clocks = members.clocks();
  expect(clocks.map(({ name }) => name)).toEqual(['load', 'web-0']);
  expect(await clocks[0]!.read()).toBe(7);
});

it('says which pod was cut off at its end, and that only of pods that are gone', async () => {
  const { members, notes } = setUp(async ({ name }) => (name === 'web-0' ? 'H,1\nZ,17.5\n' : 'H,1\nS,1,16.5\n'));
  for (const name of ['web-0', 'web-1']) Object.assign(members.add(info(name), 'n'), { leaving: true });
  await members.journals();
  expect(notes).toEqual([]);
  for (const member of members.all) member.gone = true;
  await members.journals();
  await members.journals();
  expect(notes).toEqual(['shop/web-1 was cut off when it was to end: its journal has no end']);
});

it('knows who has the place of a replica', () => {
  const { members } = setUp();
  const old = members.add(info('web-0'), 'n');
  expect(members.current('shop/web', 0)).toBe(old);
  const next = members.add(info('web-1'), 'n');
  expect(members.current('shop/web', 0)).toBe(next);
  next.leaving = true;
  expect(members.current('shop/web', 0)).toBe(old);
  expect(members.current('shop/web', 1)).toBeUndefined();
});
