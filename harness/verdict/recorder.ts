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

/** Collects comparisons: by family, by flow and family, and the violations. */
export class Recorder {
  readonly summaries = new Map<string, CheckSummary>();
  readonly bounds = new Map<string, { subject: Subject; result: BoundResult; slack: number }>();
  readonly violations = new Map<string, Violation>();
  /** Widest interval that was left after the last movement, by family and flow. */
  readonly widths = new Map<string, { subject: Subject; width: number }>();

  check(subject: Subject, t: number, value: number, bound: Interval, code: string): boolean {
    const slack = Math.min(value - bound.low, bound.high - value);
    const tolerance = subject.exact ? 0 : 1e-9 * Math.max(1, Math.abs(value));
    // Written so that NaN violates.
    const holds = slack >= -tolerance;
    this.count(subject, holds);
    this.bound(subject, t, value, bound, slack, holds);
    if (!holds) this.violate(subject, t, value, bound, code);
    return holds;
  }

  /** After the last movement the interval should be a point; remembers when it is not. */
  width(subject: Subject, bound: Interval): void {
    const width = bound.high - bound.low;
    if (width <= 0) return;
    const key = `${subject.family}|${flowKey(subject)}`;
    const known = this.widths.get(key);
    if (!known || known.width < width) this.widths.set(key, { subject, width });
  }

  private count(subject: Subject, holds: boolean): void {
    const key = `${subject.ledger}|${subject.family}`;
    const summary = this.summaries.get(key) ?? {
      family: subject.family,
      ledger: subject.ledger,
      comparisons: 0,
      violations: 0,
    };
    summary.comparisons++;
    if (!holds) summary.violations++;
    this.summaries.set(key, summary);
  }

  private bound(subject: Subject, t: number, value: number, bound: Interval, slack: number, holds: boolean): void {
    const key = `${subject.ledger}|${subject.family}|${flowKey(subject)}|${subject.status}|${subject.reason}`;
    let known = this.bounds.get(key);
    if (!known) {
      const result: BoundResult = {
        family: subject.family,
        ledger: subject.ledger,
        samples: 0,
        violations: 0,
        worst: null,
        reason: subject.reason,
      };
      known = { subject, result, slack: Number.POSITIVE_INFINITY };
      this.bounds.set(key, known);
    }
    known.result.samples++;
    if (!holds) known.result.violations++;
    if (!(slack >= known.slack)) {
      known.slack = slack;
      known.result.worst = { t, low: bound.low, value, high: bound.high };
    }
  }

  private violate(subject: Subject, t: number, value: number, bound: Interval, code: string): void {
    const key = `${code}|${subject.ledger}|${subject.family}|${flowKey(subject)}|${subject.status}`;
    const known = this.violations.get(key);
    const size = excess(value, bound);
    if (!known || size > excess(known.value, known)) {
      this.violations.set(key, { code, subject, t, ...bound, value, count: (known?.count ?? 0) + 1 });
    } else known.count++;
  }
}

function excess(value: number, bound: Interval): number {
  return Math.max(bound.low - value, value - bound.high);
}

export function flowKey(s: { source: string; destination: string; direction: string }): string {
  return `${s.direction}|${s.source}|${s.destination}`;
}
