import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { InterruptedError } from '../core/errors.ts';
import { observeChildren } from '../core/process.ts';
import { registerRun } from '../core/registry.ts';
import type { ToolName } from '../core/tool.ts';
import type { EnvironmentOptions, EnvironmentProvider, EnvironmentSession } from '../environment/contract.ts';
import { findEnvironment } from '../environment/index.ts';
import { RESULT_API_VERSION, type Result } from '../result/types.ts';
import { writeResult, writeWhole } from '../result/write.ts';
import { errorRecord } from '../run/records.ts';
import { ToolBox } from '../run/tool-box.ts';
import { renderFaultsMarkdown } from './markdown.ts';
import type { World } from './plan.ts';
import type { FaultsRecord, WorldRecord } from './record.ts';
import { scoreOf } from './score.ts';
import { runWorld, type WorldRun } from './world.ts';

export const FAULTS_FILE = 'faults.json';
export const FAULTS_MARKDOWN = 'faults.md';

export interface MatrixOptions {
  environment: string;
  kind: EnvironmentOptions['kind'];
  /** An existing folder: the record, and a folder for each world that is not right. */
  runDir: string;
  seed: number;
  repeat: number;
  /** Worlds side by side. */
  parallel: number;
  tools: Partial<Record<ToolName, string>>;
  /** faults.md beside the record. Default: yes. */
  markdown?: boolean;
  signal: AbortSignal;
  progress: MatrixProgress;
}

export interface MatrixProgress {
  worldDone(world: WorldRecord, done: number, planned: number): void;
  note(line: string): void;
}

/**
 * Runs worlds side by side in one environment and scores their diagnoses. The record is written as it grows, so that an
 * interrupted matrix keeps what it has.
 * @throws HarnessError before anything was started: TOOL_MISSING, RESULTS_NOT_WRITABLE, UNKNOWN_ENVIRONMENT
 */
export async function runMatrix(
  worlds: readonly World[],
  options: MatrixOptions,
  find: (name: string) => Promise<EnvironmentProvider> = findEnvironment,
): Promise<FaultsRecord> {
  const { signal, progress, seed, repeat, kind } = options;
  const { note } = progress;
  const provider = await find(options.environment);
  const runDir = resolve(options.runDir);
  const parallel = Math.max(1, Math.min(options.parallel, provider.maxParallel ?? options.parallel));
  using registration = registerRun();
  observeChildren(registration);
  const tools = new ToolBox({ given: options.tools, note, signal });
  const record = emptyRecord({ seed, repeat, parallel, planned: worlds.length, environment: options.environment });
  const started = performance.now();
  const common = { tool: tools.tool, signal, note, progress: () => {} };
  const waiting = [...worlds];

  const worker = async (session: EnvironmentSession) => {
    for (let world = waiting.shift(); world && !signal.aborted; world = waiting.shift()) {
      const run = await runWorld(world, session, {
        ...common,
        dir: runDir,
        onEnvironment: ({ mesh }) => {
          record.environment.mesh = mesh;
        },
      });
      // What was cut short says nothing about the diagnosis.
      if (signal.aborted && run.record.outcome === 'error') return;
      record.worlds.push(run.record);
      progress.worldDone(run.record, record.worlds.length, worlds.length);
      if (run.record.outcome === 'right') await rm(join(runDir, world.name), { recursive: true, force: true });
      else await keepResult(runDir, record, run);
      await save();
    }
  };
  const save = async () => {
    const order = new Map(worlds.map(({ name }, i) => [name, i]));
    record.worlds.sort((a, b) => order.get(a.name)! - order.get(b.name)!);
    record.score = scoreOf(record.worlds);
    record.verdict = verdictOf(record);
    record.durationMs = Math.round(performance.now() - started);
    record.environment.tools = tools.found.map(({ name, version, path, source }) => ({ name, version, path, source }));
    if (signal.aborted && record.worlds.length < worlds.length) record.error = errorRecord(reasonOf(signal));
    await writeRecord(runDir, record, options.markdown ?? true);
  };
  try {
    const context = { ...common, runId: registration.runId, dir: runDir, registration };
    await using session = await provider.open({ keep: false, kind }, context);
    await save();
    await Promise.all(Array.from({ length: parallel }, () => worker(session)));
    await save();
  } finally {
    observeChildren(null);
  }
  return record;
}

/** faults.json and faults.md, each whole or not at all. @throws HarnessError RESULTS_NOT_WRITABLE */
async function writeRecord(dir: string, record: FaultsRecord, markdown: boolean): Promise<void> {
  await writeWhole(join(dir, FAULTS_FILE), `${JSON.stringify(record, null, 2)}\n`);
  if (markdown) await writeWhole(join(dir, FAULTS_MARKDOWN), renderFaultsMarkdown(record));
}

/** The whole record of a world that is not right, as `meshproof run` would have written it. */
async function keepResult(runDir: string, record: FaultsRecord, { record: world, result }: WorldRun): Promise<void> {
  const { startedAt, durationMs, verdict } = result;
  const whole: Result = {
    apiVersion: RESULT_API_VERSION,
    kind: 'Result',
    verdict,
    startedAt,
    durationMs,
    environment: record.environment,
    steps: [],
    scenarios: [result],
  };
  await writeResult(join(runDir, world.name), whole);
}

function emptyRecord(head: {
  seed: number;
  repeat: number;
  parallel: number;
  planned: number;
  environment: string;
}): FaultsRecord {
  const { environment, ...rest } = head;
  return {
    apiVersion: RESULT_API_VERSION,
    kind: 'FaultsResult',
    verdict: 'inconclusive',
    startedAt: new Date().toISOString(),
    durationMs: 0,
    ...rest,
    environment: {
      name: environment,
      mesh: { kind: 'unknown', version: '', proxyVersion: '' },
      tools: [],
      node: process.version,
      platform: `${process.platform} ${process.arch}`,
    },
    score: scoreOf([]),
    worlds: [],
  };
}

/** No world is never a pass. */
function verdictOf({ worlds, planned }: FaultsRecord): FaultsRecord['verdict'] {
  if (worlds.some(({ outcome }) => outcome === 'wrong')) return 'fail';
  if (worlds.length < planned || planned === 0) return 'inconclusive';
  return worlds.every(({ outcome }) => outcome === 'right') ? 'pass' : 'inconclusive';
}

function reasonOf(signal: AbortSignal): unknown {
  return signal.reason instanceof Error ? signal.reason : new InterruptedError('a signal');
}
