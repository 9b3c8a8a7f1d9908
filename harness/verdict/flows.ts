import type { FlowResult, VerdictValue } from '../result/types.ts';
import type { Cell } from './cell-table.ts';
import type { Coverage } from './coverage.ts';
import { type Draft, Drafts, resultOf } from './drafts.ts';
import { flowStatus } from './flow-status.ts';
import { addTruth, RESPONSES_OF } from './flow-truth.ts';
import { isOfPod, NO_ROUTES } from './peers.ts';
import { type ObservedSegment, pairOfCell } from './reconcile.ts';
import { flowKey, type LedgerName, type Recorder } from './recorder.ts';
import type { ScopeBook } from './scopebook.ts';
import { group, type Instance, isOver } from './truth.ts';
import { versionText } from './versions/index.ts';
import type { Witness } from './witness.ts';

export interface Observed {
  proxy: ObservedSegment[];
  prometheus: ObservedSegment[];
}

/**
 * The golden traffic, flow by flow: source, destination and status, as callers' and callees' sidecars count it; where
 * routes are declared, by route as well.
 */
export function buildFlows(
  book: ScopeBook,
  observed: Observed,
  recorder: Recorder,
  coverage: Coverage,
  witness?: Witness,
): FlowResult[] {
  const drafts = new Drafts(book, witness !== undefined);
  addTruth(drafts, book);
  if (witness) tell(drafts, witness);
  addObserved(drafts, observed, book);
  shiftMeshMade(drafts);
  addUnobservable(drafts, observed.prometheus, book, recorder);
  const all = drafts.values();
  attachBounds(all, recorder);
  for (const draft of all) draft.verdict = verdictOf(draft, book, coverage);
  return all
    .filter((f) => f.verdict !== 'pass' || f.truth > 0 || f.proxy || f.prometheus)
    .map(resultOf)
    .sort((a, b) => compareText(a, b));
}

function compareText(a: FlowResult, b: FlowResult): number {
  const text = (f: FlowResult): string => [f.source, f.destination, f.direction, f.route, f.status].join('|');
  return text(a) < text(b) ? -1 : 1;
}

/** Of what response_total counts: the families of routes count the same requests once more. */
function tell(drafts: Drafts, witness: Witness): void {
  for (const { pair, status, times } of drafts.values()) {
    if (times && times.length > 0) witness.truth({ edge: pair, status, times });
  }
}

const ROUTE_RESPONSES: ReadonlySet<string> = new Set(Object.values(RESPONSES_OF));

/** Whether a cell is one that flows show. */
function isShown({ family, category, peer }: Cell): boolean {
  if (category.kind === 'total') return false;
  if (family.name === 'response_total') return !isOfPod(peer);
  return ROUTE_RESPONSES.has(family.name) && peer.startsWith('rt|') && peer.split('|')[2] !== NO_ROUTES;
}

function addObserved(drafts: Drafts, observed: Observed, book: ScopeBook): void {
  for (const ledger of ['proxy', 'prometheus'] as const) {
    const ofWorkload = group(observed[ledger], (o) => o.segment.instance.workload);
    // Where the ledger has a page at all, a missing series is a count of 0.
    for (const draft of drafts.values()) {
      const counts = draft.direction === 'inbound' ? draft.destination : draft.source;
      const there = ofWorkload.get(counts) ?? [];
      if (there.some((o) => canShow(draft, o.segment.instance, book))) draft[ledger] = 0;
    }
    for (const o of observed[ledger]) {
      for (const cell of o.cells.cells.values()) {
        if (!isShown(cell)) continue;
        const value = cell.last;
        const pair = pairOfCell(o.segment, cell, book);
        const status = flowStatus(cell, pair.destination, o.segment.instance, book);
        if (value === 0 && !drafts.find(pair, status)) continue;
        const draft = drafts.get(pair, status);
        draft[ledger] = (draft[ledger] ?? 0) + value;
        // The callers' families of responses have no route label.
        draft.route = cell.route ?? draft.route;
      }
    }
  }
}

