/** A counting function: how many events have happened by a moment. Built once, asked by binary search. */
export class Steps {
  readonly times: readonly number[];

  /** @param times in any order; the array is taken over. */
  constructor(times: number[]) {
    this.times = isAscending(times) ? times : times.sort((a, b) => a - b);
  }

  /** @param time null: not an event */
  static of<T>(items: readonly T[], time: (item: T) => number | null): Steps {
    const times: number[] = [];
    for (const item of items) {
      const t = time(item);
      if (t !== null) times.push(t);
    }
    return new Steps(times);
  }

  /** Events at or before `t`. */
  at(t: number): number {
    return t === Number.POSITIVE_INFINITY ? this.times.length : upperBound(this.times, t);
  }

  /** Events before `t`. */
  below(t: number): number {
    return lowerBound(this.times, t);
  }

  get total(): number {
    return this.times.length;
  }
}

/** Items in the order of one of their moments: many counting functions are each of a part of them. */
export class Timeline<T> {
  readonly steps: Steps;
  readonly #items: T[];

  /** @param time null: it never happened */
  constructor(items: readonly T[], time: (item: T) => number | null) {
    let there: { item: T; t: number }[] = [];
    let ascending = true;
    for (const item of items) {
      const t = time(item);
      if (t === null) continue;
      ascending &&= there.length === 0 || there.at(-1)!.t <= t;
      there.push({ item, t });
    }
    if (!ascending) there = there.sort((a, b) => a.t - b.t);
    this.#items = there.map(({ item }) => item);
    this.steps = new Steps(there.map(({ t }) => t));
  }

  where(test: (item: T) => boolean): Steps {
    const { times } = this.steps;
    const those: number[] = [];
    for (let i = 0; i < times.length; i++) if (test(this.#items[i]!)) those.push(times[i]!);
    return those.length === times.length ? this.steps : new Steps(those);
  }
}

/** A counting function whose events carry a weight: sums of latencies. */
export class WeightedSteps {
  readonly times: readonly number[];
  private readonly sums: number[] = [0];
  private readonly maxima: number[] = [0];
  private readonly smallest: number;

  constructor(events: { t: number; weight: number }[]) {
    const ascending = events.every((e, i) => i === 0 || events[i - 1]!.t <= e.t);
    const sorted = ascending ? events : events.toSorted((a, b) => a.t - b.t);
    this.times = sorted.map((e) => e.t);
    this.smallest = events.reduce((least, e) => Math.min(least, e.weight), events[0]?.weight ?? 0);
    let sum = 0;
    let most = 0;
    for (const { weight } of sorted) {
      sum += weight;
      most = Math.max(most, weight);
      this.sums.push(sum);
      this.maxima.push(most);
    }
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

function isAscending(times: readonly number[]): boolean {
  for (let i = 1; i < times.length; i++) if (!(times[i - 1]! <= times[i]!)) return false;
  return true;
}

function lowerBound(times: readonly number[], t: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const mid = (low + high) >>> 1;
    if (times[mid]! < t) low = mid + 1;
    else high = mid;
  }
  return low;
}

function upperBound(times: readonly number[], t: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const mid = (low + high) >>> 1;
    if (times[mid]! <= t) low = mid + 1;
    else high = mid;
  }
  return low;
}
