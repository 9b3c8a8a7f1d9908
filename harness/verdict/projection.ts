import type { ObjectRef } from '../core/policy.ts';
import type { PodInfo, ServiceInfo, Topology } from '../core/topology.ts';
import { Policies } from './admission.ts';
import { type InboundPath, keyOf, Paths, profileKey, usesProfile } from './paths.ts';
import { inPeer, NO_ROUTES } from './peers.ts';
import { podKey, type Refusal } from './truth.ts';
import type { UnmeshedRoute } from './unmeshed.ts';

export type Labels = Record<string, string>;

/** Who a series speaks of. `peer` keys the scope (peers.ts). */
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
  paths: Paths;
  policies: Policies;
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
    paths: new Paths(topology),
    policies: new Policies(topology),
    controlPlaneNamespace: topology.controlPlaneNamespace,
  };
}

/** By what families an inbound proxy counts: a Server that says gRPC has its own (telemetry facts, section 1.9). */
export function inboundKind(names: Names, workload: string): 'http' | 'grpc' {
  return names.policies.serverOf(workload)?.protocol === 'gRPC' ? 'grpc' : 'http';
}

/**
 * By what families outbound proxies count: gRPC only with a GRPCRoute (telemetry facts, section 1.10), a Service with a
 * ServiceProfile by none of the two (section 1.2).
 */
