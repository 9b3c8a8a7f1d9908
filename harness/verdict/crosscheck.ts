import type { LedgerSeries, MetricLedger } from '../ledger/types.ts';
import type { Cell } from './cells.ts';
import { directionOf, FAMILY_BY_NAME, type Family } from './families.ts';
import { statusText } from './outcomes.ts';
import { inPeer, isInbound, isOfPod, NO_ROUTES } from './peers.ts';
import type { Projected } from './projection.ts';
import { type ObservedSegment, pairOf, type Settings, strangersPair } from './reconcile.ts';
import type { Recorder, Subject } from './recorder.ts';
import type { ScopeBook } from './scopebook.ts';
import { podKey } from './truth.ts';

interface Point {
  from: number;
  until: number;
  startTime: number | null;
  value: number;
  settled: boolean;
  t: number;
}

/**
 * Prometheus' samples of a series against the proxy's own page: a page rendered before the other may not show more, and
 * after the last movement both show the same.
 */
export function checkLedgersAgree(
  proxy: MetricLedger,
  prometheus: MetricLedger,
  book: ScopeBook,
  settings: Settings,
  recorder: Recorder,
): void {
  const pages = pointsBySeries(proxy, book, settings);
  const stored = pointsBySeries(prometheus, book, settings);
  for (const [key, mine] of stored.series) {
    const theirs = pages.series.get(key)?.points ?? pages.absent(mine.pod);
    compare(mine.subject, theirs, mine.points, recorder);
  }
  for (const [key, theirs] of pages.series) {
    if (!stored.series.has(key)) compare(theirs.subject, theirs.points, stored.absent(theirs.pod), recorder);
  }
}

/** Labels that tell the series of one pod apart, as far as a reader needs them. */
const TELLING = [
  'tls',
  'client_id',
  'authority',
  'dst_pod',
  'parent_name',
  'route_name',
  'classification',
  'grpc_status',
  'error',
  'le',
];

function subjectOf(
  s: LedgerSeries,
  family: Family,
  projected: Projected,
  workload: string,
  pod: string,
  book: ScopeBook,
): Subject {
  const { labels } = s;
  const pair =
    projected.kind === 'app'
      ? pairOf({ instance: { workload } }, projected.peer, book)
      : strangersPair(directionOf(family, labels), workload);
  const category = family.category(labels, book.names);
  const shown = TELLING.filter((name) => labels[name] !== undefined).map((name) => `${name}="${labels[name]}"`);
  return {
    family: family.name,
    ledger: 'prometheus',
    ...pair,
    status:
      category && 'status' in category
        ? statusText(category.status)
        : (labels.status_code ?? labels.http_status ?? labels.status ?? null),
    place: `${pod} {${shown.join(',')}}`,
    reason: "Prometheus stores what the proxy's page says, and neither falls",
    exact: true,
  };
}

function compare(subject: Subject, pages: Point[], stored: Point[], recorder: Recorder): void {
  const checker = recorder.about(subject);
  for (const page of pages) {
    for (const sample of nearest(page, stored)) {
      if (page.settled && sample.settled) {
        checker.check(sample.t, sample.value, { low: page.value, high: page.value }, 'LEDGERS_DIFFER');
      } else if (sample.until <= page.from) {
        checker.check(sample.t, sample.value, { low: 0, high: page.value }, 'LEDGERS_DIFFER');
      } else if (sample.from >= page.until) {
        checker.check(sample.t, sample.value, { low: page.value, high: Infinity }, 'LEDGERS_DIFFER');
      }
    }
  }
}

/** The last sample surely before the page, the first surely after it, and the last of all when both are settled. */
function nearest(page: Point, stored: Point[]): Point[] {
  const same = stored.filter((s) => s.startTime === page.startTime);
  const before = same.findLast((s) => s.until <= page.from);
  const after = same.find((s) => s.from >= page.until);
  const last = same.at(-1);
  return [...new Set([before, after, page.settled && last?.settled ? last : undefined])].filter((s) => s !== undefined);
}

