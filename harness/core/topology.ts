import type { InboundPolicy, OutboundPolicy } from './policy.ts';

/** What stands in the mesh: who is behind a pod name, an address, an identity. Shared by environments, ledgers and verdicts. */
export interface Topology {
  /** e.g. `cluster.local`. */
  trustDomain: string;
  controlPlaneNamespace: string;
  workloads: WorkloadInfo[];
  pods: PodInfo[];
  services: ServiceInfo[];
}

export interface WorkloadInfo {
  /** `namespace/name`. */
  id: string;
  namespace: string;
  name: string;
  serviceAccount: string;
  /** Its mesh identity, the `client_id` / `server_id` label; empty for one that stands outside the mesh. */
  identity: string;
  /** What its pods speak; absent: `http`. */
  protocol?: 'http' | 'http2' | 'grpc' | 'tcp';
  /** What its proxies let in; absent: everything, by the default policy. */
  inboundPolicy?: InboundPolicy;
  /** Its app's port is skipped by its proxies (`config.linkerd.io/skip-inbound-ports`). */
  skipsInbound?: boolean;
  /** Ports of services that its own connections reach without a proxy (`skip-outbound-ports`). */
  skipsOutbound?: number[];
}

export interface PodInfo {
  namespace: string;
  /** e.g. `cart-664f644f88-4lkzv`. */
  name: string;
  /** `namespace/name` of the workload. */
  workload: string;
  replica: number;
  /** As labels show it (target_ip); on hosts with one loopback address all pods share it and differ by port. */
  ip: string;
  /** Port of the app as labels show it (target_port); null for the load generator, which serves nothing. */
  appPort: number | null;
  /** `host:port` of the admin listener, the `instance` label. */
  instance: string;
}

export interface ServiceInfo {
  /** `namespace/name`, equal to its workload's id. */
  id: string;
  namespace: string;
  name: string;
  authority: string;
  clusterIp: string;
  port: number;
  workload: string;
  /** Its routes and the rest; absent: none. */
  outboundPolicy?: OutboundPolicy;
}

/** Linkerd's name of a ServiceAccount (telemetry facts, section 7). */
export function identityName(
  serviceAccount: string,
  namespace: string,
  controlPlaneNamespace: string,
  trustDomain: string,
): string {
  return `${serviceAccount}.${namespace}.serviceaccount.identity.${controlPlaneNamespace}.${trustDomain}`;
}
