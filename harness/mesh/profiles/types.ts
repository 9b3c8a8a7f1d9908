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
  /** How the registry prints the value (of a histogram: its sum); the legacy encoder: as integer, or seconds of whole ms. */
  value: 'integer' | 'float';
  /** Legacy stores print the headers of all their families as soon as the family named here has a series. */
  headerWith: string | null;
  /** Name under which it is counted, that of its newest form, where that is another. */
  countedAs?: string;
  /** Values that a label may have in this version, where releases differ in them. */
  values?: Readonly<Record<string, readonly string[]>>;
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
  behaviour: ProxyBehaviour;
  chart: ChartProfile;
}

/** What a version's proxy does otherwise than others with the same families (facts, section 9). */
export interface ProxyBehaviour {
  /** Inbound request_total & co. have the label `authority`: the Host as sent. */
  inboundAuthority: boolean;
  /** Label `hostname` of outbound route families; a label that families lack is not printed whatever this says. */
  hostname: 'populated' | 'empty';
  /** `grpc_status` of a stream that ends without trailers. */
  openGrpcStatus: '0' | '2';
  /** `grpc_status` and `error` of response_total: always there, or only when they say something. */
  classification: 'always' | 'when-relevant';
  /**
   * Two series with the same labels stand on the page of a proxy that saw direct and transport-header traffic to one port:
   * of inbound request_total & co. and inbound_http_authz_*, whose stores tell the two apart and whose labels do not.
   */
  duplicatesOfMixedTransport: boolean;
  /** Peers send a transport header to port 4143; before, TLS goes to the app's own port. */
  transportHeader: boolean;
  /** The page is the work of two encoders and ends in `# EOF`; before, of the legacy one alone. */
  registry: boolean;
  /** What the release's destination controller tells of zones: nothing, `dst_zone`, or `dst_zone_locality` as well. */
  dstZone: 'none' | 'zone' | 'locality';
}

/** What a release's charts make of pods, ports and Prometheus' configuration (facts, sections 4, 6 and 9). */
export interface ChartProfile {
  /** The proxy is an init container that stays (`restartPolicy: Always`). */
  nativeSidecar: boolean;
  /** Names of the control plane's admin ports. */
  adminPorts: {
    destination: string;
    policy: string;
    spValidator: string;
    identity: string;
    proxyInjector: string;
  };
  viz: {
    /** Regular expression, anchored, of port names that job linkerd-controller keeps. */
    controllerKeep: string;
    multiclusterJob: 'linkerd-service-mirror' | 'linkerd-multicluster-controller';
    /** Job linkerd-proxy keeps pods of phase Pending and Running alone. */
    phaseFilter: boolean;
  };
}
