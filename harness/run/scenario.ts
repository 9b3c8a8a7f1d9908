import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { epochMs } from '../core/clock.ts';
import { describe, HarnessError } from '../core/errors.ts';
import { abortable } from '../core/wait.ts';
import { beyondRelease, featuresText } from '../environment/beyond-release.ts';
import type {
  EnvironmentInfo,
  EnvironmentSession,
  ProxyPage,
  RunningEnvironment,
  ScenarioContext,
} from '../environment/contract.ts';
import type { K6Result } from '../load/run.ts';
import type { ScenarioResult } from '../result/types.ts';
import type { Scenario } from '../scenario/model.ts';
import type { RunFacts } from '../verdict/diagnose/types.ts';
import { type JudgeInput, judge } from '../verdict/judge.ts';
import { Recording } from '../verdict/timeline/recording.ts';
import { type DiagnosedCase, diagnoseRun, diagnosesOf, keepCase } from './diagnosis.ts';
import { drive } from './drive.ts';
import { addExpectedQueries, askExpectedQueries } from './expected-queries.ts';
import { Guard } from './guard.ts';
import { type Observation, observe } from './observe.ts';
import { Phases } from './phases.ts';
import { askPeoplesQueries } from './queries.ts';
import { emptyScenarioResult, failedScenarioResult } from './records.ts';
import { keepScenario } from './scenario-file.ts';
import { timed } from './steps.ts';
import { keepTimeline } from './timeline.ts';
import { addUnread } from './unread.ts';

export interface ScenarioRunOptions {
  session: EnvironmentSession;
  context: ScenarioContext;
  /** Told what turned out to be the environment. */
  onEnvironment?: (info: EnvironmentInfo) => void;
  /** Told a little before traffic begins: when it does, epoch ms. */
  onOrigin?: (env: RunningEnvironment, originMs: number) => void;
  /** Given what k6 has measured as soon as it has ended, however it ended. */
  onLoad?: (k6: K6Result, env: RunningEnvironment) => void;
  /** Called with the environment still up when the user asked to keep it; resolves when they are done looking. */
  linger?: (env: RunningEnvironment, result: ScenarioResult) => Promise<void>;
  /** Given what the verdict is made of, before it is made. */
  onObserved?: (input: JudgeInput) => void;
}

/** One scenario from start to verdict. Never rejects: what went wrong is in the result, with what was measured until then. */
export async function runScenario(scenario: Scenario, options: ScenarioRunOptions): Promise<ScenarioResult> {
  const phases = new Phases((phase) => options.context.progress({ kind: 'phase', phase }));
  const result = emptyScenarioResult(scenario);
  const { progress, steps } = timed(options.context.progress);
  const context = { ...options.context, progress };
  result.steps = steps;
  try {
    await mkdir(context.dir, { recursive: true });
    await keepScenario(context.dir, scenario);
    phases.begin('start');
    await using env = await options.session.start(scenario, context);
    options.onEnvironment?.(env.info);
    using guard = new Guard(env, context.signal);
    phases.begin('traffic');
    const k6 = await guard.run((signal) =>
      drive(
        scenario,
        env,
        { ...context, signal },
        {
          onOrigin: (originMs) => options.onOrigin?.(env, originMs),
          onProgress: ({ sent, failed }) => Object.assign(result.traffic, { requests: sent, failed }),
          onEnd: (ended) => {
            result.traffic = trafficOf(ended);
            options.onLoad?.(ended, env);
          },
        },
      ),
    );
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
    const recording = new Recording();
    const judgement = judge(input, recording);
    Object.assign(result, judgement, { clockMarginMs: observation.clockMarginMs });
    result.notes = [...judgement.notes];
    addUnread(result, observation.unread);
    const told = { scenario, input, judgement, recording, rollout: env.rollout?.() };
    result.notes.push(...(await keepTimeline(context.dir, told, observation.pages)));
    result.notes.push(...notOfThisRelease(scenario, env));
    result.notes.push(`clocks are taken to agree within ${observation.clockMarginMs} ms: ${observation.clockReason}`);
    result.queries = await guard.run((signal) =>
      abortable(askPeoplesQueries(env, scenario, observation, { originMs, trafficEndMs }), signal),
    );
    const expected = await guard.run((signal) =>
      abortable(
        askExpectedQueries(env.prometheusUrl, scenario.expect.queries, observation.truth, { originMs, trafficEndMs }),
        signal,
      ),
    );
    addExpectedQueries(result, expected);
    guard[Symbol.dispose]();
    phases.begin('diagnosis');
    const facts = { input, judgement, queries: expected.queries };
    await abortable(diagnose(env, facts, context.dir, result), context.signal);
    await options.linger?.(env, result);
    phases.begin('stop');
  } catch (error) {
    return failedScenarioResult(result, error, phases.end());
  }
  return { ...result, phases: phases.end(), durationMs: phases.totalMs };
}

/** Says why what is wrong is wrong. What goes wrong in that is a note: it changes no verdict. */
async function diagnose(env: RunningEnvironment, facts: RunFacts, dir: string, result: ScenarioResult): Promise<void> {
  let diagnosed: DiagnosedCase;
  try {
    diagnosed = await diagnoseRun(env, facts);
    result.diagnoses = diagnosesOf(diagnosed.findings, diagnosed.input.evidence.controlPlaneNamespace);
  } catch (error) {
    result.notes.push(`the diagnosis was cut short: ${describe(error)}`);
    return;
  }
  if (result.diagnoses.length === 0 && result.verdict === 'pass') return;
  await keepCase(dir, diagnosed).catch((error: unknown) => {
    result.notes.push(`evidence.json could not be written: ${describe(error)}`);
  });
}

/** The pages that the verdict was made from, so that a difference can be looked up: pages/<namespace>.<pod>.prom. */
async function keepPages(dir: string, pages: readonly ProxyPage[]): Promise<void> {
  await mkdir(join(dir, 'pages'), { recursive: true });
  await Promise.all(
    pages.map(({ namespace, pod, text }) => writeFile(join(dir, 'pages', `${namespace}.${pod}.prom`), text)),
  );
}

/** The simulated mesh does what its release does not know; whoever reads the result must know it. */
function notOfThisRelease(scenario: Scenario, { info: { mesh } }: RunningEnvironment): string[] {
  const beyond = beyondRelease(scenario, mesh.version);
  if (beyond.length === 0) return [];
  return [
    `Linkerd ${mesh.version} does not know ${featuresText(beyond)}: its simulated mesh does, a real one would not`,
  ];
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
    proxyVersions: [env.info.mesh.proxyVersion],
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
