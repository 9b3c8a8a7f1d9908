import type { Diagnosis, Reason, VerdictValue } from '../types.ts';

/** The records of `meshproof bench capacity` (capacity.json), `meshproof bench scrape` (scrape.json) and `npm run bench`. */

/** What it was measured on; results of two machines are not compared as if they were of one. */
export interface Machine {
  /** `linux x64`. */
  platform: string;
  cpu: string;
  cores: number;
  memoryBytes: number;
  /** With `v`. */
  node: string;
}

/** An estimate with the interval that holds it with probability `level`. */
export interface Estimate {
  value: number;
  low: number;
  high: number;
  /** 0 to 1. */
  level: number;
}

export interface RunError {
  code: string;
  message: string;
  hint: string;
}

// --- capacity ---

export interface CapacityResult {
  apiVersion: 'meshproof/v1';
  kind: 'CapacityResult';
  /** ISO 8601. */
  startedAt: string;
  durationMs: number;
  machine: Machine;
  environment: { name: string; mesh: { kind: string; version: string; proxyVersion: string } };
  tools: { name: string; version: string }[];
  /** Of the scenario. */
  scenario: string;
  seed: number;
  objectives: Objectives;
  /** What the rate is of: `*`, all of the scenario's traffic in its proportions, or one service (`namespace/name`). */
  of: string;
  /** Requests per second that the mesh was to carry at least (`--at-least`). Absent: nothing was asked. */
  atLeast?: number;
  sides: CapacitySide[];
  /** What the mesh costs; null: one of the sides is missing, or has too few points at a common rate. */
  price: MeshPrice | null;
  error?: RunError;
}

/** What a point must keep to; of requests that began after the warm-up, by the clock of the callers, failures included. */
export interface Objectives {
  /** Milliseconds from the moment at which the request was due to the end of its answer; null: no objective. */
  p50Ms: number | null;
  p95Ms: number | null;
  p99Ms: number | null;
  /** 0 to 1: answered, below 500. */
  successRate: number;
}

export interface CapacitySide {
  side: 'meshed' | 'unmeshed';
  /** The largest sustainable arrival rate, requests per second; null: none was found, `stopped` says why. */
  capacity: Estimate | null;
  /** Whether the search ended because its interval was narrow enough; else it ran out of points or time, or broke off. */
  converged: boolean;
  /** One sentence: how the search ended. */
  stopped: string;
  /** Which objective gives way first: `p99 <= 250 ms`, `dropped iterations`, ...; empty: unknown. */
  limitedBy: string;
  /** In the order in which they were measured. */
  points: CapacityPoint[];
}

export interface CapacityPoint {
  /** From 1, over both sides. */
  index: number;
  step: 'bracket' | 'bisect' | 'confirm' | 'knee';
  /** Folder of the run within that of the benchmark. */
  dir: string;
  offeredPerSecond: number;
  /** Requests that ended well within the measured window, per second of it. */
  achievedPerSecond: number;
  /** null: the point does not count, and `why` says why (telemetry that was wrong, a load generator that could not keep up while the mesh idled, ...). */
  sustained: boolean | null;
  /** Objectives that were missed, or why it does not count; empty: sustained. */
  why: string[];
  requests: number;
  failed: number;
  droppedIterations: number;
  /** 0 to 1. */
  successRate: number;
  latencyMs: { p50: number; p95: number; p99: number; max: number } | null;
  /** Within the measured window. */
  usage: PartUsage[];
  /** Of the telemetry, flow by flow; null: unmeshed, there is none to judge. */
  verdict: VerdictValue | null;
  reasons: Reason[];
  diagnoses: Diagnosis[];
  error?: RunError;
}

export interface PartUsage {
  /** `app`, `proxy`, `control-plane`, `prometheus`, `load`, `harness`; `other`: programs of this machine that are none of the benchmark's. */
  part: string;
  /** CPU seconds per second of the window. */
  cores: number;
  /** CPU seconds per 1,000 requests of the load. */
  cpuSecondsPer1000Requests: number;
  residentBytes: number;
}

