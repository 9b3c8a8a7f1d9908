import type { Topology } from '../core/topology.ts';
import type { RolloutEvent } from '../environment/contract.ts';
import type { MadeRequest, TruthJournal } from '../ledger/types.ts';
import type { ScenarioResult } from '../result/types.ts';
import type { InputProblem, UpgradePhase } from '../result/upgrade/types.ts';
import type { Scenario } from '../scenario/model.ts';

/** What one run of one scenario in one phase left for the comparison. */
export interface WorldRecord {
  scenario: Scenario;
  phase: UpgradePhase;
  repeat: number;
  result: ScenarioResult;
  /** Epoch ms of the timeline's zero, and of the end of traffic. */
  originMs: number;
  trafficEndMs: number;
  topology: Topology;
  truth: readonly TruthJournal[];
  /** null: the run did not get so far. */
  schema: MeshSchema | null;
  /** One for each query asked, by its id. */
  answers: ReadonlyMap<string, QueryAnswer>;
  rollout: readonly RolloutEvent[];
}

/** What a mesh exposes, read from its proxies' pages and from Prometheus' targets. */
export interface MeshSchema {
  /** Of the world that it was read in: what a family shows depends on the traffic. */
  scenario?: string;
  families: FamilySchema[];
  targets: TargetSchema[];
  /** Of the app proxies. */
  seriesPerProxy: number;
  bytesPerScrape: number;
  /** Of the page as a whole, name to what it is: its end mark, whether families without a series have headers, ... */
  page: Record<string, string>;
  /** Of each job of Prometheus' configuration, what its relabelling keeps and drops, a rule each. */
  rules?: Record<string, string[]>;
  /** Names of the control plane's admin ports by component, be they scraped or not. */
  adminPorts?: Record<string, string>;
}

export interface FamilySchema {
  /** As samples are called, without `_bucket`, `_count`, `_sum`: `request_total`, `response_latency_ms`. */
  name: string;
  /** What TYPE, UNIT and HELP say; empty without such a line. */
  type: string;
  unit: string;
  help: string;
  /** No proxy has a series of it: headers only. */
  empty: boolean;
  /** The same family means different things by direction and peer: one entry each, its `labels` without those of others. */
  variants: FamilyVariant[];
  /** Upper bounds as printed; null unless a histogram. */
  buckets: string[] | null;
}

export interface FamilyVariant {
  /** Of the labels `direction` and `peer` those that it has. */
  of: Record<string, string>;
  labels: LabelSchema[];
  /** Series of all app proxies together; of a histogram its label sets without `le`. */
  series: number;
}

export interface LabelSchema {
  name: string;
  /** Values are names of the mesh's own objects, addresses or the like: they differ from run to run and are not compared. */
  open: boolean;
  /** Sorted; of open labels only whether they are empty matters: `''`, `*`. */
  values: string[];
  /** Every series of the variant has it. */
  everywhere?: boolean;
}

/** The targets of one job, as Prometheus has them. */
export interface TargetSchema {
  job: string;
  /** `proxies`, or a component of the control plane; by what stands behind the addresses. */
  of: string;
  up: number;
  down: number;
  /** How many of their containers are init containers (native sidecars). */
  native: number;
  /** Names of target labels. */
  labels: string[];
}

/** A query of the user's. */
export interface Query {
  /** Unique. */
  id: string;
  place: string;
  kind: 'alert' | 'recording' | 'panel' | 'expression';
  /** As written. */
  expr: string;
  /** Name of the series that a recording rule makes; empty otherwise. */
  records: string;
  /** Labels that a recording rule adds. */
  labels: Record<string, string>;
  /** Variables of its dashboard, by name without `$`. */
  variables: Record<string, Variable>;
}

/** A template variable of a dashboard. */
export type Variable =
  /** What is put in its stead: a constant, a chosen value, `.*` for all. */
  | { kind: 'value'; value: string }
  /** `label_values(selector, label)`: asked of Prometheus; `pick`: all of them as an alternation, or the first. `regex` as Grafana has it. */
  | {
      kind: 'label-values';
      selector: string;
      label: string;
      regex: string;
      pick: 'all' | 'first';
      /** What its dashboard was saved with; it counts where the world has it. Absent: nothing, or all. */
      current?: string[];
    }
  /** Another way to query for values: `query_result(...)`, `metrics(...)`, an ad-hoc filter. */
  | { kind: 'unsupported'; text: string };

/** Everything that was read of rules, dashboards, Prometheus and the cluster. */
export interface QueryInputs {
  queries: Query[];
  problems: InputProblem[];
}

/** What a query came to in one world. */
export interface QueryAnswer {
  /** With variables resolved. */
  evaluated: string;
  /** An instant vector at the end of traffic; a scalar is one series without labels. Values as Prometheus prints them. */
  series: AnswerSeries[];
  error: string;
  /** Requests that callers made in its shortest window, by the truth: worlds with other traffic have other values. Absent: not known. */
  volume?: number;
  /** Expressions of the recording rules that it builds on, by the names that they record. Absent: none. */
  recorded?: Record<string, string>;
  /** Its parts: each selector, and the sides of the comparisons that filter an alert. So a silent alert is told from a dead one. */
  parts: { expr: string; series: AnswerSeries[]; error: string }[];
}

export interface AnswerSeries {
  labels: Record<string, string>;
  value: number;
  /** Standard deviation that the value has by the number of events behind it alone. Absent: none. */
  sigma?: number;
  /** How far it moved within the last scrape interval: what the phase of scrapes and traffic makes of it, and few events of a quantile. Absent: not at all. */
  phase?: number;
}

/** A request of the truth with who made it. */
export interface MadeBy {
  journal: TruthJournal;
  request: MadeRequest;
}
