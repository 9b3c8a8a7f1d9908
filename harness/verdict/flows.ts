import { GRPC_WITHOUT_TRAILERS } from '../core/outcome.ts';
import type { FlowResult, VerdictValue } from '../result/types.ts';
import type { Category } from './bounds.ts';
import type { Coverage } from './coverage.ts';
import { ANY_200, statusText } from './outcomes.ts';
import { OUTSIDE } from './projection.ts';
import { type ObservedSegment, pairOf, sourceName } from './reconcile.ts';
import { flowKey, type LedgerName, type Recorder } from './recorder.ts';
import { RESET_STATUS } from './scope.ts';
import type { ScopeBook } from './scopebook.ts';
import type { Made, Served } from './truth.ts';

export interface Observed {
  proxy: ObservedSegment[];
  prometheus: ObservedSegment[];
}

interface Draft extends FlowResult {
  /** Truth of each instance whose sidecar counts it. */
  byInstance: Map<number, number>;
  /** Among the truth: answers that the mesh made, which the proxy may count without a status instead. */
  meshMade: number;
}

/** The golden traffic, flow by flow: source, destination and status, as callers' and callees' sidecars count it. */
export function buildFlows(book: ScopeBook, observed: Observed, recorder: Recorder, coverage: Coverage): FlowResult[] {
  const drafts = new Map<string, Draft>();
  for (const list of book.truth.served.values()) for (const s of list) addServed(drafts, s, book);
  for (const list of book.truth.made.values()) for (const m of list) addMade(drafts, m, book);
  addObserved(drafts, observed, book);
  shiftMeshMade(drafts);
  addUnobservable(drafts, observed.prometheus, book);
  attachBounds(drafts, recorder);
  for (const draft of drafts.values()) draft.verdict = verdictOf(draft, book, coverage);
  return [...drafts.values()]
    .filter((f) => f.verdict !== 'pass' || f.truth > 0 || f.proxy || f.prometheus)
    .map(({ byInstance: _b, meshMade: _m, ...flow }) => flow)
    .sort((a, b) => compareText(a, b));
}

function compareText(a: FlowResult, b: FlowResult): number {
  const text = (f: FlowResult): string => [f.source, f.destination, f.direction, f.status].join('|');
  return text(a) < text(b) ? -1 : 1;
}

type Pair = { source: string; destination: string; direction: 'inbound' | 'outbound' };

/** A cut gRPC answer is counted by its HTTP status; it belongs to the flow of answers without trailers. */
function flowStatus(category: Category, peer: string, { segment }: ObservedSegment, book: ScopeBook): string {
  if (!('status' in category)) return '';
  const cut = category.kind === 'broken' && category.status === ANY_200;
  const grpc = cut && book.truth.protocols.get(pairOf(segment, peer, book).destination) === 'grpc';
  return statusText(grpc ? GRPC_WITHOUT_TRAILERS : category.status);
}

function draftOf(drafts: Map<string, Draft>, pair: Pair, status: string, book: ScopeBook): Draft {
  const key = `${flowKey(pair)}|${status}`;
  const known = drafts.get(key);
  if (known) return known;
  const draft: Draft = {
    ...pair,
    route: 'default',
    protocol: book.truth.protocols.get(pair.destination) === 'grpc' ? 'grpc' : 'http',
    status,
    truth: 0,
    proxy: null,
    prometheus: null,
    unobservable: 0,
    verdict: 'pass',
    truthByRoute: {},
    bounds: [],
    byInstance: new Map(),
    meshMade: 0,
  };
  drafts.set(key, draft);
  return draft;
}

function count(draft: Draft, instance: number, route: string): void {
  draft.truth++;
  draft.byInstance.set(instance, (draft.byInstance.get(instance) ?? 0) + 1);
  draft.truthByRoute[route] = (draft.truthByRoute[route] ?? 0) + 1;
}

function addServed(drafts: Map<string, Draft>, s: Served, book: ScopeBook): void {
  if (s.caller === '-') return;
  const identity = book.names.identityOfWorkload.get(s.caller);
  const source = identity === undefined ? s.caller : sourceName(identity, book);
  const pair: Pair = { source, destination: s.callee.workload, direction: 'inbound' };
  const { outcome, method, route } = s.request;
  // Once headers are sent the proxy has a status to count by, even when the client leaves or the body is cut.
  const http = (book.truth.protocols.get(s.callee.workload) ?? 'http') === 'http';
  const counted = outcome === 'reset' ? (http ? RESET_STATUS : 0) : outcome === 'open' ? 0 : s.status;
  const noStatus = outcome === 'reset' && !http;
  if (counted > 0 || noStatus) {
    count(draftOf(drafts, pair, statusText(counted), book), s.callee.id, `${method} ${route}`);
  }
}

