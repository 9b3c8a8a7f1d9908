import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readResult } from '../../result/read.ts';
import { passing } from '../../run/testing/expect-passed.ts';
import { tempDir, tools } from '../../run/testing/tools.ts';
import { cli } from '../testing/spawn.ts';

/** What a newcomer does: the command, and what it says is next. */
test('what init writes runs, and passes', async () => {
  await using dir = await tempDir();
  const repository = join(dir.path, 'my shop');
  const env = { NO_COLOR: '1', HOME: process.env.HOME ?? '/' };
  const { stdout } = await cli(['init', repository], { env });
  const [, next] = /^ {2}\S*bin\/meshproof (run \S+)/m.exec(stdout)!;
  const { k6, prometheus } = await tools();
  const paths = ['--k6', k6.path, '--prometheus', prometheus.path];
  const results = join(repository, 'results');
  const { run, folder, result } = await passing(
    async () => {
      const before = new Set(await readdir(results).catch(() => []));
      const run = await cli([...next!.split(' '), ...paths], { cwd: repository, env });
      const [folder] = (await readdir(results)).filter((name) => !before.has(name));
      return { run, folder, result: await readResult(join(results, folder!, 'result.json')) };
    },
    ({ result }) => result.scenarios,
  );
  expect(result.scenarios.map(({ name, verdict, reasons }) => ({ name, verdict, reasons }))).toEqual([
    { name: 'checkout', verdict: 'pass', reasons: [] },
  ]);
  // Half of what it is for: an error that is told from an answer.
  expect(new Set(result.scenarios[0]!.flows.map(({ status }) => status))).toEqual(new Set(['200', '503']));
  expect(run.code, run.stderr).toBe(0);
  expect(run.stdout).toMatch(/^checkout +pass /m);
  expect(await readFile(join(results, folder!, 'summary.md'), 'utf8')).toMatch(/^# .* pass: 1 of 1 scenario passed/);
}, 180_000);
