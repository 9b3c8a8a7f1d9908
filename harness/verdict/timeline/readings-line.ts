import type { LedgerTarget, Scrape } from '../../ledger/types.ts';
import type { FlowTimeline } from '../../result/timeline/types.ts';
import type { Track } from './recording.ts';
import type { Since, Span } from './staircase.ts';

export type ReadingsLine = FlowTimeline['prometheus'];

/** When a page was rendered, as near as is known. Epoch ms. */
export function renderedMs({ fromMs, untilMs }: Pick<Scrape, 'fromMs' | 'untilMs'>): number {
  return (fromMs + untilMs) / 2;
}

interface Change {
  atMs: number;
  count: number;
  failures: number;
  low: number;
  high: number;
}

/**
 * The pages of all pods of one side, added up after each scrape of any of them: of each incarnation its last page counts. A
 * proxy that began anew within its incarnation has but the page that it has.
 */
export function readingsLine(tracks: readonly Track[], since: Since): ReadingsLine {
  const changes: Change[] = [];
  const before = new Map<LedgerTarget, Map<string, Track>>();
  for (const track of tracks) {
    const { target, segment, peer } = track;
    let ofTarget = before.get(target);
    if (!ofTarget) {
      ofTarget = new Map();
      before.set(target, ofTarget);
    }
    const who = `${segment.instance.id}|${peer}`;
    addChanges(changes, track, ofTarget.get(who), since);
    ofTarget.set(who, track);
  }
  changes.sort((a, b) => a.atMs - b.atMs);
  const line: ReadingsLine = { atMs: [], count: [], failures: [], low: [], high: [] };
  const sum = { count: 0, failures: 0, low: 0, high: 0 };
  for (let i = 0; i < changes.length; i++) {
    const change = changes[i]!;
    sum.count += change.count;
    sum.failures += change.failures;
    sum.low += change.low;
    sum.high += change.high;
    if (changes[i + 1]?.atMs === change.atMs) continue;
    line.atMs.push(change.atMs);
    line.count.push(sum.count);
    line.failures.push(sum.failures);
    line.low.push(sum.low);
    line.high.push(sum.high);
  }
  return line;
}

function addChanges(changes: Change[], track: Track, previous: Track | undefined, since: Since): void {
  const end = (values: Float64Array | undefined): number => values?.at(-1) ?? 0;
  let last = {
    count: end(previous?.count),
    failures: end(previous?.failures),
    low: end(previous?.low),
    high: end(previous?.high),
  };
  track.segment.scrapes.forEach((scrape, i) => {
    const now = {
      count: track.count[i]!,
      failures: track.failures[i]!,
      low: track.low[i]!,
      high: track.high[i]!,
    };
    changes.push({
      atMs: since(renderedMs(scrape)),
      count: now.count - last.count,
      failures: now.failures - last.failures,
      low: now.low - last.low,
      high: now.high - last.high,
    });
    last = now;
  });
}

/** Whether a point is one that the verdict does not permit. */
export function isOutside({ count, low, high }: ReadingsLine, i: number): boolean {
  return count[i]! < low[i]! || count[i]! > high[i]!;
}

/** Which points are shown: of each of so many spans of time the last, and every one that is outside of what it had to be. */
export function thinned(line: ReadingsLine, { fromMs, toMs }: Span, points: number): ReadingsLine {
  const width = Math.max(1, (toMs - fromMs) / points);
  const spanOf = (i: number): number => Math.floor((line.atMs[i]! - fromMs) / width);
  const last = line.atMs.length - 1;
  const keep = line.atMs.map(
    (_, i) => line.atMs.length <= points || i === 0 || i === last || isOutside(line, i) || spanOf(i) !== spanOf(i + 1),
  );
  return picked(line, (i) => keep[i]!);
}

/** Points from a moment on, and before it those that are outside. */
export function fromLead(line: ReadingsLine, fromMs: number): ReadingsLine {
  return picked(line, (i) => line.atMs[i]! >= fromMs || isOutside(line, i));
}

function picked(line: ReadingsLine, keep: (i: number) => boolean): ReadingsLine {
  const those = (values: readonly number[]): number[] => values.filter((_, i) => keep(i));
  const { atMs, count, failures, low, high } = line;
  return { atMs: those(atMs), count: those(count), failures: those(failures), low: those(low), high: those(high) };
}