/** The mesh against none, at rates that both carry. */
export interface MeshPrice {
  /** One line. */
  text: string;
  /** Share of the unmeshed capacity that the meshed one has: 0.6. */
  capacityRatio: Estimate | null;
  /** The rate at which both were measured for the rest. */
  atPerSecond: number;
  addedLatencyMs: { p50: number; p95: number; p99: number };
  /** What repeats leave open of it. Absent: of an older record; null: it was not repeated. */
  addedLatencyWithin?: { p50: Estimate | null; p95: Estimate | null; p99: Estimate | null };
  /** CPU seconds per 1,000 requests. */
  appCpu: { meshed: number; unmeshed: number };
  proxyCpu: number;
  appBytes: { meshed: number; unmeshed: number };
  proxyBytes: number;
  /** By how much resident memory grows with the rate, over all points that were sustained: bytes per 1,000 requests/s more. Absent: of an older record. */
  bytesPer1000PerSecond?: { app: { meshed: Estimate | null; unmeshed: Estimate | null }; proxy: Estimate | null };
}

// --- scrape ---

export interface ScrapeResult {
  apiVersion: 'meshproof/v1';
  kind: 'ScrapeResult';
  startedAt: string;
  durationMs: number;
  machine: Machine;
  prometheus: { version: string; args: string[] };
  /** Identifies what is swept, so that it can be resumed. */
  plan: { seed: number; secondsPerPoint: number; points: ScrapeSettings[] };
  points: ScrapePoint[];
  /** null: fewer points than the model has unknowns. */
  model: ScrapeModel | null;
  predictions: ScrapePrediction[];
  /** Empty: not asked for. */
  accuracy: AccuracyPoint[];
  /** The most expensive first. Empty: not asked for. */
  families: FamilyCost[];
  error?: RunError;
}

export interface ScrapeSettings {
  targets: number;
  /** Wanted; `seriesPerTarget` of a point says what the page has. */
  series: number;
  intervalMs: number;
  /** Version profile of the proxies. */
  version: string;
  /** Pods that are replaced each minute, as a share of all: 0 to 1. */
  churn: number;
  gzip: boolean;
  /** Not used to fit the model, but to test it. */
  heldOut: boolean;
}

export interface ScrapePoint {
  settings: ScrapeSettings;
  seriesPerTarget: number;
  edgesPerTarget: number;
  bytesPerPage: number;
  /** As sent. */
  bytesOnWire: number;
  /** Of what is measured, after the warm-up of two intervals. */
  seconds: number;
  prometheus: {
    cpuSeconds: number;
    /** Samples of the proxies that it appended. */
    samples: number;
    scrapes: number;
    headSeries: number;
    /** Mean and largest of readings within the window. */
    residentBytes: number;
    residentBytesMax: number;
    /** Live heap after a collection, at the end. */
    heapBytes: number;
    cpuMicrosPerSample: number;
    residentBytesPerSeries: number;
    /** Of a snapshot: chunks and index. null: no snapshot could be had. */
    blockBytesPerSample: number | null;
    /** What that snapshot holds: what an index costs is spread over as many samples as a series has by then. */
    block?: { samples: number; series: number; chunkBytes: number; indexBytes: number } | null;
    walBytesPerSample: number | null;
  };
  scrapeDurationMs: { p50: number; p99: number; max: number };
  /** Scrapes that a target should have had in the window and did not, and targets that missed some. */
  missed: { scrapes: number; targets: number; examples: string[] };
  /** Samples that Prometheus refused, by its reason: `out_of_order`, `duplicate_timestamp`, ...; all zero or empty in health. */
  rejected: Record<string, number>;
  generator: {
    cpuSeconds: number;
    samplesPerCpuSecond: number;
    /** One page: made, compressed if asked, handed over. */
    pageMicros: { p50: number; p99: number };
    residentBytes: number;
  };
}

/** What is fitted: `quantity = sum of coefficient x term`, coefficients never below zero. */
export interface ScrapeModel {
  quantities: ModelQuantity[];
}

