import { InterruptedError } from '../../core/errors.ts';
import type { ResolvedTool } from '../../core/tool.ts';
import type { EnvironmentInfo } from '../../environment/contract.ts';
import { formatPercent } from '../../report/format.ts';
import type { CapacityPoint, CapacityResult, CapacitySide } from '../../result/bench/types.ts';
import { writeCapacity } from '../../result/bench/write.ts';
import { RESULT_API_VERSION } from '../../result/types.ts';
import { errorRecord } from '../../run/records.ts';
import { thisMachine } from '../machine.ts';
import { leastOverload, limitedBy } from './decide.ts';
import { loadOf } from './load.ts';
import { type CapacityOptions, MAX_RATE, type Side } from './options.ts';
import { othersRemark } from './others.ts';
import type { PointPlan } from './point.ts';
import { priceOf } from './price.ts';
import { nextPoint, type ScheduleSettings, searchOf } from './schedule.ts';
import { soFar } from './search.ts';

/** Measures one point; never rejects. */
export type Measure = (plan: PointPlan) => Promise<CapacityPoint>;

/** Failures one after the other before any traffic: the environment does not come up, and trying on would not change that. */
const MAX_FAILURES = 2;
/** The lowest rate to try unless it is said: this share of the first one. */
const LOWEST = 1 / 128;

/** One benchmark, and what is known of it so far. */
export class Benchmark {
  readonly #options: CapacityOptions;
  readonly #settings: ScheduleSettings;
  readonly #points = new Map<Side, CapacityPoint[]>();
  readonly #startedAt: string;
  readonly #earlierMs: number;
  readonly #started = performance.now();
  #mesh: EnvironmentInfo['mesh'] | CapacityResult['environment']['mesh'];
  #tools: CapacityResult['tools'];
  #error: unknown = null;

  constructor(options: CapacityOptions, earlier: CapacityResult | null) {
    this.#options = options;
    this.#settings = settingsOf(options);
    this.#startedAt = earlier?.startedAt ?? new Date().toISOString();
    this.#earlierMs = earlier?.durationMs ?? 0;
    this.#mesh = earlier?.environment.mesh ?? { kind: 'unknown', version: '', proxyVersion: '' };
    this.#tools = earlier?.tools ?? [];
    // Those of a side that is not asked for any more stay in the record.
    const sides = new Set([...options.sides, ...(earlier?.sides.map(({ side }) => side) ?? [])]);
    for (const side of sides) {
      this.#points.set(side, [...(earlier?.sides.find((one) => one.side === side)?.points ?? [])]);
    }
  }

