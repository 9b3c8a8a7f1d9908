import type { FamilyProfile } from '../profiles/index.ts';
import { ENCODERS, type Encoder, type HistogramLines } from './encoder.ts';
import { type LabelBag, printLabels, TWIN } from './labels.ts';

/** A counter or gauge; the hot path adds to `value`. */
export class Scalar {
  value = 0;
  /** What tells the series of a family apart. */
  readonly key: string;
  readonly line: string;
  constructor(key: string, line: string) {
    this.key = key;
    this.line = line;
  }
}

export class Histogram {
  readonly counts: number[];
  sum = 0;
  readonly key: string;
  readonly lines: HistogramLines;
  readonly #bounds: readonly number[];

  constructor(key: string, lines: HistogramLines, bounds: readonly number[]) {
    this.key = key;
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
abstract class Family<Child extends { key: string }> {
  readonly profile: FamilyProfile;
  protected readonly encoder: Encoder;
  readonly header: string;
  readonly children = new Map<string, Child>();

  constructor(profile: FamilyProfile) {
    this.profile = profile;
    this.encoder = ENCODERS[profile.encoder];
    this.header = this.encoder.header(profile);
  }

  protected abstract make(labels: string, key: string): Child;
  /** Lines of all series. */
  abstract body(): string;

  /**
   * The series with these labels, or its TWIN; made, with zero, when it is new. Labels that the version's family lacks tell
   * nothing apart. Not for the hot path: keep what it returns.
   */
  with(bag: LabelBag): Child {
    const labels = printLabels(this.profile.labels, bag);
    const key = bag[TWIN] === undefined ? labels : `${bag[TWIN]} ${labels}`;
    let child = this.children.get(key);
    if (child === undefined) {
      child = this.make(labels, key);
      this.children.set(key, child);
    }
    return child;
  }

  drop(child: Child): void {
    this.children.delete(child.key);
  }
}

export class ScalarFamily extends Family<Scalar> {
  protected override make(labels: string, key: string): Scalar {
    return new Scalar(key, this.encoder.scalarLine(this.profile, labels));
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
  protected override make(labels: string, key: string): Histogram {
    const lines = this.encoder.histogramLines(this.profile, labels);
    return new Histogram(key, lines, this.profile.buckets ?? []);
  }

  override body(): string {
    let out = '';
    for (const child of this.children.values()) out += this.encoder.histogram(child.lines, child.counts, child.sum);
    return out;
  }
}
