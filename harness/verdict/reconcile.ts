import type { MetricLedger } from '../ledger/types.ts';
import {
  attemptRequests,
  attemptResponses,
  attemptTimes,
  retryableBound,
  retryLimitExceeded,
  retryRequests,
  retrySuccesses,
} from './attempts.ts';
import {
  type Bound,
  durationBound,
  type Ground,
  type Interval,
  latencyBound,
  type Reading,
  refusalBound,
  requestBound,
  responseBound,
} from './bounds.ts';
import { type Cell, cellsOf, type SegmentCells } from './cells.ts';
import { effectiveRequests, effectiveResponses, effectiveTimes } from './effective.ts';
import type { Family } from './families.ts';
import { checkHistograms, checkLatenciesCounted } from './histograms.ts';
import { type Segment, segmentsOf } from './incarnations.ts';
import { type Status, statusText } from './outcomes.ts';
import { isOfPod, routeName } from './peers.ts';
import { MONOTONE, readingOf } from './readings.ts';
import type { Direction, Recorder, Subject } from './recorder.ts';
import type { Scope } from './scope.ts';
import type { ScopeBook } from './scopebook.ts';
import { durationSumBound, latencySumBound } from './sums.ts';
import { podKey } from './truth.ts';
import { checkUnmeshed, UnmeshedTruth } from './unmeshed.ts';

/** What one target's incarnation showed, kept for flows and quantiles. */
export interface ObservedSegment {
  ledger: MetricLedger['source'];
  segment: Segment;
  cells: SegmentCells;
  /** Has a reading after the last movement. */
  settled: boolean;
}

export interface Settings {
  marginMs: number;
  quietFromMs: number;
  /** Until then at least, journals are complete: they are read later. */
  trafficEndMs: number;
}

/** Compares every sample of every reconciled series of a ledger with the truth. */
export function reconcile(
  ledger: MetricLedger,
  book: ScopeBook,
  settings: Settings,
  recorder: Recorder,
): ObservedSegment[] {
  const observed: ObservedSegment[] = [];
  ledger.targets.forEach((target, index) => {
    const key = podKey(target.namespace, target.pod);
    const pod = book.names.pods.get(key);
    const instances = book.truth.instancesOfPod.get(key);
    if (!pod || !instances) return;
    const series = ledger.series.filter((s) => s.target === index);
    for (const segment of segmentsOf(target, instances)) {
      const cells = cellsOf(segment, series, pod, book);
      const readings = segment.scrapes.map((s) => readingOf(s, settings));
      checkSegment(ledger.source, segment, cells, readings, settings, book, recorder);
      observed.push({ ledger: ledger.source, segment, cells, settled: readings.some((r) => r.settled) });
    }
  });
  return observed;
}

function checkSegment(
  ledger: MetricLedger['source'],
  segment: Segment,
  observed: SegmentCells,
  readings: Reading[],
  settings: Settings,
  book: ScopeBook,
  recorder: Recorder,
): void {
  const { marginMs } = settings;
  const unmeshed = new UnmeshedTruth(segment, readings, book, settings);
  checkUnmeshed(ledger, segment, observed.unmeshed, unmeshed, recorder);
  for (const cell of observed.cells.values()) {
    const subject = subjectOf(ledger, segment, cell, book);
    const scope = book.get(segment.instance, cell.peer);
    if (!scope) continue;
    const checker = recorder.about(subject);
    const boundAt = boundOf(cell, { scope, marginMs });
    const shared = cell.peer === 'in|*' || cell.peer.startsWith('in|*|');
    const unknown = !known(scope);
    readings.forEach((reading, i) => {
      const t = segment.scrapes[i]!.t;
      const value = cell.values[i]!;
      const bound = boundAt(reading);
      if (shared) widen(bound, cell, Math.min(observed.plain[i]!, unmeshed.requests('plain', i).high));
      const code = unknown ? 'UNEXPLAINED_SERIES' : reading.settled ? 'NOT_EQUAL_AT_END' : 'BOUND_VIOLATED';
      checker.check(t, value, bound, code);
      if (reading.settled && cell.family.part === 'counter') recorder.width(subject, bound);
      if (i > 0 && value < cell.values[i - 1]!) {
        recorder
          .about({ ...subject, reason: MONOTONE })
          .check(t, value, { low: cell.values[i - 1]!, high: Infinity }, 'COUNTER_FELL');
      }
    });
  }
  checkHistograms(observed, (cell) => subjectOf(ledger, segment, cell, book), segment, recorder);
  checkLatenciesCounted(observed, (cell) => subjectOf(ledger, segment, cell, book), segment, readings, book, recorder);
  checkStrangers(ledger, segment, observed, recorder);
}

function known(scope: Scope): boolean {
  const { own, maybe, served, failfast, refused, refusedMaybe } = scope;
  return [own, maybe, served, failfast, refused, refusedMaybe].some((list) => list.length > 0);
}

/** Unmeshed requests that a family without client labels counted beside the app's: seen in request_total and in the truth. */
function widen(bound: Interval, cell: Cell, plain: number): void {
  if (plain === 0) return;
  bound.high += cell.family.part === 'sum' ? Number.POSITIVE_INFINITY : plain;
}

