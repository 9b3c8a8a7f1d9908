import type { Histogram, HistogramFamily, Scalar, ScalarFamily } from './families.ts';
import type { LabelBag } from './labels.ts';
import type { Page } from './page.ts';

export type DetectResult = 'http/1' | 'http/2' | 'not_http' | 'read_timeout' | 'error';
const RESULTS: readonly DetectResult[] = ['http/1', 'http/2', 'not_http', 'read_timeout', 'error'];

interface Detected {
  duration: Histogram;
  results: Map<DetectResult, Scalar>;
}

/** Protocol detection; all five results are seeded when a server or Service is first seen (facts 1.9, 1.10). */
export class Detection {
  readonly #duration: HistogramFamily;
  readonly #results: ScalarFamily;
  readonly #seen = new Map<string, Detected>();

  constructor(page: Page, prefix: string) {
    this.#duration = page.histogram(`${prefix}_duration_seconds`);
    this.#results = page.counter(`${prefix}_results`);
  }

  /** `bag` is asked for only when `key` is new. */
  record(key: string, bag: () => LabelBag, result: DetectResult, seconds: number): void {
    let detected = this.#seen.get(key);
    if (detected === undefined) {
      detected = this.#seed(bag());
      this.#seen.set(key, detected);
    }
    detected.duration.observe(seconds);
    (detected.results.get(result) as Scalar).value++;
  }

  #seed(bag: LabelBag): Detected {
    const results = new Map(RESULTS.map((result) => [result, this.#results.with({ ...bag, result })]));
    return { duration: this.#duration.with(bag), results };
  }
}
