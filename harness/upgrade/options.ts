import type { ProgressEvent } from '../core/progress.ts';
import type { ToolName } from '../core/tool.ts';
import type { KindOptions } from '../environment/contract.ts';
import type { ScenarioResult } from '../result/types.ts';
import type { Scenario } from '../scenario/model.ts';
import type { QuerySources } from './queries/index.ts';

export interface UpgradeOptions {
  scenarios: readonly Scenario[];
  /** null: the mesh stays as the scenarios say. */
  linkerd: { from: string; to: string } | null;
  /** Paths of Prometheus; null for one of them: that of `tools`, or as it is found. null: Prometheus stays as it is. */
  prometheus: { from: string | null; to: string | null } | null;
  /** Rules and dashboards. */
  queries: Omit<QuerySources, 'signal'>;
  /** How often before and after run each. */
  repeat: number;
  /** Name of the environment: `local`, `kind`. */
  environment: string;
  kind: KindOptions;
  /** Folder of this upgrade alone; it is there. */
  runDir: string;
  /** How many runs of before and after at the same time. */
  parallel: number;
  tools: Partial<Record<ToolName, string>>;
  /** Paths of the CLI of each version of the real Linkerd; absent: it is looked for. */
  linkerdCli?: { from?: string | undefined; to?: string | undefined };
  /** By how much a latency may grow before it blocks, as a ratio; null: it never does. */
  maxLatencyIncrease: number | null;
  signal: AbortSignal;
  progress: {
    event(run: string, event: ProgressEvent): void;
    runDone(result: ScenarioResult): void;
    note(line: string): void;
  };
}
