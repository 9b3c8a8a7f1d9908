import { type Cell, cellKey, type SegmentCells } from './cells.ts';
import { FAMILY_BY_NAME } from './families.ts';
import type { Segment } from './incarnations.ts';
import type { Recorder, Subject } from './recorder.ts';

const SELF = 'a histogram agrees with itself: buckets rise with le, +Inf is the count, the sum lies between the edges';

/** What must hold among the series of one histogram on one page, whatever the truth. */
export function checkHistograms(
  observed: SegmentCells,
  subjectOf: (cell: Cell) => Subject,
  segment: Segment,
  recorder: Recorder,
): void {
  for (const count of observed.cells.values()) {
    if (count.family.part !== 'count') continue;
    const base = count.family.name.slice(0, -'_count'.length);
    const bucketFamily = FAMILY_BY_NAME.get(`${base}_bucket`)!;
    const get = (name: string, le: number): Float64Array | undefined =>
      observed.cells.get(cellKey(name, count.peer, count.category, le))?.values;
    const les = [...bucketFamily.edgesMs!.les, Number.POSITIVE_INFINITY];
    const buckets = les.map((le) => get(bucketFamily.name, le));
    if (buckets.some((b) => !b)) continue;
    const sum = get(`${base}_sum`, Number.NaN);
    const whole = bucketFamily.edgesMs!.factor === 1;
    const subject = { ...subjectOf(count), reason: SELF };
    const totals = recorder.about(subject);
    const sums = recorder.about({ ...subject, family: `${base}_sum`, exact: false });
    const edges = recorder.about({ ...subject, family: bucketFamily.name });
    segment.scrapes.forEach((scrape, i) => {
      const counts = buckets.map((b) => b![i]!);
      const code = 'HISTOGRAM_INCONSISTENT';
      const inf = counts.at(-1)!;
      totals.check(scrape.t, count.values[i]!, { low: inf, high: inf }, code);
      let low = 0;
      let high = 0;
      counts.forEach((n, b) => {
        const below = b > 0 ? counts[b - 1]! : 0;
        if (n < below) edges.check(scrape.t, n, { low: below, high: inf }, code);
        // Whole milliseconds: what lies above an edge is at least one more.
        low += (n - below) * (b > 0 ? les[b - 1]! + (whole ? 1 : 0) : 0);
        if (n > below) high += (n - below) * les[b]!;
      });
      if (sum) sums.check(scrape.t, sum[i]!, { low, high }, code);
    });
  }
}
