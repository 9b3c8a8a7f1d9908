import type { Behaviour, HttpMethod, RouteConfig } from '../../sim-services/contract.ts';

/**
 * A scenario after parsing, defaults and validation: what the rest of the harness consumes. Units stand in the names.
 * A service is identified by its qualified name `namespace/service` everywhere.
 */
export interface Scenario {
  /** Path of the file it came from, as the user gave it. */
  file: string;
  name: string;
  description: string;
  seed: number;
  mesh: MeshSettings;
  services: ServiceSpec[];
  traffic: TrafficSpec[];
  timeline: TimelineSpec[];
  restarts: RestartSpec[];
  expect: Expectations;
}

export interface MeshSettings {
  /** A version profile, as written: `2.20`, `edge-26.8.3`, `v2.366.0`. */
  version: string;
  scrapeIntervalMs: number;
  /** Kubelet probes of app and proxy. */
  probeIntervalMs: number;
}

/** `namespace/service`. */
export type QualifiedName = string;

export interface ServiceSpec {
  id: QualifiedName;
  namespace: string;
  name: string;
  /** Defaults to the service's name. */
  serviceAccount: string;
  replicas: number;
  /** Port of the Service object; the app itself listens on `appPort`. */
  port: number;
  appPort: number;
  /** Extra pod labels. */
  labels: Record<string, string>;
  routes: RouteConfig[];
}

/** One stream of requests, in the shape of a k6 executor. */
export interface TrafficSpec {
  name: string;
  shape: TrafficShape;
  /** When it begins, after the origin. */
  startMs: number;
  requests: RequestSpec[];
}

export type TrafficShape =
  | { executor: 'constant-arrival-rate'; ratePerSecond: number; durationMs: number; maxVUs: number }
  | {
      executor: 'ramping-arrival-rate';
      startRatePerSecond: number;
      stages: { ratePerSecond: number; durationMs: number }[];
      maxVUs: number;
    }
  | { executor: 'constant-vus'; vus: number; durationMs: number };

/** One of the requests among which a stream chooses by weight. */
export interface RequestSpec {
  service: QualifiedName;
  method: HttpMethod;
  path: string;
  weight: number;
  requestBytes: number;
  /** k6 gives up after this long. */
  timeoutMs: number;
}

/** A change of behaviour from `atMs` to `untilMs` after the origin; null: to the end. */
export interface TimelineSpec {
  atMs: number;
  untilMs: number | null;
  service: QualifiedName;
  path: string | null;
  method: HttpMethod | null;
  change: Partial<Behaviour>;
}

/** Kill app and sidecar of one pod at `atMs`; they are back after `downMs`, same pod, counters at zero. */
export interface RestartSpec {
  atMs: number;
  service: QualifiedName;
  replica: number;
  downMs: number;
}

export interface Expectations {
  /** Golden metrics of every flow must match the truth. */
  goldenEveryFlow: boolean;
  slo: SloSpec[];
  /** Services that must report no traffic at all. */
  idle: QualifiedName[];
}

export interface SloSpec {
  /** As written, e.g. `* -> shop/web`. */
  flow: string;
  source: QualifiedName | '*';
  destination: QualifiedName | '*';
  /** Bounds on the truth and on what Prometheus observed; ratio 0..1, milliseconds, requests per second. */
  conditions: SloCondition[];
}

export interface SloCondition {
  metric: 'successRate' | 'p50' | 'p90' | 'p95' | 'p99' | 'rate';
  op: '>=' | '<=' | '>' | '<';
  value: number;
  /** As written, for messages. */
  text: string;
}

/** How long traffic lasts, from the origin. */
export function trafficDurationMs(scenario: Scenario): number {
  return Math.max(0, ...scenario.traffic.map((t) => t.startMs + shapeDurationMs(t.shape)));
}

export function shapeDurationMs(shape: TrafficShape): number {
  return shape.executor === 'ramping-arrival-rate'
    ? shape.stages.reduce((sum, s) => sum + s.durationMs, 0)
    : shape.durationMs;
}

/** The name under which a service is dialled, Linkerd's `authority`: `cart.shop.svc.cluster.local`. */
export function authorityOf(service: { name: string; namespace: string }): string {
  return `${service.name}.${service.namespace}.svc.cluster.local`;
}

/** The load generator's own workload: k6 runs in the mesh under this name. */
export const LOAD_WORKLOAD = {
  namespace: 'meshproof',
  name: 'load',
  id: 'meshproof/load',
  serviceAccount: 'load',
} as const;
