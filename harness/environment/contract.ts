import type { LoadLauncher } from '../core/load-job.ts';
import type { ProgressEvent } from '../core/progress.ts';
import type { RunRegistration } from '../core/registry.ts';
import type { ResolvedTool, ToolName } from '../core/tool.ts';
import type { Topology } from '../core/topology.ts';
import type { Scenario } from '../scenario/model.ts';

/** What the command line says about an environment; each takes what concerns it. */
export interface EnvironmentOptions {
  /** Leave everything up after the verdict. */
  keep: boolean;
  kind: KindOptions;
}

export interface KindOptions {
  mesh: 'linkerd' | 'simulated';
  /** Use the cluster that an earlier run left for this purpose, and leave it again. */
  reuse: boolean;
  /** Where k6 runs: as a pod in the mesh, or on this machine, outside it. */
  loadFrom: 'mesh' | 'host';
  /** `host[:port]/path` asked for images instead of their own registries. */
  registryMirror: string | null;
  /** Image of the cluster's nodes instead of the pinned one. */
  nodeImage: string | null;
  /** Image under those that are built instead of the pinned one. */
  baseImage: string | null;
  meshedPrometheus: boolean;
}

export const DEFAULT_KIND_OPTIONS: KindOptions = {
  mesh: 'linkerd',
  reuse: false,
  loadFrom: 'mesh',
  registryMirror: null,
  nodeImage: null,
  baseImage: null,
  meshedPrometheus: false,
};

/** What a run gives to everything that happens in it. */
export interface RunContext {
  /** Finds a tool, once a run. @throws HarnessError TOOL_MISSING, TOOL_UNUSABLE */
  tool(name: ToolName): Promise<ResolvedTool>;
  signal: AbortSignal;
  /** Progress: one line a step, as it begins and ends. */
  progress(event: ProgressEvent): void;
  /** A line for the user that is no step. */
  note(line: string): void;
}

export interface SessionContext extends RunContext {
  /** Names the run; clusters, labels and the registry carry it. Letters, digits and dashes. */
  runId: string;
  /** Folder of the run under results/. */
  dir: string;
  /** For what must be found by `meshproof clean` when this process is killed. */
  registration: RunRegistration;
}

export interface ScenarioContext extends RunContext {
  /** Folder of this scenario's run under results/; logs of children and the configuration used go there. */
  dir: string;
}

export type { ProgressEvent } from '../core/progress.ts';
export type { ResolvedTool };

/** An environment that can be opened: `local`, `kind`, `existing`. */
export interface EnvironmentProvider {
  readonly name: string;
  /** How many scenarios may run at the same time; null: any number. */
  readonly maxParallel: number | null;
  /** Checks that it can work, and brings up what all scenarios of a run share. Cleans up after itself when it throws. */
  open(options: EnvironmentOptions, context: SessionContext): Promise<EnvironmentSession>;
}

/** What the scenarios of one run share: nothing in `local`, the cluster and its mesh in `kind`. */
export interface EnvironmentSession extends AsyncDisposable {
  /** Brings a scenario up, to the point where Prometheus has scraped each sidecar once. Cleans up after itself when it throws. */
  start(scenario: Scenario, context: ScenarioContext): Promise<RunningEnvironment>;
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
  /** How to look around while it is kept, a line each. */
  howToLook(): string[];
}

export interface EnvironmentInfo {
  name: string;
  mesh: { kind: 'simulated' | 'linkerd'; version: string; proxyVersion: string };
}

/** How k6 reaches the mesh. */
export interface LoadAccess {
  /** k6's `hosts` option: authority to `ip:port` where k6 connects instead of resolving the name. */
  hosts: Record<string, string>;
  /** Starts k6 where the environment has it; null: on this machine. */
  launch: LoadLauncher | null;
  /** How long before the origin k6 announces it, so that every service knows it in time. Milliseconds. */
  originLeadMs: number;
  /**
   * How many times the virtual users of a scenario k6 may use for an arrival rate. Pods that just started answer their first
   * requests late; an open model needs users for what waits meanwhile. It changes no rate.
   */
  userHeadroom: number;
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
