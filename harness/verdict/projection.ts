import type { InboundPolicy, InboundServer } from '../core/policy.ts';
import type { PodInfo, ServiceInfo, Topology } from '../core/topology.ts';
import { podKey } from './truth.ts';
import type { UnmeshedRoute } from './unmeshed.ts';

export type Labels = Record<string, string>;

/** Who a series speaks of. `peer` keys the scope: `in|<identity>`, `in|*`, `out|<service>|<pod>`, `out|<service>|*`. */
export type Projected =
  | { kind: 'app'; peer: string; sum: string | null; route: string | null }
  /** Unmeshed requests: to the admin port, or to the app's, the kubelet's probes and others. */
  | { kind: 'other'; route: 'admin' | UnmeshedRoute }
  | { kind: 'unexplained'; why: string };

/** Identity of a workload outside the mesh. */
export const OUTSIDE = '';

/** What labels mean in this topology. */
export interface Names {
  pods: Map<string, PodInfo>;
  workloadsOfIdentity: Map<string, Set<string>>;
  identityOfWorkload: Map<string, string>;
  accountOfWorkload: Map<string, string>;
  services: Map<string, ServiceInfo>;
  serviceOfAuthority: Map<string, ServiceInfo>;
  /** What the proxies of a workload let in; absent: everything. */
  inboundOfWorkload: Map<string, InboundPolicy>;
  controlPlaneNamespace: string;
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
    inboundOfWorkload: new Map(
      topology.workloads.flatMap((w) => (w.inboundPolicy ? [[w.id, w.inboundPolicy] as const] : [])),
    ),
    controlPlaneNamespace: topology.controlPlaneNamespace,
  };
}

/** The Server of a pod's app port. */
export function serverOf(names: Names, workload: string, port: number | null): InboundServer | undefined {
  return names.inboundOfWorkload.get(workload)?.servers.find((s) => s.port === port);
}

/** By what families an inbound proxy counts: a Server that says gRPC has its own (telemetry facts, section 1.9). */
export function inboundKind(names: Names, workload: string, port: number | null): 'http' | 'grpc' {
  return serverOf(names, workload, port)?.protocol === 'gRPC' ? 'grpc' : 'http';
}

/** By what families outbound proxies count: gRPC only with a GRPCRoute (telemetry facts, section 1.10). */
export function outboundKind(service: ServiceInfo | undefined): 'http' | 'grpc' {
  return service?.outboundPolicy?.routes.some((r) => r.ref.kind === 'GRPCRoute') ? 'grpc' : 'http';
}

/** The first label that is not as it must be; a missing one is empty. */
function contradiction(labels: Labels, expected: Labels): string | null {
  for (const [name, value] of Object.entries(expected)) {
    const actual = labels[name] ?? '';
    if (actual !== value) return `${name} "${actual}" must be "${value}"`;
  }
  return null;
}

/** Default policies, after which default servers and authorizations are named (telemetry facts, section 1.9). */
const POLICIES: ReadonlySet<string> = new Set([
  'all-unauthenticated',
  'all-authenticated',
  'cluster-unauthenticated',
  'cluster-authenticated',
  'audit',
]);

/** Default routes of an inbound proxy (telemetry facts, section 1.9). */
const INBOUND_ROUTES: ReadonlySet<string> = new Set(['default', 'probe']);

/** Labels of the default server (by its prefix) and the default routes: no scenario has policies of its own. */
function serverContradiction(labels: Labels, port: number | null, prefix: 'srv' | 'parent'): string | null {
  const policy = labels[`${prefix}_name`] ?? '';
  if (!POLICIES.has(policy)) return `${prefix}_name "${policy}" is no default policy`;
  if (!INBOUND_ROUTES.has(labels.route_name ?? ''))
    return `route_name "${labels.route_name ?? ''}" is no default route`;
  return contradiction(labels, {
    [`${prefix}_group`]: '',
    [`${prefix}_kind`]: 'default',
    [`${prefix}_port`]: String(port),
    route_group: '',
    route_kind: 'default',
  });
}

function withoutPort(authority: string): string {
  return authority.replace(/:\d+$/, '');
}

function address(pod: PodInfo): string {
  return `${pod.ip.includes(':') ? `[${pod.ip}]` : pod.ip}:${pod.appPort}`;
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
  const probe = labels.route_name === 'probe';
  const wrong =
    contradiction(labels, { target_addr: address(pod) }) ??
    serverContradiction(labels, pod.appPort, 'srv') ??
    contradiction(labels, {
      authz_group: '',
      authz_kind: 'default',
      authz_name: probe ? 'probe' : (labels.srv_name ?? ''),
    }) ??
    (labels.tls === 'true' ? null : contradiction(labels, { tls: 'no_identity', client_id: '' }));
  if (wrong !== null) return { kind: 'unexplained', why: wrong };
  if (probe) return { kind: 'other', route: 'probe' };
  if (labels.tls !== 'true') {
    // Whoever stands outside the mesh has no identity; when that is a workload, its plaintext is a flow.
    const outside = names.workloadsOfIdentity.has(OUTSIDE);
    return outside
      ? { kind: 'app', peer: `in|${OUTSIDE}`, sum: null, route: labels.route_name ?? null }
      : { kind: 'other', route: 'plain' };
  }
  const client = labels.client_id ?? '';
  if (client === OUTSIDE || !names.workloadsOfIdentity.has(client)) {
    return { kind: 'unexplained', why: `client_id "${client}" is nobody's identity` };
  }
  return { kind: 'app', peer: `in|${client}`, sum: null, route: labels.route_name ?? null };
}

