import type { BoundResult, CheckSummary, FlowResult } from '../result/types.ts';
import type { Interval } from './bounds.ts';

export type LedgerName = 'proxy' | 'prometheus';
export type Direction = 'inbound' | 'outbound';

/** What a comparison is about. */
export interface Subject {
  family: string;
  ledger: LedgerName;
  source: string;
  destination: string;
  direction: Direction;
  /** Name of a declared route. */
  declared?: string;
  /** null: of all statuses together. */
  status: string | null;
  /** The pod whose sidecar counts, and what narrows the series: a peer's pod, an edge. */
  place: string;
  reason: string;
  /** Sums of floats may differ in the last bits; counts may not. */
  exact: boolean;
}

export interface Violation {
  code: string;
  subject: Subject;
  t: number;
  low: number;
  value: number;
  high: number;
  count: number;
}

export interface RecordedBound {
  subject: Subject;
  result: BoundResult;
  slack: number;
}

/** Collects comparisons: by family, by flow and family, and the violations. */
export class Recorder {
  readonly summaries = new Map<string, CheckSummary>();
  readonly bounds = new Map<string, RecordedBound>();
  readonly violations = new Map<string, Violation>();
  /** Widest interval that was left after the last movement, by family and flow. */
  readonly widths = new Map<string, { subject: Subject; width: number }>();

  /** Truth that proxies have no family for, by flow and family. */
  readonly unshown = new Map<string, { flow: string; family: string; versions: Set<string>; count: number }>();

  /** Numbers of reasons, which stand for them in keys. */
  readonly #reasons: Map<string, number>;
  readonly #named = new Map<string, { summary: CheckSummary; bound: RecordedBound }>();
  readonly #unshownByFlow = new Map<string, number>();

  /** @param beside one that may `take` this one's records */
  constructor(beside?: Recorder) {
    this.#reasons = beside ? beside.#reasons : new Map();
  }

  /** What a flow's truth has, and no family of these proxies shows. */
  unseen(flow: FlowName, family: string, version: string, count: number): void {
    const name = `${flow.source} -> ${flow.destination}, route ${flow.route}, status ${flow.status || 'none'}`;
    const known = getOrMake(this.unshown, `${flowId(flow)}|${family}`, () => ({
      ...{ flow: name, family, versions: new Set<string>(), count: 0 },
    }));
    known.versions.add(version);
    known.count += count;
    this.#unshownByFlow.set(flowId(flow), this.unshownOf(flow) + count);
  }

  /** Of a flow's unobservable requests those that no family shows. */
  unshownOf(flow: FlowName): number {
    return this.#unshownByFlow.get(flowId(flow)) ?? 0;
  }

  /** Adds what another has recorded, as if it had been recorded here now. Of the same ledger and family only one may have any. */
  take(other: Recorder): void {
    for (const [key, summary] of other.summaries) this.summaries.set(key, summary);
    for (const [key, bound] of other.bounds) this.bounds.set(key, bound);
    for (const [key, violation] of other.violations) this.violations.set(key, violation);
    for (const { subject, width } of other.widths.values()) this.width(subject, { low: 0, high: width });
  }

  /**
   * Ready to compare any number of readings of one subject.
   * @param name short for what it is about, place and ledger left out: the same name is the same of these. Whoever has many
   * subjects of one ledger and keeps their names spares the search.
   */
  about(subject: Subject, name?: string): Checker {
    const known = name === undefined ? undefined : this.#named.get(name);
    if (known?.bound.subject.reason === subject.reason) {
      return new Checker(this, subject, known.summary, known.bound);
    }
    const summary = getOrMake(this.summaries, `${subject.ledger}|${subject.family}`, () => ({
      family: subject.family,
      ledger: subject.ledger,
      comparisons: 0,
      violations: 0,
    }));
    const flow = flowKey(subject);
    // Reasons are long texts, and few.
    const reason = getOrMake(this.#reasons, subject.reason, () => this.#reasons.size + 1);
    const key = `${reason}|${subject.ledger}|${subject.family}|${flow}|${subject.status}`;
    const bound = getOrMake(this.bounds, key, () => ({
      subject,
      result: {
        family: subject.family,
        ledger: subject.ledger,
        samples: 0,
        violations: 0,
        worst: null,
        reason: subject.reason,
      },
      slack: Number.POSITIVE_INFINITY,
    }));
    if (name !== undefined) this.#named.set(name, { summary, bound });
    return new Checker(this, subject, summary, bound);
  }

  violate(subject: Subject, t: number, value: number, bound: Interval, code: string): void {
    const key = `${code}|${subject.ledger}|${subject.family}|${flowKey(subject)}|${subject.status}`;
    const known = this.violations.get(key);
    if (!known || excess(value, bound) > excess(known.value, known)) {
      const { low, high } = bound;
      this.violations.set(key, { code, subject, t, low, high, value, count: (known?.count ?? 0) + 1 });
    } else known.count++;
  }

  /** After the last movement the interval should be a point; remembers when it is not. */
  width(subject: Subject, bound: Interval): void {
    const width = bound.high - bound.low;
    if (width <= 0) return;
    const key = `${subject.family}|${flowKey(subject)}`;
    const known = this.widths.get(key);
    if (!known || known.width < width) this.widths.set(key, { subject, width });
  }
}

type FlowName = Pick<FlowResult, 'source' | 'destination' | 'direction' | 'route' | 'status'>;

function flowId(flow: FlowName): string {
  return JSON.stringify([flow.direction, flow.source, flow.destination, flow.route, flow.status]);
}

export class Checker {
  readonly subject: Subject;
  private readonly recorder: Recorder;
  private readonly summary: CheckSummary;
  private readonly bound: RecordedBound;

  constructor(recorder: Recorder, subject: Subject, summary: CheckSummary, bound: RecordedBound) {
    this.recorder = recorder;
    this.subject = subject;
    this.summary = summary;
    this.bound = bound;
  }

  check(t: number, value: number, bound: Interval, code: string): void {
    if (!this.holds(t, value, bound.low, bound.high)) this.violated(t, value, bound, code);
  }

  /** Counts one comparison; what does not hold is to be told to `violated`. */
  holds(t: number, value: number, low: number, high: number): boolean {
    const slack = Math.min(value - low, high - value);
    const tolerance = this.subject.exact ? 0 : 1e-9 * Math.max(1, Math.abs(value));
    const { result } = this.bound;
    this.summary.comparisons++;
    result.samples++;
    if (!(slack >= this.bound.slack)) {
      this.bound.slack = slack;
      result.worst = { t, low, value, high };
    }
    // Written so that NaN violates.
    return slack >= -tolerance;
  }

  /** @param place where, when it is narrower than the subject's */
  violated(t: number, value: number, bound: Interval, code: string, place = this.subject.place): void {
    this.summary.violations++;
    this.bound.result.violations++;
    this.recorder.violate({ ...this.subject, place }, t, value, bound, code);
  }
}

function getOrMake<T>(map: Map<string, T>, key: string, make: () => T): T {
  const known = map.get(key);
  if (known) return known;
  const made = make();
  map.set(key, made);
  return made;
}

function excess(value: number, bound: Interval): number {
  return Math.max(bound.low - value, value - bound.high);
}

export function flowKey(s: { source: string; destination: string; direction: string; declared?: string }): string {
  return `${s.direction}|${s.source}|${s.destination}${s.declared === undefined ? '' : `|${s.declared}`}`;
}
