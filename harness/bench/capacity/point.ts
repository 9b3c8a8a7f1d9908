import { mkdir } from 'node:fs/promises';
import { describe } from '../../core/errors.ts';
import { abortable, sleep } from '../../core/wait.ts';
import type {
  EnvironmentInfo,
  EnvironmentSession,
  RunningEnvironment,
  ScenarioContext,
  UsageReading,
} from '../../environment/contract.ts';
import { parseJournals } from '../../ledger/truth.ts';
import type { K6Result } from '../../load/run.ts';
import type { CapacityPoint, Objectives } from '../../result/bench/types.ts';
import type { ScenarioResult } from '../../result/types.ts';
import { drive } from '../../run/drive.ts';
import { Guard } from '../../run/guard.ts';
import { errorRecord } from '../../run/records.ts';
import { runScenario } from '../../run/scenario.ts';
import type { Scenario } from '../../scenario/model.ts';
import { decide } from './decide.ts';
import { type PointTimes, scenarioAt, shapeOf, usersFor } from './load.ts';
import type { Side } from './options.ts';
import { type MachineReading, othersOf, readMachine } from './others.ts';
import { usageOf } from './usage.ts';
import { type Measured, measure } from './window.ts';

/** What is to be measured. */
export interface PointPlan {
  index: number;
  side: Side;
  step: CapacityPoint['step'];
  ratePerSecond: number;
  /** Folder within that of the benchmark. */
  dir: string;
}

export interface PointOptions {
  scenario: Scenario;
  of: string;
  objectives: Objectives;
  times: PointTimes;
  session: EnvironmentSession;
  /** Its `dir` is the folder of the point. */
  context: ScenarioContext;
  onEnvironment(info: EnvironmentInfo): void;
  /** Given the whole run of a meshed point. */
  onResult?(result: ScenarioResult): Promise<void>;
}

/** A world as far as it got. */
interface World {
  load: Measured | null;
  usage: Promise<Readings>;
  result: ScenarioResult | null;
  error: unknown;
}

interface Readings {
  first: UsageReading[];
  memory: UsageReading[];
  last: UsageReading[];
  /** Of the whole machine, at both ends. */
  machine: [MachineReading, MachineReading] | null;
}

const NO_READINGS: Readings = { first: [], memory: [], last: [], machine: null };

/**
 * Measures one rate in a world of its own, so that no point is burdened by the one before. Never rejects: what went wrong is in the
 * point, which then does not count.
 */
export async function measurePoint(plan: PointPlan, options: PointOptions): Promise<CapacityPoint> {
  const { side } = plan;
  const world = await (side === 'meshed' ? meshed(plan, options) : unmeshed(plan, options));
  const usage = await world.usage;
  return pointOf(plan, options, world, usage);
}

/** A full run: its telemetry is judged flow by flow. */
async function meshed(plan: PointPlan, options: PointOptions): Promise<World> {
  const { session, context, onEnvironment } = options;
  const { ending, stop } = endOf(context.signal);
  const world: World = { load: null, usage: Promise.resolve(NO_READINGS), result: null, error: null };
  const scenario = scenarioOf(plan, options);
  world.result = await runScenario(scenario, {
    session,
    context,
    onEnvironment,
    onOrigin: (env, originMs) => {
      world.usage = watchUsage(env, originMs, options, ending);
    },
    onLoad: (k6, env) => {
      world.load = loadOfPoint(k6, env, plan, options);
    },
  });
  stop();
  await options.onResult?.(world.result);
  return world;
}

/** Without proxies there is no telemetry to judge: only the load generator's journal is read. */
async function unmeshed(plan: PointPlan, options: PointOptions): Promise<World> {
  const { session, context } = options;
  const { ending, stop } = endOf(context.signal);
  const world: World = { load: null, usage: Promise.resolve(NO_READINGS), result: null, error: null };
  const scenario = scenarioOf(plan, options);
  try {
    await mkdir(context.dir, { recursive: true });
    await using env = await session.start(scenario, context);
    options.onEnvironment(env.info);
    using guard = new Guard(env, context.signal);
    await guard.run(async (signal) => {
      await drive(
        scenario,
        env,
        { ...context, signal },
        {
          onOrigin: (originMs) => {
            world.usage = watchUsage(env, originMs, options, ending);
          },
          onEnd: (k6) => {
            world.load = loadOfPoint(k6, env, plan, options);
          },
        },
      );
      // While it is there: what is read at the window's end is of the whole world.
      await abortable(world.usage, signal);
    });
  } catch (error) {
    world.error = error;
  }
  stop();
  return world;
}

