import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { epochMs } from '../core/clock.ts';
import { HarnessError } from '../core/errors.ts';
import type { PodInfo } from '../core/topology.ts';
import { abortable } from '../core/wait.ts';
import type {
  EnvironmentInfo,
  EnvironmentSession,
  ProxyPage,
  RunningEnvironment,
  ScenarioContext,
} from '../environment/contract.ts';
import { launchLocalK6 } from '../load/local.ts';
import { planLoad } from '../load/plan.ts';
import { type K6Result, runK6 } from '../load/run.ts';
import type { ScenarioResult } from '../result/types.ts';
import { LOAD_WORKLOAD, type Scenario } from '../scenario/model.ts';
import { type JudgeInput, judge } from '../verdict/judge.ts';
import { Guard } from './guard.ts';
import { type Observation, observe } from './observe.ts';
import { Phases } from './phases.ts';
import { askPeoplesQueries } from './queries.ts';
import { emptyScenarioResult, failedScenarioResult } from './records.ts';
import { timed } from './steps.ts';

export interface ScenarioRunOptions {
  session: EnvironmentSession;
  context: ScenarioContext;
  /** Told what turned out to be the environment. */
  onEnvironment?: (info: EnvironmentInfo) => void;
  /** Called with the environment still up when the user asked to keep it; resolves when they are done looking. */
  linger?: (env: RunningEnvironment, result: ScenarioResult) => Promise<void>;
  /** Given what the verdict is made of, before it is made. */
  onObserved?: (input: JudgeInput) => void;
}

/** One scenario from start to verdict. Never rejects: what went wrong is in the result, with what was measured until then. */
export async function runScenario(scenario: Scenario, options: ScenarioRunOptions): Promise<ScenarioResult> {
  const phases = new Phases();
  const result = emptyScenarioResult(scenario);
  const { progress, steps } = timed(options.context.progress);
  const context = { ...options.context, progress };
  result.steps = steps;
  try {
    await mkdir(context.dir, { recursive: true });
    phases.begin('start');
    await using env = await options.session.start(scenario, context);
    options.onEnvironment?.(env.info);
    using guard = new Guard(env, context.signal);
    phases.begin('traffic');
    const k6 = await guard.run((signal) => drive(scenario, env, { ...context, signal }, result));
    const trafficEndMs = epochMs();
    const { originMs, journalText: loadJournal } = k6;
    const { scrapeIntervalMs } = scenario.mesh;
    const phase = (name: string) => phases.begin(name);
    const observation = await guard.run((signal) =>
      abortable(observe(env, { loadJournal, originMs, scrapeIntervalMs, signal, phase }), signal),
    );
    await keepPages(context.dir, observation.pages);
    phases.begin('verdict');
    const input = judgeInput(scenario, env, k6, observation, trafficEndMs);
    options.onObserved?.(input);
    Object.assign(result, judge(input), { clockMarginMs: observation.clockMarginMs });
    result.notes.push(`clocks are taken to agree within ${observation.clockMarginMs} ms: ${observation.clockReason}`);
    result.queries = await guard.run((signal) =>
      abortable(askPeoplesQueries(env, scenario, observation, { originMs, trafficEndMs }), signal),
    );
    guard[Symbol.dispose]();
    await options.linger?.(env, result);
    phases.begin('stop');
  } catch (error) {
    return failedScenarioResult(result, error, phases.end());
  }
  return { ...result, phases: phases.end(), durationMs: phases.totalMs };
}

/** The pages that the verdict was made from, so that a difference can be looked up: pages/<namespace>.<pod>.prom. */
async function keepPages(dir: string, pages: readonly ProxyPage[]): Promise<void> {
  await mkdir(join(dir, 'pages'), { recursive: true });
  await Promise.all(
    pages.map(({ namespace, pod, text }) => writeFile(join(dir, 'pages', `${namespace}.${pod}.prom`), text)),
  );
}

/** Lets k6 work; what it has measured is in the result even when it is told to stop. */
async function drive(
  scenario: Scenario,
  env: RunningEnvironment,
  context: ScenarioContext,
  result: ScenarioResult,
): Promise<K6Result> {
  const dir = join(context.dir, 'k6');
  await mkdir(dir, { recursive: true });
  let origin: Promise<void> = Promise.resolve();
  const stop = new AbortController();
  const k6 = await runK6({
    launch: env.load.launch ?? launchLocalK6(await context.tool('k6')),
    plan: planLoad(scenario, { ...env.load, pod: loadPod(env) }),
    dir,
    signal: AbortSignal.any([context.signal, stop.signal]),
    onOrigin(originMs) {
      origin = env.setOrigin(originMs);
      origin.catch((error) => stop.abort(error));
    },
    onProgress(traffic) {
      context.progress({ kind: 'traffic', ...traffic });
      Object.assign(result.traffic, { requests: traffic.sent, failed: traffic.failed });
    },
  });
  result.traffic = trafficOf(k6);
  context.signal.throwIfAborted();
  await abortable(origin, context.signal);
  await abortable(env.settled(), context.signal);
  return k6;
}

/** The load generator's pod; a name for its journal where it is none. */
function loadPod(env: RunningEnvironment): string {
  return loadInMesh(env)?.name ?? 'outside';
}

function loadInMesh(env: RunningEnvironment): PodInfo | undefined {
  return env.topology.pods.find((p) => p.workload === LOAD_WORKLOAD.id);
}

function judgeInput(
  scenario: Scenario,
  env: RunningEnvironment,
  k6: K6Result,
  observation: Observation,
  trafficEndMs: number,
): JudgeInput {
  return {
    topology: env.topology,
    truth: observation.truth,
    proxy: observation.proxy,
    prometheus: observation.prometheus,
    window: {
      originMs: k6.originMs,
      trafficEndMs,
      quietFromMs: observation.quietFromMs,
      scrapeIntervalMs: scenario.mesh.scrapeIntervalMs,
    },
    clockMarginMs: observation.clockMarginMs,
    load: { droppedIterations: k6.droppedIterations, interrupted: k6.interrupted },
    expect: scenario.expect,
  };
}

function trafficOf(k6: K6Result): ScenarioResult['traffic'] {
  const seconds = Math.max(0.001, (k6.endMs - k6.originMs) / 1000);
  const { requests, failed, droppedIterations } = k6;
  return { requests, failed, droppedIterations, ratePerSecond: requests / seconds };
}

/** Where a scenario's files go. */
export function scenarioDir(runDir: string, scenario: Scenario): string {
  if (scenario.name.includes('/')) {
    throw new HarnessError('BAD_NAME', `scenario name ${scenario.name} can't be a folder`, {
      hint: 'use letters, digits and dashes',
    });
  }
  return join(runDir, scenario.name);
}
