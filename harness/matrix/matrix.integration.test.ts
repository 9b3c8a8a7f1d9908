import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DEFAULT_KIND_OPTIONS } from '../environment/contract.ts';
import { tempDir, tools } from '../run/testing/tools.ts';
import { ALL_CASES } from './cases/index.ts';
import { loadBases, selectCases } from './load.ts';
import { planWorlds } from './plan.ts';
import { FAULTS_FILE, FAULTS_MARKDOWN, runMatrix } from './run.ts';
import { faultsSchema } from './schema.ts';

/**
 * Worlds side by side. Scrapes may take a second; with more worlds than cores three in a row are missed by a machine that stalls,
 * and that is a scrape timeout, in a clean world too.
 */
const PARALLEL = 2;
/** One of each group; `make faults` runs them all. */
const SOME = ['pod-not-injected', 'admin-port-refused', 'inbound-port-skipped', 'no-direction-filter'];

it('names the cause and the pods of a fault of each group, and nothing in a clean world', async () => {
  await using dir = await tempDir();
  const { k6, prometheus } = await tools();
  const cases = selectCases(SOME, ALL_CASES);
  const worlds = planWorlds(cases, await loadBases(cases), { seed: 7, repeat: 1, clean: 1, pairs: 1 });
  const record = await runMatrix(worlds, {
    ...{ environment: 'local', kind: DEFAULT_KIND_OPTIONS, runDir: dir.path, seed: 7, repeat: 1, parallel: PARALLEL },
    tools: { k6: k6.path, prometheus: prometheus.path },
    signal: new AbortController().signal,
    progress: { worldDone: () => {}, note: () => {} },
  });
  const wrong = record.worlds.filter(({ outcome }) => outcome !== 'right');
  expect(
    record.worlds.map(({ name, outcome, why }) => ({ name, outcome, why })),
    wrong.map(({ name, diagnosed }) => `${name}: ${JSON.stringify(diagnosed, null, 2)}`).join('\n'),
  ).toEqual([...SOME, 'pair-1', 'clean-1'].map((name) => ({ name, outcome: 'right', why: '' })));
  expect(record.verdict).toBe('pass');
  for (const { kind, diagnosingMs, faultToDiagnosisMs } of record.worlds) {
    if (kind !== 'clean') expect(faultToDiagnosisMs).toBeGreaterThan(diagnosingMs!);
  }
  expect(faultsSchema.parse(JSON.parse(readFileSync(join(dir.path, FAULTS_FILE), 'utf8')))).toEqual(
    JSON.parse(JSON.stringify(record)),
  );
  // Nobody needs the logs of what is right.
  expect(readdirSync(dir.path).toSorted()).toEqual([FAULTS_FILE, FAULTS_MARKDOWN]);
}, 180_000);
