import { GRPC_WITHOUT_TRAILERS } from '../core/outcome.ts';
import type { FlowResult, VerdictValue } from '../result/types.ts';
import type { Cell } from './cells.ts';
import type { Coverage } from './coverage.ts';
import { type Draft, Drafts, resultOf } from './drafts.ts';
import { addTruth } from './flow-truth.ts';
import { ANY_200, statusText } from './outcomes.ts';
import { isOfPod, NO_ROUTES } from './peers.ts';
import { type ObservedSegment, pairOf } from './reconcile.ts';
import { flowKey, type LedgerName, type Recorder } from './recorder.ts';
import type { ScopeBook } from './scopebook.ts';

export interface Observed {
  proxy: ObservedSegment[];
  prometheus: ObservedSegment[];
}

/**
 * The golden traffic, flow by flow: source, destination and status, as callers' and callees' sidecars count it; where
 * routes are declared, by route as well.
 */
export function buildFlows(book: ScopeBook, observed: Observed, recorder: Recorder, coverage: Coverage): FlowResult[] {
  const drafts = new Drafts(book);
  addTruth(drafts, book);
  addObserved(drafts, observed, book);
  shiftMeshMade(drafts);
  addUnobservable(drafts, observed.prometheus, book);
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

/** A cut gRPC answer is counted by its HTTP status; it belongs to the flow of answers without trailers. */
function flowStatus({ category }: Cell, destination: string, book: ScopeBook): string {
  if (!('status' in category)) return '';
  const cut = category.kind === 'broken' && category.status === ANY_200;
  const grpc = cut && book.truth.protocols.get(destination) === 'grpc';
  return statusText(grpc ? GRPC_WITHOUT_TRAILERS : category.status);
}

/** Families that count each request of a declared route once. */
const ROUTE_RESPONSES: ReadonlySet<string> = new Set([
  'outbound_http_route_request_statuses_total',
  'outbound_grpc_route_request_statuses_total',
  'route_response_total',
]);

/** Whether a cell is one that flows show. */
function isShown({ family, category, peer }: Cell): boolean {
  if (category.kind === 'total') return false;
  if (family.name === 'response_total') return !isOfPod(peer);
  return ROUTE_RESPONSES.has(family.name) && peer.startsWith('rt|') && peer.split('|')[2] !== NO_ROUTES;
}

function addObserved(drafts: Drafts, observed: Observed, book: ScopeBook): void {
  for (const ledger of ['proxy', 'prometheus'] as const) {
    // Where the ledger has a page at all, a missing series is a count of 0.
    for (const draft of drafts.values()) {
      const counts = draft.direction === 'inbound' ? draft.destination : draft.source;
      if (observed[ledger].some((o) => o.segment.instance.workload === counts)) draft[ledger] = 0;
    }
    for (const o of observed[ledger]) {
      for (const cell of o.cells.cells.values()) {
        if (!isShown(cell)) continue;
        const value = cell.values.at(-1) ?? 0;
        const pair = pairOf(o.segment, cell.peer, book);
        const status = flowStatus(cell, pair.destination, book);
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

/** What died with an incarnation after its last scrape, or with one that was never scraped. */
function addUnobservable(drafts: Drafts, observed: ObservedSegment[], book: ScopeBook): void {
  for (const draft of drafts.values()) {
    for (const [id, truth] of draft.byInstance) {
      const instance = book.truth.instances[id]!;
      if (instance.nextStartMs === Number.POSITIVE_INFINITY) continue;
      let seen = 0;
      for (const o of observed) if (o.segment.instance.id === id) seen += lastValue(o, draft, book);
      draft.unobservable += Math.max(0, truth - seen);
    }
  }
}

function lastValue(o: ObservedSegment, flow: Draft, book: ScopeBook): number {
  let sum = 0;
  for (const cell of o.cells.cells.values()) {
    if (!isShown(cell)) continue;
    const pair = pairOf(o.segment, cell.peer, book);
    if (flowKey(pair) !== flowKey(flow.pair) || flowStatus(cell, pair.destination, book) !== flow.status) continue;
    sum += cell.values.at(-1) ?? 0;
  }
  return sum;
}

/** Bounds of one status go to that flow, those of all statuses to the pair's largest, those of all sources likewise. */
function attachBounds(flows: readonly Draft[], recorder: Recorder): void {
  for (const { subject, result } of recorder.bounds.values()) {
    const fits = flows.filter(
      (f) =>
        f.direction === subject.direction &&
        f.destination === subject.destination &&
        (subject.source === '*' || f.source === subject.source),
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
