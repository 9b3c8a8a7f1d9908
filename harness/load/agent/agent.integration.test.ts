import { expect, test } from 'vitest';
import { epochMs } from '../../core/clock.ts';
import type { AgentJob, AgentStart } from '../../core/load-agent.ts';
import { waitFor } from '../../core/wait.ts';
import { startAgent } from './testing.ts';

const LONG = `
  import { sleep } from 'k6';
  export const options = { scenarios: { s: { executor: 'constant-vus', vus: 1, duration: '60s' } } };
  export default function () { console.log('line'); sleep(0.05); }
  export function handleSummary() { return { 'k6-summary.json': '{}' }; }
`;

async function put(url: string, name: string, more: Partial<AgentStart> = {}) {
  const body = JSON.stringify({ script: LONG, files: {}, ...more } satisfies AgentStart);
  return (await fetch(`${url}/job`, { method: 'PUT', body, headers: { 'x-job': name } })).status;
}
const stateOf = async (url: string) => (await (await fetch(`${url}/job`)).json()) as AgentJob;

async function untilJournal(url: string) {
  await waitFor(async () => ((await fetch(`${url}/job/journal`)).headers.get('x-size') === '0' ? undefined : true), {
    what: 'k6 journals',
    deadlineMs: 30_000,
    hint: '',
  });
}

test('has a clock, and is ready when k6 can be started', async () => {
  await using agent = await startAgent();
  expect((await fetch(`${agent.url}/ready`)).status).toBe(200);
  const from = epochMs();
  const { nowEpochMs } = (await (await fetch(`${agent.url}/clock`)).json()) as { nowEpochMs: number };
  // The clocks of two processes of a machine may be a few milliseconds apart.
  expect(nowEpochMs).toBeGreaterThan(from - 50);
  expect(nowEpochMs).toBeLessThan(epochMs() + 50);
});

test('without k6 it is not ready, and a job ends with the reason', async () => {
  await using agent = await startAgent({ k6: '/nowhere/k6' });
  const ready = await fetch(`${agent.url}/ready`);
  expect([ready.status, await ready.text()]).toEqual([503, expect.stringContaining('/nowhere/k6')]);
  expect(await put(agent.url, 'a')).toBe(201);
  const ended = await waitFor(
    async () => {
      const state = await stateOf(agent.url);
      return state.state === 'exited' ? state : undefined;
    },
    { what: 'the job ends', deadlineMs: 10_000, hint: '' },
  );
  expect(ended).toMatchObject({ job: 'a', code: null, signal: null, error: expect.stringContaining('ENOENT') });
});

test('does one job at a time; one that is asked for again is started once', async () => {
  await using agent = await startAgent();
  expect(await stateOf(agent.url)).toEqual({ state: 'none' });
  expect(await put(agent.url, 'a')).toBe(201);
  expect(await put(agent.url, 'a')).toBe(201);
  expect(await put(agent.url, 'b')).toBe(409);
  expect(await stateOf(agent.url)).toMatchObject({ state: 'running', job: 'a' });
  await untilJournal(agent.url);
  // The size of a file that grows, and as many bytes as it has from there on.
  const piece = await fetch(`${agent.url}/job/journal?from=2`);
  const size = Number(piece.headers.get('x-size'));
  expect((await piece.text()).length).toBe(size - 2);
  expect((await (await fetch(`${agent.url}/job/journal?from=${size + 1000}`)).text()).length).toBe(0);
  const kill = await fetch(`${agent.url}/job/signal`, { method: 'POST', body: '{"signal":"SIGKILL"}' });
  expect(kill.status).toBe(204);
  await waitFor(async () => ((await stateOf(agent.url)).state === 'exited' ? true : undefined), {
    what: 'k6 is killed',
    deadlineMs: 10_000,
    hint: '',
  });
  expect(await stateOf(agent.url)).toMatchObject({ job: 'a', code: null, signal: 'SIGKILL' });
  // The next one starts with no file of the last.
  expect(await put(agent.url, 'b')).toBe(201);
  expect(await stateOf(agent.url)).toMatchObject({ job: 'b', bytes: { journal: 0, summary: 0 } });
});

test.each([
  ['POST', '/job/signal', '{"signal":"SIGNONE"}', 400],
  ['POST', '/job/signal', 'what', 500],
  ['GET', '/job/journal?from=-1', undefined, 400],
  ['GET', '/job/journal?from=x', undefined, 400],
  ['PUT', '/job', 'script without a name', 400],
  ['DELETE', '/job', undefined, 404],
])('refuses %s %s %s: %d', async (method, path, body, status) => {
  await using agent = await startAgent();
  expect((await fetch(agent.url + path, { method, body })).status).toBe(status);
});

test('brings further files, which stay in the folder of the job', async () => {
  await using agent = await startAgent();
  const script = LONG.replace('export const', "const text = open('text.txt'); export const").replace("'line'", 'text');
  expect(await put(agent.url, 'a', { script, files: { 'text.txt': 'said by a file', '../out.txt': 'x' } })).toBe(201);
  await untilJournal(agent.url);
  expect(agent.file('k6.journal').toString()).toMatch(/^said by a file$/m);
  expect(agent.file('out.txt').toString()).toBe('x');
});

test('SIGTERM ends k6 and then the agent', async () => {
  await using agent = await startAgent();
  await put(agent.url, 'a');
  await untilJournal(agent.url);
  agent.child.signal('SIGTERM');
  expect(await agent.child.exited).toEqual({ code: 0, signal: null });
  // k6 ended in order: it had the time for its summary.
  expect(agent.file('k6.journal').toString()).toMatch(/^(line\n)+$/);
  expect(agent.file('k6-summary.json').toString()).toBe('{}');
});
