import type { LedgerTarget, MetricLedger } from '../ledger/types.ts';
import type { Interval, Reading } from './bounds.ts';
import type { CellGroup } from './cell-groups.ts';
import type { Cell } from './cell-table.ts';
import { cellsOf, type SegmentCells } from './cells.ts';
import type { Family } from './families.ts';
import { flowStatus } from './flow-status.ts';
import { checkHistograms, checkLatenciesCounted } from './histograms.ts';
import { type Segment, segmentsOf } from './incarnations.ts';
import { Ladders } from './ladders.ts';
import { statusText } from './outcomes.ts';
import { isOfPod, routeName } from './peers.ts';
import { MONOTONE, readingOf } from './readings.ts';
import { type Checker, type Direction, flowKey, Recorder, type Subject } from './recorder.ts';
import type { Scope } from './scope.ts';
import type { ScopeBook } from './scopebook.ts';
import type { SeriesIndex } from './series-index.ts';
import { podKey } from './truth.ts';
import { checkUnmeshed, UnmeshedTruth } from './unmeshed.ts';
import type { Witness } from './witness.ts';

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

export interface Reconciled {
  proxy: ObservedSegment[];
  prometheus: ObservedSegment[];
}

/**
 * Compares every sample of every reconciled series of both ledgers with the truth. They go side by side, so that what is worked
 * out of a pod's truth can be let go once both have been compared with it.
 */
export function reconcile(
  ledgers: { proxy: MetricLedger; prometheus: MetricLedger },
  index: SeriesIndex,
  book: ScopeBook,
  settings: Settings,
  recorder: Recorder,
  witness?: Witness,
): Reconciled {
  const of = (ledger: MetricLedger): Reconciliation =>
    new Reconciliation(ledger, index, book, settings, new Recorder(recorder), witness);
  const both = { proxy: of(ledgers.proxy), prometheus: of(ledgers.prometheus) };
  const left = new Map<string, number>();
  for (const { ledger } of [both.proxy, both.prometheus]) {
    for (const target of ledger.targets) left.set(keyOf(target), (left.get(keyOf(target)) ?? 0) + 1);
  }
  const most = Math.max(ledgers.proxy.targets.length, ledgers.prometheus.targets.length);
  for (let i = 0; i < most; i++) {
    for (const one of [both.proxy, both.prometheus]) {
      const target = one.ledger.targets[i];
      if (!target) continue;
      one.compare(target, i);
      const key = keyOf(target);
      left.set(key, left.get(key)! - 1);
      if (left.get(key) === 0) for (const { id } of book.truth.instancesOfPod.get(key) ?? []) book.release(id);
    }
  }
  recorder.take(both.proxy.recorder);
  recorder.take(both.prometheus.recorder);
  return { proxy: both.proxy.observed, prometheus: both.prometheus.observed };
}

const keyOf = (target: LedgerTarget): string => podKey(target.namespace, target.pod);

/** Of one ledger. */
class Reconciliation {
  readonly ledger: MetricLedger;
  readonly observed: ObservedSegment[] = [];
  readonly recorder: Recorder;
  readonly #index: SeriesIndex;
  readonly #book: ScopeBook;
  readonly #settings: Settings;
  readonly #witness: Witness | undefined;

  constructor(
    ledger: MetricLedger,
    index: SeriesIndex,
    book: ScopeBook,
    settings: Settings,
    recorder: Recorder,
    witness: Witness | undefined,
  ) {
    this.ledger = ledger;
    this.recorder = recorder;
    this.#index = index;
    this.#book = book;
    this.#settings = settings;
    this.#witness = witness;
  }

