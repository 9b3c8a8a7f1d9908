import type { Query } from '../../upgrade/types.ts';

/** Of a shape of pages (`describeShape`), what its families weigh. */
export interface FamiliesShape {
  /** Of one page. */
  series: number;
  /** Of one page. */
  bytes: number;
  /** As samples are called, without `_bucket`, `_count`, `_sum`. */
  families: readonly { name: string; series: number }[];
}

/** Something that people ask. */
export interface KnownQuery {
  /** Who asks, and for what: `linkerd viz stat: success rate`, a rule with its place. */
  name: string;
  expr: string;
  /** The series that a recording rule makes; absent or empty: none. */
  records?: string;
}

export interface FamilyOptions {
  /** Rules and panels of the user (`readQueries`), beside the queries that are known. */
  queries?: readonly Pick<Query, 'place' | 'expr' | 'records' | 'variables'>[];
  /** Scrape interval for which CPU is given. Default 10 s. */
  intervalMs?: number;
}
