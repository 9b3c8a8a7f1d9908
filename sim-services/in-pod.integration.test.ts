import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { WorkloadConfig } from './contract.ts';
import { Services } from './services.ts';
import { ask, linesOf, story } from './testing/client.ts';
import { aCall, aConfig, anAddress, aPod, aRoute, aWorkload } from './testing/configs.ts';
import { Program } from './testing/program.ts';

/** The object whose `lookup` node:net calls. */
const dns = createRequire(import.meta.url)('node:dns') as typeof import('node:dns');

const IN_POD = { env: { MESHPROOF_POD_NAME: 'web-7d4b9c-x2x4q' } };

async function truthOf(workload: WorkloadConfig): Promise<string[][]> {
  const { body } = await ask(workload, { port: 'admin', path: '/truth' });
  return linesOf(body);
}

describe('a container that is started again in its pod', () => {
  test('is the next incarnation, and knows the origin', async () => {
    const web = aWorkload('web', [aRoute({ status: 200 })], { pods: [aPod('web', { incarnation: 'auto' })] });
    // From the origin on, for ever.
    const errors = [{ kind: 'status', status: 500, rate: 1 } as const];
    web.timeline.push({ atMs: 0, untilMs: null, path: null, method: null, change: { errors } });
    for (const incarnation of ['0', '1', '2']) {
      await using program = await Program.ready(aConfig(web), IN_POD);
      if (incarnation === '0') {
        expect((await ask(web)).status).toBe(200);
        const told = { method: 'POST', path: '/control/origin', headers: { 'content-type': 'application/json' } };
        const answer = await ask(web, { ...told, port: 'admin', body: '{"originEpochMs":1000}' });
        expect(answer.status).toBe(204);
      }
      expect((await ask(web)).status).toBe(500);
      program.signal('SIGKILL');
      await program.exited;
    }
    await using _last = await Program.ready(aConfig(web), IN_POD);
    const heads = (await truthOf(web)).filter(([kind]) => kind === 'H');
    expect(heads.map(([, , , pod, incarnation]) => `${pod} ${incarnation}`)).toEqual(
      ['0', '1', '2', '3'].map((incarnation) => `web-7d4b9c-x2x4q ${incarnation}`),
    );
  });

  test('keeps no origin where incarnations are named by somebody, who tells it again', async () => {
    const web = aWorkload('web', [aRoute()]);
    await using _services = await Services.start(aConfig(web));
    const told = { method: 'POST', path: '/control/origin', headers: { 'content-type': 'application/json' } };
    await ask(web, { ...told, port: 'admin', body: '{"originEpochMs":1000}' });
    expect(() => readFileSync(join(web.pods[0]!.journalDir, 'origin.json'))).toThrow('ENOENT');
  });

  test.each(['', 'null', '{"originEpochMs":"soon"}'])(
    'refuses to go on with an origin it cannot read: %j',
    async (kept) => {
      const web = aWorkload('web', [aRoute()], { pods: [aPod('web', { incarnation: 'auto' })] });
      writeFileSync(join(web.pods[0]!.journalDir, 'origin.json'), kept);
      await expect(Services.start(aConfig(web))).rejects.toMatchObject({ code: 'ORIGIN_LOST', exitCode: 74 });
    },
  );
});

describe('callees by name', () => {
  afterEach(() => vi.restoreAllMocks());

  /** Where names lead, as the resolver of a pod would know; looked up once a connection. */
  function names(known: Record<string, string>): string[] {
    const asked: string[] = [];
    const lookup = dns.lookup as (...args: unknown[]) => void;
    vi.spyOn(dns, 'lookup').mockImplementation(((name: string, options: { all?: boolean }, done: Done) => {
      // Listening looks addresses up as well.
      if (isIP(name)) return lookup(name, options, done);
      asked.push(name);
      const address = known[name];
      if (!address) done(Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: 'ENOTFOUND' }));
      else if (options.all) done(null, [{ address, family: 4 }]);
      else done(null, address, 4);
    }) as unknown as typeof dns.lookup);
    return asked;
  }
  type Done = (error: Error | null, address?: unknown, family?: number) => void;

  test('are looked up for a new connection, and a connection is kept', async () => {
    const db = aWorkload('db', [aRoute()]);
    const elsewhere = anAddress();
    const web = aWorkload('web', [aRoute({ steps: [[aCall(db, { authority: 'db.shop.svc.cluster.local' })]] })]);
    const known = { 'db.shop.svc.cluster.local': db.pods[0]!.listen.host };
    const asked = names(known);
    await using _front = await Services.start(aConfig(web));
    {
      await using _back = await Services.start(aConfig(db));
      for (let i = 0; i < 3; i += 1) expect((await ask(web)).status).toBe(200);
      expect(asked).toEqual(['db.shop.svc.cluster.local']);
    }
    // It is somewhere else now, under the same name.
    known['db.shop.svc.cluster.local'] = elsewhere.host;
    const moved = aWorkload('db', [aRoute()], {
      pods: [aPod('db', { pod: 'db-1', listen: elsewhere, admin: { ...elsewhere, port: 8081 } })],
    });
    await using _back = await Services.start(aConfig(moved));
    expect((await ask(web)).status).toBe(200);
    expect(asked).toHaveLength(2);
    expect(story(moved)).toEqual(['S shop/web GET /x', 'E 200']);
  });

  test('that do not exist are connections that failed', async () => {
    const db = aWorkload('db', [aRoute()]);
    const web = aWorkload('web', [aRoute({ steps: [[aCall(db, { authority: 'db.shop.svc.cluster.local' })]] })]);
    names({});
    await using _front = await Services.start(aConfig(web));
    expect((await ask(web)).status).toBe(502);
    expect(story(web)).toEqual(['S - GET /x', 's shop/db GET /x', 'x connection 0', 'E 502']);
  });
});
