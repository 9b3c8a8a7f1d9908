/**
 * What happened over time in one scenario, as written to <results>/<run>/<scenario>/timeline.json: what charts are drawn from.
 * Documented in results/README.md.
 */
export const TIMELINE_API_VERSION = 'meshproof/v1';

/** Every time but originEpochMs is in milliseconds since the origin, when traffic began; some are before it, so negative. */
export interface Timeline {
  apiVersion: typeof TIMELINE_API_VERSION;
  kind: 'Timeline';
  scenario: string;
  /** ms since 1970-01-01T00:00:00Z. */
  originEpochMs: number;
  /** The first and the last moment that is told of. */
  fromMs: number;
  toMs: number;
  /** When the load generator had ended. */
  trafficEndMs: number;
  scrapeIntervalMs: number;
  pods: TimelinePod[];
  /** What was done to the mesh, in order of its beginning. */
  bands: TimelineBand[];
  /** In the order of the result's flows. */
  flows: FlowTimeline[];
  latencies: LatencyDistribution[];
}

/** A pod, and when it was scraped. */
export interface TimelinePod {
  namespace: string;
  pod: string;
  /** `namespace/workload`. */
  workload: string;
  /** The page was rendered then, as near as is known. Of more than 300 not every one. */
  scrapes: { atMs: number; ok: boolean }[];
  /** Series that its proxy's page had, at the last scrape; null where there was none. */
  series: number | null;
}

export interface TimelineBand {
  kind: 'timeline' | 'fault' | 'restart' | 'rollout';
  /** `shop/cart: errors 30% 503`. */
  label: string;
  fromMs: number;
  /** The same as `fromMs`: a moment. null: until the end. */
  toMs: number | null;
}

/** One edge as one side's proxies counted it, all statuses together. Lists of one object are as long as one another. */
export interface FlowTimeline {
  /** `namespace/workload`. */
  source: string;
  destination: string;
  direction: 'inbound' | 'outbound';
  /** What is counted: response_total, or connections opened. */
  unit: 'responses' | 'connections';
  /** By the journals: a staircase, thinned where it is dense; from 0 at fromMs to the total at toMs. `failures`: status >= 500, gRPC failures, no headers. */
  truth: { atMs: number[]; count: number[]; failures: number[] };
  /**
   * The sum over the pods of the side that counts, after each scrape: what Prometheus had, and between what it had to be by the
   * truth at those same scrapes (what died with a pod before it was scraped taken off).
   */
  prometheus: { atMs: number[]; count: number[]; failures: number[]; low: number[]; high: number[] };
  /** The pages read from the proxies themselves, when all had settled; null where there was none. */
  proxy: {
    atMs: number;
    count: number;
    failures: number;
    /** Pages read before that: the last ones of pods that left, added up. Absent where none left. */
    earlier?: { atMs: number[]; count: number[]; failures: number[] };
  } | null;
}

/** How long requests of an edge took, over the whole run: the truth, and what a histogram made of it. */
export interface LatencyDistribution {
  source: string;
  destination: string;
  direction: 'inbound' | 'outbound';
  /** Upper edges of the histogram's buckets, ms, ascending; the last is open: null. As long as the next two. */
  edgesMs: (number | null)[];
  /** Requests in each bucket: by the truth (the clock of the side that counts), and by Prometheus at the end. */
  truth: number[];
  observed: number[];
  /** The truth in finer bins: upper edges, ms, and requests in each. Equally wide on a logarithmic scale. */
  fine: { upToMs: number[]; count: number[] };
}
