import type { LedgerTarget, Scrape } from '../ledger/types.ts';
import type { Instance } from './truth.ts';

/** The readings of one incarnation of a target, and the incarnation of the pod that they belong to. */
export interface Segment {
  instance: Instance;
  /** Ok scrapes, ascending in t, with their index among all of the segment. */
  scrapes: Scrape[];
}

/**
 * Cuts a target's ok scrapes where process_start_time_seconds changes and finds each piece its incarnation: one by one
 * when there are as many pieces as incarnations, else by the nearest start (sidecar and app start together).
 */
export function segmentsOf(target: LedgerTarget, instances: readonly Instance[]): Segment[] {
  const pieces: Scrape[][] = [];
  for (const scrape of target.scrapes) {
    if (!scrape.ok) continue;
    const last = pieces.at(-1);
    if (last && last[0]!.startTime === scrape.startTime) last.push(scrape);
    else pieces.push([scrape]);
  }
  if (instances.length === 0) return [];
  return pieces.map((scrapes, i) => ({
    scrapes,
    instance: pieces.length === instances.length ? instances[i]! : nearest(scrapes[0]!, instances),
  }));
}

function nearest(scrape: Scrape, instances: readonly Instance[]): Instance {
  // Without a start time, the incarnation that ran when the page was read.
  if (scrape.startTime === null) return instances.findLast((i) => i.startMs <= scrape.untilMs) ?? instances[0]!;
  const distances = instances.map((i) => distanceMs(i, scrape.startTime!));
  const least = Math.min(...distances);
  const likely = instances.filter((_, i) => distances[i] === least);
  // Within one second: the last that was there when the page was read.
  return likely.findLast((i) => i.startMs <= scrape.untilMs) ?? likely[0]!;
}

/** How far an incarnation's start lies from what a page says; proxies before v2.215 cut it to whole seconds. */
function distanceMs({ startMs }: Instance, startTime: number): number {
  const fromMs = startTime * 1000;
  const untilMs = Number.isInteger(startTime) ? fromMs + 1000 : fromMs;
  return Math.max(0, fromMs - startMs, startMs - untilMs);
}
