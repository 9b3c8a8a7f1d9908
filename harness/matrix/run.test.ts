import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { HarnessError, InterruptedError } from '../core/errors.ts';
import { DEFAULT_KIND_OPTIONS, type EnvironmentProvider } from '../environment/contract.ts';
import { readResult } from '../result/read.ts';
import { planWorlds } from './plan.ts';
import type { WorldRecord } from './record.ts';
import { FAULTS_FILE, FAULTS_MARKDOWN, type MatrixOptions, runMatrix } from './run.ts';
import { faultsSchema } from './schema.ts';
import { RENAMED, smallScenario } from './testing/samples.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'meshproof-matrix-test-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const worlds = planWorlds(
  [RENAMED],
  { ofCase: smallScenario, clean: smallScenario() },
  { seed: 1, repeat: 4, clean: 2, pairs: 0 },
);

/** An environment in which no world comes up; how many were tried at the same time is counted. */
function brokenEnvironment() {
  const counts = { now: 0, most: 0, closed: 0 };
  const provider: EnvironmentProvider = {
    name: 'broken',
    maxParallel: null,
    open: async () => ({
      async start() {
        counts.now += 1;
        counts.most = Math.max(counts.most, counts.now);
        await new Promise((done) => setTimeout(done, 5));
        counts.now -= 1;
        throw new HarnessError('NOT_UP', 'it does not come up', { hint: 'try again' });
      },
      [Symbol.asyncDispose]: async () => {
        counts.closed += 1;
      },
    }),
  };
  return { counts, find: async () => provider };
}

function options(change: Partial<MatrixOptions> = {}): MatrixOptions {
  return {
    ...{ environment: 'broken', kind: DEFAULT_KIND_OPTIONS, runDir: dir, seed: 1, repeat: 4, parallel: 3, tools: {} },
    signal: new AbortController().signal,
    progress: { worldDone: () => {}, note: () => {} },
    ...change,
  };
}

const written = () => faultsSchema.parse(JSON.parse(readFileSync(join(dir, FAULTS_FILE), 'utf8')));

it('records the errors of worlds and goes on, side by side, in the order of the plan', async () => {
  const { counts, find } = brokenEnvironment();
  const record = await runMatrix(worlds, options(), find);
  expect(record).toMatchObject({ verdict: 'inconclusive', planned: 6, parallel: 3 });
  expect(record.worlds.map(({ name, outcome }) => [name, outcome])).toEqual(worlds.map(({ name }) => [name, 'error']));
  expect(record.score.faults).toEqual({ worlds: 4, right: 0, wrong: 0, errors: 4 });
  expect(record.error).toBeUndefined();
  expect(counts).toEqual({ now: 0, most: 3, closed: 1 });
  expect(written()).toEqual(JSON.parse(JSON.stringify(record)));
  expect(readFileSync(join(dir, FAULTS_MARKDOWN), 'utf8')).toMatch(/^# INCONCLUSIVE: 6 errors/);
});

it('keeps the whole record of a world that is not right', async () => {
  await runMatrix(worlds.slice(0, 1), options(), brokenEnvironment().find);
  const kept = await readResult(join(dir, worlds[0]!.name, 'result.json'));
  expect(kept.scenarios[0]).toMatchObject({ name: worlds[0]!.name, error: { code: 'NOT_UP' } });
});

it('keeps what is there when it is interrupted, not what that cut short, and begins nothing more', async () => {
  const controller = new AbortController();
  const seen: WorldRecord[] = [];
  const { counts, find } = brokenEnvironment();
  const worldDone = (world: WorldRecord) => {
    seen.push(world);
    controller.abort(new InterruptedError('SIGINT'));
  };
  const change = { signal: controller.signal, parallel: 2, progress: { worldDone, note: () => {} } };
  const record = await runMatrix(worlds, options(change), find);
  expect(record.error).toMatchObject({ code: 'INTERRUPTED' });
  expect(record).toMatchObject({ verdict: 'inconclusive', planned: 6 });
  expect(record.worlds).toEqual(seen);
  expect(seen).toHaveLength(1);
  expect(counts.closed).toBe(1);
  expect(written().error?.code).toBe('INTERRUPTED');
});

it('has no pass without a world', async () => {
  expect(await runMatrix([], options(), brokenEnvironment().find)).toMatchObject({
    verdict: 'inconclusive',
    worlds: [],
  });
  expect(existsSync(join(dir, FAULTS_FILE))).toBe(true);
});
