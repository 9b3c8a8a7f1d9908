import type { LedgerTarget } from '../ledger/types.ts';
import type { Interval } from './bounds.ts';
import type { Segment } from './incarnations.ts';
import type { PairLatencies } from './quantiles.ts';
import type { LedgerName } from './recorder.ts';

/**
 * Told, while a judgement is made, of the figures that flows are made of: the truth with its moments, and each reading with what
 * it had to be. So whoever draws them draws what was judged, and works out no truth of its own. It changes nothing.
 */
export interface Witness {
  /** A counter of responses, or of connections opened, was compared with the truth, over the readings of one incarnation. */
  compared(count: ComparedCount): void;
  /** The truth of one flow. */
  truth(told: ToldTruth): void;
  latencies(pairs: readonly PairLatencies[]): void;
}

/** One edge, as one side's proxies count it. Workloads as `namespace/name`. */
export interface Edge {
  source: string;
  destination: string;
  direction: 'inbound' | 'outbound';
}

export interface ComparedCount {
  ledger: LedgerName;
  target: LedgerTarget;
  segment: Segment;
  edge: Edge;
  /** Whom the series speak of: an edge may have several. */
  peer: string;
  /** As flows name it; null: of all statuses together, of which bounds of their own are known. */
  status: string | null;
  /** One for each scrape of the segment. Not to be kept: its memory is used again. */
  values: Float64Array;
  /** What each had to be; null: of this the truth says nothing. Shared: not to be changed. */
  intervals: readonly Interval[] | null;
}

export interface ToldTruth {
  edge: Edge;
  /** As flows name it. */
  status: string;
  /** Epoch ms at which each was counted, in any order. */
  times: readonly number[];
}

export function edgeKey({ source, destination, direction }: Edge): string {
  return `${direction}|${source}|${destination}`;
}
