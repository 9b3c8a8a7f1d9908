import type { FamilyProfile } from '../profiles/index.ts';
import { ENCODERS, type Encoder, type HistogramLines } from './encoder.ts';
import { type LabelBag, printLabels } from './labels.ts';

/** A counter or gauge; the hot path adds to `value`. */
export class Scalar {
  value = 0;
  readonly labels: string;
  readonly line: string;
  constructor(labels: string, line: string) {
    this.labels = labels;
    this.line = line;
  }
}

export class Histogram {
  readonly counts: number[];
  sum = 0;
  readonly labels: string;
  readonly lines: HistogramLines;
  readonly #bounds: readonly number[];

  constructor(labels: string, lines: HistogramLines, bounds: readonly number[]) {
    this.labels = labels;
    this.lines = lines;
    this.#bounds = bounds;
    this.counts = new Array<number>(bounds.length + 1).fill(0);
  }

  observe(value: number): void {
    const bounds = this.#bounds;
    let i = 0;
    while (i < bounds.length && value > (bounds[i] as number)) i++;
    (this.counts[i] as number)++;
    this.sum += value;
  }
}

/** Series of one family, in the order in which they were first seen (the proxy's own is its hash map's). */
abstract class Family<Child extends { labels: string }> {
  readonly profile: FamilyProfile;
  protected readonly encoder: Encoder;
  readonly header: string;
  readonly children = new Map<string, Child>();

  constructor(profile: FamilyProfile) {
    this.profile = profile;
    this.encoder = ENCODERS[profile.encoder];
    this.header = this.encoder.header(profile);
  }

  protected abstract make(labels: string): Child;
  /** Lines of all series. */
  abstract body(): string;

  /** The series with these labels; made, with zero, when it is new. Not for the hot path: keep what it returns. */
  with(bag: LabelBag): Child {
    const labels = printLabels(this.profile.labels, bag);
    let child = this.children.get(labels);
    if (child === undefined) {
      child = this.make(labels);
      this.children.set(labels, child);
    }
    return child;
  }

  drop(child: Child): void {
    this.children.delete(child.labels);
  }
}

export class ScalarFamily extends Family<Scalar> {
  protected override make(labels: string): Scalar {
    return new Scalar(labels, this.encoder.scalarLine(this.profile, labels));
  }

  override body(): string {
    let out = '';
    for (const child of this.children.values()) {
      out += `${child.line}${this.encoder.scalarValue(this.profile, child.value)}\n`;
    }
    return out;
  }
}

export class HistogramFamily extends Family<Histogram> {
  protected override make(labels: string): Histogram {
    const lines = this.encoder.histogramLines(this.profile, labels);
    return new Histogram(labels, lines, this.profile.buckets ?? []);
  }

  override body(): string {
    let out = '';
    for (const child of this.children.values()) out += this.encoder.histogram(child.lines, child.counts, child.sum);
    return out;
  }
}
