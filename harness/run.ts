import { resolve } from 'node:path';
import { InterruptedError } from './core/errors.ts';
import { observeChildren } from './core/process.ts';
import type { ProgressEvent } from './core/progress.ts';
import { registerRun } from './core/registry.ts';
import type { ResolvedTool } from './core/tool.ts';
import type { RunningEnvironment } from './environment/contract.ts';
import { findEnvironment } from './environment/index.ts';
import { createRunDir } from './result/run-dir.ts';
import { RESULT_API_VERSION, type Result, type ScenarioResult } from './result/types.ts';
import { writeResult } from './result/write.ts';
import { errorRecord } from './run/records.ts';
import { runScenario, scenarioDir } from './run/scenario.ts';
import { suiteVerdict } from './run/suite.ts';
import type { Scenario } from './scenario/model.ts';
import { resolveTool } from './tools/resolve.ts';

export interface RunOptions {
  /** Name of the environment: `local`. */
  environment: string;
  /** Where results go; a folder of this run alone is made in it unless `runDir` names an existing one. */
  outDir: string;
  runDir?: string;
  /** Leave the environment up after the verdict, until the signal aborts. */
  keep: boolean;
  /** How many scenarios run at the same time. */
  parallel: number;
  tools: { k6?: string; prometheus?: string };
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
  const provider = findEnvironment(options.environment);
  const runDir = resolve(options.runDir ?? (await createRunDir(options.outDir)).path);
  using registration = registerRun();
  observeChildren(registration);
  const tools = await resolveTools(options);
  const result = emptyResult(options.environment, Object.values(tools));
  const started = performance.now();
  const waiting = [...scenarios];

  const worker = async () => {
    for (let scenario = waiting.shift(); scenario; scenario = waiting.shift()) {
      if (options.signal.aborted) return;
      const { name } = scenario;
      const done = await runScenario(scenario, {
        provider,
        context: {
          dir: scenarioDir(runDir, scenario),
          tools,
          signal: options.signal,
          progress: (event) => options.progress.event(name, event),
          environment: (info) => {
            result.environment.mesh = info.mesh;
          },
        },
        ...(options.keep ? { linger: keep } : {}),
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
    const failed = result.scenarios.find((s) => s.error);
    // A signal that came when every verdict was reached (--keep) has cut nothing short.
    const cutShort = options.signal.aborted && result.scenarios.length < scenarios.length;
    if (cutShort) result.error = errorRecord(interruption(options.signal));
    else if (failed?.error) result.error = failed.error;
    await writeResult(runDir, result);
  };
  /** The verdict is on record while the environment stays up. */
  const keep = async (env: RunningEnvironment, reached: ScenarioResult) => {
    const now = [...result.scenarios, reached];
    await writeResult(runDir, { ...result, scenarios: now, verdict: suiteVerdict(now, scenarios.length) });
    await linger(env, reached, options);
  };
  try {
    // Whatever ends the run from here on, its folder has a record.
    await save();
    await Promise.all(Array.from({ length: Math.max(1, options.parallel) }, worker));
    await save();
  } finally {
    observeChildren(null);
  }
  return result;
}

async function resolveTools(options: RunOptions): Promise<{ k6: ResolvedTool; prometheus: ResolvedTool }> {
  const resolved = async (name: 'k6' | 'prometheus') => {
    const tool = await resolveTool(name, {
      ...(options.tools[name] ? { given: options.tools[name] } : {}),
      progress: (line) => options.progress.note?.(line),
      signal: options.signal,
    });
    options.progress.note?.(`${tool.name} ${tool.version} (${tool.source}: ${tool.path})`);
    return tool;
  };
  return { k6: await resolved('k6'), prometheus: await resolved('prometheus') };
}

function emptyResult(environment: string, tools: ResolvedTool[]): Result {
  return {
    apiVersion: RESULT_API_VERSION,
    kind: 'Result',
    verdict: 'inconclusive',
    startedAt: new Date().toISOString(),
    durationMs: 0,
    environment: {
      name: environment,
      mesh: { kind: 'unknown', version: '', proxyVersion: '' },
      tools,
      node: process.version,
      platform: `${process.platform} ${process.arch}`,
    },
    scenarios: [],
  };
}

async function linger(env: RunningEnvironment, reached: ScenarioResult, options: RunOptions): Promise<void> {
  options.progress.note?.(`${reached.name}: ${reached.verdict}; kept: Prometheus ${env.prometheusUrl}`);
  for (const pod of env.topology.pods)
    options.progress.note?.(`  ${pod.namespace}/${pod.name}  http://${pod.instance}/metrics`);
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
