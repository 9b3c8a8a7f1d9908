import type { ServiceInfo } from '../../core/topology.ts';
import { inboundRouteLabels, serverLabels } from './declared.ts';
import type { Labels, SimProxy } from './proxy.ts';
import type { ServiceSimSpec, SimInstance, SimPod } from './world.ts';

/** What a real proxy counts at which event (telemetry facts, sections 1 and 2), for one request through one side of it. */

const GRPC_FAILURES = [2, 4, 7, 13, 14, 15];

/** As the endpoint families spell an outcome: a status, or 1000 and a code of gRPC, 1999 without trailers. */
function ended(outcome: number): Labels {
  if (outcome < 1000) {
    const classification = outcome >= 500 ? 'failure' : 'success';
    return { status_code: String(outcome), classification, grpc_status: '' };
  }
  if (outcome === 1999) return { status_code: '200', classification: 'success', grpc_status: '2' };
  const code = outcome - 1000;
  const classification = GRPC_FAILURES.includes(code) ? 'failure' : 'success';
  return { status_code: '200', classification, grpc_status: String(code) };
}

function cut(outcome: number): Labels {
  return { status_code: http(outcome), classification: 'failure', grpc_status: '' };
}

/** Nobody waited for the trailers. */
const dropped = (outcome: number): number => (outcome >= 1000 ? 1999 : outcome);

const http = (outcome: number): string => (outcome >= 1000 ? '200' : String(outcome));

const GRPC_NAMES: Record<number, string> = {
  1000: 'OK',
  1002: 'UNKNOWN',
  1004: 'DEADLINE_EXCEEDED',
  1005: 'NOT_FOUND',
  1007: 'PERMISSION_DENIED',
  1008: 'RESOURCE_EXHAUSTED',
  1013: 'INTERNAL',
  1014: 'UNAVAILABLE',
};

/** A request as the callee's proxy names its way. */
export interface Entry {
  spec?: ServiceSimSpec;
  clientId: string | null;
  path: string;
  probe?: boolean;
}

function named(prefix: string, [group, kind, name]: readonly [string, string, string]): Labels {
  return { [`${prefix}_group`]: group, [`${prefix}_kind`]: kind, [`${prefix}_name`]: name };
}

interface InboundLabels {
  target: Labels;
  tls: Labels;
  server: Labels;
  route: Labels;
  authz: Labels;
}

function inboundLabels(pod: SimPod, { spec, clientId, path, probe }: Entry): InboundLabels {
  const { srv, authz } = serverLabels(spec, pod.workload.split('/')[1]!);
  const tls: Labels =
    clientId === null
      ? { tls: 'no_identity', no_tls_reason: 'no_tls_from_remote' }
      : { tls: 'true', client_id: clientId };
  return {
    target: { target_addr: `${pod.ip}:${pod.port}`, target_ip: pod.ip, target_port: String(pod.port) },
    tls,
    server: { ...named('srv', srv), srv_port: String(pod.port) },
    route: named('route', probe ? ['', 'default', 'probe'] : inboundRouteLabels(spec, path)),
    authz: named('authz', probe ? ['', 'default', 'probe'] : authz),
  };
}

/** The callee's proxy lets it not in. */
export function refuse(callee: SimInstance, entry: Entry, why: 'denied' | 'no-route' | 'limited', t: number): void {
  const { target, tls, server, route, authz } = inboundLabels(callee.pod, entry);
  const base = { ...target, ...tls, ...server };
  if (why === 'denied') callee.proxy.count(t, 'inbound_http_authz_deny_total', { ...base, ...route });
  if (why === 'no-route') callee.proxy.count(t, 'inbound_http_route_not_found_total', base);
  if (why !== 'limited') return;
  callee.proxy.count(t, 'inbound_http_authz_allow_total', { ...base, ...route, ...authz });
  const limit = named('ratelimit', ['policy.linkerd.io', 'httplocalratelimitpolicy', 'limit']);
  callee.proxy.count(t, 'inbound_http_local_ratelimit_total', { ...base, ...limit, ratelimit_scope: 'total' });
}

export class InboundCount {
  private readonly proxy: SimProxy;
  private readonly legacy: Labels;
  private readonly registry: Labels;
  private readonly startMs: number;
  private readonly prefix: string;

  constructor(callee: SimInstance, entry: Entry, t: number, bodyDelayMs: number) {
    this.proxy = callee.proxy;
    this.startMs = t;
    const { target, tls, server, route, authz } = inboundLabels(callee.pod, entry);
    this.legacy = { direction: 'inbound', ...target, ...tls, ...server, ...route, ...authz };
    const { srv_group, srv_kind, srv_name, srv_port } = server as Record<string, string>;
    this.registry = {
      parent_group: srv_group!,
      parent_kind: srv_kind!,
      parent_name: srv_name!,
      parent_port: srv_port!,
      ...route,
    };
    this.prefix = entry.spec?.grpc && entry.spec.server ? 'inbound_grpc' : 'inbound_http';
    const { direction: _d, ...admitted } = this.legacy;
    this.proxy.count(t, 'inbound_http_authz_allow_total', admitted);
    this.proxy.count(t, `${this.prefix}_requests_total`, this.registry);
    this.proxy.count(t + bodyDelayMs, 'request_total', this.legacy);
  }

