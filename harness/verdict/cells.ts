import { GRPC_WITHOUT_TRAILERS } from '../core/outcome.ts';
import type { PodInfo } from '../core/topology.ts';
import type { LedgerSeries, Scrape } from '../ledger/types.ts';
import type { Category } from './bounds.ts';
import type { CellGroup, CellGroups } from './cell-groups.ts';
import { CellTable } from './cell-table.ts';
import { directionOf, type Family, lesOf } from './families.ts';
import type { Segment } from './incarnations.ts';
import { ANY_200, asHttp, asOldOutcome, GRPC_OPEN } from './outcomes.ts';
import { isInbound, isWholeOutbound } from './peers.ts';
import { inboundKind, outboundKind } from './projection.ts';
import { addInto, scratchReader } from './readings.ts';
import type { Direction } from './recorder.ts';
import { type Scope, statusesOf } from './scope.ts';
import type { ScopeBook } from './scopebook.ts';
import { type IndexedSeries, type LabelSet, projectedOf } from './series-index.ts';
import type { Instance } from './truth.ts';
import type { UnmeshedRoute } from './unmeshed.ts';
import { UnmeshedSeries } from './unmeshed-series.ts';
import type { Dialect } from './versions/index.ts';

/** Series that no truth explains, kept to be reported when they move. */
export interface Stranger {
  family: Family;
  direction: Direction;
  why: string;
  values: Float64Array;
}

export interface SegmentCells {
  cells: CellTable;
  strangers: Map<string, Stranger>;
  unmeshed: UnmeshedSeries;
  /** Unmeshed requests on the app's port and default route: families without client labels count them too. */
  plain: Float64Array;
  /** Probes, scrapes and unmeshed requests at the last scrape. */
  other: number;
}

export function cellsOf(
  segment: Segment,
  series: readonly IndexedSeries[],
  pod: PodInfo,
  book: ScopeBook,
): SegmentCells {
  const n = segment.scrapes.length;
  const valuesOf = scratchReader(segment);
  const out: SegmentCells = {
    cells: new CellTable(n, book.groupsOf(segment.instance)),
    strangers: new Map(),
    unmeshed: new UnmeshedSeries(),
    plain: new Float64Array(n),
    other: 0,
  };
  const dialect = book.dialectOf(segment.instance);
  expectCells(out.cells, segment, pod, book, dialect);
  for (const { series: s, set } of series) {
    const family = dialect.family(s.name);
    if (!family) continue;
    const values = valuesOf(s);
    if (!values) continue;
    // In the other ledger it goes to the same groups.
    const { groups } = out.cells;
    if (set.placed?.by !== groups)
      set.placed = { by: groups, placement: placementOf(groups, family, set, pod, segment.instance, book) };
    put(out, family, s, values, set.placed.placement as Placement, book);
  }
  return out;
}

/** Where the values of a series go: to cells, to those of nobody, or to what is unmeshed. */
type Placement =
  | { kind: 'app'; groups: CellGroup[]; route: string | null }
  | { kind: 'stranger'; key: string; direction: Direction; why: string }
  | { kind: 'other'; route: 'admin' | UnmeshedRoute };

function put(
  out: SegmentCells,
  family: Family,
  s: LedgerSeries,
  values: Float64Array,
  placement: Placement,
  book: ScopeBook,
): void {
  switch (placement.kind) {
    case 'app': {
      const le = edgeOf(family, s);
      for (const group of placement.groups) out.cells.add(group, le, values, placement.route);
      return;
    }
    case 'stranger': {
      const { key, direction, why } = placement;
      const known = out.strangers.get(key);
      if (known) addInto(known.values, values);
      else out.strangers.set(key, { family, direction, why, values: values.slice() });
      return;
    }
    case 'other':
      if (placement.route !== 'admin' && family.measure !== 'refusal')
        addUnmeshed(out, family, s, placement.route, values, book);
      if (family.name !== 'request_total') return;
      out.other += values.at(-1) ?? 0;
      if (placement.route === 'plain') addInto(out.plain, values);
  }
}

function placementOf(
  all: CellGroups,
  family: Family,
  set: LabelSet,
  pod: PodInfo,
  instance: Instance,
  book: ScopeBook,
): Placement {
  const { labels } = set;
  const projected = projectedOf(set, family, pod, book.names);
  if (projected.kind === 'other') return projected;
  const strange = projected.kind === 'app' && !applies(family, projected.peer, pod.workload, book);
  const told = projected.kind === 'app' && !strange ? family.category(labels, book.names) : null;
  const category = projected.kind === 'app' && told ? asCounted(told, family, projected.peer, instance, book) : null;
  if (projected.kind === 'unexplained' || !category) {
    const why =
      projected.kind === 'unexplained'
        ? projected.why
        : strange
          ? `no Server and no route makes a series of ${family.of} here`
          : `no outcome is counted as ${outcomeText(labels)}`;
    const direction = directionOf(family, labels);
    return { kind: 'stranger', key: `${family.name}|${direction}|${why}`, direction, why };
  }
  const { peer, sum, route } = projected;
  const groups = [all.get(family, peer, category)];
  if (family.part === 'counter') {
    if (sum) groups.push(all.get(family, sum, category));
    const whole = sum ?? peer;
    if (family.measure === 'response' && isWholeOutbound(whole)) groups.push(all.get(family, whole, { kind: 'total' }));
  }
  return { kind: 'app', groups, route };
}

function addUnmeshed(
  out: SegmentCells,
  family: Family,
  s: LedgerSeries,
  route: UnmeshedRoute,
  values: Float64Array,
  book: ScopeBook,
): void {
  const category = family.category(s.labels, book.names);
  // Answers from 500 on, and those without a status, may be the proxy's own; durations do not tell.
  const own = category && family.measure !== 'request' && !('status' in category && isAppsOwn(category.status));
  if (own && route === 'probe') return;
  const le = edgeOf(family, s);
  out.unmeshed.add(family, own ? 'own' : route, le, values);
}

