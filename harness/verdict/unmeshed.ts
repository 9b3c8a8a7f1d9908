import type { Interval, Reading } from './bounds.ts';
import { type Family, lesOf } from './families.ts';
import type { Segment } from './incarnations.ts';
import type { Checker, LedgerName, Recorder, Subject } from './recorder.ts';
import type { ScopeBook } from './scopebook.ts';
import { Steps } from './steps.ts';
import { group, type Instance, lastMoment, type Served } from './truth.ts';
import type { Unmeshed, UnmeshedSeries, UnmeshedWay } from './unmeshed-series.ts';

/**
 * Requests without TLS: the kubelet's probes, on their own route, and any others (`plain`), on the default one. Their
 * callers keep no journal, and probes never end, so only the callee's stamps bound them.
 */
export type UnmeshedRoute = 'plain' | 'probe';

interface Settings {
  marginMs: number;
  trafficEndMs: number;
}

/** Paths of the kubelet, which the inbound proxy gives a route of their own when they are asked for in plaintext. */
const PROBE_PATHS: ReadonlySet<string> = new Set(['/healthz', '/readyz']);

function isProbe({ request }: Served): boolean {
  return request.method === 'GET' && PROBE_PATHS.has(request.route);
}

/** What the truth of one incarnation knows of its unmeshed requests, over the readings of one segment. */
export class UnmeshedTruth {
  private readonly starts: Record<UnmeshedRoute, Steps>;
  private readonly readings: readonly Reading[];
  /** Until when the journal is known to be complete. */
  private readonly horizonMs: number;
  private readonly last: boolean;
  private readonly probesGotLost: boolean;

  constructor(segment: Segment, readings: readonly Reading[], book: ScopeBook, settings: Settings) {
    const { instance } = segment;
    const served = book.truth.index.servedBy(instance.workload, instance.id).filter((s) => s.caller === '-');
    const of = (list: Served[]): Steps => Steps.of(list, (s) => s.request.startMs);
    this.starts = { plain: of(served.filter((s) => !isProbe(s))), probe: of(served.filter(isProbe)) };
    this.readings = readings;
    this.last = instance.nextStartMs === Number.POSITIVE_INFINITY && instance.journal.endMs === null;
    this.horizonMs = this.last ? settings.trafficEndMs - settings.marginMs : lastMoment(instance.journal);
    this.probesGotLost = lostProbes(served.filter(isProbe), upMs(segment, instance), this.horizonMs);
  }

  /**
   * Requests as the proxy may have counted them at reading `i`. Until a proxy has heard of its policy it knows no probe route,
   * and what it met then it may keep: probes may count on the default route, so that only both together are certain.
   */
  requests(route: UnmeshedRoute, i: number): Interval {
    const { low, high } = this.requestsOf(route, i);
    return route === 'probe' ? { low: 0, high } : { low, high: high + this.strayProbes(i) };
  }

  /** On both routes together. The proxy's own answers are to requests that the app may not have seen. */
  all(i: number, requests: boolean, ownAnswers: boolean): Interval {
    const [plain, probe] = [this.requestsOf('plain', i), this.requestsOf('probe', i)];
    if (requests) return { low: plain.low + probe.low, high: plain.high + probe.high };
    if (ownAnswers) return { low: 0, high: plain.high + probe.high };
    return { low: 0, high: this.answersOf('plain', i) + this.answersOf('probe', i) };
  }

  /** Answers of the service itself, which it stamps before the proxy sees them. */
  answers(route: UnmeshedRoute, i: number): Interval {
    const high = this.answersOf(route, i);
    return { low: 0, high: route === 'probe' ? high : high + this.strayProbes(i) };
  }

  /** Probes that may have counted on the default route: those that the app has seen, and what is on its way. */
  private strayProbes(i: number): number {
    return this.starts.probe.at(this.readings[i]!.untilMs) + PROBES_UNDER_WAY;
  }

  /** The proxy counts first, so some are still on their way. */
  private requestsOf(route: UnmeshedRoute, i: number): Interval {
    const starts = this.starts[route];
    const low = Math.min(starts.at(this.readings[i]!.fromMs), starts.total);
    // Whatever was on its way has arrived by the next reading, while the journal goes on and no probe was given up.
    const next = this.readings[i + 1];
    if (next && this.told(next.untilMs) && !(route === 'probe' && this.probesGotLost)) {
      return { low, high: starts.at(next.untilMs) };
    }
    return { low, high: this.atMost(route) };
  }

  private answersOf(route: UnmeshedRoute, i: number): number {
    const { untilMs } = this.readings[i]!;
    return this.told(untilMs) ? this.starts[route].at(untilMs) : this.atMost(route);
  }

  private told(untilMs: number): boolean {
    return untilMs <= this.horizonMs;
  }

  /** Nothing moves after `quietFromMs`, but probes. */
  private atMost(route: UnmeshedRoute): number {
    return route === 'plain' && this.last ? this.starts.plain.total : Number.POSITIVE_INFINITY;
  }
}

/** When sidecar and app were both up. */
function upMs(segment: Segment, instance: Instance): number {
  return Math.max(instance.startMs, (segment.scrapes[0]?.startTime ?? 0) * 1000);
}

