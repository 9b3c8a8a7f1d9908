import { readFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { WorkloadConfig } from './contract.ts';
import { type Answer, ask, journalOf, type Line, linesOf, story, until } from './testing/client.ts';
import { aCall, aConfig, aRoute, aWorkload, restarted } from './testing/configs.ts';
import { Program } from './testing/program.ts';

const slowly = (ms: number) => ({ latency: { kind: 'constant', ms } as const });

describe('the program', () => {
  test('says that it is ready, on stdout and to its parent', async () => {
    const web = aWorkload('web', [aRoute()]);
    web.pods[0]!.admin.port = 0;
    await using program = new Program(aConfig(web));
    expect(await program.nextMessage()).toEqual({ type: 'ready' });
    const { ready, pods } = await program.whenReady();
    expect(ready).toBe(true);
    expect(pods).toEqual([
      {
        workload: 'shop/web',
        pod: 'web-0',
        listen: web.pods[0]!.listen,
        admin: { host: web.pods[0]!.admin.host, port: expect.any(Number) },
      },
    ]);
    expect(pods[0]!.admin.port).toBeGreaterThan(0);
  });

  test('ends when its parent is gone', async () => {
    const web = aWorkload('web', [aRoute(slowly(60_000))]);
    await using program = await Program.ready(aConfig(web));
    ask(web).catch(() => {});
    await until(
      () => story(web),
      (lines) => lines.length === 1,
    );
    program.disconnect();
    expect(await program.exited).toEqual({ code: 0, signal: null });
    expect(journalOf(web).map(([kind]) => kind)).toEqual(['H', 'S', 'Z']);
  });

  test('refuses a port that is taken, and leaves nothing open', async () => {
    const one = aWorkload('one', [aRoute()]);
    const two = aWorkload('two', [aRoute()]);
    const { host, port } = two.pods[0]!.listen;
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(port, host, resolve));
    try {
      await using program = new Program(aConfig(one, two));
      expect(await program.exited).toEqual({ code: 69, signal: null });
      expect(JSON.parse(program.stderr)).toEqual({
        code: 'PORT_TAKEN',
        message: `${host}:${port} is taken; pod two-0 needs it`,
        host,
        port,
        pod: 'two-0',
      });
      expect(story(one)).toEqual(['Z']);
    } finally {
      taken.close();
    }
  });

  test('refuses a bad configuration, every problem at once', async () => {
    const web = aWorkload('web', [
      aRoute({
        errors: [
          { kind: 'hang', rate: 0.7 },
          { kind: 'hang', rate: 0.4 },
        ],
      }),
    ]);
    await using program = new Program(JSON.stringify(aConfig({ ...web, seed: 'x' as never })));
    expect(await program.exited).toEqual({ code: 64, signal: null });
    const line = JSON.parse(program.stderr);
    expect(line.code).toBe('BAD_CONFIG');
    expect(line.problems).toEqual([
      expect.stringMatching(/^workloads\[0\]\.seed: /),
      'workloads[0].routes[0].errors: the rates add up to more than 1',
    ]);
  });

  test('refuses to continue a journal', async () => {
    const web = aWorkload('web', [aRoute()]);
    {
      await using first = await Program.ready(aConfig(web));
      first.signal('SIGKILL');
      await first.exited;
    }
    await using second = new Program(aConfig(web));
    expect(await second.exited).toEqual({ code: 64, signal: null });
    expect(JSON.parse(second.stderr).code).toBe('JOURNAL_EXISTS');
    await using third = await Program.ready(aConfig(restarted(web, '1')));
    const truth = linesOf((await ask(web, { port: 'admin', path: '/truth' })).body);
    expect(truth.map(([kind, , , , incarnation]) => [kind, incarnation])).toEqual([
      ['H', '0'],
      ['H', '1'],
    ]);
    expect(third.stderr).toBe('');
  });

  test('ends at once, loudly, when truth can no longer be written', async () => {
    const web = aWorkload('web', [aRoute()]);
    // Files may not grow beyond 4 kB (8 blocks): as if the disk were full then.
    await using program = await Program.ready(aConfig(web), {
      under: ['/bin/sh', '-c', 'ulimit -f 8; exec "$@"', 'sh'],
    });
    const answers: Answer[] = [];
    await expect(
      (async () => {
        for (let i = 0; i < 200; i += 1) answers.push(await ask(web));
      })(),
    ).rejects.toThrow();
    expect(await program.exited).toEqual({ code: 74, signal: null });
    expect(JSON.parse(program.stderr)).toMatchObject({
      code: 'JOURNAL_LOST',
      message: expect.stringContaining('EFBIG'),
    });
    const { journalDir } = web.pods[0]!;
    const text = readFileSync(join(journalDir, '0.journal'), 'latin1');
    const whole = linesOf(text.slice(0, text.lastIndexOf('\n')));
    expect(answers.length).toBeGreaterThan(10);
    expect(whole.filter(([kind]) => kind === 'E').length).toBe(answers.length);
  });
});

