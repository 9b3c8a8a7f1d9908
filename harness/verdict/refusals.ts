import { grpcOutcome, outcomeText } from '../core/outcome.ts';
import type { Reason } from '../result/types.ts';
import type { Cell } from './cell-table.ts';
import { fail } from './reasons.ts';
import { type ObservedSegment, pairOf } from './reconcile.ts';
import type { Recorder } from './recorder.ts';
import type { ScopeBook } from './scopebook.ts';
import { group, type Made, type Truth } from './truth.ts';

/** Only policy makes a proxy answer so: denied, or too many. */
const REFUSALS: ReadonlySet<number> = new Set([403, 429, grpcOutcome(7), grpcOutcome(8)]);

/** Requests that the mesh refused, though nothing that was declared refuses them. */
export function unexplainedRefusals({ requests }: Truth): Reason[] {
  const strange = requests.filter((m) => m.kind === 'mesh' && m.refusal === null && REFUSALS.has(m.status));
  const flows = group(strange, (m) => `${m.caller.workload} -> ${m.service}, ${outcomeText(m.status)}`);
  return [...flows].map(([flow, list]) =>
    fail('REFUSED_WITHOUT_POLICY', `${flow}: the mesh refused ${list.length} requests that no declared policy refuses`),
  );
}

const TOGETHER = 'a refusal names no pod: what all pods of the callee have refused is what their callers were told';

/** At the end, refusals of all pods of a workload together; each alone is bounded by all of them. */
export function checkRefusalsAddUp(observed: readonly ObservedSegment[], book: ScopeBook, recorder: Recorder): void {
  const sums = new Map<string, { first: ObservedSegment; cell: Cell; value: number; pods: Set<string> }>();
  for (const o of observed) {
    if (!o.settled) continue;
    for (const cell of o.cells.cells.values()) {
      if (cell.family.measure !== 'refusal') continue;
      const key = `${o.segment.instance.workload}|${cell.family.name}|${cell.peer}`;
      const known = sums.get(key) ?? { first: o, cell, value: 0, pods: new Set<string>() };
      known.value += cell.last;
      known.pods.add(o.segment.instance.pod);
      sums.set(key, known);
    }
  }
  for (const { first, cell, value, pods } of sums.values()) {
    const { instance, scrapes } = first.segment;
    const all = book.truth.instancesOfWorkload.get(instance.workload) ?? [];
    // With a pod that was not read, or whose counters died, the sum is not whole.
    if (all.length !== pods.size) continue;
    const scope = book.get(instance, cell.peer);
    if (!scope) continue;
    const isIt = (m: Made): boolean => m.refusal === cell.family.refusal;
    const told = [...scope.refused, ...scope.refusedMaybe].filter(isIt);
    // Of a split nobody knows which backend it was.
    const low = told.filter((m) => m.backends.length === 1).length;
    const gone = [...scope.own, ...scope.maybe].filter((m) => m.kind === 'gone').length;
    const subject = {
      family: cell.family.name,
      ledger: first.ledger,
      ...pairOf(first.segment, cell.peer, book),
      status: null,
      place: `all ${pods.size} pods of ${instance.workload}`,
      reason: TOGETHER,
      exact: true,
    };
    recorder.about(subject).check(scrapes.at(-1)!.t, value, { low, high: told.length + gone }, 'NOT_EQUAL_AT_END');
  }
}