export interface ModelQuantity {
  /** `cpu`: cores; `memory`: resident bytes; `disk`: bytes per sample; `scrape-duration`: ms. */
  name: 'cpu' | 'memory' | 'disk' | 'scrape-duration';
  unit: string;
  terms: {
    /** `samples per second`, `series`, `targets`, `1`, ... */
    name: string;
    coefficient: number;
    unit: string;
  }[];
  residuals: {
    /** Index into `points`. */
    point: number;
    measured: number;
    predicted: number;
    /** (predicted - measured) / measured. */
    relative: number;
    heldOut: boolean;
  }[];
  /** Relative; of the fitted points, and the largest of the held-out ones (null: none). */
  rms: number;
  worstHeldOut: number | null;
  /** The ranges that were measured; outside of them it extrapolates. */
  range: Record<string, [number, number]>;
}

export interface ScrapePrediction {
  asked: { pods: number; edges: number; intervalMs: number; version: string; churn: number };
  seriesPerPod: number;
  samplesPerSecond: number;
  cpuCores: Estimate;
  memoryBytes: Estimate;
  diskBytesPerDay: Estimate;
  scrapeDurationMs: Estimate;
  /** Which targets would be missed, and why; empty: none. */
  missed: { targets: string; why: string }[];
  /** Where it extrapolates, a sentence each: `1,200,000 series; measured up to 300,000`. */
  extrapolates: string[];
}

/** How far what PromQL says at this interval is from the truth, over many windows. */
export interface AccuracyPoint {
  intervalMs: number;
  /** `rate`, `success-rate`, `p99`. */
  metric: 'rate' | 'success-rate' | 'p99';
  /** e.g. `steady`, `bursty`, `failures for 30 s`. */
  traffic: string;
  /** The window of the query, ms. */
  windowMs: number;
  expr: string;
  evaluations: number;
  /** Evaluations without an answer. */
  empty: number;
  /** Of `rate` and `p99` relative to the truth; of `success-rate` absolute, 0.01 is a percentage point. null: never an answer. */
  error: { bias: number; p50: number; p95: number; worst: number } | null;
}

export interface FamilyCost {
  /** As samples are called, without `_bucket`, `_count`, `_sum`. */
  family: string;
  seriesPerTarget: number;
  /** 0 to 1. */
  share: number;
  /** Cost per 1,000 pods by the model; null without one. */
  cpuCores: number | null;
  memoryBytes: number | null;
  /** What people ask that needs it: alerts, recording rules, dashboards' panels, by name. */
  neededBy: string[];
  /** metric_relabel_configs that drop it, YAML; of a histogram needed by its count alone only its buckets. */
  drop: string;
  /** What is lost with it, a sentence. */
  loses: string;
}

// --- micro-benchmarks ---

export interface MicroResult {
  apiVersion: 'meshproof/v1';
  kind: 'MicroResult';
  startedAt: string;
  machine: Machine;
  benches: MicroBench[];
}

export interface MicroBench {
  name: string;
  /** What one unit is: `page of 1,000 series`, `series`, ... */
  unit: string;
  unitsPerRun: number;
  /** Of one run. */
  medianMs: number;
  p99Ms: number;
  runs: number;
  /** Median of its time over that of the yardstick which ran beside it, with its interval: what machines of other speed share. */
  ratio: Estimate;
}

// --- comparison ---

export interface Comparison {
  kind: 'Comparison';
  /** Kind of both. */
  of: string;
  a: string;
  b: string;
  /** Why the two are not of one kind of run: another machine, scenario, version; a sentence each. */
  caveats: string[];
  rows: ComparisonRow[];
}

export interface ComparisonRow {
  what: string;
  unit: string;
  a: number | null;
  b: number | null;
  /** b / a - 1; null where a is 0 or one is missing. */
  change: number | null;
  /** How much of a change may be noise, relative; null: a single run says nothing of it. */
  noise: number | null;
  /** `differs`: beyond the noise; `same`: within it; `unknown`: nothing tells. */
  says: 'differs' | 'same' | 'unknown';
  /** Of one that differs: whether B is better or worse in it, as far as one of the two can be said. */
  direction: 'better' | 'worse' | 'neither';
  /** Where there is one: what it is derived from. */
  why: string;
}