describe('a drain', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('by %s lets what is in flight end', async (signal) => {
    const db = aWorkload('db', [aRoute(slowly(100))]);
    const web = aWorkload('web', [
      aRoute({ ...slowly(100), steps: [[aCall(db)]], body: { bytes: 4, chunks: 2, overMs: 50 } }),
      aRoute({ path: '/hang', errors: [{ kind: 'hang', rate: 1 }] }),
    ]);
    await using program = await Program.ready(aConfig(web));
    await using callee = await Program.ready(aConfig(db));
    const answers = Promise.all(Array.from({ length: 5 }, () => ask(web)));
    const hanging = ask(web, { path: '/hang' });
    hanging.catch(() => {});
    await until(
      () => story(web).filter((line) => line.startsWith('S')).length,
      (count) => count === 6,
    );
    program.signal(signal);
    expect((await answers).map(({ status, body }) => [status, body])).toEqual(new Array(5).fill([200, 'xxxx']));
    // A request that will never be answered holds nobody up.
    expect(await program.exited).toEqual({ code: 0, signal: null });
    await expect(hanging).rejects.toThrow();
    const lines = journalOf(web);
    expect(lines.filter(([kind]) => kind === 'E')).toHaveLength(5);
    expect(lines.at(-1)![0]).toBe('Z');
    callee.signal(signal);
    expect(await callee.exited).toEqual({ code: 0, signal: null });
  });

  test('fails readiness, keeps no connection and takes no new ones', async () => {
    const web = aWorkload('web', [aRoute(slowly(4000))]);
    await using program = await Program.ready(aConfig(web));
    const agent = new Agent({ keepAlive: true });
    const probe = () => ask(web, { path: '/readyz', agent });
    expect((await probe()).status).toBe(200);
    const inFlight = ask(web);
    await until(
      () => story(web),
      (lines) => lines.includes('S - GET /x'),
    );
    program.signal('SIGTERM');
    let answer = await probe();
    while (answer.status === 200) answer = await probe();
    expect([answer.status, answer.headers.connection]).toEqual([503, 'close']);
    await expect(probe()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    const last = await inFlight;
    expect([last.status, last.headers.connection]).toEqual([200, 'close']);
    expect(await program.exited).toEqual({ code: 0, signal: null });
    agent.destroy();
  });
});

/** Requests one after the other until the service is gone; what was answered in full. */
async function askUntilGone(workload: WorkloadConfig, agent: Agent, answers: Answer[]): Promise<void> {
  try {
    for (;;) answers.push(await ask(workload, { agent, caller: 'meshproof/load' }));
  } catch {
    // Gone.
  }
}

test('SIGKILL under load loses no truth', async () => {
  const db = aWorkload('db', [aRoute()]);
  const web = aWorkload('web', [aRoute({ steps: [[aCall(db), aCall(db)]] })]);
  await using front = await Program.ready(aConfig(web));
  await using back = await Program.ready(aConfig(db));
  const agent = new Agent({ keepAlive: true });
  const answers: Answer[] = [];
  const load = Promise.all(Array.from({ length: 16 }, () => askUntilGone(web, agent, answers)));
  await until(
    () => answers.length,
    (count) => count >= 300,
  );
  back.signal('SIGKILL');
  await back.exited;
  await until(
    () => story(web).filter((line) => line === 'E 502').length,
    (count) => count >= 20,
  );
  front.signal('SIGKILL');
  await Promise.all([front.exited, load]);
  agent.destroy();

  const of = (lines: Line[], kind: string, status?: number) =>
    lines.filter((line) => line[0] === kind && (status === undefined || Number(line[3]) === status)).length;
  const seen = (status: number) => answers.filter((answer) => answer.status === status).length;
  const callee = journalOf(db);
  const caller = journalOf(web);
  expect(of(caller, 'Z') + of(callee, 'Z')).toBe(0);
  for (const status of [200, 502]) {
    // At most the requests in flight were completed without their client learning of it.
    expect(of(caller, 'E', status)).toBeGreaterThanOrEqual(seen(status));
    expect(of(caller, 'E') - answers.length).toBeLessThanOrEqual(16);
  }
  expect(seen(502)).toBeGreaterThan(0);
  // Whatever the caller has read, the callee had written down as done; whatever the callee has seen, the caller had begun.
  expect(of(callee, 'E', 200)).toBeGreaterThanOrEqual(of(caller, 'e', 200));
  expect(of(callee, 'S')).toBeLessThanOrEqual(of(caller, 's'));
  expect(of(caller, 'e', 200)).toBeGreaterThanOrEqual(600);
});

test('a configuration that is not JSON is refused', async () => {
  await using program = new Program('not json');
  expect(await program.exited).toEqual({ code: 64, signal: null });
  expect(JSON.parse(program.stderr).message).toContain('is not valid JSON');
});
