import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { InterruptedError } from './core/errors.ts';
import { observeChildren } from './core/process.ts';
import type { ProgressEvent } from './core/progress.ts';
import { registerRun } from './core/registry.ts';
import type { ToolName } from './core/tool.ts';
import type { EnvironmentOptions, EnvironmentSession, RunningEnvironment } from './environment/contract.ts';
import { findEnvironment } from './environment/index.ts';
import { createRunDir } from './result/run-dir.ts';
import { RESULT_API_VERSION, type Result, type ScenarioResult } from './result/types.ts';
import { writeResult } from './result/write.ts';
import { keepTruth } from './run/kept/keep-truth.ts';
import { errorRecord } from './run/records.ts';
import { runScenario, scenarioDir } from './run/scenario.ts';
import { timed } from './run/steps.ts';
import { suiteVerdict } from './run/suite.ts';
import { ToolBox } from './run/tool-box.ts';
import type { Scenario } from './scenario/model.ts';
import type { JudgeInput } from './verdict/judge.ts';

export interface RunOptions {
  /** Name of the environment: `local`, `kind`. */
  environment: string;
  kind: EnvironmentOptions['kind'];
  /** Where results go; a folder of this run alone is made in it unless `runDir` names an existing one. */
  outDir: string;
  runDir?: string;
  /** Leave the environment up after the verdict, until the signal aborts. */
  keep: boolean;
  /** How many scenarios run at the same time. */
  parallel: number;
  tools: Partial<Record<ToolName, string>>;
  signal: AbortSignal;
  progress: {
    event(scenario: string, event: ProgressEvent): void;
    scenarioDone(result: ScenarioResult): void;
    note?(line: string): void;
  };
}

/**
 * Runs scenarios and records what came of them; `result.json` is written as it grows, so that an interrupted run keeps
 * what it has.
 * @throws HarnessError before anything was started: TOOL_MISSING, RESULTS_NOT_WRITABLE, UNKNOWN_ENVIRONMENT
 */
export async function runScenarios(scenarios: Scenario[], options: RunOptions): Promise<Result> {
  const provider = await findEnvironment(options.environment);
  const runDir = resolve(options.runDir ?? (await createRunDir(options.outDir)).path);
  using registration = registerRun();
  observeChildren(registration);
  const { note = () => {} } = options.progress;
  const tools = new ToolBox({ given: options.tools, note, signal: options.signal });
  const result = emptyResult(options.environment);
  const shared = timed((event) => options.progress.event(options.environment, event));
  result.steps = shared.steps;
  const started = performance.now();
  const waiting = [...scenarios];
  const common = { tool: tools.tool, signal: options.signal, note };

  const worker = async (session: EnvironmentSession) => {
    for (let scenario = waiting.shift(); scenario; scenario = waiting.shift()) {
      if (options.signal.aborted) return;
      const { name } = scenario;
      let observed: JudgeInput | undefined;
      const done = await runScenario(scenario, {
        session,
        context: {
          ...common,
          dir: scenarioDir(runDir, scenario),
          progress: (event) => options.progress.event(name, event),
        },
        onEnvironment: (info) => {
          result.environment.mesh = info.mesh;
        },
        ...(options.keep && {
          onObserved: (input) => {
            observed = input;
          },
          linger: (env, reached) => keep(env, reached, observed!),
        }),
      });
      result.scenarios.push(done);
      options.progress.scenarioDone(done);
      await save();
    }
  };
  const save = async () => {
    result.scenarios.sort((a, b) => order(scenarios, a) - order(scenarios, b));
    result.verdict = suiteVerdict(result.scenarios, scenarios.length);
    result.durationMs = Math.round(performance.now() - started);
    result.environment.tools = toolRecords(tools);
    const failed = result.scenarios.find((s) => s.error);
    // A signal that came when every verdict was reached (--keep) has cut nothing short.
    const cutShort = options.signal.aborted && result.scenarios.length < scenarios.length;
    if (cutShort) result.error = errorRecord(interruption(options.signal));
    else if (failed?.error) result.error = failed.error;
    await writeResult(runDir, result);
  };
  /** The verdict is on record while the environment stays up. */
  const keep = async (env: RunningEnvironment, reached: ScenarioResult, observed: JudgeInput) => {
    const now = [...result.scenarios, reached];
    await writeResult(runDir, { ...result, scenarios: now, verdict: suiteVerdict(now, scenarios.length) });
    using truth = await keepTruth(env, reached.name, observed, options.signal);
    await linger(env, reached, truth?.line, options);
  };
  try {
    await using session = await open();
    // Whatever ends the run from here on, its folder has a record.
    await save();
    const workers = Math.max(1, Math.min(options.parallel, provider.maxParallel ?? options.parallel));
    await Promise.all(Array.from({ length: workers }, () => worker(session)));
    await save();
  } finally {
    observeChildren(null);
  }
  return result;

  async function open(): Promise<EnvironmentSession> {
    const context = { ...common, runId: registration.runId, dir: runDir, registration, progress: shared.progress };
    try {
      return await provider.open({ keep: options.keep, kind: options.kind }, context);
    } catch (error) {
      // What was collected about the failure belongs to a record; a folder with nothing in it needs none.
      if (readdirSync(runDir).length > 0) {
        result.error = errorRecord(error);
        await writeResult(runDir, result).catch(() => {});
      }
      throw error;
    }
  }
}

function toolRecords(tools: ToolBox): Result['environment']['tools'] {
  return tools.found.map(({ name, version, path, source }) => ({ name, version, path, source }));
}

function emptyResult(environment: string): Result {
  return {
    apiVersion: RESULT_API_VERSION,
    kind: 'Result',
    verdict: 'inconclusive',
    startedAt: new Date().toISOString(),
    durationMs: 0,
    environment: {
      name: environment,
      mesh: { kind: 'unknown', version: '', proxyVersion: '' },
      tools: [],
      node: process.version,
      platform: `${process.platform} ${process.arch}`,
    },
    steps: [],
    scenarios: [],
  };
}

async function linger(
  env: RunningEnvironment,
  reached: ScenarioResult,
  truth: string | undefined,
  options: RunOptions,
): Promise<void> {
  options.progress.event(reached.name, { kind: 'phase', phase: 'kept' });
  options.progress.note?.(`${reached.name}: ${reached.verdict}; kept: Prometheus ${env.prometheusUrl}`);
  if (truth !== undefined) options.progress.note?.(`  ${truth}`);
  for (const line of env.howToLook()) options.progress.note?.(`  ${line}`);
  options.progress.note?.('Ctrl-C ends it');
  await new Promise<void>((done) => {
    if (options.signal.aborted) done();
    else options.signal.addEventListener('abort', () => done(), { once: true });
  });
}

function interruption(signal: AbortSignal): unknown {
  return signal.reason instanceof Error ? signal.reason : new InterruptedError('a signal');
}

function order(scenarios: Scenario[], result: ScenarioResult): number {
  return scenarios.findIndex((s) => s.name === result.name);
}
