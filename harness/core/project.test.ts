import { existsSync } from 'node:fs';
import { isAbsolute, sep } from 'node:path';
import { expect, it } from 'vitest';
import { COMPILED, projectFile } from './project.ts';

it('finds data and programs from the top of the repository', () => {
  expect(COMPILED).toBe(false);
  for (const path of ['package.json', 'scenarios', 'kind-config/versions.yaml', 'harness/mesh/main.ts']) {
    expect(existsSync(projectFile(path)), path).toBe(true);
    expect(isAbsolute(projectFile(path))).toBe(true);
  }
});

it('keeps the slash of a folder', () => {
  expect(projectFile('scenarios/').endsWith(`scenarios${sep}`)).toBe(true);
});
