/** What a version of the Linkerd proxy prints on /metrics: data only, read by the telemetry (facts, sections 1 and 9). */

export type FamilyKind = 'counter' | 'gauge' | 'histogram';

export interface FamilyProfile {
  /** Name in HELP and TYPE. Samples of the registry's counters add `_total`; legacy names have it already. */
  name: string;
  /** The page is two encoders' output, one after the other; each has its own layout. */
  encoder: 'legacy' | 'registry';
  kind: FamilyKind;
  /** As printed, the registry's final dot included. */
  help: string;
  unit: string | null;
  /**
   * All labels in the order of the page. One that a series does not have is left out; `dst_*` stands for the labels of
   * the destination controller, `rt_*` for those of a ServiceProfile's route.
   */
  labels: readonly string[];
  /** Upper bounds without `+Inf`; null unless a histogram. */
  buckets: readonly number[] | null;
  /** How the registry prints the value (of a histogram: its sum); the legacy encoder prints integers as such. */
  value: 'integer' | 'float';
  /** Legacy stores print the headers of all their families as soon as the family named here has a series. */
  headerWith: string | null;
}

export interface BuildInfo {
  date: string;
  gitSha: string;
  profile: string;
  vendor: string;
}

export interface VersionProfile {
  /** e.g. `v2.366.0`. */
  proxyVersion: string;
  /** Linkerd release that ships it, e.g. `edge-26.8.3` or `2.20`. */
  linkerdVersion: string;
  /** Further names that users may give. */
  aliases: readonly string[];
  build: BuildInfo;
  /** prometheus-client up to 0.23 prints HELP, TYPE and UNIT of registered families that have no series. */
  headersOfEmptyFamilies: boolean;
  /** A legacy label set without a live handle is dropped after this long without an update. */
  retainIdleMs: number;
  /** Queue timeout of a balancer, s: `gate_timeout_seconds`. */
  failfastSeconds: { control: number; outbound: number };
  /** Port that `inbound_http_errors_total` shows for connections with a transport header. */
  inboundPort: number;
  /** In the order of the page. */
  families: readonly FamilyProfile[];
}
