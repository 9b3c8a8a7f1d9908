import type { QuantileResult } from '../result/types.ts';
import type { CellGroup } from './cell-groups.ts';
import { type ObservedSegment, pairOfCell, sourceName } from './reconcile.ts';
import type { ScopeBook } from './scopebook.ts';

/** A histogram's cumulative counts by upper edge (ms), ascending, the last Infinity. */
export type Buckets = Map<number, number>;

export interface PairLatencies {
  source: string;
  destination: string;
  direction: 'inbound' | 'outbound';
  /** Ascending, by the callee's clock and by the caller's. */
  callee: number[];
  caller: number[];
  /** Answers that a sidecar may have measured, but that are missing in `callee`, and in `caller`. */
  extra: { callee: number; caller: number };
  /** Nobody knows how many more answers the sidecars have measured: of a split, or of attempts that reached no app. */
  open: boolean;
  buckets: Buckets;
}

type PairsTo = Map<string, PairLatencies>;

const SHOWN = [0.5, 0.95, 0.99];

/** Latencies of each pair by both clocks, with Prometheus' final buckets, all statuses and incarnations together. */
export function pairLatencies(book: ScopeBook, observed: readonly ObservedSegment[]): PairLatencies[] {
  const pairs: PairLatencies[] = [];
  const known = { inbound: new Map<string, PairsTo>(), outbound: new Map<string, PairsTo>() };
  const pairFor = (key: Pick<PairLatencies, 'source' | 'destination' | 'direction'>): PairLatencies => {
    const { source, destination, direction } = key;
    let from = known[direction].get(source);
    if (!from) {
      from = new Map();
      known[direction].set(source, from);
    }
    let pair = from.get(destination);
    if (!pair) {
      const extra = { callee: 0, caller: 0 };
      pair = { source, destination, direction, callee: [], caller: [], extra, open: false, buckets: new Map() };
      from.set(destination, pair);
      pairs.push(pair);
    }
    return pair;
  };
  const sources = new Map<string, string>();
  const name = (workload: string): string => {
    let source = sources.get(workload);
    if (source === undefined) {
      source = sourceName(book.names.identityOfWorkload.get(workload) ?? workload, book);
      sources.set(workload, source);
    }
    return source;
  };
  for (const list of book.truth.served.values()) {
    for (const s of list) {
      const { firstByteMs, startMs, outcome } = s.request;
      if (s.caller === '-') continue;
      const destination = s.callee.workload;
      const inbound = pairFor({ source: name(s.caller), destination, direction: 'inbound' });
      const outbound = pairFor({ source: s.caller, destination, direction: 'outbound' });
      for (const pair of [inbound, outbound]) {
        const whole = firstByteMs !== null && (outcome === 'completed' || outcome === 'reset-mid-body');
        if (whole) pair.callee.push(firstByteMs - startMs);
        else pair.extra.callee++;
        // Each answer, until it is found with its caller, below.
        pair.extra.caller++;
      }
    }
  }
  const restarts = (workload: string): boolean =>
    (book.truth.instancesOfWorkload.get(workload) ?? []).some((i) => i.nextStartMs !== Number.POSITIVE_INFINITY);
  for (const m of book.truth.requests) {
    for (const backend of m.backends) {
      const destination = book.names.services.get(backend)?.workload ?? backend;
      if (m.backends.length === 1 && (m.path.retry === null || !restarts(destination))) continue;
      pairFor({ source: m.caller.workload, destination, direction: 'outbound' }).open = true;
    }
    if (m.firstByteMs === null || (m.kind !== 'ok' && m.kind !== 'mesh')) continue;
    const latency = m.firstByteMs - m.startMs;
    const source = m.caller.workload;
    const outbound = pairFor({ source, destination: m.callee, direction: 'outbound' });
    outbound.caller.push(latency);
    if (m.kind === 'mesh') {
      outbound.extra.callee++;
      continue;
    }
    const inbound = pairFor({ source: name(source), destination: m.callee, direction: 'inbound' });
    inbound.caller.push(latency);
    outbound.extra.caller--;
    inbound.extra.caller--;
  }
  for (const o of observed) {
    const ofGroup = new Map<CellGroup, Buckets>();
    for (const cell of o.cells.cells.ofFamily('response_latency_ms_bucket')) {
      if (cell.category.kind === 'none') continue;
      let buckets = ofGroup.get(cell.group);
      if (!buckets) {
        // Of all routes together.
        const { declared: _route, ...pair } = pairOfCell(o.segment, cell, book);
        buckets = pairFor(pair).buckets;
        ofGroup.set(cell.group, buckets);
      }
      buckets.set(cell.le, (buckets.get(cell.le) ?? 0) + cell.last);
    }
  }
  for (const pair of pairs) {
    pair.callee.sort((a, b) => a - b);
    pair.caller.sort((a, b) => a - b);
  }
  return pairs.filter((p) => p.callee.length + p.caller.length > 0);
}

