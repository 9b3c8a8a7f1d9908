import type { PodInfo } from '../core/topology.ts';
import type { LedgerSeries, MetricLedger } from '../ledger/types.ts';
import type { Family } from './families.ts';
import type { Labels, Names, Projected } from './projection.ts';
import { podKey } from './truth.ts';

/**
 * Series of one pod that differ in their edge alone: the buckets of a histogram. What their labels mean is found out once
 * for all of them, in both ledgers.
 */
export interface LabelSet {
  name: string;
  /** Of the first of its series, the edge among them. */
  labels: Labels;
  /** Number of labels beside the edge. */
  size: number;
  /** What they mean to a family; of the one that asked last. */
  projected: { family: Family; result: Projected } | null;
  /** Where the series of a segment go that is being read. */
  placed: { by: object; placement: unknown } | null;
  /** What is known of it where ledgers are compared with one another. */
  compared: { by: object } | null;
}

export interface IndexedSeries {
  series: LedgerSeries;
  set: LabelSet;
}

/** The series of ledgers by target, each with its set of labels. */
export class SeriesIndex {
  readonly #pods = new Map<string, Map<string, SetsOfName>>();
  readonly #ledgers = new Map<MetricLedger, { all: IndexedSeries[]; byTarget: IndexedSeries[][] }>();
  readonly #sorted = new Map<string, string[]>();

  constructor(ledgers: readonly MetricLedger[]) {
    for (const ledger of ledgers) this.#ledgers.set(ledger, this.#index(ledger));
  }

  /** In the order of the ledger. */
  of(ledger: MetricLedger, target: number): readonly IndexedSeries[] {
    return this.#ledgers.get(ledger)?.byTarget[target] ?? [];
  }

  all(ledger: MetricLedger): readonly IndexedSeries[] {
    return this.#ledgers.get(ledger)?.all ?? [];
  }

  #index(ledger: MetricLedger): { all: IndexedSeries[]; byTarget: IndexedSeries[][] } {
    const pods = ledger.targets.map((t) => {
      const key = podKey(t.namespace, t.pod);
      const known = this.#pods.get(key);
      if (known) return known;
      const sets = new Map<string, SetsOfName>();
      this.#pods.set(key, sets);
      return sets;
    });
    const byTarget: IndexedSeries[][] = ledger.targets.map(() => []);
    const all: IndexedSeries[] = [];
    for (const series of ledger.series) {
      const sets = pods[series.target];
      if (!sets) continue;
      let ofName = sets.get(series.name);
      if (!ofName) {
        ofName = { recent: [], next: 0, all: null };
        sets.set(series.name, ofName);
      }
      const indexed = { series, set: this.#setOf(series, ofName) };
      byTarget[series.target]!.push(indexed);
      all.push(indexed);
    }
    return { all, byTarget };
  }

  /** Buckets of a histogram stand together, or beside those of a few others: the sets that were seen last come first. */
  #setOf({ name, labels }: LedgerSeries, sets: SetsOfName): LabelSet {
    const { recent } = sets;
    for (let i = 1; i <= recent.length; i++) {
      const candidate = recent[(sets.next + RECENT - i) % RECENT];
      if (!candidate) continue;
      if (isSame(labels, candidate)) return candidate;
    }
    let set: LabelSet | undefined;
    if (recent.length === RECENT) {
      // More than stand beside one another: by key from now on.
      sets.all ??= new Map(recent.map((known) => [this.#keyOf(known.labels), known]));
      const key = this.#keyOf(labels);
      set = sets.all.get(key);
      if (!set) {
        set = newSet(name, labels);
        sets.all.set(key, set);
      }
    } else set = newSet(name, labels);
    recent[sets.next] = set;
    sets.next = (sets.next + 1) % RECENT;
    return set;
  }

  #keyOf(labels: Labels): string {
    const names = Object.keys(labels);
    const order = names.join(',');
    let sorted = this.#sorted.get(order);
    if (!sorted) {
      sorted = names.filter((name) => name !== 'le').sort();
      this.#sorted.set(order, sorted);
    }
    let key = '';
    for (const name of sorted) key += `${name}=${labels[name]}\u0000`;
    return key;
  }
}

/** What a family makes of the labels of a set. */
export function projectedOf(set: LabelSet, family: Family, pod: PodInfo, names: Names): Projected {
  if (set.projected?.family !== family) set.projected = { family, result: family.project(set.labels, pod, names) };
  return set.projected.result;
}

const RECENT = 6;

interface SetsOfName {
  /** The last that were met, a ring. */
  recent: LabelSet[];
  next: number;
  /** All by key; null as long as the recent ones are all there are. */
  all: Map<string, LabelSet> | null;
}

function newSet(name: string, labels: Labels): LabelSet {
  let size = 0;
  for (const label in labels) if (label !== 'le') size++;
  return { name, labels, size, projected: null, placed: null, compared: null };
}

function isSame(labels: Labels, { labels: own, size }: LabelSet): boolean {
  let n = 0;
  for (const name in labels) {
    if (name === 'le') continue;
    if (labels[name] !== own[name]) return false;
    n++;
  }
  return n === size;
}
