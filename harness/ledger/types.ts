/** The three ledgers. Truth is a list of requests; what proxies and Prometheus say is one type, MetricLedger. */

/** A request as the pod that served it saw it. Times are epoch ms. */
export interface ServedRequest {
  /** `namespace/workload` of the caller; `-` for one that did not name itself (a probe). */
  caller: string;
  method: string;
  /** Declared path, or `other`. */
  route: string;
  startMs: number;
  /** Just before the first body byte (or the end, when there is no body) was written; null when never. */
  firstByteMs: number | null;
  endMs: number | null;
  /** `open`: in flight when the journal ended. */
  outcome: 'completed' | 'client-gone' | 'reset' | 'closed' | 'reset-mid-body' | 'open';
  /** 0 when no headers were sent. */
  status: number;
  /** gRPC's code, `missing` for an end without trailers; null for HTTP, and without an end. */
  grpc: number | 'missing' | null;
}

/** A request as the one who made it saw it. */
export interface MadeRequest {
  /** `namespace/service`. */
  callee: string;
  method: string;
  route: string;
  startMs: number;
  /** When the first body byte was read, or later (k6 cannot see it: there it is the end). */
  firstByteMs: number | null;
  endMs: number | null;
  outcome: 'completed' | 'timeout' | 'connection' | 'open';
  status: number;
  /** The pod that answered, as it named itself; empty when the mesh answered or nobody did. */
  pod: string;
  /** Text of the mesh's own error when the mesh made the response. */
  meshError: string;
  /** gRPC's code, `missing` for an end without trailers; null for HTTP, and without an end. */
  grpc: number | 'missing' | null;
}

/** A TCP connection as the pod that accepted it saw it. Times are epoch ms; bytes as its user counts them. */
export interface AcceptedConnection {
  /** `namespace/workload`; `-` when it did not say. */
  caller: string;
  openMs: number;
  /** null: open when the journal ended. */
  closeMs: number | null;
  outcome: 'closed' | 'reset' | 'open';
  readBytes: number;
  writtenBytes: number;
}

/** A TCP connection as the one who made it saw it. */
export interface MadeConnection {
  /** `namespace/service`. */
  callee: string;
  openMs: number;
  closeMs: number | null;
  outcome: 'closed' | 'reset' | 'refused' | 'timeout' | 'open';
  readBytes: number;
  writtenBytes: number;
  /** As the callee greeted; empty when it did not. */
  pod: string;
}

/** The truth about one incarnation of one pod. */
export interface TruthJournal {
  /** `namespace/workload`. */
  workload: string;
  pod: string;
  incarnation: string;
  startMs: number;
  /** Clean end; null when it was killed or still runs. */
  endMs: number | null;
  served: ServedRequest[];
  made: MadeRequest[];
  accepted: AcceptedConnection[];
  connected: MadeConnection[];
}

/** One reading of a target's page. It was rendered at some moment of [fromMs, untilMs]. */
export interface Scrape {
  /** Time stamp of the samples, epoch ms. */
  t: number;
  fromMs: number;
  untilMs: number;
  /** `up`. */
  ok: boolean;
  /** process_start_time_seconds of the page; null when the scrape failed. A change is a new incarnation. */
  startTime: number | null;
  /** Of the proxy that rendered it, `2.366.0`, by its proxy_build_info; empty of one so old that it does not say (before v2.204). */
  version?: string;
  /** Families of which series stand on the page twice: Prometheus keeps one of each. Only a proxy's own page tells. */
  duplicates?: string[];
}

export interface LedgerTarget {
  job: string;
  namespace: string;
  pod: string;
  instance: string;
  /** Ascending in t. */
  scrapes: Scrape[];
}

export interface LedgerSeries {
  name: string;
  /** The proxy's own labels (target labels taken off), `le` normalised to Prometheus 3's form for floats. */
  labels: Record<string, string>;
  /** Index into targets. */
  target: number;
  /** Ascending in t, one for each scrape that showed the series; `t` equals the scrape's. */
  samples: { t: number; v: number }[];
}

/** What proxies' own pages (`proxy`) or Prometheus (`prometheus`) say. */
export interface MetricLedger {
  source: 'proxy' | 'prometheus';
  targets: LedgerTarget[];
  series: LedgerSeries[];
}
