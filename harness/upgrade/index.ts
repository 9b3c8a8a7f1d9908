import { join, resolve } from 'node:path';
import { observeChildren } from '../core/process.ts';
import { type RunRegistration, registerRun } from '../core/registry.ts';
import type { EnvironmentProvider, EnvironmentSession, RunningEnvironment } from '../environment/contract.ts';
import { findEnvironment } from '../environment/index.ts';
import type { UpgradeReason, UpgradeResult } from '../result/upgrade/types.ts';
import { writeUpgrade } from '../result/upgrade/write.ts';
import { writeResult } from '../result/write.ts';
import type { Scenario } from '../scenario/model.ts';
import { type Candidate, differenceOf, judgeQueries, rewritesOf } from './analysis.ts';
import { experts, observers } from './experts.ts';
import type { UpgradeOptions } from './options.ts';
import { checkVersions, PACES, type PlannedRun, planStages } from './plan.ts';
import { askQueries, readQueries, recordingRules, startsOf } from './queries/index.ts';
import { recordOf, resultOf } from './record.ts';
import { recordable } from './recordable.ts';
import { Sides } from './sides.ts';
import type { QueryInputs, WorldRecord } from './types.ts';
import { runWorld, type World } from './world.ts';

export type { UpgradeOptions } from './options.ts';

/**
 * Tries an upgrade: each scenario before and after it by turns, then through the roll-out under load; what differs, what broke and
 * why; go, no-go or undecided. `upgrade.json` is written as it grows, so that what was measured is kept however it ends.
 * @throws HarnessError before anything was measured: UNKNOWN_MESH_VERSION, EQUAL_VERSIONS, TOOL_MISSING, RESULTS_NOT_WRITABLE, ...
 */
export async function upgrade(given: UpgradeOptions): Promise<UpgradeResult> {
  // Prometheus takes what is relative in its configuration from where that lies.
  const options = { ...given, runDir: resolve(given.runDir) };
  const { linkerd, prometheus, environment, signal, progress } = options;
  const mesh = meshOf(options);
  const sides = new Sides(options);
  const taken = linkerd ? checkVersions(linkerd, mesh !== 'linkerd') : [];
  for (const line of taken) progress.note(line);
  if (prometheus) await sides.checkPrometheus();
  const provider = await findEnvironment(environment);
  const read = await readQueries({ ...options.queries, signal });
  using registration = registerRun();
  observeChildren(registration);
  try {
    const inputs = await recordable(read, options, sides);
    for (const { place, message } of inputs.problems) progress.note(`${place}: ${message.split('\n')[0]}`);
    return await new Trial(options, mesh, sides, inputs, taken).run(provider, registration);
  } finally {
    observeChildren(null);
  }
}

type Mesh = keyof typeof PACES;

function meshOf({ environment, kind }: UpgradeOptions): Mesh {
  return environment !== 'kind' ? 'local' : kind.mesh === 'linkerd' ? 'linkerd' : 'kind';
}

/** One upgrade, and what is known of it so far. */
class Trial {
  readonly #options: UpgradeOptions;
  readonly #mesh: Mesh;
  readonly #sides: Sides;
  readonly #inputs: QueryInputs;
  /** Versions that are not what was asked for to the letter. */
  readonly #taken: readonly string[];
  /** To put the real Linkerd in place of another takes minutes: it is not done for every run. */
  readonly #interleaved: boolean;
  readonly #startedAt = new Date();
  readonly #started = performance.now();
  /** In the order in which they ended, with their folders. */
  readonly #worlds = new Map<World, string>();
  readonly #candidates: Candidate[] = [];
  #error: unknown = null;

  constructor(options: UpgradeOptions, mesh: Mesh, sides: Sides, inputs: QueryInputs, taken: readonly string[]) {
    this.#options = options;
    this.#mesh = mesh;
    this.#sides = sides;
    this.#inputs = inputs;
    this.#taken = taken;
    this.#interleaved = mesh !== 'linkerd' || options.linkerd === null;
  }

