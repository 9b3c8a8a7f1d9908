import type { LedgerSeries, Scrape } from '../ledger/types.ts';
import type { Reading } from './bounds.ts';
import type { Segment } from './incarnations.ts';

/** What every comparison of a ledger with the truth reads alike: when a page was rendered, and what a series showed on it. */
export const MONOTONE = 'a counter does not fall within an incarnation';

/** Widened by the clocks' margin; after the last movement there is no time any more. */
export function readingOf(scrape: Scrape, settings: { marginMs: number; quietFromMs: number }): Reading {
  if (scrape.fromMs >= settings.quietFromMs) {
    return { fromMs: Number.POSITIVE_INFINITY, untilMs: Number.POSITIVE_INFINITY, settled: true };
  }
  return { fromMs: scrape.fromMs - settings.marginMs, untilMs: scrape.untilMs + settings.marginMs, settled: false };
}

/** Reads series over the scrapes of a segment: a value for each, 0 where it was absent; null when it never showed. */
export function valueReader({ scrapes }: Segment): (series: LedgerSeries) => Float64Array | null {
  const index = new Map(scrapes.map((s, i) => [s.t, i]));
  return (series) => {
    const values = new Float64Array(scrapes.length);
    let seen = false;
    for (const { t, v } of series.samples) {
      const i = index.get(t);
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
