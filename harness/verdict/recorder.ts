import type { BoundResult, CheckSummary } from '../result/types.ts';
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

  /** Ready to compare any number of readings of one subject. */
  about(subject: Subject): Checker {
    const summary = getOrMake(this.summaries, `${subject.ledger}|${subject.family}`, () => ({
      family: subject.family,
      ledger: subject.ledger,
      comparisons: 0,
      violations: 0,
    }));
    const flow = flowKey(subject);
    const key = `${subject.ledger}|${subject.family}|${flow}|${subject.status}|${subject.reason}`;
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
    const slack = Math.min(value - bound.low, bound.high - value);
    const tolerance = this.subject.exact ? 0 : 1e-9 * Math.max(1, Math.abs(value));
    // Written so that NaN violates.
    const holds = slack >= -tolerance;
    const { result } = this.bound;
    this.summary.comparisons++;
    result.samples++;
    if (!(slack >= this.bound.slack)) {
      this.bound.slack = slack;
      result.worst = { t, low: bound.low, value, high: bound.high };
    }
    if (holds) return;
    this.summary.violations++;
    result.violations++;
    this.recorder.violate(this.subject, t, value, bound, code);
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