  answer(status: number, headMs: number, endMs: number): void {
    this.first(status, headMs);
    this.legacyEnd(endMs, ended(status), '');
    this.registryEnd(endMs, this.statusOf(status, true));
  }

  /** The app reset the stream before headers. */
  failed(t: number): void {
    this.proxy.latency(t, this.legacy, null);
    this.legacyEnd(t, { classification: 'failure', grpc_status: '' }, 'unclassified');
    this.registryEnd(t, '');
  }

  dropped(status: number, headMs: number, endMs: number): void {
    this.answer(dropped(status), headMs, endMs);
  }

  broken(status: number, headMs: number, endMs: number): void {
    this.first(status, headMs);
    this.legacyEnd(endMs, cut(status), 'unclassified');
    this.registryEnd(endMs, this.statusOf(status, false));
  }

  /** Of gRPC the code, where the Server says so. */
  private statusOf(outcome: number, whole: boolean): string {
    if (this.prefix === 'inbound_http') return http(outcome);
    return whole && outcome !== 1999 ? String(outcome - 1000) : '';
  }

  private first(status: number, t: number): void {
    this.proxy.latency(t, { ...this.legacy, status_code: http(status) }, t - this.startMs);
  }

  private legacyEnd(t: number, status: Labels, error: string): void {
    this.proxy.count(t, 'response_total', { ...this.legacy, ...status, error });
  }

  private registryEnd(t: number, status: string): void {
    this.proxy.count(t, `${this.prefix}_statuses_total`, { ...this.registry, status });
    this.proxy.duration(t, `${this.prefix}_request_duration_seconds`, this.registry, t - this.startMs);
    this.proxy.duration(t, `${this.prefix}_response_duration_seconds`, this.registry, t - this.startMs);
  }
}

/** The route that a caller's proxy takes, and where it sends the request. */
export interface OutboundWay {
  parent: ServiceInfo;
  /** Name of the declared route; null: the default one. */
  route: string | null;
  grpc: boolean;
  /** `route` is of a ServiceProfile; null: none of them. */
  profile: boolean;
  startMs: number;
}

export class OutboundCount {
  private readonly proxy: SimProxy;
  private readonly service: ServiceInfo;
  private readonly way: OutboundWay;
  private readonly route: Labels;
  private readonly backend: Labels;
  private readonly prefix: string;
  private endpoint: Labels = {};
  private dispatchMs = 0;
  private headMs = 0;

  constructor(proxy: SimProxy, way: OutboundWay, backend: ServiceInfo) {
    this.proxy = proxy;
    this.service = backend;
    this.way = way;
    const parent = serviceLabels('parent', way.parent);
    const kind = way.grpc ? 'GRPCRoute' : 'HTTPRoute';
    const route =
      way.route === null
        ? { route_group: '', route_kind: 'default', route_namespace: '', route_name: 'http' }
        : {
            route_group: 'gateway.networking.k8s.io',
            route_kind: kind,
            route_namespace: 'shop',
            route_name: way.route,
          };
    this.prefix = way.route !== null && way.grpc ? 'outbound_grpc_route' : 'outbound_http_route';
    this.route = { ...parent, ...route, hostname: '' };
    this.backend = { ...parent, ...route, ...serviceLabels('backend', backend) };
  }

  /** The application's request, before any attempt. */
  begin(t: number): void {
    if (this.way.profile) this.proxy.count(t, 'route_request_total', this.profileLabels());
  }

  /** A failure that the ServiceProfile calls retryable. */
  retryable(t: number): void {
    if (this.way.profile) this.proxy.count(t, 'route_retryable_total', this.profileLabels());
  }

  /** Of the retry counters of the route. */
  retry(t: number, event: 'requests' | 'successes' | 'limit_exceeded'): void {
    if (this.way.profile) return;
    this.proxy.count(t, `${this.prefix}_retry_${event}_total`, this.route);
  }

  /** An answer that is not passed on. Of gRPC it was read to its trailers. */
  discarded(status: number, headMs: number, endMs: number): void {
    this.first(status, headMs);
    this.legacyEnd(endMs, ended(status), '');
    this.backendEnd(endMs, status, this.way.grpc ? '' : 'UNKNOWN');
  }

  failfast(t: number): void {
    this.routeEnd(t, 0, 'FAIL_FAST');
  }

