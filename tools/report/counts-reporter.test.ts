import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { startVitest } from 'vitest/node';
import CountsReporter from './counts-reporter.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Runs test files with a real vitest and returns what the reporter printed. */
async function linesOf(files: Record<string, string>): Promise<string[]> {
  mkdirSync(`${root}node_modules/.cache`, { recursive: true });
  const dir = mkdtempSync(`${root}node_modules/.cache/counts-`);
  const lines: string[] = [];
  const exitCode = process.exitCode;
  try {
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(`${dir}/${name}.test.ts`, `import { test, beforeAll } from 'vitest';\n${text}`);
    }
    const vitest = await startVitest('test', [], {
      root: dir,
      config: false,
      watch: false,
      include: ['*.test.ts'],
      exclude: [],
      reporters: [new CountsReporter({ print: (line) => lines.push(line) })],
    });
    await vitest.close();
  } finally {
    // Failures of the run inside are what is tested; they are not this run's.
    process.exitCode = exitCode;
    rmSync(dir, { recursive: true, force: true });
  }
  return lines;
}

test('counts tests, files that do not load, hooks and errors outside of tests', async () => {
  expect(await linesOf({ good: 'test("a", () => {}); test("b", () => {});' })).toEqual(['2 passed, 0 failed']);
  expect(
    await linesOf({
      mixed: 'test("a", () => {}); test("b", () => { throw new Error("no"); }); test.skip("c", () => {});',
      broken: 'throw new Error("does not load");',
      hook: 'beforeAll(() => { throw new Error("no"); }); test("d", () => {});',
      stray: 'test("e", () => { Promise.reject(new Error("unhandled")); });',
    }),
  ).toEqual(['2 skipped', '2 passed, 4 failed']);
});