  /** @param i index of the target */
  compare(target: LedgerTarget, i: number): void {
    const { source } = this.ledger;
    const book = this.#book;
    const pod = book.names.pods.get(keyOf(target));
    const instances = book.truth.instancesOfPod.get(keyOf(target));
    if (!pod || !instances) return;
    const series = this.#index.of(this.ledger, i);
    for (const segment of segmentsOf(target, instances)) {
      const cells = cellsOf(segment, series, pod, book);
      const readings = segment.scrapes.map((s) => readingOf(s, segment.instance, this.#settings));
      checkSegment(
        source,
        segment,
        cells,
        readings,
        this.#settings,
        book,
        this.recorder,
        this.#telling(target, segment),
      );
      cells.cells.close(isAskedForLater);
      this.observed.push({ ledger: source, segment, cells, settled: readings.some((r) => r.settled) });
    }
  }

  /** Of the counters that flows are made of. */
  #telling(target: LedgerTarget, segment: Segment): Tell | undefined {
    const witness = this.#witness;
    if (!witness) return undefined;
    const book = this.#book;
    return (cell, intervals) => {
      const { family, peer, category, values } = cell;
      if (family.name !== 'response_total' || isOfPod(peer)) return;
      const edge = pairOfCell(segment, cell, book);
      const status = category.kind === 'total' ? null : flowStatus(cell, edge.destination, segment.instance, book);
      witness.compared({ ledger: this.ledger.source, target, segment, edge, peer, status, values, intervals });
    };
  }
}

/** @param intervals null: nothing can be said of it */
type Tell = (cell: Cell, intervals: readonly Interval[] | null) => void;

/** Of which flows, quantiles, objectives, remarks and what compares sidecars with one another are made. */
function isAskedForLater({ measure, part, name }: Family): boolean {
  if (measure === 'request' || measure === 'response' || measure === 'refusal') return part === 'counter';
  return name === 'response_latency_ms_bucket';
}

function checkSegment(
  ledger: MetricLedger['source'],
  segment: Segment,
  observed: SegmentCells,
  readings: Reading[],
  settings: Settings,
  book: ScopeBook,
  recorder: Recorder,
  tell: Tell | undefined,
): void {
  const { marginMs } = settings;
  const unmeshed = new UnmeshedTruth(segment, readings, book, settings);
  checkUnmeshed(ledger, segment, observed.unmeshed, unmeshed, recorder);
  const plain = readings.map((_, i) => Math.min(observed.plain[i]!, unmeshed.requests('plain', i).high));
  const ladders = new Ladders(readings, marginMs);
  let group: CellGroup | null = null;
  let subject: Subject | null = null;
  let checker: Checker | null = null;
  let scope: Scope | null = null;
  let code: string | null = null;
  for (const cell of observed.cells.values()) {
    if (cell.group !== group) {
      group = cell.group;
      if (group.scope === undefined) group.scope = book.get(segment.instance, cell.peer);
      scope = group.scope;
      code = scope && !known(scope) ? 'UNEXPLAINED_SERIES' : null;
      subject = scope && subjectOf(ledger, segment, cell, book);
      if (subject) group.name ??= `${flowKey(subject)}|${subject.family}|${subject.status}`;
      checker = subject && recorder.about(subject, group.name);
    }
    const intervals = scope && ladders.intervals(cell, scope);
    tell?.(cell, intervals);
    if (!intervals) continue;
    checkCell(cell, subject!, checker!, intervals, code, readings, segment, recorder, plain);
  }
  checkHistograms(observed, (cell) => subjectOf(ledger, segment, cell, book), segment, recorder);
  checkLatenciesCounted(observed, (cell) => subjectOf(ledger, segment, cell, book), segment, readings, book, recorder);
  checkStrangers(ledger, segment, observed, recorder);
}

function checkCell(
  cell: Cell,
  subject: Subject,
  checker: Checker,
  intervals: readonly Interval[],
  code: string | null,
  readings: readonly Reading[],
  segment: Segment,
  recorder: Recorder,
  plain: readonly number[],
): void {
  const shared = cell.peer === 'in|*' || cell.peer.startsWith('in|*|');
  const { values, family } = cell;
  let previous = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) {
    const { t } = segment.scrapes[i]!;
    const { settled } = readings[i]!;
    const value = values[i]!;
    const bound = shared ? widened(intervals[i]!, cell, plain[i]!) : intervals[i]!;
    if (!checker.holds(t, value, bound.low, bound.high)) {
      const what = code ?? (settled ? 'NOT_EQUAL_AT_END' : 'BOUND_VIOLATED');
      checker.violated(t, value, bound, what, placeOf(segment, cell));
    }
    if (settled && family.part === 'counter') recorder.width(subject, bound);
    if (value < previous) {
      const place = placeOf(segment, cell);
      const low = previous;
      recorder.about({ ...subject, place, reason: MONOTONE }).check(t, value, { low, high: Infinity }, 'COUNTER_FELL');
    }
    previous = value;
  }
}

function known(scope: Scope): boolean {
  const { own, maybe, served, failfast, refused, refusedMaybe } = scope;
  return [own, maybe, served, failfast, refused, refusedMaybe].some((list) => list.length > 0);
}

/** Unmeshed requests that a family without client labels counted beside the app's: seen in request_total and in the truth. */
function widened({ low, high }: Interval, cell: Cell, plain: number): Interval {
  if (plain === 0) return { low, high };
  return { low, high: cell.family.part === 'sum' ? Number.POSITIVE_INFINITY : high + plain };
}

function subjectOf(ledger: MetricLedger['source'], segment: Segment, cell: Cell, book: ScopeBook): Subject {
  const { category } = cell;
  return {
    family: cell.family.name,
    ledger,
    ...pairOfCell(segment, cell, book),
    status:
      'status' in category
        ? statusText(category.status)
        : category.kind === 'none' || category.kind === 'failfast'
          ? ''
          : null,
    place: placeOf(segment, cell),
    reason: cell.family.reason,
    exact: cell.family.part !== 'sum',
  };
}

function placeOf({ instance }: Segment, cell: Cell): string {
  const le = Number.isNaN(cell.le) ? '' : `, le ${cell.le}`;
  const peerPod = isOfPod(cell.peer) ? ` to ${cell.peer.split('|')[2]}` : '';
  return `${instance.pod} incarnation ${instance.ordinal}${peerPod}${le}`;
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

/** The same of a cell, found out once for its group. */
export function pairOfCell(segment: Segment, { group }: Cell, book: ScopeBook): Pair {
  group.pair ??= pairOf(segment, group.peer, book);
  return group.pair;
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
