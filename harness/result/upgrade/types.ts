import type { Diagnosis, FlowResult, Reason, Result, VerdictValue } from '../types.ts';

/** The record of `meshproof upgrade`: `upgrade.json` in the folder of the run, all that its reports see. */
export interface UpgradeResult {
  apiVersion: 'meshproof/v1';
  kind: 'UpgradeResult';
  /** `undecided`: nothing speaks against it, but something that was asked for could not be looked at. */
  decision: 'go' | 'no-go' | 'undecided';
  /** Why, the weightiest first; the first lines of every report. Empty for a plain `go`. */
  reasons: UpgradeReason[];
  /** ISO 8601. */
  startedAt: string;
  durationMs: number;
  environment: Result['environment'];
  /** What is changed; null: not by this upgrade. */
  linkerd: VersionChange | null;
  prometheus: VersionChange | null;
  scenarios: ScenarioUpgrade[];
  schema: SchemaDifference;
  queries: QueryVerdict[];
  /** What was given and can't be used: a dashboard that is no JSON, an expression that does not parse, a Prometheus that does not answer. */
  problems: InputProblem[];
  error?: { code: string; message: string; hint: string };
}

export interface VersionChange {
  /** As the user named it. */
  from: string;
  to: string;
  /** What turned out to run: of Linkerd its proxies' versions, with `v`; of Prometheus its own. Empty until known. */
  fromFound: string;
  toFound: string;
}

export interface UpgradeReason {
  /** `blocks`: no-go; `open`: undecided; `warns`: worth a look, decides nothing. */
  weight: 'blocks' | 'open' | 'warns';
  /** What it is about. */
  about: 'verdict' | 'lost-requests' | 'latency' | 'query' | 'schema' | 'targets' | 'input' | 'run';
  /** One sentence: what is wrong, where, and why. */
  text: string;
  /** What to do about it; empty when the sentence says all. */
  remedy: string;
}

export type UpgradePhase = 'before' | 'during' | 'after';

export interface ScenarioUpgrade {
  name: string;
  /** In the order in which they ran: before and after by turns, then during. */
  runs: PhaseResult[];
  /** Per flow; empty when a side has no run. */
  latency: LatencyChange[];
  lost: LostRequests;
  rollout: RolloutRecord[];
  /** Whether before and after ran by turns, so that a drift of the machine is in both. */
  interleaved: boolean;
}

export interface PhaseResult {
  phase: UpgradePhase;
  /** From 1. */
  repeat: number;
  /** Folder of the run within that of the upgrade, with its result.json. */
  dir: string;
  verdict: VerdictValue;
  reasons: Reason[];
  notes: string[];
  flows: FlowResult[];
  diagnoses: Diagnosis[];
  requests: number;
  failed: number;
  durationMs: number;
  error?: { code: string; message: string; hint: string };
}

/** Milliseconds, by the truth of the callers: to the end of the answer. */
export interface LatencyChange {
  source: string;
  destination: string;
  quantile: 0.5 | 0.95 | 0.99;
  /** Mean over the runs of each side. */
  beforeMs: number;
  afterMs: number;
  /** after - before, with its confidence interval of 95 %; null with fewer than two runs a side. */
  differenceMs: number;
  interval: { lowMs: number; highMs: number } | null;
  /** The interval excludes zero. */
  significant: boolean;
  samples: { before: number; after: number };
}

/** Requests of the roll-out without a whole answer that the scenario itself does not explain (an error that it injects, a timeout that it sets). */
export interface LostRequests {
  /** Requests that were made while it went on. */
  made: number;
  lost: LostRequest[];
  /** Lost in the phases before and after: what is lost without a roll-out. */
  otherwise: number;
  /** As that of `otherwise`: requests made. */
  otherwiseMade: number;
}

export interface LostRequest {
  /** ms after the origin of traffic. */
  atMs: number;
  source: string;
  destination: string;
  route: string;
  /** As the caller saw it: `timeout`, `connection`, or a status that nobody's app gave. */
  outcome: string;
  status: number;
  /** What of the roll-out went on then; empty: nothing. */
  meanwhile: string;
}

/** A step of a roll-out. */
export interface RolloutRecord {
  /** ms after the origin of traffic. */
  atMs: number;
  what: 'control-plane' | 'pod-started' | 'pod-ready' | 'pod-leaving' | 'pod-gone';
  /** `namespace/workload`; of the control plane its namespace. */
  workload: string;
  /** Empty for the control plane as a whole. */
  pod: string;
  /** Of the proxy, with `v`. */
  version: string;
}

/** What differs between what the proxies of A and of B exposed, and between Prometheus' targets. */
export interface SchemaDifference {
  changes: SchemaChange[];
  /** Means over the proxies of the mesh. */
  seriesPerProxy: { before: number; after: number };
  bytesPerScrape: { before: number; after: number };
}

export interface SchemaChange {
  kind: 'gone' | 'new' | 'renamed' | 'changed';
  what: 'family' | 'label' | 'label-value' | 'buckets' | 'type' | 'unit' | 'help' | 'targets' | 'page' | 'meaning';
  /** e.g. `request_total{direction="inbound"}`; of targets their job; of the page as a whole `page`. */
  subject: string;
  /** What was there before and after, in the words of a table's cell. Empty where nothing is. */
  before: string;
  after: string;
  /** Why it is so: the change of Linkerd or Prometheus that is known, and since when; of a guess, what it goes by. Empty when neither is known. */
  reason: string;
  /** A rename that is not known but guessed. */
  guessed: boolean;
}

export type QueryOutcome =
  | 'same'
  | 'same-within-noise'
  | 'now-empty'
  | 'newly-non-empty'
  | 'different-labels'
  | 'different-values'
  | 'error';

export interface QueryVerdict {
  /** Where it stands: file and line, dashboard and panel, group and rule. */
  place: string;
  kind: 'alert' | 'recording' | 'panel' | 'expression';
  /** As written. */
  expr: string;
  /** As evaluated, variables resolved; equal to expr when it has none. */
  evaluated: string;
  /** Of the scenarios the worst. */
  outcome: QueryOutcome;
  /** Nothing that it selects was there on either side: its outcome says nothing. */
  notExercised: boolean;
  /** What was seen, e.g. `4 series before, none after`. */
  seen: string;
  /** Why, from the difference of the schema; empty when there is nothing to explain. Of one that is not exercised: why it will select nothing. */
  reason: string;
  /** An expression for B, with what its own evaluation against B made of it; null when no rename is known. */
  rewrite: { expr: string; checked: QueryOutcome } | null;
  /** It is worth blocking an upgrade for. */
  broken: boolean;
}

export interface InputProblem {
  /** File with line, or URL. */
  place: string;
  code: string;
  message: string;
  hint: string;
  /** The whole input is lost (an unreadable file), not one expression of it. */
  whole: boolean;
}
