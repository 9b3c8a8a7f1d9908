import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { printed, runCommand } from '../../../core/run-command.ts';
import { type BundleName, bundle } from './bundle.ts';

const NAMES: BundleName[] = ['service', 'sidecar', 'control-plane', 'agent'];
let dir: string;
let programs: Record<string, string>;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'meshproof-test-bundle-'));
  programs = await bundle(NAMES);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

test('each program is one file that needs nothing but Node', () => {
  expect(Object.keys(programs).sort()).toEqual(NAMES.map((name) => `${name}.mjs`).sort());
  const builtin = new Set(builtinModules.flatMap((name) => [name, `node:${name}`]));
  for (const [name, text] of Object.entries(programs)) {
    const imported = [...text.matchAll(/^import .*? from "([^"]+)";$/gm)].map(([, from]) => from!);
    expect(imported.length, name).toBeGreaterThan(3);
    expect(
      imported.filter((from) => !builtin.has(from)),
      name,
    ).toEqual([]);
  }
});

test('the same sources give the same text, so that an image keeps its tag', async () => {
  expect(await bundle(NAMES)).toEqual(programs);
});

// Elsewhere than here there are no packages beside it, and no TypeScript.
test.each([
  ['service', 64, /"code":"BAD_CONFIG"/],
  ['sidecar', null, /MESHPROOF_SIDECAR is not set/],
  ['control-plane', null, /./],
])('%s starts as a file of its own, and says what it lacks', async (name, code, says) => {
  const file = join(dir, `${name}.mjs`);
  writeFileSync(file, programs[`${name}.mjs`]!);
  const env = { PATH: process.env.PATH, MESHPROOF_SERVICE_CONFIG: join(dir, 'none.json') };
  const output = await runCommand(process.execPath, [file, ...(name === 'control-plane' ? ['identity'] : [])], {
    ...{ deadlineMs: 20_000, env, cwd: dir },
  });
  expect(printed(output)).toMatch(says);
  expect(printed(output)).not.toMatch(/Cannot find|ERR_|is not defined|Dynamic require/);
  if (code !== null) expect(output.code).toBe(code);
  expect(output.code).not.toBe(0);
});
