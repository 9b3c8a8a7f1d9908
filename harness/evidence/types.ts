import type { KubernetesObject } from '../core/kubernetes-object.ts';
import type { ParsedPage } from '../core/page-parser.ts';
import type { ActiveTarget, DroppedTarget, Labels, MatrixSeries, VectorSample } from '../prometheus/client.ts';

/**
 * What diagnosis works from: everything that whoever operates a mesh could read of it, and nothing of what was done to it.
 * Data alone; `null` or `unread` says that something could not be read, which is never the same as empty.
 */
export interface Evidence {
  /** When the reading began, epoch ms. */
  atMs: number;
  /** As the pods of the control plane show it; `linkerd` where none is found. */
  controlPlaneNamespace: string;
  prometheus: PrometheusEvidence;
  cluster: ClusterEvidence;
  /** The admin page of each pod that has a proxy, fetched directly, past Prometheus. */
  pages: PageEvidence[];
  /** What Prometheus stored lately of the families of STORED_FAMILIES, raw samples; label __name__ kept. */
  stored: MatrixSeries[];
  /** How far back `stored` goes from atMs, ms. */
  storedRangeMs: number;
  /** What could not be read, and why: `policies: 404 page not found`. */
  unread: { what: string; why: string }[];
}

export interface PrometheusEvidence {
  url: string;
  /** Empty when it does not say. */
  version: string;
  /** How far its clock is ahead of ours, ms, known to within `uncertaintyMs`; null when it could not be measured. */
  clock: { aheadMs: number; uncertaintyMs: number } | null;
  /** /api/v1/status/config, job by job. */
  jobs: ScrapeJob[];
  active: ActiveTarget[];
  /** With their discovered labels; Prometheus may keep none of them (keep_dropped_targets). */
  dropped: DroppedTarget[];
  /** How many it dropped, by job, also where it does not list them. Empty where it does not say. */
  droppedCounts: Record<string, number>;
  /** Its warnings and errors, the newest last; null where its log can't be read. */
  log: string[] | null;
  /** Its own page: `prometheus_sd_kubernetes_failures_total` and the like. Empty when it can't be read. */
  own: { name: string; labels: Labels; value: number }[];
}

/** One entry of scrape_configs, with the defaults of Prometheus filled in. */
export interface ScrapeJob {
  name: string;
  intervalMs: number;
  timeoutMs: number;
  scheme: 'http' | 'https';
  metricsPath: string;
  honorLabels: boolean;
  /** 0: no limit. */
  sampleLimit: number;
  labelLimit: number;
  labelNameLengthLimit: number;
  labelValueLengthLimit: number;
  /** Bytes; 0: no limit. */
  bodySizeLimit: number;
  targetLimit: number;
  relabel: RelabelRule[];
  metricRelabel: RelabelRule[];
  /** kubernetes_sd_configs; `namespaces` null: all. */
  kubernetes: { role: string; namespaces: string[] | null }[];
  /** static_configs. */
  staticTargets: string[];
}

/** With the defaults of Prometheus filled in (prometheus.io/docs: relabel_config). */
export interface RelabelRule {
  action: string;
  sourceLabels: string[];
  separator: string;
  /** Anchored on both sides by Prometheus. */
  regex: string;
  modulus: number;
  targetLabel: string;
  replacement: string;
}

export interface ClusterEvidence {
  /** null: can't be read. */
  pods: EvidencePod[] | null;
  services: KubernetesObject[] | null;
  namespaces: KubernetesObject[] | null;
  /** policy.linkerd.io and routes; null where the API does not serve them or does not let us. */
  policies: KubernetesObject[] | null;
  /** Roles and bindings that concern Prometheus' ServiceAccount; null where they can't be read. */
  rbac: KubernetesObject[] | null;
}

/** The part of a Pod that rules look at. */
export interface EvidencePod extends KubernetesObject {
  spec: {
    nodeName?: string;
    serviceAccountName?: string;
    containers: EvidenceContainer[];
    initContainers?: EvidenceContainer[];
  };
  status: {
    phase?: string;
    podIP?: string;
    startTime?: string;
    conditions?: { type: string; status: string; reason?: string; message?: string }[];
    containerStatuses?: EvidenceContainerStatus[];
    initContainerStatuses?: EvidenceContainerStatus[];
  };
}

export interface EvidenceContainer {
  name: string;
  image?: string;
  ports?: { name?: string; containerPort: number; protocol?: string }[];
  env?: { name: string; value?: string }[];
  /** `Always` on an init container makes it a native sidecar. */
  restartPolicy?: string;
}

