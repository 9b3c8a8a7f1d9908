import type { Reading } from './bounds.ts';
import type { Cell } from './cell-table.ts';
import type { SegmentCells } from './cells.ts';
import { FAMILY_BY_NAME, lesOf } from './families.ts';
import type { Segment } from './incarnations.ts';
import { asHttp } from './outcomes.ts';
import type { Recorder, Subject } from './recorder.ts';
import type { Scope } from './scope.ts';
import type { ScopeBook } from './scopebook.ts';
import { push } from './truth.ts';

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
    const group = observed.cells.groups.find(bucketFamily.name, count.peer, count.category);
    if (!group) continue;
    const les = lesOf(bucketFamily);
    const buckets = les.map((le) => observed.cells.of(group, le)?.values).filter((values) => values !== undefined);
    if (buckets.length < les.length) continue;
    const sum = observed.cells.find(`${base}_sum`, count.peer, count.category, Number.NaN)?.values;
    const whole = bucketFamily.edgesMs!.factor === 1;
    const subject = { ...subjectOf(count), reason: SELF };
    const totals = recorder.about(subject);
    const sums = recorder.about({ ...subject, family: `${base}_sum`, exact: false });
    const edges = recorder.about({ ...subject, family: bucketFamily.name });
    const code = 'HISTOGRAM_INCONSISTENT';
    for (let i = 0; i < segment.scrapes.length; i++) {
      const { t } = segment.scrapes[i]!;
      const inf = buckets.at(-1)![i]!;
      totals.check(t, count.values[i]!, { low: inf, high: inf }, code);
      let low = 0;
      let high = 0;
      let below = 0;
      for (let b = 0; b < buckets.length; b++) {
        const n = buckets[b]![i]!;
        if (n < below) edges.check(t, n, { low: below, high: inf }, code);
        // Whole milliseconds: what lies above an edge is at least one more.
        low += (n - below) * (b > 0 ? les[b - 1]! + (whole ? 1 : 0) : 0);
        if (n > below) high += (n - below) * les[b]!;
        below = n;
      }
      if (sum) sums.check(t, sum[i]!, { low, high }, code);
    }
  }
}

const LATENCIES = 'response_latency_ms_count';
const RESPONSES = 'response_total';
const COMPARED: ReadonlySet<string> = new Set([LATENCIES, RESPONSES]);
const COUNTED =
  'every answer that came to its end gave one latency: at the end response_latency_ms_count = response_total';

/**
 * After the last movement, latencies against responses of one peer and status, also of answers that the mesh made, which the
 * truth bounds loosely. Only where no body was cut and nobody left: there one of the two may lack the other.
 */
export function checkLatenciesCounted(
  observed: SegmentCells,
  subjectOf: (cell: Cell) => Subject,
  segment: Segment,
  readings: readonly Reading[],
  book: ScopeBook,
  recorder: Recorder,
): void {
  const done = new Set<string>();
  const responses = new Map<string, Cell[]>();
  for (const cell of observed.cells.ofFamily(RESPONSES)) {
    if ('status' in cell.category) push(responses, `${cell.peer}|${asHttp(cell.category.status)}`, cell);
  }
  for (const cell of observed.cells.values()) {
    const { category, peer, family } = cell;
    if (!('status' in category) || !COMPARED.has(family.name) || peer.endsWith('|*')) continue;
    // Latencies are told apart by HTTP status only.
    const status = asHttp(category.status);
    const scope = book.get(segment.instance, peer);
    if (!scope || done.has(`${peer}|${status}`) || !allWhole(scope)) continue;
    done.add(`${peer}|${status}`);
    const latencies = observed.cells.find(LATENCIES, peer, { kind: 'any', status }, Number.NaN);
    const answers = responses.get(`${peer}|${status}`) ?? [];
    const checker = recorder.about({ ...subjectOf(cell), family: LATENCIES, reason: COUNTED });
    readings.forEach((reading, i) => {
      if (!reading.settled) return;
      const n = answers.reduce((sum, { values }) => sum + values[i]!, 0);
      checker.check(segment.scrapes[i]!.t, latencies?.values[i] ?? 0, { low: n, high: n }, 'LATENCIES_MISSING');
    });
  }
}

/** Every request of the scope came to a whole answer. */
function allWhole(scope: Scope): boolean {
  const lists = [scope.own, scope.maybe, scope.othersKnown, scope.othersMaybe];
  return (
    lists.every((list) => list.every((m) => m.kind !== 'gone')) &&
    scope.served.every((s) => s.request.outcome === 'completed')
  );
}