function addMade(drafts: Map<string, Draft>, m: Made, book: ScopeBook): void {
  // No proxy counts what leaves a workload outside the mesh.
  if (book.names.identityOfWorkload.get(m.caller.workload) === OUTSIDE) return;
  const pair: Pair = { source: m.caller.workload, destination: m.callee, direction: 'outbound' };
  const route = `${m.request.method} ${m.request.route}`;
  // Left or cut off in the middle of the body: the proxy saw the status.
  const cut = m.kind === 'gone' && m.request.outcome !== 'open' && m.status > 0;
  if (m.kind === 'ok' || m.kind === 'mesh' || cut) {
    const draft = draftOf(drafts, pair, statusText(m.status), book);
    count(draft, m.caller.id, route);
    if (m.kind === 'mesh') draft.meshMade++;
  } else draftOf(drafts, pair, '', book);
}

function addObserved(drafts: Map<string, Draft>, observed: Observed, book: ScopeBook): void {
  for (const ledger of ['proxy', 'prometheus'] as const) {
    // Where the ledger has a page at all, a missing series is a count of 0.
    for (const draft of drafts.values()) {
      const counts = draft.direction === 'inbound' ? draft.destination : draft.source;
      if (observed[ledger].some((o) => o.segment.instance.workload === counts)) draft[ledger] = 0;
    }
    for (const o of observed[ledger]) {
      for (const cell of o.cells.cells.values()) {
        if (cell.family.name !== 'response_total' || cell.category.kind === 'total') continue;
        if (cell.peer.startsWith('out') && !cell.peer.endsWith('|*')) continue;
        const value = cell.values.at(-1) ?? 0;
        const status = flowStatus(cell.category, cell.peer, o, book);
        const pair = pairOf(o.segment, cell.peer, book);
        if (value === 0 && !drafts.has(`${flowKey(pair)}|${status}`)) continue;
        const draft = draftOf(drafts, pair, status, book);
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
function shiftMeshMade(drafts: Map<string, Draft>): void {
  for (const draft of drafts.values()) {
    if (draft.direction !== 'outbound' || draft.meshMade === 0) continue;
    const seen = draft.prometheus ?? draft.proxy ?? draft.truth;
    const moved = Math.min(draft.meshMade, Math.max(0, draft.truth - seen));
    const none = drafts.get(`${flowKey(draft)}|`);
    if (moved === 0 || !none) continue;
    const room = Math.max(0, (none.prometheus ?? none.proxy ?? 0) - none.truth);
    draft.truth -= Math.min(moved, room);
    none.truth += Math.min(moved, room);
  }
}

/** What died with an incarnation after its last scrape, or with one that was never scraped. */
function addUnobservable(drafts: Map<string, Draft>, observed: ObservedSegment[], book: ScopeBook): void {
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

function lastValue(o: ObservedSegment, flow: FlowResult, book: ScopeBook): number {
  let sum = 0;
  for (const cell of o.cells.cells.values()) {
    if (cell.family.name !== 'response_total' || cell.category.kind === 'total') continue;
    if (cell.peer.startsWith('out') && !cell.peer.endsWith('|*')) continue;
    const status = flowStatus(cell.category, cell.peer, o, book);
    if (status === flow.status && flowKey(pairOf(o.segment, cell.peer, book)) === flowKey(flow))
      sum += cell.values.at(-1) ?? 0;
  }
  return sum;
}

/** Bounds of one status go to that flow, those of all statuses to the pair's largest, those of all sources likewise. */
function attachBounds(drafts: Map<string, Draft>, recorder: Recorder): void {
  const flows = [...drafts.values()];
  for (const { subject, result } of recorder.bounds.values()) {
    const fits = flows.filter(
      (f) =>
        f.direction === subject.direction &&
        f.destination === subject.destination &&
        (subject.source === '*' || f.source === subject.source),
    );
    const same = subject.status === null ? fits : fits.filter((f) => f.status === subject.status);
    // Families that know HTTP statuses only tell no flow of gRPC from another.
    const grpc = same.length === 0 && fits.some((f) => f.protocol === 'grpc');
    const largest = (grpc ? fits : same).reduce<Draft | null>(
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
