/** What the generator of pages is asked for, and what it tells. */

/**
 * What stands on a proxy's page, as real proxies of a mesh of HTTP services show it: a proxy sends requests to `services`
 * Services with `edges` endpoints (pods) in all, and is sent requests by `clients` ServiceAccounts; each label set has the
 * statuses 200 and 503, and some a third. The rest is the same on all pages: the control plane's clients, probes, scrapes, the
 * runtime and its process.
 */
export interface PageShape {
  /** Proxy version of the profile: `v2.366.0`. */
  version: string;
  /** Endpoints that the proxy sends requests to: a label set each of the outbound families. */
  edges: number;
  /** Services with those endpoints, two each. */
  services: number;
  /** HTTP routes of each of those Services; 1: its default route alone. */
  routes: number;
  /** Callers, by identity: over a whole mesh as many as there are called Services. */
  clients: number;
  /** Of endpoints (first) and clients: how many have a third status, 404. */
  thirdStatuses: number;
}

export interface FamilySize {
  /** As samples are called, without `_bucket`, `_count`, `_sum`. */
  name: string;
  series: number;
}

export interface ShapeDescription {
  /** Of one page, exactly. */
  series: number;
  /** Of one page of a young proxy; a page grows by a few percent as its numbers do. */
  bytes: number;
  /** In the order of the page. */
  families: FamilySize[];
}

export interface FleetConfig {
  pods: number;
  shape: PageShape;
  seed: number;
  /** Of one workload; default 10. */
  replicas?: number;
  /** Requests that each proxy is sent, and sends, per second; default 20. */
  requestsPerSecond?: number;
  /** Share of them that fails, 0 to 1; default 0.01. */
  errorShare?: number;
  /** Share of the pods that is replaced each minute, 0 to 1; default 0. */
  churn?: number;
  /** The pods there are at first have served for up to so long, s; default 3600. Those that replace them begin at zero. */
  ageSeconds?: number;
  /** `as-asked`: as the real proxy does, by Accept-Encoding; default. `never`: always identity. */
  gzip?: 'as-asked' | 'never';
  /** `per-pod`: 127.a.b.c each, where the host has all of 127/8; `ports`: 127.0.0.1 with a port each. Default: as the host can. */
  addresses?: 'per-pod' | 'ports';
}

/** A pod as its target discovery would know it. */
export interface PodInfo {
  namespace: string;
  name: string;
  workload: string;
  /** What it answers at: `http://{ip}:{port}/metrics`. */
  ip: string;
  port: number;
  labels: Record<string, string>;
}

/** A pod has been replaced: `removed` answers no more, `added` does. */
export interface FleetChange {
  removed: PodInfo[];
  added: PodInfo[];
}

/** Since the generator's start, unless it says otherwise. */
export interface GeneratorStatistics {
  /** User and system time of its whole process, s. */
  cpuSeconds: number;
  pages: number;
  samples: number;
  /** Of pages as text, and as sent, without headers. */
  bytesRaw: number;
  bytesOnWire: number;
  /** One page made, compressed if asked, and handed over, microseconds; since the last reading. Zero: there was none. */
  pageMicros: { p50: number; p99: number };
  residentBytes: number;
  /** Pods that have been replaced. */
  replaced: number;
}
