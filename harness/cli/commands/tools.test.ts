import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { standInMachine } from '../../tools/testing.ts';
import type { CliContext } from '../context.ts';
import { runCli } from '../program.ts';

async function meshproof(args: string[], env: NodeJS.ProcessEnv = {}) {
  const written = { stdout: '', stderr: '' };
  const context = {
    stdout: { write: (text: string) => (written.stdout += text) },
    stderr: { write: (text: string) => (written.stderr += text) },
    env: { NO_COLOR: '1', ...env },
    signals: new EventEmitter(),
    killChildren() {},
    exitNow() {
      throw new Error('ended');
    },
  };
  const code = await runCli(['tools', ...args], context as unknown as CliContext);
  return { code, ...written };
}

test('programs that are there are named, with where they come from', async () => {
  using machine = standInMachine();
  const k6 = machine.program('k6', "echo 'k6 v1.7.0 (on PATH)'");
  const mine = machine.program('mine', "echo 'prometheus, version 3.1.0 (mine)'", machine.root);
  const env = { ...machine.options.env, MESHPROOF_PROMETHEUS: mine };
  const { code, stdout } = await meshproof([], env);
  expect(code).toBe(0);
  expect(stdout.trim().split('\n')).toEqual([
    'TOOL        VERSION  FROM   WHERE',
    `k6          1.7.0    PATH   ${k6}`,
    `prometheus  3.1.0    given  ${mine}`,
  ]);
});

test('one that can’t be had', async () => {
  using machine = standInMachine();
  const { code, stderr } = await meshproof(['kind'], machine.options.env);
  expect(code).toBe(4);
  expect(stderr).toContain('TOOL_MISSING');
});

test('the files of a mirror: of all tools and platforms, or of some', async () => {
  const all = (await meshproof(['--urls'])).stdout.trim().split('\n');
  expect(all.every((url) => url.startsWith('https://github.com/'))).toBe(true);
  // Four platforms of k6, Prometheus, kind and linkerd; k6 and Prometheus have one file of sums each.
  expect(all).toHaveLength(16 + 1 + 1 + 4 + 4);
  const { code, stdout } = await meshproof(['kind', '--urls', '--platform', 'darwin/arm64']);
  expect(code).toBe(0);
  expect(
    stdout
      .trim()
      .split('\n')
      .map((url) => url.split('/').at(-1)),
  ).toEqual(['kind-darwin-arm64.sha256sum', 'kind-darwin-arm64']);
});

test.each([[['k7']], [['--urls', '--platform', 'plan9/386']]])('%s', async (args) => {
  expect((await meshproof(args)).code).toBe(2);
});
