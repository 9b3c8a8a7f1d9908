import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadScenarioFile } from '../scenario/load.ts';
import { keepScenario } from './scenario-file.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'meshproof-scenario-file-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

it('keeps a scenario as it was run, to be read by people and by programs', async () => {
  const scenario = await loadScenarioFile('scenarios/baseline.yaml');
  await keepScenario(join(dir, 'baseline'), scenario);
  const text = readFileSync(join(dir, 'baseline', 'config', 'scenario.yaml'), 'utf8');
  expect(text).toMatch(/^# The scenario as it was run/);
  expect(parse(text)).toEqual(JSON.parse(JSON.stringify(scenario)));
  // What the file does not say is said here.
  expect(text).toContain('scrapeIntervalMs: ');
});
