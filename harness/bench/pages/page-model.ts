import { readSamples, type SampleLine } from './page-text.ts';
import { type Source, TEMPLATE_EPOCH_SECONDS, Traffic } from './traffic.ts';
import type { PageShape } from './types.ts';

/** What one request of a kind adds to a page's values. */
export interface Effect {
  source: Source;
  status: number;
  /** Into LATENCIES. */
  latency: number;
  /** Indices of samples, and what each rises by. */
  samples: Int32Array;
  amounts: Float64Array;
}

/**
 * A page and what moves it, learnt from the telemetry itself: it is rendered, given one request, and rendered again. So every
 * family of every version counts at the moments and in the proportions in which the telemetry does.
 */
export interface PageModel {
  traffic: Traffic;
  /** With placeholders for names. */
  text: string;
  samples: SampleLine[];
  effects: Effect[];
  /** What a second adds. */
  ticks: { sample: number; perSecond: number }[];
  /** Values that are times: so many seconds after the start of the process. */
  times: { sample: number; afterStart: number }[];
}

/** Latencies that requests are given, ms, with the sizes of their answers. */
export const LATENCIES = [
  { ms: 0.7, bytes: 110 },
  { ms: 1.6, bytes: 164 },
  { ms: 2.8, bytes: 420 },
  { ms: 6.2, bytes: 930 },
  { ms: 14.1, bytes: 1480 },
  { ms: 27.4, bytes: 2600 },
  { ms: 86, bytes: 12_400 },
  { ms: 243, bytes: 530 },
] as const;
/** The one that failures have. */
const FAILURE_LATENCY = 2;
const TICKED_SECONDS = 1000;
/** Gauges this near to the start of the process, s, are times. */
const TIME_BEFORE = 3600;
const TIME_AFTER = 2 * 86_400;

export function modelPage(shape: PageShape): PageModel {
  const traffic = new Traffic(shape);
  const text = traffic.render();
  const samples = readSamples(text, shape.version);
  const read = () => readSamples(traffic.render(), shape.version).map(({ value }) => value);
  const base = samples.map(({ value }) => value);
  const byKey = new Map(samples.map(({ key }, i) => [key, i]));

  const effects: Effect[] = [];
  let before = base;
  /** The first source of each kind is tried; the others do the same under their own names. */
  const likes = Object.groupBy(traffic.sources, ({ like }) => like);
  for (const sources of Object.values(likes)) {
    const first = sources?.[0];
    if (!sources || !first) continue;
    for (const status of first.statuses) {
      for (const [latency, { ms, bytes }] of LATENCIES.entries()) {
        if (status !== 200 && latency !== FAILURE_LATENCY) continue;
        first.run(status, ms, bytes);
        const after = read();
        const rises = risesOf(before, after);
        before = after;
        for (const source of sources) {
          if (!source.statuses.includes(status)) continue;
          const renamed = rises.map(([sample, amount]): [number, number] => [
            source === first ? sample : counterpart(samples[sample]!.key, first, source, byKey),
            amount,
          ]);
          effects.push(effectOf(source, status, latency, renamed));
        }
      }
    }
  }

  traffic.nowMs += TICKED_SECONDS * 1000;
  const times = samples.flatMap(({ value, key }, sample) => {
    const afterStart = value - TEMPLATE_EPOCH_SECONDS;
    const isTime = afterStart > -TIME_BEFORE && afterStart < TIME_AFTER && key.includes('seconds');
    return isTime ? [{ sample, afterStart }] : [];
  });
  const ticks = risesOf(before, read()).map(([sample, amount]) => ({ sample, perSecond: amount / TICKED_SECONDS }));
  return { traffic, text, samples, effects, ticks, times };
}

function risesOf(before: readonly number[], after: readonly number[]): [number, number][] {
  const rises: [number, number][] = [];
  for (let i = 0; i < before.length; i++) {
    // What remains of subtracting floats is no part of it.
    const rise = Math.round((after[i]! - before[i]!) * 1e9) / 1e9;
    if (rise !== 0) rises.push([i, rise]);
  }
  return rises;
}

/** The series that is to `source` what this one is to `first`. */
function counterpart(key: string, first: Source, source: Source, byKey: ReadonlyMap<string, number>): number {
  let renamed = key;
  for (const [i, name] of first.names.entries()) renamed = renamed.replaceAll(name, source.names[i]!);
  const sample = byKey.get(renamed);
  if (sample === undefined) throw new Error(`a page lacks the series ${renamed}`);
  return sample;
}

function effectOf(source: Source, status: number, latency: number, rises: [number, number][]): Effect {
  return {
    source,
    status,
    latency,
    samples: Int32Array.from(rises, ([sample]) => sample),
    amounts: Float64Array.from(rises, ([, amount]) => amount),
  };
}
