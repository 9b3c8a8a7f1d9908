import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { LoadJob } from '../../core/load-job.ts';
import { waitFor } from '../../core/wait.ts';
import { startAgent } from '../../load/agent/testing.ts';
import { JOB_FILES } from '../../load/command.ts';
import { runK6 } from '../../load/run.ts';
import { plan, startTarget, stream, temporaryDir } from '../../load/testing.ts';
import { launchRemoteK6 } from './remote-k6.ts';

/** A job whose script journals lines of a kilobyte. */
function aJob(dir: string, options: { lines?: number; seconds?: number }): LoadJob {
  const job: LoadJob = { dir, ...JOB_FILES };
  const shape = options.lines
    ? `{ executor: 'shared-iterations', vus: 1, iterations: ${options.lines}, maxDuration: '60s' }`
    : `{ executor: 'constant-vus', vus: 1, duration: '${options.seconds}s' }`;
  writeFileSync(
    join(dir, job.script),
    `import { sleep } from 'k6';
     export const options = { scenarios: { s: ${shape} } };
     export default function () { console.log('${'x'.repeat(1000)}' + __ITER); ${options.lines ? '' : 'sleep(0.01);'} }
     export function handleSummary() { return { '${job.summary}': '{"requests":1}' }; }`,
  );
  return job;
}

const grown = (job: LoadJob) =>
  waitFor(() => (sizeOf(join(job.dir, job.journal)) > 0 ? true : undefined), {
    what: 'the journal grows here',
    deadlineMs: 30_000,
    hint: '',
  });

function sizeOf(file: string): number {
  try {
    return readFileSync(file).length;
  } catch {
    return 0;
  }
}

function expectSame(agent: Awaited<ReturnType<typeof startAgent>>, job: LoadJob): void {
  for (const name of [job.journal, job.summary, job.log]) {
    expect(readFileSync(join(job.dir, name)).equals(agent.file(name)), name).toBe(true);
  }
}

