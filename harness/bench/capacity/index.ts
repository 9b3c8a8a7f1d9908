import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { EXIT, HarnessError } from '../../core/errors.ts';
import { observeChildren } from '../../core/process.ts';
import { type RunRegistration, registerRun } from '../../core/registry.ts';
import type { EnvironmentSession } from '../../environment/contract.ts';
import { findEnvironment } from '../../environment/index.ts';
import { formatPercent } from '../../report/format.ts';
import type { CapacityResult } from '../../result/bench/types.ts';
import { ToolBox } from '../../run/tool-box.ts';
import { Benchmark, settingsOf } from './benchmark.ts';
import { leastOverload } from './decide.ts';
import { checkLoad } from './load.ts';
import type { CapacityOptions } from './options.ts';
import { measurePoint, type PointPlan } from './point.ts';
import { checkUsed, readEarlier, removePlan, writePlan } from './resume.ts';

export { CAPACITY_FILE } from '../../result/bench/write.ts';
export * from './options.ts';

/**
 * Finds the largest arrival rate that a mesh sustains within objectives, and what it costs against no mesh. `capacity.json` is
 * written after every point, so that what was measured is kept however it ends, and can be resumed.
 * @throws HarnessError before anything was measured: NOT_RESUMABLE, CAPACITY_TRAFFIC, UNKNOWN_SERVICE, BAD_RATES, TOOL_MISSING, ...
 */
export async function capacity(given: CapacityOptions): Promise<CapacityResult> {
  // Prometheus takes what is relative in its configuration from where that lies.
  const options = { ...given, runDir: resolve(given.runDir) };
  options.signal.throwIfAborted();
  checkLoad(options.scenario, options.of);
  checkRates(options);
  const provider = await findEnvironment(options.environment);
  const earlier = options.resume === null ? null : await readEarlier(options, options.resume);
  const benchmark = new Benchmark(options, earlier);
  warn(options);
  if (benchmark.done) return benchmark.save();
  using registration = registerRun();
  observeChildren(registration);
  try {
    return await inSession(options, provider, registration, benchmark, earlier);
  } finally {
    observeChildren(null);
  }
}

async function inSession(
  options: CapacityOptions,
  provider: Awaited<ReturnType<typeof findEnvironment>>,
  registration: RunRegistration,
  benchmark: Benchmark,
  earlier: CapacityResult | null,
): Promise<CapacityResult> {
  const { signal, progress, runDir, environment, kind } = options;
  const { note } = progress;
  const tools = new ToolBox({ given: options.tools, note, signal });
  const common = { signal, note, tool: tools.tool };
  try {
    await using session = await provider.open(
      { keep: false, kind },
      {
        ...common,
        ...{ dir: runDir, runId: registration.runId, registration },
        progress: (event) => progress.event(environment, event),
      },
    );
    checkUsed(earlier, { tools: tools.found });
    // Not before its tools are there: what leaves a plan is a benchmark that can be resumed.
    await writePlan(options);
    await benchmark.run(async (plan) => {
      const dir = join(runDir, plan.dir);
      // Left by a point that was cut short, and is no point.
      await rm(dir, { recursive: true, force: true });
      const context = { ...common, dir, progress: eventsOf(plan, options) };
      const point = await onePoint(plan, options, session, context, benchmark);
      benchmark.used(tools.found);
      // Of a cluster it turns out now: this point is none of the earlier ones'.
      checkUsed(earlier, { tools: tools.found, mesh: benchmark.mesh });
      return point;
    });
  } catch (error) {
    // What was measured before is to stay as it is.
    if (isRefusal(error)) throw error;
    // Nothing was measured: there is nothing to keep.
    if (benchmark.measured === 0) {
      await removePlan(options);
      throw error;
    }
    benchmark.failed(error);
  }
  return benchmark.save();
}

const isRefusal = (error: unknown) => error instanceof HarnessError && error.code === 'NOT_RESUMABLE';

function eventsOf({ side, ratePerSecond }: PointPlan, { progress }: CapacityOptions) {
  const name = `${side} ${ratePerSecond}/s`;
  return (event: Parameters<typeof progress.event>[1]) => progress.event(name, event);
}

function onePoint(
  plan: PointPlan,
  options: CapacityOptions,
  session: EnvironmentSession,
  context: Parameters<typeof measurePoint>[1]['context'],
  benchmark: Benchmark,
) {
  const { scenario, of, objectives } = options;
  return measurePoint(plan, {
    ...{ scenario, of, objectives, session, context, times: timesOf(options) },
    onEnvironment: (info) => benchmark.found(info, plan.side),
  });
}

const timesOf = ({ warmupSeconds, measuredSeconds }: CapacityOptions) => ({
  warmupMs: 1000 * warmupSeconds,
  measuredMs: 1000 * measuredSeconds,
});

/** @throws HarnessError BAD_RATES */
function checkRates(options: CapacityOptions): void {
  const { minPerSecond, maxPerSecond, startPerSecond } = settingsOf(options);
  if (minPerSecond > 0 && minPerSecond < maxPerSecond && startPerSecond > 0 && options.sides.length > 0) return;
  throw new HarnessError('BAD_RATES', `there is nothing to search between ${minPerSecond}/s and ${maxPerSecond}/s`, {
    hint: 'the lowest rate is above zero and below the highest',
    exitCode: EXIT.invalidInput,
  });
}

/** What is left out of the scenario, and what the search can't show with these settings, before it begins. */
function warn(options: CapacityOptions): void {
  const { objectives, precision, measuredSeconds, progress, scenario } = options;
  const without = [
    ...(scenario.timeline.length > 0 ? ['changes of behaviour'] : []),
    ...(scenario.restarts.length > 0 ? ['restarts'] : []),
    ...(scenario.expect.slo.length > 0 ? ['expectations'] : []),
  ];
  if (without.length > 0) progress.note(`${scenario.name} is loaded without its ${without.join(', ')}`);
  const least = leastOverload(
    { ratePerSecond: settingsOf(options).startPerSecond, latencyMs: 0 },
    objectives,
    timesOf(options),
  );
  if (least <= precision) return;
  progress.note(
    `at about this rate an overload below ${formatPercent(least, 1)} may not show within ${measuredSeconds} s: measure each point for longer, or ask for less precision`,
  );
}
