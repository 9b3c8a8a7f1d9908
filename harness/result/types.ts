/** The record of a run, as written to results/<run>/result.json. Documented in results/README.md; a change of meaning changes apiVersion. */
export const RESULT_API_VERSION = 'meshproof/v1';

export type VerdictValue = 'pass' | 'fail' | 'inconclusive';

export interface Result {
  apiVersion: typeof RESULT_API_VERSION;
  kind: 'Result';
  verdict: VerdictValue;
  /** ISO 8601. */
  startedAt: string;
  durationMs: number;
  environment: {
    name: string;
    mesh: { kind: string; version: string; proxyVersion: string };
    tools: { name: string; version: string; path: string; source: string }[];
    node: string;
    platform: string;
  };
  /** What all scenarios share was brought up in these steps: a cluster, its mesh. Empty where there is nothing to share. */
  steps: StepTime[];
  scenarios: ScenarioResult[];
  /** Set when the run did not get to its end. */
  error?: { code: string; message: string; hint: string };
}

/** How long a step of bringing something up took; steps may have run side by side. */
export interface StepTime {
  name: string;
  detail: string;
  durationMs: number;
}

export interface ScenarioResult {
  name: string;
  description: string;
  file: string;
  seed: number;
  verdict: VerdictValue;
  /** Why it is not a pass; empty for a pass. */
  reasons: Reason[];
  /** Remarks that change no verdict: an unobservable remainder, say. */
  notes: string[];
  startedAt: string;
  durationMs: number;
  /** Where the time went, in order. */
  phases: { name: string; durationMs: number }[];
  /** Steps of phase `start`. */
  steps: StepTime[];
  traffic: { requests: number; failed: number; droppedIterations: number; ratePerSecond: number };
  clockMarginMs: number;
  flows: FlowResult[];
  quantiles: QuantileResult[];
  slo: SloResult[];
  /** For information: what people's queries show, and how far off that is. */
  queries: QueryResult[];
  /** Every bound that was checked, counted by family: how many comparisons, how many failed. */
  checks: CheckSummary[];
  /** Why what is wrong is wrong; empty where nothing is. Absent in records of versions that did not diagnose. */
  diagnoses?: Diagnosis[];
  error?: { code: string; message: string; hint: string };
}

/** A cause that was found, from the evidence alone. */
export interface Diagnosis {
  /** Ids of the catalogue (docs/causes/). One: decided. Several: the evidence does not decide between them. */
  causes: string[];
  title: string;
  /** `fault`: wrong by itself. `reading`: as designed, but not what it was taken for. */
  kind: 'fault' | 'reading';
  /** `namespace/pod`, sorted: whose telemetry is concerned. Empty: of no pod more than of another. */
  pods: string[];
  /** What else it is about: a job, a label, a query. May be empty. */
  subject: string;
  /** One sentence with names and numbers. */
  summary: string;
  /** The facts that led to it, each with where it was read. */
  evidence: string[];
  remedy: string[];
}

export interface Reason {
  /** Stable, e.g. `BOUND_VIOLATED`, `NOT_EQUAL_AT_END`, `DROPPED_ITERATIONS`, `TARGET_DOWN`, `NO_DATA`, `SLO_MISSED`. */
  code: string;
  verdict: 'fail' | 'inconclusive';
  /** One sentence with the numbers and the place. */
  message: string;
}

export interface FlowResult {
  source: string;
  destination: string;
  /** The route label, as the metrics can tell it: `default` without one, `[DEFAULT]` for what matched no route of a ServiceProfile. */
  route: string;
  protocol: 'http' | 'grpc' | 'tcp';
  /** `200`, `grpc 14 UNAVAILABLE`; empty for responses that failed before headers. TCP: what is counted, `connections`. */
  status: string;
  direction: 'inbound' | 'outbound';
  /** Requests with this outcome, at the end. */
  truth: number;
  proxy: number | null;
  prometheus: number | null;
  /** What died with an incarnation after its last scrape, or what no family of its version of the proxy shows: it can't have been observed. */
  unobservable: number;
  /** Requests that the application made, where the proxies count attempts and there were others. */
  requests?: number;
  verdict: VerdictValue;
  /** The same truth by the service's own routes, which the mesh does not know: `GET /checkout`. */
  truthByRoute: Record<string, number>;
  /** Bound by bound: what must hold and why. Printed for the worst and for every failure. */
  bounds: BoundResult[];
}

export interface BoundResult {
  family: string;
  /** What was compared: `prometheus` or `proxy` ledger. */
  ledger: 'proxy' | 'prometheus';
  /** How many samples were compared. */
  samples: number;
  violations: number;
  /** The tightest, or the worst violated, of the comparisons. */
  worst: { t: number; low: number; value: number; high: number } | null;
  /** Which order of events makes it a bound. */
  reason: string;
}

export interface QuantileResult {
  destination: string;
  source: string;
  direction: 'inbound' | 'outbound';
  quantile: number;
  /** By the callee's and the caller's clock, the truth lies between. */
  truthMs: number;
  /** histogram_quantile over the final buckets. */
  observedMs: number | null;
  /** Edges between which the quantile must lie, from the buckets. */
  lowMs: number;
  highMs: number;
  verdict: VerdictValue;
}

export interface SloResult {
  flow: string;
  condition: string;
  truth: number | null;
  observed: number | null;
  verdict: VerdictValue;
}

export interface QueryResult {
  /** `linkerd viz stat`, `Grafana: SUCCESS RATE`, ... */
  tool: string;
  subject: string;
  metric: 'successRate' | 'rate' | 'requests' | 'p50' | 'p90' | 'p95' | 'p99';
  expr: string;
  /** null: no data. */
  value: number | null;
  truth: number | null;
  /** Why they differ, when they do. */
  why: string;
  /** Of a query that the scenario names (`expect.queries`): whether it said what is true. Absent: for information. */
  verdict?: VerdictValue;
  /** With `verdict`: the flow it is taken to be about, e.g. `shop/web -> shop/cart`. */
  flow?: string;
  /** With `verdict`: the window of the truth, ms. */
  overMs?: number;
  /** With `verdict`: how far off it may be, relative to the truth. */
  within?: number;
}

export interface CheckSummary {
  family: string;
  ledger: 'proxy' | 'prometheus';
  comparisons: number;
  violations: number;
}