/** Something between us and the agent that cuts every fifth answer off half-way, and loses every third request. */
async function badConnection(port: number) {
  let count = 0;
  const server = createServer((request, response) => {
    count += 1;
    if (count % 3 === 0) {
      request.socket.destroy();
      return;
    }
    const { method, url, headers } = request;
    const onward = httpRequest({ host: '127.0.0.1', port, method, path: url, headers }, (answer) => {
      const pieces: Buffer[] = [];
      answer.on('data', (piece: Buffer) => pieces.push(piece));
      answer.on('end', () => {
        const body = Buffer.concat(pieces);
        // One kind of proxy leaves the length away, so that nobody but a reader who knows it can tell.
        const { 'content-length': _, ...rest } = answer.headers;
        response.writeHead(answer.statusCode ?? 500, rest);
        response.end(count % 5 === 0 ? body.subarray(0, body.length / 2) : body);
      });
    });
    request.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test('drives traffic as k6 here would', async () => {
  await using agent = await startAgent();
  await using target = await startTarget((_, response) => response.setHeader('x-meshproof-pod', 'web-0').end('ok'));
  using dir = temporaryDir();
  const origins: number[] = [];
  const result = await runK6({
    launch: launchRemoteK6(agent.url),
    plan: plan(
      [stream({ executor: 'constant-arrival-rate', ratePerSecond: 50, durationMs: 1000, maxVUs: 4 }, [{}])],
      target.address,
    ),
    dir: dir.path,
    onOrigin: (origin) => origins.push(origin),
  });
  expect(origins).toEqual([result.originMs]);
  expect(result.requests).toBe(target.seen.get('GET /'));
  expect(result.requests).toBeGreaterThan(20);
  expect(result).toMatchObject({ failed: 0, interrupted: false });
});

test('what it brings over is byte for byte what k6 wrote: more than one answer holds', async () => {
  await using agent = await startAgent();
  using dir = temporaryDir();
  const job = aJob(dir.path, { lines: 6000 });
  // Of another run.
  writeFileSync(join(dir.path, job.journal), 'y'.repeat(10_000_000));
  await using k6 = await launchRemoteK6(agent.url)(job);
  expect(await k6.exited).toEqual({ code: 0, signal: null });
  expectSame(agent, job);
  expect(sizeOf(join(dir.path, job.journal))).toBeGreaterThan(6_000_000);
  expect(readFileSync(join(dir.path, job.summary), 'utf8')).toBe('{"requests":1}');
});

test('a bad connection costs time and nothing else', async () => {
  await using agent = await startAgent();
  await using connection = await badConnection(agent.port);
  using dir = temporaryDir();
  const job = aJob(dir.path, { lines: 2000 });
  await using k6 = await launchRemoteK6(connection.url)(job);
  expect(await k6.exited).toEqual({ code: 0, signal: null });
  expectSame(agent, job);
});

test('what k6 says of its end comes over: exit code and log', async () => {
  await using agent = await startAgent();
  using dir = temporaryDir();
  const job = aJob(dir.path, { lines: 1 });
  writeFileSync(join(dir.path, job.script), 'this is no script');
  // Of another run.
  writeFileSync(join(dir.path, job.summary), '{"requests":9}');
  await using k6 = await launchRemoteK6(agent.url)(job);
  expect((await k6.exited).code).toBeGreaterThan(0);
  expect(k6.tail()).toContain('Unexpected identifier');
  expect(existsSync(join(dir.path, job.summary))).toBe(false);
  expect(k6.tail()).toBe(agent.file(job.log).toString().trimEnd().split('\n').slice(-8).join('\n'));
});

test('is stopped in the middle: in order, the files whole', async () => {
  await using agent = await startAgent();
  using dir = temporaryDir();
  const job = aJob(dir.path, { seconds: 60 });
  await using k6 = await launchRemoteK6(agent.url)(job);
  await grown(job);
  expect(k6.exit).toBeNull();
  // k6's own code for a run that a signal ended.
  expect(await k6.stop(20_000, 'SIGINT')).toEqual({ code: 105, signal: null });
  expectSame(agent, job);
  expect(await k6.stop()).toBe(k6.exit);
});

test('is killed when it does not end in time', async () => {
  await using agent = await startAgent();
  using dir = temporaryDir();
  const job = aJob(dir.path, { seconds: 60 });
  await using k6 = await launchRemoteK6(agent.url)(job);
  await grown(job);
  expect(await k6.stop(100, 'SIGCONT')).toEqual({ code: null, signal: 'SIGKILL' });
});

test('the agent is killed in the middle: an error, what has come is kept', async () => {
  await using agent = await startAgent();
  using dir = temporaryDir();
  const job = aJob(dir.path, { seconds: 60 });
  await using k6 = await launchRemoteK6(agent.url, { unreachableMs: 3000 })(job);
  await grown(job);
  agent.child.signal('SIGKILL');
  const { code, signal, error } = await k6.exited;
  expect([code, signal]).toEqual([null, null]);
  expect(error).toMatchObject({ code: 'LOAD_AGENT_UNREACHABLE', exitCode: 4 });
  expect(error?.message).toMatch(/could not be reached for 3000 ms: .*ECONNREFUSED/);
  expect(sizeOf(join(dir.path, job.journal))).toBeGreaterThan(0);
});

test('an agent that was started again has lost the job', async () => {
  using dir = temporaryDir();
  const job = aJob(dir.path, { seconds: 60 });
  await using first = await startAgent();
  await using k6 = await launchRemoteK6(first.url)(job);
  first.child.signal('SIGKILL');
  await first.child.exited;
  await using _second = await startAgent({ port: first.port });
  expect((await k6.exited).error).toMatchObject({ code: 'LOAD_AGENT_RESTARTED' });
});

test('an agent that does somebody else’s job has lost ours', async () => {
  using dir = temporaryDir();
  const job = aJob(dir.path, { seconds: 60 });
  const bytes = { journal: 0, log: 0, summary: 0 };
  const theirs = { state: 'exited', job: 'theirs', bytes, code: 0, signal: null, error: null };
  const server = createServer((_, response) => response.end(JSON.stringify(theirs)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = server.address() as AddressInfo;
    await using k6 = await launchRemoteK6(`http://127.0.0.1:${port}`)(job);
    expect((await k6.exited).error).toMatchObject({ code: 'LOAD_AGENT_RESTARTED' });
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test('an agent that is busy, or not there, starts nothing', async () => {
  await using agent = await startAgent();
  using dir = temporaryDir();
  const job = aJob(dir.path, { seconds: 60 });
  await using _k6 = await launchRemoteK6(agent.url)(job);
  await expect(launchRemoteK6(agent.url)(job)).rejects.toMatchObject({ code: 'LOAD_AGENT_BUSY' });
  await expect(launchRemoteK6('http://127.0.0.1:1', { unreachableMs: 200 })(job)).rejects.toMatchObject({
    code: 'LOAD_AGENT_UNREACHABLE',
  });
});
