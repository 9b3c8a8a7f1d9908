import type { ProgressEvent } from '../core/progress.ts';
import type { ResolvedTool } from '../core/tool.ts';
import type { Topology } from '../core/topology.ts';
import type { Scenario } from '../scenario/model.ts';

/** What an environment needs from whoever runs it. */
export interface EnvironmentContext {
  /** Folder of this scenario's run under results/; logs of children and the configuration used go there. */
  dir: string;
  tools: { prometheus: ResolvedTool; k6: ResolvedTool };
  signal: AbortSignal;
  /** Progress: one line a step, as it begins and ends. */
  progress(event: ProgressEvent): void;
  /** What turned out to be the environment, as soon as it is known. */
  environment?(info: EnvironmentInfo): void;
}

export type { ProgressEvent } from '../core/progress.ts';
export type { ResolvedTool };

/** An environment that can be started: `local`, `kind`, `existing`. */
export interface EnvironmentProvider {
  readonly name: string;
  /** Brings everything up, to the point where Prometheus has scraped each sidecar once. Cleans up after itself when it throws. */
  start(scenario: Scenario, context: EnvironmentContext): Promise<RunningEnvironment>;
}

export interface RunningEnvironment extends AsyncDisposable {
  readonly info: EnvironmentInfo;
  readonly topology: Topology;
  readonly prometheusUrl: string;
  readonly load: LoadAccess;
  /** The timeline's zero: behaviour changes and restarts happen relative to it. */
  setOrigin(originEpochMs: number): Promise<void>;
  /** Resolves when everything that was scheduled by setOrigin (restarts) is over. */
  settled(): Promise<void>;
  /** Journals of every incarnation of every pod, as text (sim-services/contract.ts). */
  readJournals(): Promise<string[]>;
  /** Each proxy's /metrics page, fetched directly. */
  readProxyPages(): Promise<ProxyPage[]>;
  /** How far the clocks of all parties may be apart, and what else blurs a stamp. */
  clockMarginMs(): Promise<{ marginMs: number; reason: string }>;
  /** What went wrong underneath since the last call: a child that died. Throws HarnessError when something did. */
  check(): void;
}

export interface EnvironmentInfo {
  name: string;
  mesh: { kind: 'simulated' | 'linkerd'; version: string; proxyVersion: string };
}

/** How k6 reaches the mesh. */
export interface LoadAccess {
  /** k6's `hosts` option: authority to `ip:port` of the load generator's outbound proxy. */
  hosts: Record<string, string>;
}

export interface ProxyPage {
  namespace: string;
  pod: string;
  instance: string;
  /** The page was rendered at some moment of [fromMs, untilMs], epoch ms. */
  fromMs: number;
  untilMs: number;
  text: string;
}
