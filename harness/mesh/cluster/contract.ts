import type { InboundPolicy, OutboundPolicy } from '../../core/policy.ts';

/**
 * The simulated mesh in a real cluster: what its parts say to one another. Names of namespaces, Services, ports, containers,
 * labels, annotations and variables are Linkerd's wherever Linkerd has one (facts, sections 4 and 6), so that neither
 * Prometheus nor the workloads' manifests can tell the meshes apart.
 */

/** Ports of a proxy, as Linkerd's. */
export const PROXY_PORTS = { inbound: 4143, outbound: 4140, admin: 4191 } as const;
/** User of the proxy container; what it sends is not redirected. */
export const PROXY_UID = 2102;
/** Inbound ports that are never redirected (4190, 4191: the proxy's own; 4567, 4568: ignored by default). */
export const UNREDIRECTED_INBOUND = ['4190', '4191', '4567', '4568'] as const;

export const CONTROL_PLANE = {
  /** `GET /watch`: MeshSnapshot as JSON, one line each time something changed, the first at once. Over TLS. */
  destination: { service: 'linkerd-dst-headless', port: 8086 },
  /** `POST /certify` CertifyRequest -> CertifyResponse. Over TLS. */
  identity: { service: 'linkerd-identity-headless', port: 8080 },
  /** `POST /` AdmissionReview. Over TLS. */
  injector: { service: 'linkerd-proxy-injector', port: 443, targetPort: 8443 },
} as const;

/** Annotations of pods and namespaces that the injector heeds. */
export const ANNOTATIONS = {
  /** `enabled` | `disabled` | `ingress`; the pod's goes before its namespace's. */
  inject: 'linkerd.io/inject',
  skipInboundPorts: 'config.linkerd.io/skip-inbound-ports',
  skipOutboundPorts: 'config.linkerd.io/skip-outbound-ports',
  /** Here: the profile of the simulated proxy (`2.20`, `edge-26.8.3`, `v2.366.0`). */
  proxyVersion: 'config.linkerd.io/proxy-version',
  proxyLogLevel: 'config.linkerd.io/proxy-log-level',
  opaquePorts: 'config.linkerd.io/opaque-ports',
  defaultInboundPolicy: 'config.linkerd.io/default-inbound-policy',
  /** Of a proxy that is no native sidecar: how long it stays when its pod is to end. */
  waitBeforeExitSeconds: 'config.alpha.linkerd.io/proxy-wait-before-exit-seconds',
  /** Of the simulated injector alone: the name that it gives to the port `linkerd-admin`, as a mesh of another make would. */
  adminPortName: 'meshproof.io/admin-port-name',
} as const;

/** What the sidecar container is told, beside the pod's name, namespace, uid and addresses from the downward API. */
export const SIDECAR_ENV = {
  podName: '_pod_name',
  podNamespace: '_pod_ns',
  podUid: '_pod_uid',
  podIp: '_pod_ip',
  serviceAccount: '_pod_sa',
  /** JSON of SidecarSettings. */
  settings: 'MESHPROOF_SIDECAR',
  /** The trust anchors, PEM, from the ConfigMap `linkerd-identity-trust-roots`. */
  trustAnchors: 'LINKERD2_PROXY_IDENTITY_TRUST_ANCHORS',
  /** File with the pod's projected token, audience `identity.l5d.io`. */
  tokenFile: 'LINKERD2_PROXY_IDENTITY_TOKEN_FILE',
} as const;

export const TOKEN_AUDIENCE = 'identity.l5d.io';
export const TOKEN_PATH = '/var/run/secrets/tokens/linkerd-identity-token';

/** What the injector found out about the pod when it admitted it. */
export interface SidecarSettings {
  /** A version profile. */
  version: string;
  trustDomain: string;
  controlPlaneNamespace: string;
  vizNamespace: string;
  /** e.g. the Deployment `cart`; its template hash. */
  workloadKind: string;
  workload: string;
  podTemplateHash: string;
  /** TCP ports that the pod's containers declare, as LINKERD2_PROXY_INBOUND_PORTS. */
  ports: number[];
  /** Those of them on which no protocol is detected (annotation `opaque-ports`, or Linkerd's list). */
  opaquePorts: number[];
  /** Outbound ports that are led to listeners of their own, in the order of those (tcp-ports.ts). */
  egressPorts: number[];
  /** The pod's first container port that is not skipped, with its probes' paths; null when it serves nothing. */
  app: { port: number; readyPath: string; livePath: string } | null;
}

/** Everything that proxies must know of the cluster; small, so it is sent whole. */
export interface MeshSnapshot {
  services: SnapshotService[];
  pods: SnapshotPod[];
}

export interface SnapshotService {
  namespace: string;
  name: string;
  clusterIp: string;
  port: number;
  targetPort: number;
  /** Names of the pods behind it, in the same namespace. */
  pods: string[];
  /** What proxies that call it do; absent: nothing special. */
  policy?: OutboundPolicy;
}

export interface SnapshotPod {
  namespace: string;
  name: string;
  uid: string;
  ip: string;
  /** Kind and name of what owns it, ReplicaSets looked through. */
  workloadKind: string;
  workload: string;
  serviceAccount: string;
  podTemplateHash: string;
  /** It can be reached now (condition Ready). */
  ready: boolean;
  /** It has a sidecar that serves mutual TLS; others are dialled in plaintext. */
  meshed: boolean;
  /** The port behind its Services does not pass its proxy (`skip-inbound-ports`); absent: it does. */
  skippedPort?: number;
  /** What its own proxy lets in; absent: everything, by the default policy. */
  inboundPolicy?: InboundPolicy;
}

export interface CertifyRequest {
  /** The pod's ServiceAccount token; the answer is for the account that the API says it is of. */
  token: string;
}

export interface CertifyResponse {
  name: string;
  /** Leaf, then issuer. */
  certPem: string;
  keyPem: string;
  notBeforeEpochMs: number;
  notAfterEpochMs: number;
}

/** What an object installed for the simulated control plane must be given. */
export interface ControlPlaneSpec {
  namespace: string;
  vizNamespace: string;
  trustDomain: string;
  /** Default profile of proxies. */
  version: string;
  /** Image with node and the bundles; commands are CONTROL_PLANE_COMMANDS. */
  image: string;
}

/** Commands in the image `proxy` (kind-config/images/proxy.Dockerfile). */
export const COMMANDS = {
  sidecar: ['node', '/meshproof/sidecar.mjs'],
  /** In the container of a proxy: ends when the proxy is ready, as linkerd-await. */
  await: ['node', '/meshproof/await.mjs'],
  destination: ['node', '/meshproof/control-plane.mjs', 'destination'],
  identity: ['node', '/meshproof/control-plane.mjs', 'identity'],
  injector: ['node', '/meshproof/control-plane.mjs', 'proxy-injector'],
  /**
   * Arguments, each comma-separated: inbound ports to skip, outbound ports to skip, outbound ports by themselves, opaque inbound
   * ports. Needs NET_ADMIN and NET_RAW.
   */
  redirect: ['/bin/sh', '/meshproof/redirect.sh'],
} as const;