function boundOf(cell: Cell, ground: Ground): Bound {
  const { family, category, le } = cell;
  const { style, part } = family;
  const edge = part === 'count' ? Number.POSITIVE_INFINITY : le;
  // Failed before headers: the histogram is there, and stays at zero.
  if (family.measure === 'latency' && !('status' in category)) return () => ({ low: 0, high: 0 });
  const status = 'status' in category ? category.status : '*';
  if (part === 'sum') return sumOf(cell, ground, status);
  if (family.measure === 'refusal') return refusalBound(ground, family.refusal!);
  if (family.measure === 'retryable') {
    const bound = retryableBound(ground);
    // Those for which there was no budget are some of them.
    return category.kind === 'total' ? (reading) => ({ low: 0, high: bound(reading).high }) : bound;
  }
  if (family.measure === 'retry') return retryBound(ground, family.retry!);
  const { retries } = ground.scope;
  if (retries !== 'none') {
    const effective = retries === 'effective';
    switch (family.measure) {
      case 'request':
        return effective ? effectiveRequests(ground) : attemptRequests(ground, style.layer);
      case 'response':
        return effective ? effectiveResponses(ground, category, style) : attemptResponses(ground, category, style);
      case 'latency':
        return (effective ? effectiveTimes : attemptTimes)(ground, status, edge + 1, 'firstByte', true);
      case 'duration':
        return (effective ? effectiveTimes : attemptTimes)(ground, '*', edge * 1000, 'end', false);
    }
  }
  switch (family.measure) {
    case 'request':
      return requestBound(ground, style.layer);
    case 'response':
      return responseBound(ground, category, style);
    case 'latency':
      return latencyBound(ground, status as number, edge);
    case 'duration':
      return durationBound(ground, edge * 1000, style);
  }
}

/** Of retried requests nobody has measured each attempt: the histogram's own edges bind their sums. */
function sumOf({ family }: Cell, ground: Ground, status: Status): Bound {
  if (ground.scope.retries !== 'none') return () => ({ low: 0, high: Number.POSITIVE_INFINITY });
  return family.measure === 'latency' ? latencySumBound(ground, status as number) : durationSumBound(ground);
}

function retryBound(ground: Ground, of: NonNullable<Family['retry']>): Bound {
  switch (of) {
    case 'requests':
      return retryRequests(ground);
    case 'successes':
      return retrySuccesses(ground);
    case 'limit_exceeded':
      return retryLimitExceeded(ground);
    case 'overflow':
      return () => ({ low: 0, high: Number.POSITIVE_INFINITY });
  }
}

function subjectOf(ledger: MetricLedger['source'], segment: Segment, cell: Cell, book: ScopeBook): Subject {
  const { category } = cell;
  const le = Number.isNaN(cell.le) ? '' : `, le ${cell.le}`;
  const peerPod = isOfPod(cell.peer) ? ` to ${cell.peer.split('|')[2]}` : '';
  return {
    family: cell.family.name,
    ledger,
    ...pairOf(segment, cell.peer, book),
    status:
      'status' in category
        ? statusText(category.status)
        : category.kind === 'none' || category.kind === 'failfast'
          ? ''
          : null,
    place: `${segment.instance.pod} incarnation ${segment.instance.ordinal}${peerPod}${le}`,
    reason: cell.family.reason,
    exact: cell.family.part !== 'sum',
  };
}

export interface Pair {
  source: string;
  destination: string;
  direction: Direction;
  /** Name of a declared route. */
  declared?: string;
}

/** Source, destination, direction and declared route of the traffic that a peer key names. */
export function pairOf(
  segment: { instance: Pick<Segment['instance'], 'workload'> },
  peer: string,
  book: ScopeBook,
): Pair {
  const [side, who, a, b] = peer.split('|') as [string, string, string?, string?];
  const workload = segment.instance.workload;
  const declared = side === 'out' ? '' : routeName(a);
  const named = declared === '' ? {} : { declared };
  if (side === 'in') {
    const source = who === '*' ? '*' : sourceName(who, book);
    return { source, destination: workload, direction: 'inbound', ...named };
  }
  const service = b ?? who;
  const destination = book.names.services.get(service)?.workload ?? service;
  return { source: workload, destination, direction: 'outbound', ...named };
}

/** Inbound series know a client by its identity; workloads that share one can't be told apart. */
export function sourceName(identity: string, book: ScopeBook): string {
  const workloads = [...(book.names.workloadsOfIdentity.get(identity) ?? [])];
  const active = workloads.filter((w) => book.truth.instancesOfWorkload.has(w));
  return (active.length > 0 ? active : workloads).sort().join('|') || identity;
}

/** The pod's own workload is known, the peer is not. */
export function strangersPair(
  direction: Direction,
  workload: string,
): Pick<Subject, 'source' | 'destination' | 'direction'> {
  return direction === 'inbound'
    ? { source: '?', destination: workload, direction }
    : { source: workload, destination: '?', direction };
}

function checkStrangers(
  ledger: MetricLedger['source'],
  segment: Segment,
  observed: SegmentCells,
  recorder: Recorder,
): void {
  for (const stranger of observed.strangers.values()) {
    const subject: Subject = {
      family: stranger.family.name,
      ledger,
      ...strangersPair(stranger.direction, segment.instance.workload),
      status: null,
      place: `${segment.instance.pod} incarnation ${segment.instance.ordinal}: ${stranger.why}`,
      reason: 'the truth knows no such traffic',
      exact: true,
    };
    const checker = recorder.about(subject);
    stranger.values.forEach((value, i) => {
      checker.check(segment.scrapes[i]!.t, value, { low: 0, high: 0 }, 'UNEXPLAINED_SERIES');
    });
  }
}
