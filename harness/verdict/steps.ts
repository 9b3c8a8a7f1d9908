/** A counting function: how many events have happened by a moment. Built once, asked by binary search. */
export class Steps {
  readonly times: Float64Array;

  /** @param times in any order; the array is taken over. */
  constructor(times: Float64Array) {
    this.times = times.sort();
  }

  static of<T>(items: readonly T[], time: (item: T) => number | null): Steps {
    const times = new Float64Array(items.length);
    let n = 0;
    for (const item of items) {
      const t = time(item);
      if (t !== null) times[n++] = t;
    }
    return new Steps(n === items.length ? times : times.slice(0, n));
  }

  /** Events at or before `t`. */
  at(t: number): number {
    return upperBound(this.times, t);
  }

  get total(): number {
    return this.times.length;
  }
}

/** A counting function whose events carry a weight: sums of latencies. */
export class WeightedSteps {
  readonly times: Float64Array;
  private readonly sums: Float64Array;
  private readonly maxima: Float64Array;
  private readonly smallest: number;

  constructor(events: { t: number; weight: number }[]) {
    const sorted = events.toSorted((a, b) => a.t - b.t);
    this.times = Float64Array.from(sorted, (e) => e.t);
    this.smallest = events.reduce((least, e) => Math.min(least, e.weight), events[0]?.weight ?? 0);
    this.sums = new Float64Array(sorted.length + 1);
    this.maxima = new Float64Array(sorted.length + 1);
    sorted.forEach((e, i) => {
      this.sums[i + 1] = this.sums[i]! + e.weight;
      this.maxima[i + 1] = Math.max(this.maxima[i]!, e.weight);
    });
  }

  /** The smallest weight of all; 0 without events. */
  get least(): number {
    return this.smallest;
  }

  at(t: number): { count: number; sum: number; max: number } {
    const count = upperBound(this.times, t);
    return { count, sum: this.sums[count]!, max: this.maxima[count]! };
  }
}

function upperBound(times: Float64Array, t: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const mid = (low + high) >>> 1;
    if (times[mid]! <= t) low = mid + 1;
    else high = mid;
  }
  return low;
}
