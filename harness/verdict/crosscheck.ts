import type { CellGroup } from './cell-groups.ts';
import type { Cell } from './cell-table.ts';
import { statusText } from './outcomes.ts';
import { inPeer, isInbound, isOfPod, NO_ROUTES } from './peers.ts';
import { type ObservedSegment, pairOf, pairOfCell } from './reconcile.ts';
import type { Recorder, Subject } from './recorder.ts';
import type { ScopeBook } from './scopebook.ts';

/**
 * At the end, the callers' sidecars against the callee's: the outbound proxy's clock runs around the inbound proxy's, so
 * no outbound bucket holds more than the inbound one. Only where neither side has lost an incarnation, and no answer was
 * made by the mesh, which inbound counters would not know.
 */
export function checkOutboundAgainstInbound(
  observed: readonly ObservedSegment[],
  book: ScopeBook,
  recorder: Recorder,
): void {
  const outbound = outboundBuckets(observed, book);
  for (const o of observed) {
    const { instance, scrapes } = o.segment;
    if (!o.settled || book.truth.instancesOfPod.get(instance.pod)!.length !== 1) continue;
    const t = scrapes.at(-1)!.t;
    for (const { cell, key, value } of inboundBuckets(o, book)) {
      const identity = cell.peer.split('|')[1]!;
      const subject: Subject = {
        family: cell.family.name,
        ledger: 'prometheus',
        ...pairOf(o.segment, `in|${identity}`, book),
        status: 'status' in cell.category ? statusText(cell.category.status) : '',
        place: `${instance.pod}, le ${cell.le}`,
        reason: "the outbound proxy's clock runs around the inbound proxy's: outbound bucket <= inbound bucket",
        exact: true,
      };
      const low = outbound.get(key)?.get(cell.le) ?? 0;
      recorder.about(subject).check(t, value, { low, high: Infinity }, 'NOT_EQUAL_AT_END');
    }
  }
}

const BUCKETS = 'response_latency_ms_bucket';

/** What the callers' sidecars together show at the end, by callee's pod, caller's identity and outcome, and by edge. */
function outboundBuckets(observed: readonly ObservedSegment[], book: ScopeBook): Map<string, Map<number, number>> {
  const sums = new Map<string, Map<number, number>>();
  for (const o of observed) {
    const ofGroup = new Map<CellGroup, Map<number, number>>();
    for (const cell of o.cells.cells.ofFamily(BUCKETS)) {
      if (!isOfPod(cell.peer)) continue;
      let byEdge = ofGroup.get(cell.group);
      if (!byEdge) {
        const { source } = pairOfCell(o.segment, cell, book);
        const identity = book.names.identityOfWorkload.get(source) ?? '';
        const key = bucketsKey(cell.peer.split('|')[2]!, identity, cell);
        byEdge = sums.get(key) ?? new Map<number, number>();
        sums.set(key, byEdge);
        ofGroup.set(cell.group, byEdge);
      }
      byEdge.set(cell.le, (byEdge.get(cell.le) ?? 0) + cell.last);
    }
  }
  return sums;
}

interface Bucket {
  cell: Cell;
  key: string;
  value: number;
}

/** What the callee's shows, likewise; only where all answers were the service's own. */
function inboundBuckets(o: ObservedSegment, book: ScopeBook): Bucket[] {
  const buckets: Bucket[] = [];
  const ofGroup = new Map<CellGroup, Map<number, Bucket> | null>();
  const ofKey = new Map<string, Map<number, Bucket>>();
  for (const cell of o.cells.cells.ofFamily(BUCKETS)) {
    if (!isInbound(cell.peer)) continue;
    const identity = cell.peer.split('|')[1]!;
    // Outbound series know nothing of the routes of the callee's Server.
    const key = bucketsKey(o.segment.instance.pod, identity, cell);
    let byEdge = ofGroup.get(cell.group);
    if (byEdge === undefined) {
      byEdge = isMeshMade(o, identity, book) ? null : (ofKey.get(key) ?? new Map<number, Bucket>());
      if (byEdge) ofKey.set(key, byEdge);
      ofGroup.set(cell.group, byEdge);
    }
    if (!byEdge) continue;
    let bucket = byEdge.get(cell.le);
    if (!bucket) {
      bucket = { cell, key, value: 0 };
      byEdge.set(cell.le, bucket);
      buckets.push(bucket);
    }
    bucket.value += cell.last;
  }
  return buckets;
}

function isMeshMade({ segment }: ObservedSegment, identity: string, book: ScopeBook): boolean {
  const scope = book.get(segment.instance, inPeer(identity, NO_ROUTES));
  if (!scope) return false;
  if (scope.own.some((m) => m.kind !== 'ok') || scope.maybe.some((m) => m.kind !== 'ok')) return true;
  return scope.refused.length + scope.refusedMaybe.length > 0;
}

function bucketsKey(pod: string, identity: string, { category }: Cell): string {
  return `${pod}|${identity}|${category.kind}|${'status' in category ? category.status : ''}`;
}
