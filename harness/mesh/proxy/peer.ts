import { identityName } from '../../core/topology.ts';
import type { Address, MeshPodConfig } from '../contract.ts';
import type { ClientTls, OutboundTarget } from '../telemetry/types.ts';
import type { KnownService } from './discovery.ts';

/** A pod as the outbound proxies of other pods know it. */
export interface Peer {
  namespace: string;
  name: string;
  uid: string;
  ip: string;
  /** Kind and name of what owns it: `Deployment`, `cart`. */
  workloadKind: string;
  workload: string;
  serviceAccount: string;
  podTemplateHash: string;
  /** Where its proxy listens. null: it is not meshed, its app is dialled in plaintext. */
  inbound: Address | null;
  /** Where its app is dialled past its proxy: the pod is meshed, but skips the port (`inbound` is null). */
  skipped?: Address;
  /** Where its proxy's admin port is dialled, where that is another than the pod's address and 4191. */
  admin?: Address;
  /** The app's port as labels show it, where it is another than the service's target port. */
  appPort: number | null;
}

/** What names in labels are made of. */
export interface MeshNames {
  trustDomain: string;
  controlPlaneNamespace: string;
}

/** How others know a pod whose sidecar runs here. */
export function peerOf(pod: MeshPodConfig): Peer {
  const { namespace, name, uid, ip, serviceAccount, podTemplateHash, inbound, admin } = pod;
  return {
    ...{ namespace, name, uid, ip, serviceAccount, podTemplateHash, inbound, admin },
    ...(pod.skipsInbound && pod.app && { inbound: null, skipped: pod.app.address }),
    ...(pod.faults?.absent && { inbound: null, skipped: undefined, admin: undefined }),
    workloadKind: 'Deployment',
    workload: pod.deployment,
    appPort: pod.app?.labelPort ?? null,
  };
}

const COMPARED = [
  ...['namespace', 'name', 'uid', 'ip', 'workloadKind', 'workload', 'serviceAccount', 'podTemplateHash', 'appPort'],
] as (keyof Peer)[];

/** Nothing that a connection or a label depends on has changed. */
export function samePeer(a: Peer, b: Peer): boolean {
  return (
    COMPARED.every((key) => a[key] === b[key]) &&
    sameAddress(a.inbound, b.inbound) &&
    sameAddress(a.skipped, b.skipped) &&
    sameAddress(a.admin, b.admin)
  );
}

function sameAddress(a?: Address | null, b?: Address | null): boolean {
  return a?.host === b?.host && a?.port === b?.port;
}

export function peerIdentity(peer: Peer, names: MeshNames): string {
  return identityName(peer.serviceAccount, peer.namespace, names.controlPlaneNamespace, names.trustDomain);
}

/** An endpoint as the destination controller describes it (facts, 1.1; unmeshed ones: 1.12). */
export function endpointTarget(service: KnownService, peer: Peer, names: MeshNames): OutboundTarget {
  const dst = podLabels(peer, names);
  dst.set('dst_service', service.name);
  dst.set('dst_zone_locality', 'unknown');
  return {
    authority: service.port === 80 ? service.authority : `${service.authority}:${service.port}`,
    ip: peer.ip,
    port: peer.appPort ?? service.targetPort,
    tls: tlsTo(peer.inbound !== null, peer, names),
    dst: sorted(dst),
  };
}

/** A pod that is dialled by its address (facts, 1.1 and 1.10). @param meshed by TLS */
export function podTarget(peer: Peer, port: number, meshed: boolean, names: MeshNames): OutboundTarget {
  return { authority: '', ip: peer.ip, port, tls: tlsTo(meshed, peer, names), dst: sorted(podLabels(peer, names)) };
}

function podLabels(peer: Peer, names: MeshNames): Map<string, string> {
  const dst = new Map([
    ['dst_namespace', peer.namespace],
    ['dst_pod', peer.name],
    ['dst_serviceaccount', peer.serviceAccount],
    ['dst_zone', ''],
    [ownerLabel(peer.workloadKind), peer.workload],
  ]);
  // From labels of the pod, which the injector and its ReplicaSet set.
  if (peer.inbound || peer.skipped) dst.set('dst_control_plane_ns', names.controlPlaneNamespace);
  if (peer.podTemplateHash) dst.set('dst_pod_template_hash', peer.podTemplateHash);
  return dst;
}

function tlsTo(meshed: boolean, peer: Peer, names: MeshNames): ClientTls {
  return meshed
    ? { tls: 'true', serverId: peerIdentity(peer, names) }
    : { tls: 'no_identity', reason: 'not_provided_by_service_discovery' };
}

function sorted(labels: Map<string, string>): [name: string, value: string][] {
  return [...labels].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Of a Job's pods the label is `k8s_job`, so that it does not collide with Prometheus' `job`. */
function ownerLabel(kind: string): string {
  const name = kind.toLowerCase();
  return name === 'job' ? 'dst_k8s_job' : `dst_${name}`;
}
