import { describe } from '../core/errors.ts';
import { abortable } from '../core/wait.ts';
import type {
  EnvironmentInfo,
  EnvironmentSession,
  RunningEnvironment,
  ScenarioContext,
} from '../environment/contract.ts';
import { PrometheusClient } from '../prometheus/client.ts';
import type { UpgradePhase } from '../result/upgrade/types.ts';
import { runScenario, type ScenarioRunOptions } from '../run/scenario.ts';
import type { Scenario } from '../scenario/model.ts';
import type { JudgeInput } from '../verdict/judge.ts';
import { endOfTraffic } from '../verdict/queries/truth.ts';
import { type AskOptions, startsOf } from './queries/index.ts';
import type { MeshSchema, Query, QueryAnswer, WorldRecord } from './types.ts';

/** What is looked at while a world is still up, after its verdict. */
export interface WorldObservers {
  schema(env: RunningEnvironment, scenario: Scenario): Promise<MeshSchema>;
  /** As of the end of traffic. */
  answers(
    prometheusUrl: string,
    queries: readonly Query[],
    window: AskOptions,
  ): Promise<ReadonlyMap<string, QueryAnswer>>;
}

export interface WorldOptions {
  scenario: Scenario;
  phase: UpgradePhase;
  repeat: number;
  session: EnvironmentSession;
  /** Its `dir` is the folder of this run. */
  context: ScenarioContext;
  /** Asked of this world's Prometheus. */
  queries: readonly Query[];
  observers: WorldObservers;
  onEnvironment?: (info: EnvironmentInfo) => void;
  /** Called with the world still up, after everything else was looked at. */
  whileUp?: (env: RunningEnvironment, world: WorldRecord) => Promise<void>;
  /** How the scenario is run; for tests. */
  run?: (scenario: Scenario, options: ScenarioRunOptions) => Promise<WorldRecord['result']>;
}

/** A world, with what could not be looked at in it. */
export interface World extends WorldRecord {
  /** Of the mesh and the Prometheus that turned out to run; null: it did not get so far. */
  info: EnvironmentInfo | null;
  prometheusVersion: string;
  /** One sentence each: the schema, or the answers, that could not be had although the run has its verdict. */
  troubles: string[];
}

/**
 * Runs a scenario as one world of an upgrade: a full run with its verdict, and what its proxies and its Prometheus show while
 * they are still up. Never rejects: what went wrong is in `result.error`, and in `troubles`.
 */
export async function runWorld(options: WorldOptions): Promise<World> {
  const { scenario, phase, repeat, session, context, run = runScenario } = options;
  let observed: JudgeInput | null = null;
  const world: Omit<World, 'result'> = {
    scenario,
    phase,
    repeat,
    originMs: 0,
    trafficEndMs: 0,
    topology: { trustDomain: '', controlPlaneNamespace: '', workloads: [], pods: [], services: [] },
    truth: [],
    schema: null,
    answers: new Map(),
    rollout: [],
    info: null,
    prometheusVersion: '',
    troubles: [],
  };
  const result = await run(scenario, {
    session,
    context,
    onEnvironment: (info) => {
      world.info = info;
      options.onEnvironment?.(info);
    },
    onObserved: (input) => {
      observed = input;
      const { topology, truth, window } = input;
      const trafficEndMs = endOfTraffic(truth, window);
      Object.assign(world, { topology, truth, originMs: window.originMs, trafficEndMs });
    },
    linger: async (env, result) => {
      if (observed === null) return;
      await abortable(look(env, options, world), context.signal);
      const { whileUp } = options;
      if (!whileUp) return;
      const asked = attempt(world, 'what could be written instead', () => whileUp(env, { ...world, result }));
      await abortable(asked, context.signal);
    },
  });
  return { ...world, result };
}

/** Everything that is asked while the world is up; one thing that can't be had does not cost the others. */
async function look(env: RunningEnvironment, options: WorldOptions, world: Omit<World, 'result'>): Promise<void> {
  const { scenario, queries, observers, context } = options;
  const { originMs, trafficEndMs } = world;
  const { scrapeIntervalMs } = scenario.mesh;
  world.rollout = [...(env.rollout?.() ?? [])];
  await Promise.all([
    attempt(world, 'what the proxies expose', async () => {
      world.schema = await observers.schema(env, scenario);
    }),
    attempt(world, 'the answers to your queries', async () => {
      if (queries.length === 0) return;
      world.answers = await observers.answers(env.prometheusUrl, queries, {
        originMs,
        trafficEndMs,
        startsMs: startsOf(world.truth),
        scrapeIntervalMs,
        signal: context.signal,
      });
    }),
    attempt(world, 'the version of Prometheus', async () => {
      const { version } = await new PrometheusClient(env.prometheusUrl).buildInfo();
      // One that was built from its module alone does not know its own.
      world.prometheusVersion = version || (await context.tool('prometheus')).version;
    }),
  ]);
}

async function attempt(world: Omit<World, 'result'>, what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const { phase, repeat } = world;
    world.troubles.push(`${what} could not be read in run ${repeat} of phase "${phase}": ${describe(error)}`);
  }
}
