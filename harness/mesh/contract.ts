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
}

export interface MeshPodConfig {
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
  /** Ends the sidecar as SIGKILL would: sockets cut, counters lost. */
  | { id: number; type: 'kill-pod'; namespace: string; pod: string }
  /** A new incarnation of the sidecar of a killed pod. */
  | { id: number; type: 'start-pod'; namespace: string; pod: string }
  /** Resolves when each sidecar is certified and ready, and each app answers its readiness path. */
  | { id: number; type: 'wait-ready'; deadlineMs: number }
  | { id: number; type: 'clock' }
  | { id: number; type: 'stop' };

export type MeshReply =
  | { id: number; ok: true; value?: unknown }
  | { id: number; ok: false; error: { code: string; message: string; hint: string } };

/** Value of the reply to `start`. */
export interface MeshStarted {
  kubernetesApiUrl: string;
  caFile: string;
  tokenFile: string;
  /** Profile that serves, e.g. `v2.366.0`. */
  proxyVersion: string;
  linkerdVersion: string;
}