/** Aborts as the run does, or when the world is over: nothing of it can be read any more. */
function endOf(signal: AbortSignal): { ending: AbortSignal; stop(): void } {
  const over = new AbortController();
  return { ending: AbortSignal.any([signal, over.signal]), stop: () => over.abort() };
}

function scenarioOf(plan: PointPlan, options: PointOptions): Scenario {
  const { scenario, of, times, objectives } = options;
  const { ratePerSecond, side } = plan;
  return scenarioAt(scenario, { of, ratePerSecond, times, objectives, unmeshed: side === 'unmeshed' });
}

function loadOfPoint(k6: K6Result, env: RunningEnvironment, plan: PointPlan, options: PointOptions): Measured {
  const { times, objectives } = options;
  const users = Math.ceil(usersFor(plan.ratePerSecond, objectives) * env.load.userHeadroom);
  return measure({
    made: parseJournals([k6.journalText]).flatMap(({ made }) => made),
    originMs: k6.originMs,
    droppedIterations: k6.droppedIterations,
    shape: shapeOf(plan.ratePerSecond, times, users),
    times,
    users,
  });
}

/** Reads what the parts have used as the measured window begins, in its middle, and as it ends. Never rejects. */
async function watchUsage(
  env: RunningEnvironment,
  originMs: number,
  { times, context }: PointOptions,
  signal: AbortSignal,
): Promise<Readings> {
  const read = async (afterMs: number): Promise<UsageReading[]> => {
    await sleep(Math.max(0, originMs + afterMs - Date.now()), signal);
    return (await env.usage?.()) ?? [];
  };
  try {
    const first = await read(times.warmupMs);
    const before = readMachine();
    const memory = await read(times.warmupMs + times.measuredMs / 2);
    const last = await read(times.warmupMs + times.measuredMs);
    return { first, memory, last, machine: [before, readMachine()] };
  } catch (error) {
    if (!signal.aborted) context.note(`what the parts use could not be read: ${describe(error)}`);
    return NO_READINGS;
  }
}

function pointOf(plan: PointPlan, options: PointOptions, world: World, readings: Readings): CapacityPoint {
  const { index, step, dir, ratePerSecond, side } = plan;
  const { load, result } = world;
  const error = result?.error ?? (world.error === null ? undefined : errorRecord(world.error));
  const telemetry = side === 'meshed' && result ? { verdict: result.verdict, reasons: result.reasons } : null;
  const outcome =
    error || !load
      ? { sustained: null, why: [`does not count: ${error?.message ?? 'no request was made'}`] }
      : decide(load, options.objectives, telemetry);
  const { first, memory, last, machine } = readings;
  const perSecond = load ? (1000 * load.requests) / options.times.measuredMs : 0;
  const ours = usageOf(first, memory, last, perSecond);
  return {
    ...{ index, step, dir, offeredPerSecond: ratePerSecond },
    achievedPerSecond: load?.achievedPerSecond ?? 0,
    ...outcome,
    requests: load?.requests ?? 0,
    failed: load?.failed ?? 0,
    droppedIterations: load?.droppedIterations ?? 0,
    successRate: load?.successRate ?? 0,
    latencyMs: load?.latencyMs ?? null,
    usage: [...ours, ...othersOf(machine?.[0] ?? null, machine?.[1] ?? null, ours)],
    verdict: telemetry?.verdict ?? null,
    reasons: telemetry ? [...telemetry.reasons] : [],
    diagnoses: result?.diagnoses ?? [],
    ...(error && { error }),
  };
}