  /** How many points there are. */
  get measured(): number {
    return [...this.#points.values()].reduce((sum, points) => sum + points.length, 0);
  }

  /** As far as it is known: of the meshed side, or of an earlier part. */
  get mesh(): CapacityResult['environment']['mesh'] {
    return this.#mesh;
  }

  /** Whether there is anything to measure. */
  get done(): boolean {
    return this.#next() === null;
  }

  /** Told what turned out to be the environment; of the meshed side, as the other has no mesh. */
  found({ mesh }: EnvironmentInfo, side: Side): void {
    if (side === 'meshed' || this.#mesh.kind === 'unknown') this.#mesh = mesh;
  }

  used(tools: readonly ResolvedTool[]): void {
    if (tools.length > 0) this.#tools = tools.map(({ name, version }) => ({ name, version }));
  }

  /** Measures point after point to the end; what breaks it off is in the record. */
  async run(measure: Measure): Promise<void> {
    const { signal, progress } = this.#options;
    let failures = 0;
    for (let next = this.#next(); next; next = this.#next()) {
      if (signal.aborted) break;
      const index = this.measured + 1;
      const { side, ratePerSecond } = next;
      const dir = `point-${String(index).padStart(2, '0')}-${side}-${ratePerSecond}`;
      const point = await measure({ index, dir, ...next });
      // Cut short it is no point.
      if (signal.aborted) break;
      this.#points.get(side)!.push(point);
      progress.pointDone(point, side);
      failures = point.error && point.requests === 0 ? failures + 1 : 0;
      if (failures >= MAX_FAILURES) this.#error = point.error;
      await this.save();
      if (failures >= MAX_FAILURES) return;
    }
    if (signal.aborted) this.failed(signal.reason instanceof Error ? signal.reason : new InterruptedError('a signal'));
    await this.save();
  }

  /** What ended it before its end. */
  failed(error: unknown): void {
    this.#error = errorRecord(error);
  }

  async save(): Promise<CapacityResult> {
    const record = this.record();
    await writeCapacity(this.#options.runDir, record);
    return record;
  }

  record(): CapacityResult {
    const { scenario, objectives, of, environment, atLeast } = this.#options;
    const sides = [...this.#points].map(([side, points]) => this.#side(side, points));
    return {
      apiVersion: RESULT_API_VERSION,
      kind: 'CapacityResult',
      startedAt: this.#startedAt,
      durationMs: this.#earlierMs + Math.round(performance.now() - this.#started),
      machine: thisMachine(),
      environment: { name: environment, mesh: this.#mesh },
      tools: this.#tools,
      ...{ scenario: scenario.name, seed: scenario.seed, objectives, of },
      ...(atLeast !== undefined && { atLeast }),
      sides,
      price: priceOf(sides),
      ...(this.#error !== null && { error: this.#error as NonNullable<CapacityResult['error']> }),
    };
  }

  #next() {
    const { sides } = this.#options;
    const asked = new Map([...this.#points].filter(([side]) => sides.includes(side)));
    return nextPoint(asked, this.#settings);
  }

  #side(side: Side, points: readonly CapacityPoint[]): CapacitySide {
    const { objectives, measuredSeconds, warmupSeconds, precision } = this.#options;
    const move = searchOf(points, this.#settings);
    const search = points.filter(({ step }) => step !== 'knee');
    const end = move.kind === 'end' ? move : soFar(search, this.#settings);
    const { capacity, converged } = end;
    const others = othersRemark(search, thisMachine().cores);
    const remarks = others === '' ? [] : [others];
    if (capacity) {
      const fell = points.find(
        (p) => p.step === 'knee' && p.sustained === false && p.offeredPerSecond < 0.95 * capacity.low,
      );
      if (fell) remarks.push(`later ${fell.offeredPerSecond}/s, well below it, was not sustained`);
      const times = { warmupMs: 1000 * warmupSeconds, measuredMs: 1000 * measuredSeconds };
      const latencyMs = Math.min(...points.flatMap((p) => (p.sustained && p.latencyMs ? [p.latencyMs.p50] : [])));
      const least = leastOverload({ ratePerSecond: capacity.value, latencyMs }, objectives, times);
      if (least > precision) {
        const shown = formatPercent(least, 1);
        remarks.push(
          `in windows of ${measuredSeconds} s an overload below ${shown} may not show: it may be too high by that`,
        );
      }
    }
    return {
      ...{ side, capacity, converged },
      stopped: [end.stopped, ...remarks].join('; '),
      limitedBy: limitedBy(points, objectives, capacity?.value ?? null),
      points: [...points],
    };
  }
}

/** @throws HarnessError CAPACITY_TRAFFIC, UNKNOWN_SERVICE */
export function settingsOf(options: CapacityOptions): ScheduleSettings {
  const { scenario, of, rates, precision, level, maxPoints, curve } = options;
  const startPerSecond = rates.start ?? loadOf(scenario, of).ratePerSecond;
  const maxPerSecond = rates.max ?? MAX_RATE;
  const minPerSecond = rates.min ?? Math.min(startPerSecond, maxPerSecond) * LOWEST;
  return { startPerSecond, minPerSecond, maxPerSecond, precision, level, maxPoints, curve };
}
