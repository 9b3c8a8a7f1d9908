import type { PodInfo, ServiceInfo, Topology } from '../core/topology.ts';
import { podKey } from './truth.ts';
import type { UnmeshedRoute } from './unmeshed.ts';

export type Labels = Record<string, string>;

/** Who a series speaks of. `peer` keys the scope: `in|<identity>`, `in|*`, `out|<service>|<pod>`, `out|<service>|*`. */
export type Projected =
  | { kind: 'app'; peer: string; sum: string | null }
  /** Unmeshed requests: to the admin port, or to the app's, the kubelet's probes and others. */
  | { kind: 'other'; route: 'admin' | UnmeshedRoute }
  | { kind: 'unexplained'; why: string };

/** What labels mean in this topology. */
export interface Names {
  pods: Map<string, PodInfo>;
  workloadsOfIdentity: Map<string, Set<string>>;
  identityOfWorkload: Map<string, string>;
  accountOfWorkload: Map<string, string>;
  services: Map<string, ServiceInfo>;
  serviceOfAuthority: Map<string, ServiceInfo>;
}

export function namesOf(topology: Topology): Names {
  const workloadsOfIdentity = new Map<string, Set<string>>();
  for (const w of topology.workloads) {
    const set = workloadsOfIdentity.get(w.identity) ?? new Set();
    workloadsOfIdentity.set(w.identity, set.add(w.id));
  }
  return {
    pods: new Map(topology.pods.map((p) => [podKey(p.namespace, p.name), p])),
    workloadsOfIdentity,
    identityOfWorkload: new Map(topology.workloads.map((w) => [w.id, w.identity])),
    accountOfWorkload: new Map(topology.workloads.map((w) => [w.id, w.serviceAccount])),
    services: new Map(topology.services.map((s) => [s.id, s])),
    serviceOfAuthority: new Map(topology.services.map((s) => [withoutPort(s.authority), s])),
  };
}

function withoutPort(authority: string): string {
  return authority.replace(/:\d+$/, '');
}

/** The proxy's admin port as labels show it (telemetry facts, section 1.1). */
const ADMIN_PORT = '4191';

/** Inbound endpoint families and authz: the client by identity, this pod by address. */
export function projectInbound(labels: Labels, pod: PodInfo, names: Names): Projected {
  const port = labels.target_port ?? '';
  if (port === ADMIN_PORT && labels.target_ip !== pod.ip) return { kind: 'other', route: 'admin' };
  if (port === ADMIN_PORT && pod.appPort !== Number(ADMIN_PORT)) return { kind: 'other', route: 'admin' };
  if (Number(port) !== pod.appPort || labels.target_ip !== pod.ip) {
    return {
      kind: 'unexplained',
      why: `target ${labels.target_ip}:${port} is not this pod's ${pod.ip}:${pod.appPort}`,
    };
  }
  if (labels.target_addr !== undefined && labels.target_addr !== `${labels.target_ip}:${port}`) {
    return { kind: 'unexplained', why: `target_addr ${labels.target_addr} contradicts target_ip and target_port` };
  }
  if (labels.route_name === 'probe') return { kind: 'other', route: 'probe' };
  if (labels.tls !== 'true') return { kind: 'other', route: 'plain' };
  const client = labels.client_id ?? '';
  if (!names.workloadsOfIdentity.has(client)) {
    return { kind: 'unexplained', why: `client_id "${client}" is nobody's identity` };
  }
  return { kind: 'app', peer: `in|${client}`, sum: null };
}

/** inbound_http_*: no client at all. */
export function projectServer(labels: Labels, pod: PodInfo): Projected {
  if (labels.parent_port === ADMIN_PORT && pod.appPort !== Number(ADMIN_PORT)) return { kind: 'other', route: 'admin' };
  if (Number(labels.parent_port) !== pod.appPort) {
    return { kind: 'unexplained', why: `parent_port ${labels.parent_port} is not this pod's ${pod.appPort}` };
  }
  if (labels.route_name === 'probe') return { kind: 'other', route: 'probe' };
  return { kind: 'app', peer: 'in|*', sum: null };
}

/** Outbound endpoint families: one pod of a service; all the labels that name it must name the same one. */
export function projectEndpoint(labels: Labels, names: Names): Projected {
  const service = names.serviceOfAuthority.get(withoutPort(labels.authority ?? ''));
  if (!service) return { kind: 'unexplained', why: `authority "${labels.authority ?? ''}" is no service` };
  const key = podKey(labels.dst_namespace ?? service.namespace, labels.dst_pod ?? '');
  const pod = names.pods.get(key);
  if (!pod) return { kind: 'unexplained', why: `dst_pod "${labels.dst_pod ?? ''}" is no pod` };
  const workload = service.workload.split('/')[1]!;
  const expected: Labels = {
    dst_service: service.name,
    dst_deployment: workload,
    dst_serviceaccount: names.accountOfWorkload.get(service.workload) ?? '',
    server_id: names.identityOfWorkload.get(service.workload) ?? '',
    target_ip: pod.ip,
    target_port: String(pod.appPort),
    target_addr: `${pod.ip}:${pod.appPort}`,
  };
  if (pod.workload !== service.workload) {
    return { kind: 'unexplained', why: `dst_pod ${key} does not belong to authority ${labels.authority}` };
  }
  for (const [name, value] of Object.entries(expected)) {
    if (labels[name] !== undefined && labels[name] !== value) {
      return { kind: 'unexplained', why: `${name} "${labels[name]}" contradicts dst_pod ${key}, whose is "${value}"` };
    }
  }
  return { kind: 'app', peer: `out|${service.id}|${key}`, sum: `out|${service.id}|*` };
}

/** outbound_http_route_*: parent, and for `backend` the backend, are the service. */
export function projectRoute(labels: Labels, names: Names, of: 'parent' | 'backend'): Projected {
  const id = `${labels[`${of}_namespace`] ?? ''}/${labels[`${of}_name`] ?? ''}`;
  if (!names.services.has(id)) return { kind: 'unexplained', why: `${of} ${id} is no service` };
  if (`${labels.parent_namespace ?? ''}/${labels.parent_name ?? ''}` !== id) {
    return {
      kind: 'unexplained',
      why: `backend ${id} is not the parent's ${labels.parent_namespace}/${labels.parent_name}`,
    };
  }
  return { kind: 'app', peer: `out|${id}|*`, sum: null };
}