  async run(provider: EnvironmentProvider, registration: RunRegistration): Promise<UpgradeResult> {
    const { scenarios, signal, progress, runDir, environment } = this.#options;
    try {
      await using session = await provider.open(
        { keep: false, kind: this.#kindOptions },
        {
          ...{ signal, note: progress.note, dir: runDir, runId: registration.runId, registration },
          tool: this.#sides.of('before'),
          progress: (event) => progress.event(environment, event),
        },
      );
      for (const scenario of scenarios) await this.#tryOut(scenario, session, provider);
    } catch (error) {
      // Nothing was measured: there is nothing to keep.
      if (this.#worlds.size === 0) throw error;
      this.#error = error;
    }
    return this.#save();
  }

  /** It begins with the mesh that is to be upgraded, and may have either. */
  get #kindOptions(): UpgradeOptions['kind'] {
    const { kind, linkerd, linkerdCli } = this.#options;
    if (!linkerd) return kind;
    const { from, to } = linkerd;
    const linkerdReleases = { [from]: linkerdCli?.from ?? null, [to]: linkerdCli?.to ?? null };
    return { ...kind, linkerdVersion: from, linkerdReleases };
  }

  async #tryOut(scenario: Scenario, session: EnvironmentSession, provider: EnvironmentProvider): Promise<void> {
    const { repeat, linkerd, parallel, signal } = this.#options;
    const stages = planStages(scenario, {
      ...{ repeat, linkerd, pace: PACES[this.#mesh], interleaved: this.#interleaved },
      rules: recordingRules(this.#inputs.queries, scenario.mesh.scrapeIntervalMs),
    });
    const last = stages.flat().findLast(({ phase }) => phase === 'after');
    for (const stage of stages) {
      const waiting = [...stage];
      const work = async () => {
        for (let run = waiting.shift(); run && !signal.aborted; run = waiting.shift()) {
          await this.#runOne(run, session, run === last);
        }
      };
      const workers = Math.max(1, Math.min(parallel, stage.length, provider.maxParallel ?? parallel));
      await Promise.all(Array.from({ length: workers }, work));
    }
  }

  async #runOne(planned: PlannedRun, session: EnvironmentSession, isLast: boolean): Promise<void> {
    const { scenario, phase, repeat, dir } = planned;
    const { progress, signal, runDir } = this.#options;
    const name = dir.replace('/', ' ');
    const world = await runWorld({
      ...{ scenario, phase, repeat, session, observers },
      context: {
        ...{ signal, note: progress.note, tool: this.#sides.of(phase), dir: join(runDir, dir) },
        progress: (event) => progress.event(name, event),
      },
      // Half of the pods are of one version, half of the other: what a query says then is of neither.
      queries: phase === 'during' ? [] : this.#inputs.queries,
      ...(isLast && { whileUp: (env, present) => this.#askRewrites(env, present) }),
    });
    this.#worlds.set(world, dir);
    progress.runDone({ ...world.result, name });
    await writeResult(join(runDir, dir), resultOf(world, this.#options, this.#sides));
    await this.#save();
  }

  /**
   * What could be written instead of the queries that break, asked of the last world of a scenario while it is still up: by then
   * it is known which they are, and what else is called otherwise.
   */
  async #askRewrites(env: RunningEnvironment, present: WorldRecord): Promise<void> {
    const { scenario, originMs, trafficEndMs } = present;
    const worlds = [...this.#worlds.keys(), present as World];
    const rewritten = rewritesOf(this.#inputs.queries, worlds, experts);
    if (rewritten.length === 0) return;
    const { scrapeIntervalMs } = scenario.mesh;
    const startsMs = startsOf(present.truth);
    const window = { originMs, trafficEndMs, startsMs, scrapeIntervalMs, signal: this.#options.signal };
    const answers = await askQueries(env.prometheusUrl, rewritten, window);
    for (const { id, expr } of rewritten) {
      const answer = answers.get(id);
      if (answer) this.#candidates.push({ id, expr, scenario: scenario.name, answer });
    }
  }

  /** What was done otherwise than someone who reads the decision would think. */
  #remarks(): UpgradeReason[] {
    const { linkerd, parallel } = this.#options;
    const remark = (text: string, remedy = ''): UpgradeReason => ({ weight: 'warns', about: 'run', text, remedy });
    return [
      ...this.#taken.map((text) => remark(text)),
      ...(linkerd ? [] : [remark('Linkerd stays as it is, so nothing was rolled out: there is no phase "during"')]),
      ...(parallel > 1
        ? [remark(`up to ${parallel} runs went on side by side, and latency was measured so`, 'leave --parallel out')]
        : []),
    ];
  }

  async #save(): Promise<UpgradeResult> {
    const { queries, problems } = this.#inputs;
    const worlds = [...this.#worlds.keys()];
    const schema = differenceOf(worlds, experts);
    const record = recordOf({
      ...{ options: this.#options, startedAt: this.#startedAt, started: this.#started, sides: this.#sides },
      ...{ worlds, schema, problems, others: this.#remarks(), error: this.#error, interleaved: this.#interleaved },
      dirOf: (world) => this.#worlds.get(world)!,
      queries: judgeQueries(queries, worlds, schema, this.#candidates, experts),
    });
    await writeUpgrade(this.#options.runDir, record);
    return record;
  }
}
