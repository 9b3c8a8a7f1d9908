import type { KubernetesObject } from '../core/kubernetes-object.ts';
import type { LoadLauncher } from '../core/load-job.ts';
import type { ProgressEvent } from '../core/progress.ts';
import type { RunRegistration } from '../core/registry.ts';
import type { ResolvedTool, ToolName, ToolRelease } from '../core/tool.ts';
import type { Topology } from '../core/topology.ts';
import type { DiscoveryAccess, PageEvidence, PeerCertificate } from '../evidence/types.ts';
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
  /**
   * Release of Linkerd that a session begins with instead of the pinned one: `edge-26.8.3`, `stable-2.14.10` (of the simulated
   * mesh a profile). Absent: the pinned one.
   */
  linkerdVersion?: string;
  /**
   * Of the real Linkerd: the releases that scenarios may ask for by `mesh.version`, and roll-outs by `toVersion`, each with the
   * path of its CLI (`upgrade --linkerd-from PATH`, `--linkerd-to PATH`), or null: the tool `linkerd` if it is of that release,
   * else the release's own, downloaded. A scenario that asks for another release than the one that is there has it
   * installed first, in place of that. Absent: whatever scenarios say, all have the session's. (The simulated mesh follows
   * `mesh.version` always.)
   */
  linkerdReleases?: Readonly<Record<string, string | null>>;
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
  /**
   * Finds a tool, once a run.
   * @param release exactly this release of it, by path or as its own download; whoever asks looks at the version that comes back
   * @throws HarnessError TOOL_MISSING, TOOL_UNUSABLE
   */
  tool(name: ToolName, release?: ToolRelease): Promise<ResolvedTool>;
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
  /** That Prometheus takes samples which are written to it (remote write). Absent: it does not. */
  readonly takesSamples?: boolean;
  readonly load: LoadAccess;
  /** The timeline's zero: behaviour changes and restarts happen relative to it. */
  setOrigin(originEpochMs: number): Promise<void>;
  /** Resolves when everything that was scheduled by setOrigin (restarts) is over. */
  settled(): Promise<void>;
  /** Journals of every incarnation of every pod, as text (sim-services/contract.ts). */
  readJournals(): Promise<string[]>;
  /** Each proxy's /metrics page, fetched directly; with those that could not be read. Never rejects for a page alone. */
  readProxyPages(): Promise<{ pages: ProxyPage[]; unread: UnreadPage[] }>;
  /** How far the clocks of all parties may be apart, and what else blurs a stamp. */
  clockMarginMs(): Promise<{ marginMs: number; reason: string }>;
  /** What went wrong underneath since the last call: a child that died. Throws HarnessError when something did. */
  check(): void;
  /** How to look around while it is kept, a line each. */
  howToLook(): string[];
  /** For diagnosis: what whoever operates this mesh can read of it. */
  readonly evidence: EvidenceSource;
  /**
   * What has happened of the scenario's roll-out, oldest first. Absent: this environment has none. `settled` waits for its end;
   * after it `topology` has the pods of both versions, and `readJournals` the journals of those that are gone.
   */
  rollout?(): readonly RolloutEvent[];
  /**
   * What the parts of the mesh have used of the machine until now. Absent: this environment can't tell. Rejects with a
   * HarnessError that says why when it can't be read now.
   */
  usage?(): Promise<UsageReading[]>;
}

/** What a process, or a container, has used. */
export interface UsageReading {
  part: 'app' | 'proxy' | 'control-plane' | 'prometheus' | 'load' | 'harness';
  /** Of the process, or `namespace/pod/container`. */
  name: string;
  /** Epoch ms at which it was read; a cluster's readings are some seconds old. */
  atMs: number;
  /** Since it started. */
  cpuSeconds: number;
  residentBytes: number;
}

/** A step of a roll-out. */
export interface RolloutEvent {
  /** Epoch ms. */
  atMs: number;
  /** `control-plane`: the new one answers; `pod-ready`: it is among the endpoints; `pod-leaving`: it is not any more. */
  what: 'control-plane' | 'pod-started' | 'pod-ready' | 'pod-leaving' | 'pod-gone';
  /** `namespace/workload`; of the control plane its namespace. */
  workload: string;
  /** Empty for the control plane as a whole. */
  pod: string;
  /** Of the proxy, with `v`. */
  version: string;
}

/** A proxy whose page could not be read. */
export interface UnreadPage {
  namespace: string;
  pod: string;
  instance: string;
  /** As the system says it. */
  error: string;
}

/**
 * Read-only access to everything that evidence is made of (harness/evidence/). Each method rejects with a HarnessError that
 * says why something can't be read; whoever collects writes that down and goes on.
 */
export interface EvidenceSource {
  /** Objects of a kind in all namespaces, as whoever runs meshproof may see them. */
  list(kind: { apiVersion: string; kind: string }): Promise<KubernetesObject[]>;
  /**
   * Opens one connection to a pod's port as Prometheus would, or as near to that as there is a way, and asks for /metrics.
   * Never rejects: what went wrong is in the outcome.
   * @param target.ip the pod's address
   */
  fetchPage(target: PageTarget): Promise<PageEvidence>;
  /** The certificate that a pod's proxy shows on its inbound port. */
  certificate(pod: { namespace: string; pod: string; ip: string }): Promise<PeerCertificate>;
  /** Listing pods as Prometheus. */
  access(namespaces: readonly string[]): Promise<DiscoveryAccess>;
  /** Prometheus' log: its lines of level warn and error, the newest last. */
  prometheusLog(): Promise<string[]>;
}

export interface PageTarget {
  namespace: string;
  pod: string;
  ip: string;
  port: number;
  scheme: 'http' | 'https';
  deadlineMs: number;
}

export interface EnvironmentInfo {
  name: string;
  mesh: { kind: 'simulated' | 'linkerd'; version: string; proxyVersion: string };
}

/** How k6 reaches the mesh. */
export interface LoadAccess {
  /**
   * k6's `hosts` option: authority to `ip:port` where k6 connects instead of resolving the name. Further addresses, which take
   * turns with it request by request, have the names of core/load-turns.ts.
   */
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