/** A discarded attempt's body is dropped: to its backend's counters it is cut, or complete when there was none. */
function asCounted(told: Category, family: Family, peer: string, instance: Instance, book: ScopeBook): Category {
  // Old proxies that do not know gRPC by its content type say nothing of a code that never came (facts, section 9).
  if (family.statuses === asOldOutcome && told.kind === 'ok' && told.status === 200) {
    return book.get(instance, peer)?.protocol === 'grpc' ? { kind: 'ok', status: GRPC_OPEN } : told;
  }
  if (family.scopes !== 'out-backend' || !('status' in told)) return told;
  return book.get(instance, peer)?.retries === 'attempts' ? { kind: 'any', status: told.status } : told;
}

function isAppsOwn(status: number): boolean {
  return status < 500 || status === ANY_200;
}

/** Whether the peer's traffic has series of the family: families of HTTP and of gRPC exclude each other. */
function applies(family: Family, peer: string, workload: string, book: ScopeBook): boolean {
  if (!family.of) return true;
  const { names } = book;
  const kind = isInbound(peer) ? inboundKind(names, workload) : outboundKind(names.services.get(peer.split('|')[1]!));
  return kind === family.of;
}

function edgeOf(family: Family, s: LedgerSeries): number {
  return family.part === 'bucket' ? Number(s.labels.le === '+Inf' ? Infinity : s.labels.le) : Number.NaN;
}

function outcomeText(labels: Record<string, string>): string {
  const names = ['status_code', 'classification', 'grpc_status', 'error', 'status', 'http_status'];
  return names
    .filter((name) => labels[name] !== undefined)
    .map((name) => `${name}="${labels[name]}"`)
    .join(',');
}

/** A cell of zeros for everything that the truth knows, so that a missing series is compared, as 0. */
function expectCells(cells: CellTable, segment: Segment, pod: PodInfo, book: ScopeBook, dialect: Dialect): void {
  cells.groups.expected ??= expectedGroups(cells.groups, segment.instance, pod, book, dialect);
  for (const group of cells.groups.expected) for (const le of lesOf(group.family)) cells.add(group, le, null, null);
}

function expectedGroups(
  groups: CellGroups,
  instance: Instance,
  pod: PodInfo,
  book: ScopeBook,
  { families }: Dialect,
): CellGroup[] {
  const expected: CellGroup[] = [];
  const peers = book.peers(instance);
  for (const family of families) {
    for (const peer of peersOf(family, peers)) {
      if (!applies(family, peer, pod.workload, book)) continue;
      const scope = book.get(instance, peer);
      if (!scope) continue;
      for (const category of categoriesOf(family, peer, scope)) expected.push(groups.get(family, peer, category));
    }
  }
  return expected;
}

function peersOf(family: Family, peers: ReturnType<ScopeBook['peers']>): string[] {
  switch (family.scopes) {
    case 'in-client':
      return peers.inClient;
    case 'in-server':
      return peers.inServer;
    case 'in-refused':
      return peers.refused[family.refusal!];
    case 'out-route':
      return peers.outRoute;
    case 'out-actual':
      return peers.outActual;
    case 'out-retry':
      return peers.outRetried;
    case 'out-backend':
      return peers.outBackend;
    case 'by-direction': {
      const sums = family.part === 'counter' ? peers.outService : [];
      return [...peers.inClient, ...peers.outPod, ...sums];
    }
  }
}

/** Measures of requests, however they end. */
const COUNTED: ReadonlySet<Family['measure']> = new Set(['request', 'refusal', 'retry', 'retryable']);

function categoriesOf(family: Family, peer: string, scope: Scope): Category[] {
  if (COUNTED.has(family.measure)) return [{ kind: 'request' }];
  if (family.measure === 'duration') return [{ kind: 'total' }];
  const statuses = [...statusesOf(scope, family.statuses)];
  if (family.measure === 'latency') return statuses.map((status) => ({ kind: 'any', status }));
  const reset = scope.served.some(({ request: r }) => r.outcome === 'reset' || r.outcome === 'closed');
  if (family.scopes === 'in-server' && family.of === 'grpc') {
    const codes = statuses.filter((status) => status !== GRPC_WITHOUT_TRAILERS);
    return [...codes.map((status) => ({ kind: 'ok', status }) as const), { kind: 'codeless' }];
  }
  const unanswered: Category[] = reset ? [{ kind: 'none' }] : [];
  if (family.scopes === 'in-server')
    return [...statuses.map((status) => ({ kind: 'any', status }) as const), ...unanswered];
  if (family.scopes === 'out-backend' && scope.retries === 'attempts') {
    const any: Category[] = statuses.map((status) => ({ kind: 'any', status }));
    return [...any, { kind: 'total' }];
  }
  const cut = scope.served.filter((s) => s.request.outcome === 'reset-mid-body');
  const lost: Category[] = cut.length > 0 || reset ? [{ kind: 'lost' }] : [];
  const mid = new Set(cut.map((s) => asHttp(s.status)));
  const categories: Category[] = [
    ...statuses.map((status) => ({ kind: 'ok', status }) as const),
    ...(family.scopes.startsWith('out') && family.of === 'grpc'
      ? lost
      : [...[...mid].map((status) => ({ kind: 'broken', status }) as const), ...unanswered]),
  ];
  if (family.style.layer === 'route' && scope.failfast.length > 0) categories.push({ kind: 'failfast' });
  if (isWholeOutbound(peer)) categories.push({ kind: 'total' });
  return categories;
}

export type { Scrape };