/** inbound_http_*: no client at all. */
export function projectServer(labels: Labels, pod: PodInfo): Projected {
  if (labels.parent_port === ADMIN_PORT && pod.appPort !== Number(ADMIN_PORT)) return { kind: 'other', route: 'admin' };
  if (Number(labels.parent_port) !== pod.appPort) {
    return { kind: 'unexplained', why: `parent_port ${labels.parent_port} is not this pod's ${pod.appPort}` };
  }
  const wrong = serverContradiction(labels, pod.appPort, 'parent');
  if (wrong !== null) return { kind: 'unexplained', why: wrong };
  if (labels.route_name === 'probe') return { kind: 'other', route: 'probe' };
  return { kind: 'app', peer: 'in|*', sum: null, route: labels.route_name ?? null };
}

/** Outbound endpoint families: one pod of a service; all the labels that name it must name the same one. */
export function projectEndpoint(labels: Labels, names: Names): Projected {
  const service = names.serviceOfAuthority.get(withoutPort(labels.authority ?? ''));
  if (!service) return { kind: 'unexplained', why: `authority "${labels.authority ?? ''}" is no service` };
  const key = podKey(labels.dst_namespace ?? '', labels.dst_pod ?? '');
  const pod = names.pods.get(key);
  if (!pod) return { kind: 'unexplained', why: `dst_pod "${key}" is no pod` };
  if (pod.workload !== service.workload) {
    return { kind: 'unexplained', why: `dst_pod ${key} does not belong to authority ${labels.authority}` };
  }
  const workload = service.workload.split('/')[1]!;
  const wrong = contradiction(labels, {
    direction: 'outbound',
    // Port 80 is left out (telemetry facts, section 1.1).
    authority: withoutPort(service.authority) + (service.port === 80 ? '' : `:${service.port}`),
    dst_service: service.name,
    dst_deployment: workload,
    dst_serviceaccount: names.accountOfWorkload.get(service.workload) ?? '',
    dst_control_plane_ns: names.controlPlaneNamespace,
    dst_pod_template_hash: templateHash(pod.name, workload) ?? labels.dst_pod_template_hash ?? '',
    tls: 'true',
    server_id: names.identityOfWorkload.get(service.workload) ?? '',
    target_ip: pod.ip,
    target_port: String(pod.appPort),
    target_addr: address(pod),
  });
  if (wrong !== null) return { kind: 'unexplained', why: `dst_pod ${key}: ${wrong}` };
  return { kind: 'app', peer: `out|${service.id}|${key}`, sum: `out|${service.id}|*`, route: null };
}

/** The middle of a Deployment's pod name, `name-hash-suffix`; null when the name is not made so. */
function templateHash(pod: string, workload: string): string | null {
  const rest = pod.startsWith(`${workload}-`) ? pod.slice(workload.length + 1).split('-') : [];
  return rest.length === 2 ? rest[0]! : null;
}

/** outbound_http_route_*: parent, and for `backend` the backend, are the service. */
export function projectRoute(labels: Labels, names: Names, of: 'parent' | 'backend'): Projected {
  const id = `${labels[`${of}_namespace`] ?? ''}/${labels[`${of}_name`] ?? ''}`;
  const service = names.services.get(id);
  if (!service) return { kind: 'unexplained', why: `${of} ${id} is no service` };
  const wrong =
    contradiction(labels, serviceLabels('parent', service)) ??
    (of === 'backend' ? contradiction(labels, serviceLabels('backend', service)) : null) ??
    contradiction(labels, DEFAULT_ROUTE);
  if (wrong !== null) return { kind: 'unexplained', why: wrong };
  return { kind: 'app', peer: `out|${id}|*`, sum: null, route: labels.route_name ?? null };
}

/** Of a Service without routes of its own (telemetry facts, section 1.10); `hostname` is off by default. */
const DEFAULT_ROUTE: Labels = {
  route_group: '',
  route_kind: 'default',
  route_namespace: '',
  route_name: 'http',
  hostname: '',
};

function serviceLabels(scope: 'parent' | 'backend', service: ServiceInfo): Labels {
  return {
    [`${scope}_group`]: 'core',
    [`${scope}_kind`]: 'Service',
    [`${scope}_namespace`]: service.namespace,
    [`${scope}_name`]: service.name,
    [`${scope}_port`]: String(service.port),
    [`${scope}_section_name`]: '',
  };
}