/**
 * An answer that the mesh made is counted by the caller's sidecar with its status, or, when the upstream broke before
 * headers, without one. The truth can't tell which; it follows the proxy, within what the mesh made.
 */
function shiftMeshMade(drafts: Drafts): void {
  for (const draft of drafts.values()) {
    if (draft.direction !== 'outbound' || draft.meshMade === 0) continue;
    const seen = draft.prometheus ?? draft.proxy ?? draft.truth;
    const moved = Math.min(draft.meshMade, Math.max(0, draft.truth - seen));
    const none = drafts.find(draft.pair, '');
    if (moved === 0 || !none) continue;
    const room = Math.max(0, (none.prometheus ?? none.proxy ?? 0) - none.truth);
    draft.truth -= Math.min(moved, room);
    none.truth += Math.min(moved, room);
  }
}

/** Whether the sidecar of this incarnation has a family that can show the flow. */
function canShow(draft: Draft, instance: Instance, book: ScopeBook): boolean {
  return draft.needs === undefined || book.dialectOf(instance).has(draft.needs);
}

/** What no family of its sidecar shows; and what died with an incarnation after its last scrape, or with one that was never scraped. */
function addUnobservable(drafts: Drafts, observed: ObservedSegment[], book: ScopeBook, recorder: Recorder): void {
  const ofInstance = group(observed, (o) => String(o.segment.instance.id));
  for (const draft of drafts.values()) {
    for (const [id, truth] of draft.byInstance) {
      const instance = book.truth.instances[id]!;
      if (!canShow(draft, instance, book)) {
        draft.unobservable += truth;
        recorder.unseen(draft, draft.needs!, versionText(book.dialectOf(instance).version), truth);
        continue;
      }
      if (!isOver(instance)) continue;
      let seen = 0;
      for (const o of ofInstance.get(String(id)) ?? []) seen += lastValue(o, draft, book);
      draft.unobservable += Math.max(0, truth - seen);
    }
  }
}

function lastValue(o: ObservedSegment, flow: Draft, book: ScopeBook): number {
  let sum = 0;
  for (const cell of o.cells.cells.values()) {
    if (!isShown(cell)) continue;
    const pair = pairOfCell(o.segment, cell, book);
    if (flowKey(pair) !== flowKey(flow.pair)) continue;
    if (flowStatus(cell, pair.destination, o.segment.instance, book) !== flow.status) continue;
    sum += cell.last;
  }
  return sum;
}

/** Bounds of one status go to that flow, those of all statuses to the pair's largest, those of all sources likewise. */
function attachBounds(flows: readonly Draft[], recorder: Recorder): void {
  const towards = group(flows, (f) => `${f.direction}|${f.destination}`);
  for (const { subject, result } of recorder.bounds.values()) {
    const fits = (towards.get(`${subject.direction}|${subject.destination}`) ?? []).filter(
      (f) => subject.source === '*' || f.source === subject.source,
    );
    const ofRoute = fits.filter((f) => f.pair.declared === subject.declared);
    const there = ofRoute.length > 0 ? ofRoute : fits;
    const same = subject.status === null ? there : there.filter((f) => f.status === subject.status);
    // Families that know HTTP statuses only tell no flow of gRPC from another.
    const grpc = same.length === 0 && there.some((f) => f.protocol === 'grpc');
    const largest = (grpc ? there : same).reduce<Draft | null>(
      (a, b) => (a === null || b.truth > a.truth ? b : a),
      null,
    );
    largest?.bounds.push(result);
  }
}

function verdictOf(flow: Draft, book: ScopeBook, coverage: Coverage): VerdictValue {
  if (flow.bounds.some((b) => b.violations > 0)) return 'fail';
  const counts = flow.direction === 'inbound' ? flow.destination : flow.source;
  const pods = new Set(
    counts.split('|').flatMap((w) => (book.truth.instancesOfWorkload.get(w) ?? []).map((i) => i.pod)),
  );
  const blind = (ledger: LedgerName): boolean => [...pods].some((p) => coverage.blind[ledger].has(p));
  return blind('proxy') || blind('prometheus') ? 'inconclusive' : 'pass';
}
