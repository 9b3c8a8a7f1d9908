import type { Effect, PageModel } from './page-model.ts';
import { poisson, type Random } from './random.ts';
import type { FleetConfig } from './types.ts';

/** Probes of the kubelet: readiness and liveness, every ten seconds each. */
const PROBES_PER_SECOND = 0.2;

/** How latencies are spread over LATENCIES; sources take turns, so that not all are alike. */
const SPREADS = [
  [0.02, 0.3, 0.4, 0.2, 0.06, 0.015, 0.004, 0.001],
  [0.3, 0.5, 0.15, 0.04, 0.008, 0.0015, 0.0004, 0.0001],
  [0, 0.01, 0.1, 0.3, 0.4, 0.15, 0.035, 0.005],
] as const;

/** What moves the values of all pods of one shape. */
export class Load {
  /** Indices of the model's samples that move, ascending. */
  readonly moving: Int32Array;
  readonly #start: Float64Array;
  /** Seconds after the start of the process; NaN: no time. */
  readonly #afterStart: Float64Array;
  readonly #effects: { perSecond: number; at: Int32Array; amounts: Float64Array }[];
  readonly #scrape: { at: Int32Array; amounts: Float64Array };
  readonly #ticks: { at: number; perSecond: number }[];
  /** Gauges that wander: around `middle`, in whole steps. */
  readonly #wandering: { at: number; middle: number; step: number; steps: number }[];

  constructor(model: PageModel, config: Pick<FleetConfig, 'requestsPerSecond' | 'errorShare'>) {
    const wandering = wanderingOf(model);
    const touched = new Set<number>();
    for (const effect of model.effects) for (const sample of effect.samples) touched.add(sample);
    for (const { sample } of [...model.ticks, ...model.times, ...wandering]) touched.add(sample);
    this.moving = Int32Array.from([...touched].toSorted((a, b) => a - b));
    const place = new Map(Array.from(this.moving, (sample, i) => [sample, i]));
    const placed = ({ samples, amounts }: Pick<Effect, 'samples' | 'amounts'>) => ({
      at: samples.map((sample) => place.get(sample)!),
      amounts,
    });
    this.#start = Float64Array.from(this.moving, (sample) => model.samples[sample]!.value);
    this.#afterStart = new Float64Array(this.moving.length).fill(Number.NaN);
    for (const { sample, afterStart } of model.times) this.#afterStart[place.get(sample)!] = afterStart;
    this.#ticks = model.ticks.map(({ sample, perSecond }) => ({ at: place.get(sample)!, perSecond }));
    this.#wandering = wandering.map(({ sample, ...rest }) => ({ at: place.get(sample)!, ...rest }));
    const rates = ratesOf(model, config.requestsPerSecond ?? 20, config.errorShare ?? 0.01);
    const moved = model.effects.map((effect, i) => ({ perSecond: rates[i]!, ...placed(effect) }));
    this.#effects = moved.filter(({ perSecond }) => perSecond > 0);
    const scrape = model.effects.find(({ source, latency }) => source.kind === 'scrape' && latency === SCRAPE_LATENCY);
    this.#scrape = placed(scrape!);
  }

  /** Values of a pod whose process started at this time. */
  start(startSeconds: number): Float64Array {
    const values = this.#start.slice();
    for (const [i, afterStart] of this.#afterStart.entries()) {
      if (!Number.isNaN(afterStart)) values[i] = startSeconds + afterStart;
    }
    return values;
  }

  /** What `seconds` of traffic add. */
  pass(values: Float64Array, seconds: number, random: Random): void {
    for (const { perSecond, at, amounts } of this.#effects) {
      const count = poisson(perSecond * seconds, random);
      if (count > 0) add(values, at, amounts, count);
    }
    for (const { at, perSecond } of this.#ticks) values[at]! += perSecond * seconds;
    for (const { at, middle, step, steps } of this.#wandering) {
      if (random() < 0.5) values[at] = middle + step * Math.floor((random() - 0.5) * steps);
    }
  }

  /** A scrape counts itself, once its page has been made. */
  scraped(values: Float64Array): void {
    add(values, this.#scrape.at, this.#scrape.amounts, 1);
  }
}

/** Into LATENCIES. */
const SCRAPE_LATENCY = 1;

function add(values: Float64Array, at: Int32Array, amounts: Float64Array, count: number): void {
  for (let i = 0; i < at.length; i++) values[at[i]!]! += amounts[i]! * count;
}

/** Each effect's, per second: the first callers and endpoints have the most, the last ones nearly nothing. */
function ratesOf(model: PageModel, requestsPerSecond: number, errorShare: number): number[] {
  const { sources } = model.traffic;
  const total = { inbound: 0, outbound: 0 };
  const weight = (index: number) => 1 / (1 + index);
  for (const { kind, index } of sources) {
    if (kind === 'inbound' || kind === 'outbound') total[kind] += weight(index);
  }
  return model.effects.map(({ source: { kind, index, statuses }, status, latency }) => {
    const spread = SPREADS[index % SPREADS.length]![latency]!;
    if (kind === 'scrape') return 0;
    if (kind === 'probe' || kind === 'admin-probe') return PROBES_PER_SECOND * SPREADS[1][latency]!;
    const rate = (requestsPerSecond * weight(index)) / total[kind];
    return status === 200 ? rate * (1 - errorShare) * spread : (rate * errorShare) / (statuses.length - 1);
  });
}

function wanderingOf(model: PageModel) {
  const found: { sample: number; middle: number; step: number; steps: number }[] = [];
  for (const [sample, { key, value }] of model.samples.entries()) {
    if (key === 'process_resident_memory_bytes') found.push({ sample, middle: value, step: 4096, steps: 900 });
    if (key === 'process_open_fds') found.push({ sample, middle: value, step: 1, steps: 5 });
  }
  return found;
}
