import type { ChildReply } from '../core/child-calls.ts';
import type { InboundPolicy, OutboundPolicy } from '../core/policy.ts';

/** Configuration of the simulated mesh and the messages between its process and whoever runs it. */

export interface Address {
  host: string;
  port: number;
}

export interface MeshConfig {
  /** Linkerd or proxy version; names a profile. */
  version: string;
  trustDomain: string;
  controlPlaneNamespace: string;
  vizNamespace: string;
  probeIntervalMs: number;
  pods: MeshPodConfig[];
  services: MeshServiceConfig[];
  kubernetesApi: Address;
  /** An existing folder for what Prometheus must read: ca.crt, token. */
  dir: string;
  /** What is wrong with the cluster's API and its objects. Absent: nothing. */
  clusterFaults?: ClusterFaults;
}

/** Failures of what the Kubernetes API says, and to whom; the pods themselves are not touched by them. */
export interface ClusterFaults {
  /** Whose pods Prometheus' ServiceAccount may list: those of these namespaces, or nobody's. Absent: everybody's. */
  prometheusMayList?: string[];
  /** The API does not know the token that Prometheus has. */
  tokenExpired?: boolean;
  /** ca.crt is that of another authority. */
  otherCa?: boolean;
  pods?: { namespace: string; name: string; edits: PodEdit[] }[];
  /** Completed pods that nobody runs, each a copy of a pod of the mesh, its address included. */
  completedCopies?: { namespace: string; of: string; name: string }[];
}

/** One change of a pod as the API shows it. */
export type PodEdit =
  | { op: 'rename-container'; from: string; to: string }
  | { op: 'rename-port'; from: string; to: string }
  /** null: taken away. */
  | { op: 'label'; name: string; value: string | null }
  | { op: 'annotation'; name: string; value: string | null }
  | { op: 'phase'; phase: string }
  /** As if it had never been injected: no proxy, none of the injector's labels and annotations. */
  | { op: 'without-proxy' }
  /** An environment variable of the proxy's container. */
  | { op: 'proxy-env'; name: string; value: string };

/** Failures of one pod's proxy. */
export interface PodFaults {
  /** No proxy runs: nothing listens on its ports; the app stands alone. */
  absent?: boolean;
  /** What is wrong with its admin listener. */
  admin?: {
    /** `drop`: connections to it are never made, nor refused; `refuse`: does not listen; `tls-only`: speaks TLS alone, with a certificate of no mesh. */
    reach?: 'drop' | 'refuse' | 'tls-only';
    /** Before it answers /metrics. */
    delayMs?: number;
    malformed?: 'value' | 'label' | 'type' | 'quote';
    /** Share of the page after which the connection ends, 0 to 1. */
    cutAfter?: number;
    duplicates?: boolean;
    /** A Server of its port, by this name, denies everything. */
    deniedBy?: string;
  };
  identity?: {
    certificate?: 'expired' | 'other-anchor';
    /**
     * Every renewal fails: `unusable`, what identity answers is of no use (it does not chain to the proxy's anchors);
     * `unreachable`, it does not answer. The proxy counts refreshes that failed of the first alone.
     */
    renewalFails?: 'unusable' | 'unreachable';
  };
  /** What it forgets, and when: legacy series without an update for so long. */
  retainIdleMs?: number;
  /** How long it waits for the first bytes of a connection, inbound or of its own app to one service (`egressOf`). */
  detectTimeoutMs?: number;
}

