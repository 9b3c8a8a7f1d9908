import type { LedgerSeries, Scrape } from '../ledger/types.ts';
import type { Reading } from './bounds.ts';
import type { Segment } from './incarnations.ts';
import type { Instance } from './truth.ts';

/** What every comparison of a ledger with the truth reads alike: when a page was rendered, and what a series showed on it. */
export const MONOTONE = 'a counter does not fall within an incarnation';

export interface RestSettings {
  marginMs: number;
  /** Nothing of what lives then moves after it. */
  quietFromMs: number;
}

/** Whether a page was rendered after everything that this incarnation had to do with had come to its end. */
export function isAtRest(scrape: Scrape, { goneMs }: Instance, { marginMs, quietFromMs }: RestSettings): boolean {
  return scrape.fromMs >= quietFromMs || scrape.fromMs - marginMs >= goneMs;
}

/** Widened by the clocks' margin; after the last movement there is no time any more. */
export function readingOf(scrape: Scrape, instance: Instance, settings: RestSettings): Reading {
  if (isAtRest(scrape, instance, settings)) {
    return { fromMs: Number.POSITIVE_INFINITY, untilMs: Number.POSITIVE_INFINITY, settled: true };
  }
  return { fromMs: scrape.fromMs - settings.marginMs, untilMs: scrape.untilMs + settings.marginMs, settled: false };
}

/** Reads series over the scrapes of a segment: a value for each, 0 where it was absent; null when it never showed. */
export function valueReader(segment: Pick<Segment, 'scrapes'>): (series: LedgerSeries) => Float64Array | null {
  const read = scratchReader(segment);
  return (series) => read(series)?.slice() ?? null;
}

/** The same; each reading overwrites the last one's values. */
export function scratchReader({
  scrapes,
}: Pick<Segment, 'scrapes'>): (series: Pick<LedgerSeries, 'samples'>) => Float64Array | null {
  const n = scrapes.length;
  const times = Float64Array.from(scrapes, (s) => s.t);
  const values = new Float64Array(n);
  const ascending = times.every((t, i) => i === 0 || t > times[i - 1]!);
  const index = ascending ? null : new Map(scrapes.map((s, i) => [s.t, i]));
  return ({ samples }) => {
    values.fill(0);
    let seen = false;
    let at = 0;
    let last = Number.NEGATIVE_INFINITY;
    for (const { t, v } of samples) {
      let i: number | undefined;
      if (index) i = index.get(t);
      else {
        // Samples ascend as scrapes do; where they do not, from the start again.
        if (t < last) at = 0;
        last = t;
        while (at < n && times[at]! < t) at++;
        i = at < n && times[at] === t ? at : undefined;
      }
      if (i === undefined) continue;
      values[i] = v;
      seen = true;
    }
    return seen ? values : null;
  };
}

export function addInto(target: Float64Array, values: Float64Array): void {
  for (let i = 0; i < target.length; i++) target[i] = target[i]! + values[i]!;
}