function pointsBySeries(ledger: MetricLedger, book: ScopeBook, settings: Settings) {
  const series = new Map<string, { subject: Subject; pod: string; points: Point[] }>();
  const timelines = ledger.targets.map((target) =>
    target.scrapes
      .filter((s) => s.ok)
      .map((s) => ({
        from: s.fromMs - settings.marginMs,
        until: s.untilMs + settings.marginMs,
        startTime: s.startTime,
        value: 0,
        settled: s.fromMs >= settings.quietFromMs,
        t: s.t,
      })),
  );
  const targetOfPod = new Map(ledger.targets.map((t, i) => [podKey(t.namespace, t.pod), i]));
  for (const s of ledger.series) {
    const target = ledger.targets[s.target]!;
    const pod = podKey(target.namespace, target.pod);
    const info = book.names.pods.get(pod);
    const family = FAMILY_BY_NAME.get(s.name);
    if (!family || !info || !book.truth.instancesOfPod.has(pod)) continue;
    // Probes and scrapes go on for ever: never quiet.
    const projected = family.project(s.labels, info, book.names);
    if (projected.kind === 'other' || family.scopes === 'in-server') continue;
    const values = new Map(s.samples.map((x) => [x.t, x.v]));
    const points = timelines[s.target]!.map((p) => ({ ...p, value: values.get(p.t) ?? 0 }));
    series.set(`${s.name}|${pod}|${labelKey(s.labels)}`, {
      subject: subjectOf(s, family, projected, info.workload, pod, book),
      pod,
      points,
    });
  }
  /** A series that one ledger lacks stands at 0 there, at each of its readings. */
  const absent = (pod: string): Point[] => timelines[targetOfPod.get(pod) ?? -1] ?? [];
  return { series, absent };
}

function labelKey(labels: Record<string, string>): string {
  return Object.keys(labels)
    .sort()
    .map((name) => `${name}=${labels[name]}`)
    .join(',');
}

/**
 * At the end, the callers' sidecars against the callee's: the outbound proxy's clock runs around the inbound proxy's, so
 * no outbound bucket holds more than the inbound one. Only where neither side has lost an incarnation, and no answer was
 * made by the mesh, which inbound counters would not know.
 */
export function checkOutboundAgainstInbound(observed: ObservedSegment[], book: ScopeBook, recorder: Recorder): void {
  const outbound = new Map<string, number>();
  for (const o of observed) {
    for (const cell of o.cells.cells.values()) {
      if (cell.family.name !== 'response_latency_ms_bucket' || !isOfPod(cell.peer)) continue;
      const { source } = pairOf(o.segment, cell.peer, book);
      const identity = book.names.identityOfWorkload.get(source) ?? '';
      const key = JSON.stringify([cell.peer.split('|')[2], identity, cell.category, cell.le]);
      outbound.set(key, (outbound.get(key) ?? 0) + (cell.values.at(-1) ?? 0));
    }
  }
  for (const o of observed) {
    const pod = o.segment.instance.pod;
    const whole = o.settled && book.truth.instancesOfPod.get(pod)!.length === 1;
    if (!whole) continue;
    const compared = new Map<string, { cell: Cell; identity: string; value: number }>();
    for (const cell of o.cells.cells.values()) {
      if (cell.family.name !== 'response_latency_ms_bucket' || !isInbound(cell.peer)) continue;
      const [, identity] = cell.peer.split('|') as [string, string];
      const scope = book.get(o.segment.instance, inPeer(identity, NO_ROUTES));
      const meshMade = scope?.own.some((m) => m.kind !== 'ok') || scope?.maybe.some((m) => m.kind !== 'ok');
      if (meshMade || (scope?.refused.length ?? 0) + (scope?.refusedMaybe.length ?? 0) > 0) continue;
      // Outbound series know nothing of the routes of the callee's Server.
      const key = JSON.stringify([pod, identity, cell.category, cell.le]);
      const known = compared.get(key) ?? { cell, identity, value: 0 };
      compared.set(key, { ...known, value: known.value + (cell.values.at(-1) ?? 0) });
    }
    for (const [key, { cell, identity, value }] of compared) {
      const subject: Subject = {
        family: cell.family.name,
        ledger: 'prometheus',
        ...pairOf(o.segment, `in|${identity}`, book),
        status: 'status' in cell.category ? statusText(cell.category.status) : '',
        place: `${pod}, le ${cell.le}`,
        reason: "the outbound proxy's clock runs around the inbound proxy's: outbound bucket <= inbound bucket",
        exact: true,
      };
      const t = o.segment.scrapes.at(-1)!.t;
      recorder.about(subject).check(t, value, { low: outbound.get(key) ?? 0, high: Infinity }, 'NOT_EQUAL_AT_END');
    }
  }
}