export interface EvidenceContainerStatus {
  name: string;
  ready: boolean;
  started?: boolean;
  restartCount: number;
  state?: Record<string, { startedAt?: string; reason?: string; exitCode?: number }>;
  lastState?: Record<string, { startedAt?: string; finishedAt?: string; reason?: string; exitCode?: number }>;
}

/** How an attempt to read an admin page ended. */
export interface PageEvidence {
  namespace: string;
  pod: string;
  /** `http://10.1.2.3:4191/metrics`. */
  url: string;
  /**
   * `ok`: status 200 and a page that parses; `status`: another status; `unparsable`: a page that Prometheus would refuse;
   * `cut-off`: the connection ended before the announced length; `refused`: nobody listens; `timeout`: no answer, or not to its
   * end, within the deadline; `not-http`: an answer that is no HTTP (TLS, say); `tls-failed`: an attempt with TLS that did
   * not get through the handshake; `failed`: anything else.
   */
  outcome: 'ok' | 'status' | 'unparsable' | 'cut-off' | 'refused' | 'timeout' | 'not-http' | 'tls-failed' | 'failed';
  /** Of the connection: whether one was made before it went wrong. */
  connected: boolean;
  /**
   * Of a page that did not come in time: whether the same port answered something small meanwhile (/ready). Absent: nobody asked.
   */
  answers?: boolean;
  status: number | null;
  /** As the system or the parser says it; empty when ok. */
  error: string;
  durationMs: number;
  /** Of the page, uncompressed, as far as it came. */
  bytes: number;
  /** null unless it parses. */
  page: ParsedPage | null;
  /** Series (name and labels, as text) that stand on the page more than once. */
  duplicates: string[];
}

/** Families of which the evidence has raw samples from the start: few series, and most rules want them. */
export const STORED_FAMILIES = [
  'up',
  'scrape_duration_seconds',
  'scrape_samples_scraped',
  'scrape_samples_post_metric_relabeling',
  'scrape_series_added',
  'process_start_time_seconds',
  'process_clock_time_seconds',
  'proxy_build_info',
  'identity_cert_expiration_timestamp_seconds',
  'identity_cert_refresh_timestamp_seconds',
  'identity_cert_refreshes_total',
  'control_identity_cert_expiration_timestamp_seconds',
  'control_identity_cert_refresh_timestamp_seconds',
  'control_identity_cert_refreshes_total',
] as const;

/** What a rule asks next, when the evidence at hand does not decide. Equal questions are asked once. */
export type Question =
  /** An instant query. */
  | { ask: 'query'; expr: string; atMs: number }
  /** Raw samples of a selector. */
  | { ask: 'samples'; selector: string; rangeMs: number; atMs: number }
  /** The admin page once more, or in another way: with TLS, at another port, with more patience. */
  | { ask: 'page'; namespace: string; pod: string; scheme: 'http' | 'https'; port: number; deadlineMs?: number }
  /** The certificate that a pod's proxy shows on its inbound port. */
  | { ask: 'certificate'; namespace: string; pod: string }
  /** Whether the API server lets Prometheus list pods: with its own credentials where we have them, else by impersonation. */
  | { ask: 'access' };

/** What came of it; `error` where the answer could not be had. */
export type Answer =
  | { to: 'query'; samples: VectorSample[] }
  | { to: 'samples'; series: MatrixSeries[] }
  | { to: 'page'; page: PageEvidence }
  | { to: 'certificate'; certificate: PeerCertificate }
  | { to: 'access'; access: DiscoveryAccess }
  | { to: 'error'; message: string };

export interface PeerCertificate {
  /** SHA-256 of the certificate of the anchor that the chain ends in, hex; null when the peer sends none. */
  anchorSha256: string | null;
  issuer: string;
  /** DNS names. */
  names: string[];
  notBeforeMs: number;
  notAfterMs: number;
}

/** Listing pods as Prometheus would. */
export interface DiscoveryAccess {
  /** `roles and bindings`: not tried; it is what they say. */
  how: 'own credentials' | 'impersonation' | 'roles and bindings';
  user: string;
  /** Of listing pods in all namespaces. `untrusted`: the API's certificate does not chain to the CA that Prometheus has. */
  everywhere: AccessOutcome;
  /** By namespace, where listing everywhere is not allowed. */
  namespaces: Record<string, AccessOutcome>;
  /** As the API server or TLS says it. */
  message: string;
}

export type AccessOutcome = 'allowed' | 'forbidden' | 'unauthorized' | 'untrusted' | 'unreachable';
