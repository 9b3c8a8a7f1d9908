import type { Behaviour, HttpMethod, Protocol, RouteConfig } from '../../sim-services/contract.ts';
import type {
  DefaultPolicy,
  FailureAccrual,
  ObjectRef,
  OutboundRule,
  RetryPolicy,
  RouteMatch,
  ServiceProfile,
  Timeouts,
} from '../core/policy.ts';
import type { FaultSpec } from './fault.ts';

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
  /** Objects of the mesh, as declared under `routing:` and `policies:`. Absent: none. */
  routing?: RoutingSpec[];
  policies?: PolicySpec[];
  /** Failures of telemetry that are provoked. Absent: none. */
  faults?: FaultSpec[];
  expect: Expectations;
  /** Another version of the mesh is rolled out while traffic runs. No file says so: `meshproof upgrade` does. */
  rollout?: RolloutSpec;
  /** A rule file (YAML) that Prometheus evaluates along with the traffic. No file says so: `meshproof upgrade` does. */
  rules?: string;
  /** No pod has a proxy, and every call goes straight to the callee's app. No file says so: `meshproof bench` does. */
  unmeshed?: true;
}

/**
 * The control plane first, then the proxies: workload by workload, pod by pod; a pod's successor is ready before it leaves
 * (maxSurge 1, maxUnavailable 0). The load generator's own pod stays as it is.
 */
export interface RolloutSpec {
  /** As mesh.version. */
  toVersion: string;
  /** When it begins, after the origin. */
  atMs: number;
  /** How long it rests after each pod, ms. */
  restMs: number;
}

export type { FaultOf, FaultParams, FaultSpec, FaultType } from './fault.ts';

/** Routing of requests to a Service, as an object in a cluster. */
export type RoutingSpec =
  | {
      kind: 'HTTPRoute' | 'GRPCRoute';
      group: 'gateway.networking.k8s.io' | 'policy.linkerd.io';
      namespace: string;
      name: string;
      /** The Service that is its parent. */
      service: QualifiedName;
      rules: OutboundRule[];
      retry: RetryPolicy | null;
      timeouts: Timeouts;
    }
  /** Named after the authority of its service, in the service's namespace. */
  | { kind: 'ServiceProfile'; service: QualifiedName; profile: ServiceProfile };

/** What the mesh lets in, as objects in a cluster. Namespaced names are `namespace/name`. */
export type PolicySpec =
  | {
      kind: 'Server';
      namespace: string;
      name: string;
      /** Selects this service's pods; null: every pod of the namespace. */
      service: QualifiedName | null;
      /** `app` for the app's port, `admin` for the proxy's (4191). */
      port: 'app' | 'admin';
      protocol: 'unknown' | 'HTTP/1' | 'HTTP/2' | 'gRPC' | 'opaque' | 'TLS';
      accessPolicy: DefaultPolicy;
    }
  /** policy.linkerd.io; its parent is a Server. */
  | { kind: 'HTTPRoute'; namespace: string; name: string; server: string; matches: RouteMatch[] }
  | {
      kind: 'AuthorizationPolicy';
      namespace: string;
      name: string;
      target: { kind: 'Server' | 'HTTPRoute' | 'Namespace'; name: string };
      /** MeshTLSAuthentication: services whose ServiceAccounts are let in (`load`, or `prometheus`, included), `*` for any
       * that is meshed; null: no identity is required. */
      clients: QualifiedName[] | ['*'] | null;
      /** NetworkAuthentication. */
      networks: string[];
    }
  | {
      kind: 'RateLimit';
      namespace: string;
      name: string;
      server: string;
      totalPerSecond: number | null;
      identityPerSecond: number | null;
    };

/** Prometheus' own workload, as an authorization names it. */
export const PROMETHEUS_WORKLOAD = {
  namespace: 'linkerd-viz',
  name: 'prometheus',
  id: 'linkerd-viz/prometheus',
} as const;

/** A .proto of gRPC services. */
export interface ProtoSpec {
  /** As the user gave it, beside the scenario; null: the one that ships (sim-services/meshproof.proto). */
  file: string | null;
  source: string;
}

export type { ObjectRef };

export interface MeshSettings {
  /** A version profile, as written: `2.20`, `edge-26.8.3`, `v2.366.0`. */
  version: string;
  scrapeIntervalMs: number;
  /** Kubelet probes of app and proxy. */
  probeIntervalMs: number;
  /** Prometheus is meshed: it scrapes with an identity of its own. Absent: it stands outside. */
  prometheus?: 'meshed' | 'unmeshed';
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
  /** Absent: `http`. */
  protocol?: Protocol;
  /** TCP: the server greets first. */
  serverSpeaksFirst?: boolean;
  /** Requests that a pod handles at the same time; further ones wait in line. Absent: any number. */
  concurrency?: number;
  /** Of gRPC services. */
  proto?: ProtoSpec;
  /** `config.linkerd.io/opaque-ports` names its port (true), or names none (false); absent: Linkerd's default list decides. */
  opaque?: boolean;
  /** `config.linkerd.io/skip-inbound-ports` names its app's port. */
  skipInbound?: boolean;
  /** `config.linkerd.io/skip-outbound-ports` of its pods. */
  skipOutbound?: number[];
  /** `config.linkerd.io/default-inbound-policy` of its pods; absent: the mesh's, all-unauthenticated. */
  defaultPolicy?: DefaultPolicy;
  /** Annotations of its Service: `retry.linkerd.io/*`, `timeout.linkerd.io/*`, `balancer.linkerd.io/failure-accrual*`. */
  retry?: RetryPolicy;
  timeouts?: Timeouts;
  failureAccrual?: FailureAccrual;
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
  /** A connection of its own (`connection: close`); absent: kept. */
  ownConnection?: boolean;
  /** Bytes of a further header; absent: 0. */
  headerBytes?: number;
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
  /** Queries of people that must say what is true. Absent: none. */
  queries?: QueryExpectation[];
}

/** A query as people write it, and what they take it for. */
export interface QueryExpectation {
  /** PromQL; evaluated as traffic ends. */
  expr: string;
  /**
   * What it is taken for, of the requests that applications made on the flow and that ended in the window:
   * `rate`: requests per second; `requests`: their number; `successRate`: the share (0 to 1) that was answered whole, with
   * a status below 400 (gRPC: code 0); `p50` to `p99`: milliseconds to the end of the answer, by the caller's clock.
   */
  metric: 'rate' | 'requests' | 'successRate' | 'p50' | 'p90' | 'p95' | 'p99';
  /** As written, e.g. `web -> cart`. */
  flow: string;
  source: QualifiedName | '*';
  destination: QualifiedName | '*';
  /** The window of the truth, back from the end of traffic; null: all of the traffic. */
  overMs: number | null;
  /** How far off it may be, relative to the truth: a ratio. */
  within: number;
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