/** Readiness and liveness, seen by the proxy and not by the app yet; after the journals were read, once more. */
const PROBES_UNDER_WAY = 4;

/** A kubelet waits a second for an answer. */
const PROBE_TIMEOUT_MS = 1000;

/**
 * Whether a probe may have been given up before the app took it: the proxy has counted it, the app never saw it. The
 * kubelet makes the next probe only after its timeout, so it shows as a gap.
 */
function lostProbes(probes: readonly Served[], fromMs: number, untilMs: number): boolean {
  for (const list of group(probes, (s) => s.request.route).values()) {
    const starts = list.map((s) => s.request.startMs).filter((t) => t <= untilMs);
    const times = [fromMs, ...starts.toSorted((a, b) => a - b), untilMs];
    const gaps = times.slice(1).map((t, i) => t - times[i]!);
    const usual = gaps.toSorted((a, b) => a - b)[Math.floor(gaps.length / 2)] ?? 0;
    if (Math.max(...gaps) > usual + PROBE_TIMEOUT_MS / 2) return true;
  }
  return false;
}

const REQUEST =
  "the proxy counts an unmeshed request before the callee starts it: callee started by from <= value <= callee started by the next reading's until";
const ANSWER = 'the callee answers an unmeshed request before the proxy counts it: value <= callee started by until';

const SELF = 'a histogram agrees with itself: buckets rise with le, and +Inf is the count';

/** Series of unmeshed traffic on the app's port against the requests that the service served for unnamed callers. */
export function checkUnmeshed(
  ledger: LedgerName,
  segment: Segment,
  series: UnmeshedSeries,
  truth: UnmeshedTruth,
  recorder: Recorder,
): void {
  const known = new Map<Family, { [way in UnmeshedWay]?: Checkers }>();
  const asked = segment.scrapes.map((_, i) => truth.requests('plain', i).high);
  for (const one of series.list) {
    const { family, route, values, ways } = one;
    let ofFamily = known.get(family);
    if (!ofFamily) {
      ofFamily = {};
      known.set(family, ofFamily);
    }
    ofFamily[route] ??= checkersOf(ledger, segment, family, route, recorder);
    const { checker, together, histogram } = ofFamily[route];
    const request = family.measure === 'request';
    const isSum = family.part === 'sum';
    const isBucket = family.part === 'bucket';
    const most = isBucket ? nextOf(one, series) : null;
    for (let i = 0; i < values.length; i++) {
      const { t } = segment.scrapes[i]!;
      const value = values[i]!;
      // Families without labels of the client count what comes without TLS beside the rest.
      if (family.scopes !== 'in-server' && !isSum) {
        const own = ways.own?.[i] ?? 0;
        const sumOfAll = (ways.plain?.[i] ?? 0) + (ways.probe?.[i] ?? 0) + own;
        together.check(t, sumOfAll, truth.all(i, request, own > 0), 'UNMESHED_UNKNOWN');
      }
      if (route === 'own') {
        // The proxy answers no more than it was asked; on the default route without TLS.
        const high = isSum ? Number.POSITIVE_INFINITY : asked[i]!;
        if (family.scopes !== 'in-server') checker.check(t, value, { low: 0, high }, 'UNMESHED_UNKNOWN');
        continue;
      }
      const bound = request ? truth.requests(route, i) : truth.answers(route, i);
      // What a sum adds up is not known; that it adds up nothing, when there was nothing, is.
      const high = isSum && bound.high > 0 ? Number.POSITIVE_INFINITY : bound.high;
      checker.check(t, value, { low: bound.low, high }, 'UNMESHED_UNKNOWN');
      if (!most) continue;
      const within = most.values?.[i] ?? 0;
      histogram.check(t, value, { low: most.isCount ? within : 0, high: within }, 'HISTOGRAM_INCONSISTENT');
    }
  }
}

/** A histogram agrees with itself: no bucket holds more than the next, the last as many as the count. */
function nextOf({ family, route, le }: Unmeshed, series: UnmeshedSeries): Next {
  const edges = lesOf(family);
  const above = edges[edges.indexOf(le) + 1];
  if (above !== undefined) return { values: series.find(family.name, route, above), isCount: false };
  return { values: series.find(family.name.replace(/_bucket$/, '_count'), route, Number.NaN), isCount: true };
}

interface Next {
  values: Float64Array | null;
  isCount: boolean;
}

interface Checkers {
  checker: Checker;
  /** Of all ways together. */
  together: Checker;
  histogram: Checker;
}

function checkersOf(
  ledger: LedgerName,
  { instance }: Segment,
  family: Family,
  route: UnmeshedWay,
  recorder: Recorder,
): Checkers {
  const at = `${instance.pod} incarnation ${instance.ordinal}`;
  const subject: Subject = {
    family: family.name,
    ledger,
    source: '-',
    destination: instance.workload,
    direction: 'inbound',
    status: null,
    place: `${at}, ${route === 'probe' ? 'probes' : 'without TLS'}`,
    reason: family.measure === 'request' ? REQUEST : ANSWER,
    exact: true,
  };
  return {
    checker: recorder.about(subject),
    together: recorder.about({ ...subject, place: `${at}, probes and what came without TLS` }),
    histogram: recorder.about({ ...subject, reason: SELF }),
  };
}
