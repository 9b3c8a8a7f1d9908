import { join } from 'node:path';
import { epochMs } from '../core/clock.ts';
import type { ProgressEvent } from '../core/progress.ts';
import type { EnvironmentSession, RunContext, RunningEnvironment } from '../environment/contract.ts';
import type { ScenarioResult } from '../result/types.ts';
import { runScenario, type ScenarioRunOptions } from '../run/scenario.ts';
import type { Scenario } from '../scenario/model.ts';
import { injectedLines } from './injected.ts';
import type { World } from './plan.ts';
import { podsOf, type Roster, rosterOf } from './pods.ts';
import type { NamedCause, WorldRecord } from './record.ts';
import { judgeWorld } from './score.ts';

export interface WorldRun {
  record: WorldRecord;
  result: ScenarioResult;
}

type RunOne = (scenario: Scenario, options: ScenarioRunOptions) => Promise<ScenarioResult>;

/** Runs one world and says whether its diagnosis is right. Never rejects: what went wrong is in the record. */
export async function runWorld(
  world: World,
  session: EnvironmentSession,
  context: RunContext & { dir: string; onEnvironment: ScenarioRunOptions['onEnvironment'] },
  run: RunOne = runScenario,
): Promise<WorldRun> {
  const { scenario } = world;
  const moments: Moments = { prometheusMs: null, originMs: null };
  let roster: Roster | null = null;
  const { dir, onEnvironment, ...common } = context;
  const result = await run(scenario, {
    session,
    context: {
      ...common,
      dir: join(dir, world.name),
      progress: (event) => {
        if (isPrometheusStarting(event)) moments.prometheusMs ??= epochMs();
        context.progress(event);
      },
    },
    ...(onEnvironment ? { onEnvironment } : {}),
    onObserved: ({ window }) => {
      moments.originMs = window.originMs;
    },
    linger: async (env) => {
      roster = await takeRoster(scenario, env);
    },
  });
  return { record: recordOf(world, result, roster, moments), result };
}

/** When things happened, epoch milliseconds. */
interface Moments {
  prometheusMs: number | null;
  originMs: number | null;
}

function isPrometheusStarting(event: ProgressEvent): boolean {
  return event.kind === 'step' && event.state === 'start' && /prometheus/i.test(event.step);
}

/** Who is there, while it is still there to be asked. */
async function takeRoster(scenario: Scenario, env: RunningEnvironment): Promise<Roster> {
  const listed = await env.evidence.list({ apiVersion: 'v1', kind: 'Pod' });
  return rosterOf(scenario, env.topology, listed);
}

function recordOf(world: World, result: ScenarioResult, roster: Roster | null, moments: Moments): WorldRecord {
  const { name, kind, cases, repetition, scenario } = world;
  const diagnoses = result.diagnoses ?? [];
  const expected = world.expected.map(
    ({ cause, pods }): NamedCause => ({ cause, pods: roster ? podsOf(pods, roster) : [] }),
  );
  const base = {
    name,
    kind,
    cases,
    repetition,
    seed: scenario.seed,
    injected: injectedLines(scenario),
    expected,
    diagnosed: diagnoses.map(({ causes, pods, subject, summary }) => ({ causes, pods, subject, summary })),
    ...timesOf(scenario, result, moments),
    durationMs: result.durationMs,
  };
  const error = result.error ?? (result.diagnoses ? undefined : NOT_DIAGNOSED);
  // Below the first line there may be a log.
  if (error) return { ...base, outcome: 'error', why: `${error.code}: ${error.message.split('\n')[0]}`, error };
  const { right, why } = judgeWorld(expected, diagnoses);
  return { ...base, outcome: right ? 'right' : 'wrong', why };
}

const NOT_DIAGNOSED = {
  code: 'NOT_DIAGNOSED',
  message: 'the run ended without a diagnosis',
  hint: 'this is a defect of meshproof',
};

/** From the fault to the end of the phase that diagnoses. */
function timesOf(
  { faults = [] }: Scenario,
  { startedAt, phases }: ScenarioResult,
  { prometheusMs, originMs }: Moments,
): Pick<WorldRecord, 'faultToDiagnosisMs' | 'diagnosingMs'> {
  const at = phases.findIndex(({ name }) => /diagnos/.test(name));
  if (at < 0) return { faultToDiagnosisMs: null, diagnosingMs: null };
  const endMs = phases.slice(0, at + 1).reduce((sum, { durationMs }) => sum + durationMs, Date.parse(startedAt));
  const offsets = faults.map(({ atMs }) => atMs);
  const fromStart = offsets.length === 0 || offsets.includes(null);
  const faultMs = fromStart ? prometheusMs : originMs === null ? null : originMs + Math.min(...(offsets as number[]));
  return {
    faultToDiagnosisMs: faultMs === null ? null : Math.max(0, Math.round(endMs - faultMs)),
    diagnosingMs: phases[at]!.durationMs,
  };
}
