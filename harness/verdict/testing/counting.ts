import type { ServiceInfo } from '../../core/topology.ts';
import type { Labels, SimProxy } from './proxy.ts';
import type { SimInstance, SimPod } from './world.ts';

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

const POLICY = { srv_group: '', srv_kind: 'default', srv_name: 'all-unauthenticated', srv_port: '8080' };
const ROUTE = { route_group: '', route_kind: 'default', route_name: 'default' };
const AUTHZ = { authz_group: '', authz_kind: 'default', authz_name: 'all-unauthenticated' };

export function inboundLabels(pod: SimPod, tls: Labels, route = 'default'): Labels {
  const target = { target_addr: `${pod.ip}:${pod.port}`, target_ip: pod.ip, target_port: String(pod.port) };
  const authz = { ...AUTHZ, authz_name: route === 'probe' ? 'probe' : AUTHZ.authz_name };
  return { direction: 'inbound', ...target, ...tls, ...POLICY, ...ROUTE, route_name: route, ...authz };
}

export class InboundCount {
  private readonly proxy: SimProxy;
  private readonly legacy: Labels;
  private readonly registry: Labels;
  private readonly startMs: number;

  constructor(callee: SimInstance, clientId: string | null, t: number, bodyDelayMs: number, route = 'default') {
    this.proxy = callee.proxy;
    this.startMs = t;
    const tls: Labels =
      clientId === null
        ? { tls: 'no_identity', no_tls_reason: 'no_tls_from_remote' }
        : { tls: 'true', client_id: clientId };
    this.legacy = inboundLabels(callee.pod, tls, route);
    this.registry = {
      parent_group: '',
      parent_kind: 'default',
      parent_name: 'all-unauthenticated',
      parent_port: String(callee.pod.port),
      ...ROUTE,
      route_name: route,
    };
    const { direction: _d, ...authz } = this.legacy;
    this.proxy.count(t, 'inbound_http_authz_allow_total', authz);
    this.proxy.count(t, 'inbound_http_requests_total', this.registry);
    this.proxy.count(t + bodyDelayMs, 'request_total', this.legacy);
  }

  answer(status: number, headMs: number, endMs: number): void {
    this.first(status, headMs);
    this.legacyEnd(endMs, ended(status), '');
    this.registryEnd(endMs, http(status));
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
    this.registryEnd(endMs, http(status));
  }

  private first(status: number, t: number): void {
    this.proxy.latency(t, { ...this.legacy, status_code: http(status) }, t - this.startMs);
  }

  private legacyEnd(t: number, status: Labels, error: string): void {
    this.proxy.count(t, 'response_total', { ...this.legacy, ...status, error });
  }

  private registryEnd(t: number, status: string): void {
    this.proxy.count(t, 'inbound_http_statuses_total', { ...this.registry, status });
    this.proxy.duration(t, 'inbound_http_request_duration_seconds', this.registry, t - this.startMs);
    this.proxy.duration(t, 'inbound_http_response_duration_seconds', this.registry, t - this.startMs);
  }
}

export class OutboundCount {
  private readonly proxy: SimProxy;
  private readonly service: ServiceInfo;
  private readonly startMs: number;
  private readonly route: Labels;
  private readonly backend: Labels;
  private endpoint: Labels = {};
  private dispatchMs = 0;

  constructor(proxy: SimProxy, service: ServiceInfo, t: number) {
    this.proxy = proxy;
    this.service = service;
    this.startMs = t;
    const parent = {
      parent_group: 'core',
      parent_kind: 'Service',
      parent_namespace: service.namespace,
      parent_name: service.name,
      parent_port: '80',
      parent_section_name: '',
    };
    const route = { route_group: '', route_kind: 'default', route_namespace: '', route_name: 'http' };
    this.route = { ...parent, ...route, hostname: '' };
    this.backend = {
      ...parent,
      ...route,
      backend_group: 'core',
      backend_kind: 'Service',
      backend_namespace: service.namespace,
      backend_name: service.name,
      backend_port: '80',
      backend_section_name: '',
    };
  }

  failfast(t: number): void {
    this.routeEnd(t, '', 'FAIL_FAST');
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
      dst_pod_template_hash: '5d9f8',
      dst_service: this.service.name,
      dst_serviceaccount: pod.account,
      dst_zone: '',
      dst_zone_locality: 'unknown',
    };
    this.proxy.count(t, 'outbound_http_route_backend_requests_total', this.backend);
    if (requestMs !== null) this.proxy.count(requestMs, 'request_total', this.endpoint);
  }

  answer(status: number, headMs: number, endMs: number): void {
    this.first(status, headMs);
    this.legacyEnd(endMs, ended(status), '');
    this.registryEnd(endMs, http(status), '');
  }

  dropped(status: number, headMs: number, endMs: number): void {
    this.first(status, headMs);
    this.legacyEnd(endMs, ended(dropped(status)), '');
    this.registryEnd(endMs, http(status), 'UNKNOWN');
  }

  broken(status: number, headMs: number, endMs: number): void {
    this.first(status, headMs);
    this.legacyEnd(endMs, cut(status), 'unclassified');
    this.registryEnd(endMs, http(status), 'UNKNOWN');
  }

  failed(t: number): void {
    this.proxy.latency(t, this.endpoint, null);
    this.legacyEnd(t, { classification: 'failure', grpc_status: '' }, 'unclassified');
    this.registryEnd(t, '', 'UNKNOWN');
  }

  private first(status: number, t: number): void {
    this.proxy.latency(t, { ...this.endpoint, status_code: http(status) }, t - this.dispatchMs);
  }

  private legacyEnd(t: number, status: Labels, error: string): void {
    this.proxy.count(t, 'response_total', { ...this.endpoint, ...status, error });
  }

  private registryEnd(t: number, status: string, error: string): void {
    const labels = { ...this.backend, http_status: status, error };
    this.proxy.count(t, 'outbound_http_route_backend_response_statuses_total', labels);
    this.proxy.duration(t, 'outbound_http_route_backend_response_duration_seconds', this.backend, t - this.dispatchMs);
    this.routeEnd(t, status, error);
  }

  private routeEnd(t: number, status: string, error: string): void {
    this.proxy.count(t, 'outbound_http_route_request_statuses_total', { ...this.route, http_status: status, error });
    this.proxy.duration(t, 'outbound_http_route_request_duration_seconds', this.route, t - this.startMs);
  }
}
