import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { observeChildren } from '../../core/process.ts';
import { registerRun } from '../../core/registry.ts';
import type { ResolvedTool } from '../../core/tool.ts';
import type { AccuracyPoint, Machine, ScrapePoint, ScrapeResult, ScrapeSettings } from '../../result/bench/types.ts';
import { writeScrape } from '../../result/bench/write.ts';
import { RESULT_API_VERSION } from '../../result/types.ts';
import { errorRecord } from '../../run/records.ts';
import { ToolBox } from '../../run/tool-box.ts';
import { measureAccuracy } from '../accuracy/index.ts';
import { thisMachine } from '../machine.ts';
import { shapeFor } from '../pages/shape.ts';
import { analyse } from './analysis.ts';
import { checkRoom, needOf, ratesOf } from './memory.ts';
import type { ScrapeOptions } from './options.ts';
import { planSweep, type ScrapePlan } from './plan.ts';
import { measurePoint, secondsOf } from './point.ts';
import { describeSettings, pointWith, readEarlier } from './resume.ts';
import { readRoom } from './room.ts';
import { pageOf, recordedArgs, ScrapeWorld } from './world.ts';

export type { AskedPrediction, ScrapeOptions } from './options.ts';

/**
 * Measures what scraping a mesh costs: a real Prometheus over simulated proxies, point by point; fits a model to it, and answers
 * by it. `scrape.json` is written after each point, so that what was measured is kept however it ends: a sweep that breaks off
 * after its first point resolves, with `error`.
 * @throws HarnessError before anything was measured: BAD_SWEEP, BAD_SHAPE, UNKNOWN_MESH_VERSION, TOOL_MISSING, SWEEP_DIFFERS,
 * NOT_ENOUGH_MEMORY, NOT_ENOUGH_DISK, NOT_ENOUGH_FILES, RESULTS_NOT_WRITABLE; of the first point, what broke it off
 */
export async function scrape(options: ScrapeOptions): Promise<ScrapeResult> {
  const { tools, signal, progress, resume, runDir } = options;
  const plan = planSweep(options);
  // Pages that no proxy has are refused now, and not after the first point.
  for (const settings of plan.points) pageOf(settings);
  for (const { version, edges } of options.predictions) shapeFor({ version, edges });
  const machine = thisMachine();
  const tool = await new ToolBox({ given: tools, note: progress, signal }).tool('prometheus');
  const earlier =
    resume === null ? null : await readEarlier(resume, { plan, machine, prometheusVersion: tool.version });
  const left = plan.points.filter((settings) => !pointWith(earlier?.points ?? [], settings));
  const rates = ratesOf(earlier?.points ?? []);
  const needs = left.map((settings) => needOf(settings, secondsOf(settings, plan.secondsPerPoint), rates));
  checkRoom(needs, await readRoom(runDir), options.memoryCheck ? undefined : progress);
  using registration = registerRun();
  observeChildren(registration);
  try {
    return await new Sweep(options, plan, machine, tool, earlier).run();
  } finally {
    observeChildren(null);
  }
}

/** One sweep, and what is known of it so far. */
class Sweep {
  readonly #options: ScrapeOptions;
  readonly #plan: ScrapePlan;
  readonly #machine: Machine;
  readonly #tool: ResolvedTool;
  readonly #startedAt: string;
  /** Of an earlier part of it. */
  readonly #earlierMs: number;
  readonly #started = performance.now();
  readonly #points: ScrapePoint[];
  #accuracy: AccuracyPoint[];
  #error: unknown = null;

  constructor(
    options: ScrapeOptions,
    plan: ScrapePlan,
    machine: Machine,
    tool: ResolvedTool,
    earlier: ScrapeResult | null,
  ) {
    this.#options = options;
    this.#plan = plan;
    this.#machine = machine;
    this.#tool = tool;
    this.#startedAt = earlier?.startedAt ?? new Date().toISOString();
    this.#earlierMs = earlier?.durationMs ?? 0;
    this.#points = [...(earlier?.points ?? [])];
    this.#accuracy = options.accuracy === false ? [] : [...(earlier?.accuracy ?? [])];
  }

  async run(): Promise<ScrapeResult> {
    const { progress } = this.#options;
    try {
      for (const [index, settings] of this.#plan.points.entries()) {
        const label = `${index + 1}/${this.#plan.points.length}: ${describeSettings(settings)}`;
        if (pointWith(this.#points, settings)) {
          progress(`${label}: it was measured before`);
          continue;
        }
        progress(label);
        const point = await this.#measure(index, settings);
        this.#points.push(point);
        progress(`${label}: ${summaryOf(point)}`);
        await this.#save();
      }
      await this.#measureAccuracy();
    } catch (error) {
      // Nothing was measured: there is nothing to keep.
      if (this.#points.length === 0) throw error;
      this.#error = error;
    }
    return this.#save();
  }

  async #measure(index: number, settings: ScrapeSettings): Promise<ScrapePoint> {
    const { runDir, seed, signal, progress } = this.#options;
    const dir = join(runDir, 'points', String(index + 1));
    // Of an earlier attempt at it.
    await rm(dir, { recursive: true, force: true });
    signal.throwIfAborted();
    let point: ScrapePoint;
    {
      await using world = await ScrapeWorld.start({ settings, seed, tool: this.#tool, dir, signal });
      const { secondsPerPoint } = this.#plan;
      point = await measurePoint(world, settings, { secondsPerPoint, signal, progress });
    }
    // What went wrong may be told by the logs; they stay, too, when it throws.
    if (isHealthy(point)) await rm(dir, { recursive: true, force: true });
    return point;
  }

  async #measureAccuracy(): Promise<void> {
    const { accuracy, runDir, seed, signal, progress } = this.#options;
    if (accuracy === false || this.#accuracy.length > 0) return;
    const dir = join(runDir, 'accuracy');
    await rm(dir, { recursive: true, force: true });
    const asked = accuracy === true ? {} : accuracy;
    this.#accuracy = await measureAccuracy({ tool: this.#tool, dir, seed, signal, progress, ...asked });
    await rm(dir, { recursive: true, force: true });
  }

  async #save(): Promise<ScrapeResult> {
    const { version } = this.#tool;
    const record: ScrapeResult = {
      apiVersion: RESULT_API_VERSION,
      kind: 'ScrapeResult',
      startedAt: this.#startedAt,
      durationMs: this.#earlierMs + performance.now() - this.#started,
      machine: this.#machine,
      prometheus: { version, args: recordedArgs(this.#options.churn) },
      plan: this.#plan,
      points: this.#points,
      accuracy: this.#accuracy,
      ...analyse(this.#points, this.#options, this.#machine),
      ...(this.#error !== null && { error: errorRecord(this.#error) }),
    };
    await writeScrape(this.#options.runDir, record);
    return record;
  }
}

function isHealthy({ missed, rejected }: ScrapePoint): boolean {
  return missed.scrapes === 0 && Object.values(rejected).every((count) => count === 0);
}

function summaryOf({ prometheus, seconds, missed }: ScrapePoint): string {
  const cores = (prometheus.cpuSeconds / seconds).toFixed(2);
  const mebibytes = Math.round(prometheus.residentBytes / 2 ** 20);
  return `${cores} cores, ${mebibytes} MiB, ${missed.scrapes} scrapes missed`;
}
