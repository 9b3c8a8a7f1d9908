import type { QualifiedName } from './model.ts';

/**
 * What each type of fault takes beside its moment and its pods. Types are what is done to the mesh; causes (harness/causes/)
 * are what a diagnosis says. Docs: docs/scenarios.md.
 */
export interface FaultParams {
  // Prometheus does not find a target.
  /** RBAC: Prometheus' ServiceAccount may not list pods. */
  'rbac-denied': Empty;
  /** RBAC: it may in these namespaces only. */
  'rbac-namespaces': {
    namespaces: string[];
    /** The proxies' job asks for the pods of these namespaces, one by one; absent: for all pods at once. */
    asked?: string[];
  };
  /** Its bearer token is not valid any more. */
  'token-expired': Empty;
  /** The API server's certificate comes from a CA that Prometheus does not have. */
  'api-ca-untrusted': Empty;
  /** Pods: no sidecar; the app alone. */
  'not-injected': Empty;
  /** The job of the proxies keeps pods by an annotation (`prometheus.io/scrape`), which injected pods lack. */
  'scrape-by-annotation': { annotation: string };
  /** Pods: the port `linkerd-admin` is called otherwise. */
  'admin-port-renamed': { name: string };
  /** The job of the control plane keeps ports by another regular expression (`admin-http` of 2.18 and before). */
  'control-plane-keep': { regex: string };
  /** The control plane's admin ports are called otherwise, with this suffix instead of `-admin`. */
  'control-plane-ports-renamed': { suffix: string };
  /** Pods: the container `linkerd-proxy` is called otherwise. */
  'container-renamed': { name: string };
  /** Pods: the label linkerd.io/control-plane-ns has this value; empty: it is missing. */
  'control-plane-label': { value: string };
  /** The keep rule of the proxies names this control-plane namespace. */
  'keep-rule': { namespace: string };
  /** Pods: one label more, which becomes a target label. */
  'pod-label': { label: string; value: string };
  /** The job of the proxies keeps only containers that are no init containers (`init`), or only Running pods (`phase`: the
   * pods are Pending then, though their proxies run). */
  'sidecars-filtered': { by: 'init' | 'phase' };
  // It finds the target, but does not read what the proxy says.
  /** Pods: a policy that denies everything on the proxy's admin port. */
  'admin-denied': Empty;
  /** Pods: connections to the admin port get no answer, as when a firewall drops their packets. */
  'admin-dropped': Empty;
  /** Pods: connections to the admin port are refused. */
  'admin-refused': Empty;
  /** This job is scraped with https. */
  'https-job': { job: string };
  /** Pods: the admin port speaks TLS alone. */
  'admin-tls-only': Empty;
  /** Pods: the page takes this long. */
  'slow-page': { delayMs: number };
  /** The proxies' job has limits; those given. */
  'scrape-limits': { samples?: number; labels?: number; bodyBytes?: number };
  /** Pods: a line of the page is broken. */
  'page-malformed': { how: 'value' | 'label' | 'type' | 'quote' };
  /** Pods: the connection ends after this share of the page. */
  'page-cut-off': { share: number };
  /** Pods: some series stand on the page twice, with other values (proxies v2.286 to v2.305). */
  'duplicate-series': Empty;
  /** A second job that finds the same proxies. */
  'second-job': { name: string };
  /** Pods: a completed pod has the address that the pod has now; and the configuration is one without the phase filter. */
  'address-reused': Empty;
  /** The clock of Prometheus' host is ahead by this, ms; negative: behind. */
  'prometheus-clock': { aheadMs: number };
  /** The proxies' job is called otherwise, as under a PodMonitor. */
  'job-name': { name: string };
  // The proxy does not see the traffic, or forgets it.
  /** Pods: their proxies skip the app's port (config.linkerd.io/skip-inbound-ports), though the scenario does not say so. */
  'skip-inbound': Empty;
  /** Pods: their proxies skip the port of this service. */
  'skip-outbound': { to: QualifiedName };
  /** A service: its port is opaque, though the scenario does not say so. */
  opaque: Empty;
  /** Pods: their proxies wait this long for a connection's first bytes, which their callers send later. */
  'detection-timeout': { timeoutMs: number };
  /** Pods (of a workload that only calls): no sidecar; they dial their callees past the mesh. */
  'client-not-meshed': Empty;
  /** Pods: series that rest for this long are dropped (LINKERD2_PROXY_METRICS_RETAIN_IDLE). */
  'retain-idle': { afterMs: number };
  /** Pods: the proxy alone restarts; from `at`, once. */
  'proxy-restart': Empty;
  /** Pods: they come at `at` and are gone after this long. */
  'short-lived-pod': { livesForMs: number };
  /** Pods: the certificate has expired, and is not renewed. */
  'certificate-expired': Empty;
  /**
   * Pods: every renewal of the certificate fails, long before it expires. `because`: what the identity service answers can't be
   * used (`unusable`, the default), or it does not answer (`unreachable`).
   */
  'renewal-fails': { because?: 'unusable' | 'unreachable' };
  /** Pods: their certificates chain to another trust anchor. */
  'other-anchor': Empty;
}

type Empty = Record<string, never>;

export type FaultType = keyof FaultParams;

/** A failure of telemetry that a scenario provokes on purpose. Diagnosis never sees it. */
export type FaultSpec = { [T in FaultType]: FaultOf<T> }[FaultType];

export interface FaultOf<T extends FaultType> {
  type: T;
  /** After the origin; null: from before Prometheus starts. */
  atMs: number | null;
  /** null: to the end. */
  untilMs: number | null;
  /** Whose pods; the load generator's `meshproof/load` too. null: of no pod more than of another. */
  service: QualifiedName | null;
  /** null: every pod of the service. */
  replica: number | null;
  params: FaultParams[T];
}