export interface MeshPodConfig {
  /** Linkerd or proxy version of its proxy, and of its component; names a profile. Absent: the mesh's. */
  version?: string;
  namespace: string;
  name: string;
  uid: string;
  /** The Deployment that owns it. */
  deployment: string;
  serviceAccount: string;
  podTemplateHash: string;
  /** Labels beside those that injection adds. */
  labels: Record<string, string>;
  /** Pod address as Kubernetes and the proxy's labels show it. */
  ip: string;
  /** Where the sidecar really listens; equal to ip:4143 / 4140 / 4191 where every pod has an address. */
  inbound: Address;
  outbound: Address;
  admin: Address;
  /**
   * The app; null for a pod that serves nothing (the load generator). `labelPort` is what labels show. `probe`: where the
   * kubelet asks for its health, past the proxy; absent: on the app's port, through the proxy.
   */
  app: { address: Address; labelPort: number; readyPath: string; livePath: string; probe?: Address } | null;
  /**
   * What its proxy lets in, on the app's port and on its admin port: servers are of `app.labelPort` and of `admin.port`.
   * Absent: everything, by `all-unauthenticated`.
   */
  inboundPolicy?: InboundPolicy;
  /**
   * Ports of the app on which its proxy detects no protocol (`config.linkerd.io/opaque-ports` of the pod, or Linkerd's list),
   * unless a Server says what they speak. Absent: those of its opaque Services.
   */
  opaquePorts?: number[];
  /** The app's port bypasses the proxy (`config.linkerd.io/skip-inbound-ports`): peers dial the app itself, without TLS. */
  skipsInbound?: boolean;
  /**
   * Further addresses where its outbound proxy listens, each for one service: the destination that the kernel would know.
   * A connection that arrives there is handled as one to that service's ClusterIP: opaque, or with protocol detection.
   */
  egressOf?: { service: { namespace: string; name: string; port: number }; address: Address }[];
  /** Set for control-plane pods: `destination`, `identity`, `proxy-injector`; they have further containers and admin ports. */
  component: string | null;
  /** Admin ports of the component's own containers: container name, port name, address. */
  componentPorts: { container: string; portName: string; address: Address }[];
  /** What is wrong with its proxy from the start. Absent: nothing. */
  faults?: PodFaults;
  /** It is not there yet: it neither runs nor stands in the API before `start-pod`. */
  startsLater?: boolean;
}

export interface MeshServiceConfig {
  namespace: string;
  name: string;
  clusterIp: string;
  port: number;
  targetPort: number;
  /** Names of the pods behind it, in the same namespace. */
  pods: string[];
  /** Absent: no routes, nothing opaque. */
  policy?: OutboundPolicy;
}

/** Commands to the mesh process (over the IPC channel); each is answered by one MeshReply with the same id. */
export type MeshCommand =
  | { id: number; type: 'start'; config: MeshConfig }
  /** Ends the sidecar as SIGKILL would: sockets cut, counters lost. `alone`: its container only; the app lives on. */
  | { id: number; type: 'kill-pod'; namespace: string; pod: string; alone?: boolean }
  /** A new incarnation of the sidecar of a killed pod; or a pod that starts later. */
  | { id: number; type: 'start-pod'; namespace: string; pod: string }
  /** Replaces what is wrong with the cluster's API and objects. Open watches go on, as with a real API server. */
  | { id: number; type: 'set-cluster-faults'; faults: ClusterFaults }
  /** Replaces what is wrong with a pod's proxy, from now on; `{}`: nothing is. */
  | { id: number; type: 'set-pod-faults'; namespace: string; pod: string; faults: PodFaults }
  /** Takes a pod out of the API, as when it is deleted; its sidecar ends first, when what is under way has (for a while). */
  | { id: number; type: 'delete-pod'; namespace: string; pod: string }
  /**
   * Lets a pod leave in order, before its app ends: nobody is sent there any more, peers are asked to close what they keep
   * open, and what is under way is finished, connections that are forwarded included. Resolves when nothing of it is left,
   * or after `graceMs`; the pod runs on. Probes end.
   */
  | { id: number; type: 'drain-pod'; namespace: string; pod: string; graceMs: number }
  /** Resolves when a pod whose app has ended has no connection of it any more, nor a request of it under way; or after `graceMs`. */
  | { id: number; type: 'settle-pod'; namespace: string; pod: string; graceMs: number }
  /** Resolves when each sidecar is certified and ready, and each app answers its readiness path. `pods`, as `namespace/name`: these only. */
  | { id: number; type: 'wait-ready'; deadlineMs: number; pods?: string[] }
  | { id: number; type: 'clock' }
  | { id: number; type: 'stop' };

export type MeshReply = ChildReply;

/** Value of the reply to `start`. */
export interface MeshStarted {
  kubernetesApiUrl: string;
  caFile: string;
  tokenFile: string;
  /** For whoever operates the mesh: the API's true CA, and a token that may read everything. */
  operator: { caFile: string; tokenFile: string };
  /** Profile that serves, e.g. `v2.366.0`. */
  proxyVersion: string;
  linkerdVersion: string;
}