export function buildQuantiles(pairs: readonly PairLatencies[]): QuantileResult[] {
  return pairs.flatMap((pair) => SHOWN.map((quantile) => quantileOf(pair, quantile)));
}

export function quantileOf(pair: PairLatencies, quantile: number): QuantileResult {
  const { source, destination, direction } = pair;
  const base = { source, destination, direction, quantile, truthMs: truthQuantile(pair, quantile) ?? 0 };
  const edges = sortedEdges(pair.buckets);
  const observed = edges.at(-1)?.count ?? 0;
  if (observed === 0) return { ...base, observedMs: null, lowMs: 0, highMs: Infinity, verdict: 'inconclusive' };
  const rank = Math.max(1, Math.ceil(quantile * observed));
  const b = edges.findIndex((e) => e.count >= rank);
  // Whole milliseconds: above an edge is at least one more, and up to an edge is less than one more than it.
  const lowMs = b > 0 ? edges[b - 1]!.le + 1 : 0;
  const highMs = edges[b]!.le + 1;
  // The order statistics of the proxy's clock lie between those of the callee's and the caller's. Answers that one side
  // has not measured may stand before, answers that the proxy has not (it died) behind.
  const unseen = pair.caller.length + Math.max(0, pair.extra.caller) - observed;
  const callee = pair.callee[rank - 1 - pair.extra.callee] ?? 0;
  const caller = pair.caller[rank - 1 + Math.max(0, unseen)] ?? Number.POSITIVE_INFINITY;
  const meets = pair.open || (callee < highMs && caller >= lowMs);
  return { ...base, observedMs: histogramQuantile(quantile, edges), lowMs, highMs, verdict: meets ? 'pass' : 'fail' };
}

/** Nearest rank, by the callee's clock; by the caller's where no service answered. Milliseconds. */
export function truthQuantile(pair: PairLatencies, quantile: number): number | null {
  const values = pair.callee.length > 0 ? pair.callee : pair.caller;
  return values[Math.max(1, Math.ceil(quantile * values.length)) - 1] ?? null;
}

interface Edge {
  le: number;
  count: number;
}

function sortedEdges(buckets: Buckets): Edge[] {
  return [...buckets].map(([le, count]) => ({ le, count })).sort((a, b) => a.le - b.le);
}

/** Prometheus' arithmetic for classic histograms: linear within the bucket, the last finite edge for +Inf. */
export function histogramQuantile(q: number, edges: readonly Edge[]): number | null {
  const total = edges.at(-1)?.count ?? 0;
  if (edges.length < 2 || total === 0) return null;
  const rank = q * total;
  const b = edges.findIndex((e) => e.count >= rank);
  if (b === edges.length - 1) return edges.at(-2)!.le;
  const edge = edges[b]!;
  if (b === 0 && edge.le <= 0) return edge.le;
  const start = b > 0 ? edges[b - 1]! : { le: 0, count: 0 };
  return start.le + (edge.le - start.le) * ((rank - start.count) / (edge.count - start.count));
}

/** Pairs added up: for objectives over several sources or destinations. */
export function mergePairs(pairs: readonly PairLatencies[]): PairLatencies | null {
  const first = pairs[0];
  if (!first) return null;
  const buckets: Buckets = new Map();
  for (const p of pairs) for (const [le, n] of p.buckets) buckets.set(le, (buckets.get(le) ?? 0) + n);
  const all = (side: 'callee' | 'caller'): number[] => pairs.flatMap((p) => p[side]).sort((a, b) => a - b);
  const extra = (side: 'callee' | 'caller'): number => pairs.reduce((n, p) => n + p.extra[side], 0);
  const missing = { callee: extra('callee'), caller: extra('caller') };
  const open = pairs.some((p) => p.open);
  return { ...first, open, callee: all('callee'), caller: all('caller'), extra: missing, buckets };
}
