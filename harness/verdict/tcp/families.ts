import type { PodInfo } from '../../core/topology.ts';
import type { Labels, Names } from '../projection.ts';
import type { TcpMeasure } from './bounds.ts';
import type { TcpTruth } from './connections.ts';

/** Whom a TCP series speaks of; `null`: of traffic that is not reconciled as TCP (HTTP connections, the admin port). */
export type TcpProjected =
  | { kind: 'client'; service: string }
  | { kind: 'peer'; service: string; pod: string }
  /** identity null: of all clients. */
  | { kind: 'server'; identity: string | null }
  | { kind: 'unexplained'; why: string }
  | null;

const CONNECTIONS =
  'the caller is about to connect before a proxy takes the connection, the callee accepts it after, both close it in the end';
const BYTES = 'each byte is written by one end before a proxy counts it, and read by the other after';

const DENIED = 'a connection that policy refuses stood for its caller, and no app has seen it';

/** Read from whoever is on that side: on the client's side (`src`) these are the caller's, on the server's the callee's. */
function byPeer(src: TcpMeasure, dst: TcpMeasure): (labels: Labels) => TcpMeasure {
  return (labels) => (labels.peer === 'dst' ? dst : src);
}

/** Families by name, with what a series of theirs measures. */
export const TCP_FAMILIES: ReadonlyMap<string, { measure: (labels: Labels) => TcpMeasure; reason: string }> = new Map([
  ['tcp_open_total', { measure: () => 'open', reason: CONNECTIONS }],
  ['tcp_close_total', { measure: () => 'close', reason: CONNECTIONS }],
  ['tcp_open_connections', { measure: () => 'current', reason: CONNECTIONS }],
  ['tcp_read_bytes_total', { measure: byPeer('up', 'down'), reason: BYTES }],
  ['tcp_write_bytes_total', { measure: byPeer('down', 'up'), reason: BYTES }],
  ['inbound_tcp_authz_allow_total', { measure: () => 'open', reason: CONNECTIONS }],
  ['inbound_tcp_authz_deny_total', { measure: () => 'denied', reason: DENIED }],
  ['outbound_tcp_route_open_total', { measure: () => 'open', reason: CONNECTIONS }],
  ['outbound_tcp_route_close_total', { measure: () => 'close', reason: CONNECTIONS }],
]);

/** Whom a series of one of these families speaks of. */
export function projectTcp(name: string, labels: Labels, pod: PodInfo, names: Names, truth: TcpTruth): TcpProjected {
  if (name.startsWith('outbound_')) return projectRoute(labels, names, truth);
  if (name.startsWith('inbound_')) return projectServer(labels, pod, names, truth);
  if (labels.direction === 'inbound') {
    if (labels.peer === 'dst') return truth.workloads.has(pod.workload) ? { kind: 'server', identity: null } : null;
    return projectServer(labels, pod, names, truth);
  }
  return labels.peer === 'dst' ? projectPeer(labels, names, truth) : projectClient(labels, names, truth);
}

/** tcp_*{direction="inbound",peer="src"}, inbound_tcp_authz_*: the client by identity, this pod by address. */
function projectServer(labels: Labels, pod: PodInfo, names: Names, truth: TcpTruth): TcpProjected {
  if (!truth.workloads.has(pod.workload) || Number(labels.target_port) !== pod.appPort) return null;
  if (labels.target_ip !== pod.ip) return { kind: 'unexplained', why: `target ${labels.target_ip} is not this pod` };
  if (labels.tls !== 'true') return { kind: 'server', identity: '' };
  const client = labels.client_id ?? '';
  if (names.workloadsOfIdentity.has(client)) return { kind: 'server', identity: client };
  return { kind: 'unexplained', why: `client_id "${client}" is nobody's identity` };
}

/** tcp_*{direction="outbound",peer="src"}: the service by its ClusterIP. */
function projectClient(labels: Labels, names: Names, truth: TcpTruth): TcpProjected {
  for (const service of names.services.values()) {
    if (service.clusterIp !== labels.target_ip || String(service.port) !== labels.target_port) continue;
    return truth.workloads.has(service.workload) ? { kind: 'client', service: service.id } : null;
  }
  return null;
}

/** tcp_*{direction="outbound",peer="dst"}: one pod of a service. */
function projectPeer(labels: Labels, names: Names, truth: TcpTruth): TcpProjected {
  const key = `${labels.dst_namespace ?? ''}/${labels.dst_pod ?? ''}`;
  const pod = names.pods.get(key);
  if (!pod || !truth.workloads.has(pod.workload)) return null;
  const service = names.serviceOfAuthority.get((labels.authority ?? '').replace(/:\d+$/, ''));
  if (service?.workload !== pod.workload) {
    return { kind: 'unexplained', why: `dst_pod ${key} does not belong to authority "${labels.authority ?? ''}"` };
  }
  const wrong =
    labels.target_ip !== pod.ip || Number(labels.target_port) !== pod.appPort
      ? `target ${labels.target_addr} is not the pod's ${pod.ip}:${pod.appPort}`
      : labels.tls === 'true' && labels.server_id !== names.identityOfWorkload.get(pod.workload)
        ? `server_id "${labels.server_id ?? ''}" is not the pod's identity`
        : null;
  return wrong === null ? { kind: 'peer', service: service.id, pod: key } : { kind: 'unexplained', why: wrong };
}

/** outbound_tcp_route_*: the Service that is the parent; a default opaque route (telemetry facts, section 1.10). */
function projectRoute(labels: Labels, names: Names, truth: TcpTruth): TcpProjected {
  const service = names.services.get(`${labels.parent_namespace ?? ''}/${labels.parent_name ?? ''}`);
  if (!service || !truth.workloads.has(service.workload)) return null;
  if (labels.parent_port !== String(service.port)) {
    return { kind: 'unexplained', why: `parent_port ${labels.parent_port} is not the service's ${service.port}` };
  }
  return { kind: 'client', service: service.id };
}
