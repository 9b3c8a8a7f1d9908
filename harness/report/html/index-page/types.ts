/** What an index across several results folders tells of one of them; made by `indexedRun`. */
export interface IndexedRun {
  /** Of its folder. */
  name: string;
  /** Relative link to its page, its folder's name as it is: it is escaped when it is written. */
  href: string;
  kind: RunKind;
  /** In a word or a few: `pass`, `no-go`, `573/s`. */
  verdict: string;
  mood: 'good' | 'bad' | 'unsure';
  /** ISO 8601. */
  startedAt: string;
  durationMs: number;
  /** `simulated`, `linkerd`; of a run without a mesh empty. */
  mesh: string;
  /** Of Linkerd, `2.20`; of an upgrade the one before and the one after. */
  meshVersion: string;
  environment: string;
  scenarios: string[];
  /** What may be followed over several runs. */
  measures: Measure[];
}

export type RunKind = 'run' | 'upgrade' | 'capacity' | 'scrape' | 'faults';

/** One number of a run. Those of one kind of run, subject and name make a trend. */
export interface Measure {
  /** A scenario; empty: the run as a whole. */
  subject: string;
  name: string;
  /** As `formatIn` of `../../bench/compare-values.ts` writes it. */
  unit: string;
  /** null: there should be one, and there was no data. */
  value: number | null;
  interval?: { low: number; high: number };
}