  /** `requestMs` null: a body that is never polled, because the endpoint refuses the connection. */
  dispatch(pod: SimPod, t: number, requestMs: number | null): void {
    this.dispatchMs = t;
    this.endpoint = {
      direction: 'outbound',
      authority: this.service.authority,
      target_addr: `${pod.ip}:${pod.port}`,
      target_ip: pod.ip,
      target_port: String(pod.port),
      tls: 'true',
      server_id: pod.identity,
      dst_control_plane_ns: 'linkerd',
      dst_deployment: this.service.name,
      dst_namespace: pod.namespace,
      dst_pod: pod.name,
      dst_pod_template_hash: pod.name.split('-')[1]!,
      dst_service: this.service.name,
      dst_serviceaccount: pod.account,
      dst_zone: '',
      dst_zone_locality: 'unknown',
    };
    if (this.way.profile) this.proxy.count(requestMs ?? t, 'route_actual_request_total', this.profileLabels());
    else this.proxy.count(t, `${this.prefix}_backend_requests_total`, this.backend);
    if (requestMs !== null) this.proxy.count(requestMs, 'request_total', this.endpoint);
  }

  answer(status: number, headMs: number, endMs: number): void {
    this.first(status, headMs);
    this.legacyEnd(endMs, ended(status), '');
    this.registryEnd(endMs, status, '');
  }

  dropped(status: number, headMs: number, endMs: number): void {
    this.first(status, headMs);
    this.legacyEnd(endMs, ended(dropped(status)), '');
    this.registryEnd(endMs, dropped(status), 'UNKNOWN');
  }

  broken(status: number, headMs: number, endMs: number): void {
    this.first(status, headMs);
    this.legacyEnd(endMs, cut(status), 'unclassified');
    this.registryEnd(endMs, status, this.way.profile ? 'CUT' : 'UNKNOWN');
  }

  failed(t: number): void {
    this.proxy.latency(t, this.endpoint, null);
    this.legacyEnd(t, { classification: 'failure', grpc_status: '' }, 'unclassified');
    this.registryEnd(t, 0, 'UNKNOWN');
  }

  private first(status: number, t: number): void {
    this.headMs = t;
    this.proxy.latency(t, { ...this.endpoint, status_code: http(status) }, t - this.dispatchMs);
  }

  private legacyEnd(t: number, status: Labels, error: string): void {
    this.proxy.count(t, 'response_total', { ...this.endpoint, ...status, error });
  }

  private registryEnd(t: number, status: number, error: string): void {
    this.backendEnd(t, status, error);
    this.routeEnd(t, status, error);
  }

  private profileLabels(): Labels {
    const { parent, route } = this.way;
    return { direction: 'outbound', dst: `${parent.authority}:80`, ...(route !== null && { rt_route: route }) };
  }

  private profileEnd(t: number, family: string, status: number, error: string): void {
    const cutOff = error === 'CUT' || status === 0;
    const labels = status === 0 ? { classification: 'failure', grpc_status: '' } : cutOff ? cut(status) : ended(status);
    const text = cutOff || error === 'FAIL_FAST' ? 'unclassified' : '';
    this.proxy.count(t, family, { ...this.profileLabels(), ...labels, error: text });
  }

  private backendEnd(t: number, status: number, error: string): void {
    if (this.way.profile) {
      this.profileEnd(t, 'route_actual_response_total', status, error);
      return;
    }
    const labels = { ...this.backend, ...this.told(status, error), error };
    this.proxy.count(t, `${this.prefix}_backend_response_statuses_total`, labels);
    this.proxy.duration(t, `${this.prefix}_backend_response_duration_seconds`, this.backend, t - this.dispatchMs);
  }

  private routeEnd(t: number, status: number, error: string): void {
    if (this.way.profile) {
      const latency = { ...this.profileLabels(), ...(status > 0 && { status_code: http(status) }) };
      const headMs = status === 0 ? null : this.headMs || t;
      const ms = headMs === null ? null : headMs - this.way.startMs;
      this.proxy.latency(headMs ?? t, latency, ms, 'route_response_latency_ms');
      this.profileEnd(t, 'route_response_total', status, error);
      return;
    }
    const labels = { ...this.route, ...this.told(status, error), error };
    this.proxy.count(t, `${this.prefix}_request_statuses_total`, labels);
    this.proxy.duration(t, `${this.prefix}_request_duration_seconds`, this.route, t - this.way.startMs);
  }

  /** A code by its name, UNKNOWN where there was none; or a status. */
  private told(status: number, error: string): Labels {
    if (this.prefix === 'outbound_http_route') return { http_status: status === 0 ? '' : http(status) };
    return { grpc_status: (error === '' ? GRPC_NAMES[status] : undefined) ?? 'UNKNOWN' };
  }
}

function serviceLabels(scope: 'parent' | 'backend', service: ServiceInfo): Labels {
  return {
    [`${scope}_group`]: 'core',
    [`${scope}_kind`]: 'Service',
    [`${scope}_namespace`]: service.namespace,
    [`${scope}_name`]: service.name,
    [`${scope}_port`]: '80',
    [`${scope}_section_name`]: '',
  };
}