export function outboundKind(service: ServiceInfo | undefined): 'http' | 'grpc' | 'profile' {
  if (usesProfile(service?.outboundPolicy)) return 'profile';
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

/** Labels of the Server of a pod's app port, by their prefix: the declared one, or the default policy's. */
function serverContradiction(labels: Labels, pod: PodInfo, names: Names, prefix: 'srv' | 'parent'): string | null {
  const policy = names.policies.of(pod.workload);
  const server = names.policies.serverOf(pod.workload)?.ref;
  const name = labels[`${prefix}_name`] ?? '';
  if (!policy && !POLICIES.has(name)) return `${prefix}_name "${name}" is no default policy`;
  return contradiction(labels, {
    [`${prefix}_group`]: server?.group ?? '',
    [`${prefix}_kind`]: server?.kind ?? 'default',
    [`${prefix}_name`]: server?.name ?? policy?.defaultPolicy ?? name,
    [`${prefix}_port`]: String(pod.appPort),
  });
}

interface FoundRoute {
  path: InboundPath;
  probe: boolean;
}

/** The route that labels name: a declared one, or without any a default one, which may be the kubelet's. */
function inboundRoute(labels: Labels, pod: PodInfo, { paths }: Names): FoundRoute | string {
  const declared = paths.inboundRoutes(pod.workload);
  const { route_group: group = '', route_kind: kind = '', route_name: name = '' } = labels;
  if (group === '' && kind === 'default' && declared.length === 0 && (name === 'default' || name === 'probe')) {
    const ref = { group, kind, namespace: '', name };
    return { path: { key: NO_ROUTES, ref, route: null, certain: true }, probe: name === 'probe' };
  }
  const route = declared.find(({ ref }) => ref.group === group && ref.kind === kind && ref.name === name);
  if (!route) return `route_group "${group}", route_kind "${kind}", route_name "${name}" name no route of this port`;
  return { path: { key: keyOf(route.ref), ref: route.ref, route, certain: true }, probe: false };
}

/** The authorization must be one that lets this client in by this route. */
function authzContradiction(labels: Labels, pod: PodInfo, names: Names, { path, probe }: FoundRoute): string | null {
  const is = (ref: { group: string; kind: string; name: string }): boolean =>
    contradiction(labels, { authz_group: ref.group, authz_kind: ref.kind, authz_name: ref.name }) === null;
  if (probe || !names.policies.of(pod.workload)) {
    const name = probe ? 'probe' : (labels.srv_name ?? '');
    return contradiction(labels, { authz_group: '', authz_kind: 'default', authz_name: name });
  }
  const client = { identity: labels.client_id ?? '', address: null };
  if (names.policies.admission(pod.workload, path, client).by.some(is)) return null;
  return `authorization ${labels.authz_kind} "${labels.authz_name}" does not let "${client.identity}" in here`;
}

function withoutPort(authority: string): string {
  return authority.replace(/:\d+$/, '');
}

function address(pod: PodInfo): string {
  return `${pod.ip.includes(':') ? `[${pod.ip}]` : pod.ip}:${pod.appPort}`;
}

/** The proxy's admin port as labels show it (telemetry facts, section 1.1). */
const ADMIN_PORT = '4191';

/** Whether an inbound series is of the admin port, of another, or of the app's; null: of the app's. */
function elsewhere(labels: Labels, pod: PodInfo): Projected | null {
  const port = labels.target_port ?? '';
  if (port === ADMIN_PORT && labels.target_ip !== pod.ip) return { kind: 'other', route: 'admin' };
  if (port === ADMIN_PORT && pod.appPort !== Number(ADMIN_PORT)) return { kind: 'other', route: 'admin' };
  if (Number(port) === pod.appPort && labels.target_ip === pod.ip) return null;
  return { kind: 'unexplained', why: `target ${labels.target_ip}:${port} is not this pod's ${pod.ip}:${pod.appPort}` };
}

/** The scope of a client, by its identity; without TLS, whoever stands outside the mesh. */
function ofClient(labels: Labels, names: Names, key: string): Projected {
  const route = labels.route_name ?? null;
  if (labels.tls !== 'true') {
    // Whoever stands outside the mesh has no identity; when that is a workload, its plaintext is a flow.
    const outside = names.workloadsOfIdentity.has(OUTSIDE);
    return outside ? { kind: 'app', peer: inPeer(OUTSIDE, key), sum: null, route } : { kind: 'other', route: 'plain' };
  }
  const client = labels.client_id ?? '';
  if (client === OUTSIDE || !names.workloadsOfIdentity.has(client)) {
    return { kind: 'unexplained', why: `client_id "${client}" is nobody's identity` };
  }
  return { kind: 'app', peer: inPeer(client, key), sum: null, route };
}

const tlsContradiction = (labels: Labels): string | null =>
  labels.tls === 'true' ? null : contradiction(labels, { tls: 'no_identity', client_id: '' });

/** `cart.shop`, `cart.shop.svc.cluster.local:80`, ... */
function serviceOfHost(host: string, names: Names): ServiceInfo | undefined {
  const [name, namespace] = withoutPort(host).split('.');
  return names.services.get(`${namespace ?? ''}/${name}`);
}

/** Older proxies print the Host as sent (facts, section 9): a Service that it names must lead here. */
function hostContradiction({ authority = '' }: Labels, pod: PodInfo, names: Names): string | null {
  const service = serviceOfHost(authority, names);
  const leads =
    service && names.paths.backendsOf(service.id).some((b) => names.services.get(b)?.workload === pod.workload);
  return !service || leads ? null : `authority "${authority}" leads to another workload`;
}

/** Inbound endpoint families and authz: the client by identity, this pod by address. */
export function projectInbound(labels: Labels, pod: PodInfo, names: Names): Projected {
  const away = elsewhere(labels, pod);
  if (away) return away;
  const route = inboundRoute(labels, pod, names);
  const wrong =
    hostContradiction(labels, pod, names) ??
    contradiction(labels, { target_addr: address(pod) }) ??
    serverContradiction(labels, pod, names, 'srv') ??
    (typeof route === 'string' ? route : authzContradiction(labels, pod, names, route)) ??
    tlsContradiction(labels);
  if (wrong !== null || typeof route === 'string') return { kind: 'unexplained', why: wrong ?? '' };
  if (route.probe) return { kind: 'other', route: 'probe' };
  return ofClient(labels, names, route.path.key);
}

/** Requests that were not let in: denied on a route, without one, or too many. */
export function projectRefused(labels: Labels, pod: PodInfo, names: Names, why: Refusal): Projected {
  const away = elsewhere(labels, pod);
  if (away) return away;
  const wrong =
    contradiction(labels, { target_addr: address(pod) }) ??
    serverContradiction(labels, pod, names, 'srv') ??
    tlsContradiction(labels);
  if (wrong !== null) return { kind: 'unexplained', why: wrong };
  if (why === 'no-route') return ofClient(labels, names, 'none');
  if (why === 'limited') {
    const limit = names.policies.serverOf(pod.workload)?.rateLimit?.ref;
    const bad = limit
      ? contradiction(labels, { ratelimit_group: limit.group, ratelimit_kind: limit.kind, ratelimit_name: limit.name })
      : 'no rate is limited here';
    return bad === null ? ofClient(labels, names, NO_ROUTES) : { kind: 'unexplained', why: bad };
  }
  const route = inboundRoute(labels, pod, names);
  if (typeof route === 'string') return { kind: 'unexplained', why: route };
  if (route.probe) return { kind: 'unexplained', why: 'the route of probes lets everybody in' };
  const client = { identity: labels.client_id ?? '', address: null };
  if (names.policies.admission(pod.workload, route.path, client).admitted === 'yes') {
    return { kind: 'unexplained', why: `policy lets "${client.identity}" in by route "${route.path.ref!.name}"` };
  }
  return ofClient(labels, names, route.path.key);
}

/** inbound_http_*: no client at all. */
export function projectServer(labels: Labels, pod: PodInfo, names: Names): Projected {
  if (labels.parent_port === ADMIN_PORT && pod.appPort !== Number(ADMIN_PORT)) return { kind: 'other', route: 'admin' };
  if (Number(labels.parent_port) !== pod.appPort) {
    return { kind: 'unexplained', why: `parent_port ${labels.parent_port} is not this pod's ${pod.appPort}` };
  }
  const route = inboundRoute(labels, pod, names);
  const wrong = serverContradiction(labels, pod, names, 'parent') ?? (typeof route === 'string' ? route : null);
  if (wrong !== null || typeof route === 'string') return { kind: 'unexplained', why: wrong ?? '' };
  if (route.probe) return { kind: 'other', route: 'probe' };
  return { kind: 'app', peer: inPeer('*', route.path.key), sum: null, route: labels.route_name ?? null };
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

/** outbound_*_route_*: the parent Service, the route, and for `backend` the Service that it was sent to. */
export function projectRoute(
  labels: Labels,
  names: Names,
  of: 'parent' | 'backend',
  scope: 'rt' | 'at' = 'rt',
): Projected {
  const id = (scope: string): string => `${labels[`${scope}_namespace`] ?? ''}/${labels[`${scope}_name`] ?? ''}`;
  const parent = names.services.get(id('parent'));
  if (!parent) return { kind: 'unexplained', why: `parent ${id('parent')} is no service` };
  // Before 2.15 the policy controller had this name for the Service itself.
  const itself = labels.backend_kind === 'default' && labels.backend_name === 'service';
  const backend = of === 'backend' ? (itself ? parent : names.services.get(id('backend'))) : undefined;
  if (of === 'backend' && !backend) return { kind: 'unexplained', why: `backend ${id('backend')} is no service` };
  const route = outboundRoute(labels, parent);
  const wrong =
    contradiction(labels, serviceLabels('parent', parent)) ??
    hostnameContradiction(labels, parent, names) ??
    (backend && !itself ? contradiction(labels, serviceLabels('backend', backend)) : null) ??
    (typeof route === 'string' ? route : null);
  if (wrong !== null || typeof route === 'string') return { kind: 'unexplained', why: wrong ?? '' };
  if (backend && !names.paths.backendsOf(parent.id).includes(backend.id)) {
    return { kind: 'unexplained', why: `backend ${backend.id} is none of ${parent.id}` };
  }
  const app = { kind: 'app', sum: null, route: labels.route_name ?? null } as const;
  if (names.paths.isPlain(parent.id)) return { ...app, peer: `out|${parent.id}|*` };
  const peer = backend ? `be|${parent.id}|${route.key}|${backend.id}` : `${scope}|${parent.id}|${route.key}`;
  return { ...app, peer };
}

/** Empty, or (by default in 2.17, at will since) the name by which the Service was called. */
function hostnameContradiction({ hostname = '' }: Labels, parent: ServiceInfo, names: Names): string | null {
  if (hostname === '' || hostname === parent.name || serviceOfHost(hostname, names)?.id === parent.id) return null;
  return `hostname "${hostname}" is no name of ${parent.id}`;
}

/** The route that labels name: one of the Service, or without any the default one (telemetry facts, section 1.10). */
function outboundRoute(labels: Labels, parent: ServiceInfo): { key: string } | string {
  const declared = parent.outboundPolicy?.routes ?? [];
  if (declared.length === 0) return contradiction(labels, DEFAULT_ROUTE) ?? { key: NO_ROUTES };
  const found = declared.find(({ ref }) => contradiction(labels, routeLabels(ref)) === null);
  if (found) return { key: keyOf(found.ref) };
  return `route ${labels.route_kind} "${labels.route_name}" is none of ${parent.id}`;
}

const routeLabels = (ref: ObjectRef): Labels => ({
  route_group: ref.group,
  route_kind: ref.kind,
  route_namespace: ref.namespace,
  route_name: ref.name,
});

/** Of a Service without routes of its own. */
const DEFAULT_ROUTE: Labels = { route_group: '', route_kind: 'default', route_namespace: '', route_name: 'http' };

/** What the profile's response classes make of a status; null: they say nothing. */
export function isProfileFailure(names: Names, dst: string, route: string | undefined, status: number): boolean | null {
  const profile = names.serviceOfAuthority.get(withoutPort(dst))?.outboundPolicy?.profile;
  const classes = profile?.routes.find((r) => r.name === route)?.responseClasses ?? [];
  return classes.find((c) => status >= c.min && status <= c.max)?.isFailure ?? null;
}

/** Whether a route of the Service's profile classifies a status so; of any Service where the labels name none. */
export function mayClassify(names: Names, authority: string | undefined, status: number, failure: boolean): boolean {
  const services = authority ? [names.serviceOfAuthority.get(withoutPort(authority))] : names.services.values();
  return [...services].some((s) =>
    s?.outboundPolicy?.profile?.routes.some(
      (r) => r.responseClasses.find((c) => status >= c.min && status <= c.max)?.isFailure === failure,
    ),
  );
}

/** route_*: a ServiceProfile's Service by its name with the port, and its route; null where none matched. */
export function projectProfile(labels: Labels, pod: PodInfo, names: Names, scope: 'rt' | 'at'): Projected {
  const service = names.serviceOfAuthority.get(withoutPort(labels.dst ?? ''));
  if (!service || labels.dst !== `${withoutPort(service.authority)}:${service.port}`) {
    return { kind: 'unexplained', why: `dst "${labels.dst ?? ''}" is no service` };
  }
  if (!usesProfile(service.outboundPolicy)) return { kind: 'unexplained', why: `${service.id} has no ServiceProfile` };
  // The callees' proxies know the profiles of their own Service too; their callers' families say as much.
  if (labels.direction === 'inbound' && pod.workload === service.workload) return { kind: 'other', route: 'admin' };
  const wrong = contradiction(labels, { direction: 'outbound' });
  if (wrong !== null) return { kind: 'unexplained', why: wrong };
  const name = labels.rt_route;
  const key = profileKey(name === undefined ? null : { name });
  if (!names.paths.keysOf(service.id).includes(key)) {
    return { kind: 'unexplained', why: `rt_route "${name}" is none of ${service.id}` };
  }
  return { kind: 'app', peer: `${scope}|${service.id}|${key}`, sum: null, route: name ?? null };
}

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
