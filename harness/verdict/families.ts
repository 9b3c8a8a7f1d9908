import type { PodInfo } from '../core/topology.ts';
import type { Category, Style } from './bounds.ts';
import {
  type Labels,
  type Names,
  type Projected,
  projectEndpoint,
  projectInbound,
  projectRoute,
  projectServer,
} from './projection.ts';

/** What a family's samples measure. */
export type Part = 'counter' | 'bucket' | 'count' | 'sum';

export interface Family {
  name: string;
  part: Part;
  measure: 'request' | 'response' | 'latency' | 'duration';
  style: Style;
  /** Name of the scopes its series fall into. */
  scopes: 'in-client' | 'in-server' | 'out-pod' | 'out-service' | 'by-direction';
  project: (labels: Labels, pod: PodInfo, names: Names) => Projected;
  /** What its labels say about the outcome; null: labels that no outcome can have. */
  category: (labels: Labels) => Category | null;
  /** For buckets: the unit of `le` in ms, and the edges. */
  edgesMs?: { factor: number; les: number[] };
  /** Which order of events bounds it. */
  reason: string;
}

const LATENCY_MS = [
  1, 2, 3, 4, 5, 10, 20, 30, 40, 50, 100, 200, 300, 400, 500, 1000, 2000, 3000, 4000, 5000, 10000, 20000, 30000, 40000,
  50000,
];
const FOUR = [0.05, 0.5, 1, 10];
const SEVEN = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 10];

const ENDPOINT: Style = { layer: 'endpoint', legacy: true };

const byDirection = (labels: Labels, pod: PodInfo, names: Names): Projected =>
  labels.direction === 'inbound' ? projectInbound(labels, pod, names) : projectEndpoint(labels, names);
const parent = (labels: Labels, _pod: PodInfo, names: Names): Projected => projectRoute(labels, names, 'parent');
const backend = (labels: Labels, _pod: PodInfo, names: Names): Projected => projectRoute(labels, names, 'backend');

const request = (): Category => ({ kind: 'request' });
const total = (): Category => ({ kind: 'total' });

/** HTTP: failure is 500 to 599 (telemetry facts, section 2). */
export function classificationOf(status: number): 'success' | 'failure' {
  return status >= 500 && status <= 599 ? 'failure' : 'success';
}

function responseCategory(labels: Labels): Category | null {
  if (labels.status_code === undefined || labels.status_code === '') {
    return labels.classification === 'failure' ? { kind: 'none' } : null;
  }
  const status = Number(labels.status_code);
  const error = labels.error ?? '';
  if (labels.classification === classificationOf(status) && error === '') return { kind: 'ok', status };
  return labels.classification === 'failure' && error !== '' ? { kind: 'broken', status } : null;
}

function latencyCategory(labels: Labels): Category | null {
  const status = labels.status_code ?? '';
  return status === '' ? { kind: 'none' } : { kind: 'any', status: Number(status) };
}

function serverStatus(labels: Labels): Category | null {
  return labels.status === '' || labels.status === undefined
    ? { kind: 'none' }
    : { kind: 'any', status: Number(labels.status) };
}

function routeStatus(labels: Labels): Category | null {
  const error = labels.error ?? '';
  const status = labels.http_status ?? '';
  if (status !== '') return { kind: error === '' ? 'ok' : 'broken', status: Number(status) };
  if (error === '') return null;
  return { kind: error === 'FAIL_FAST' ? 'failfast' : 'none' };
}

const REQUEST =
  'the caller starts a request before the proxy counts it, the callee after: callee started by from <= value <= caller started by until';
const RESPONSE =
  'the callee completes before the proxy counts the response, the caller after: caller completed by from <= value <= callee completed by until';
const LATENCY =
  "the proxy's clock runs within the caller's and around the callee's and is cut to whole ms: caller's count(< le + 1 ms) <= bucket <= callee's";
const DURATION =
  "the proxy's span from request to the end of the response lies within the caller's and around the callee's: caller's count(<= le) <= bucket <= callee's";

function histogram(
  base: string,
  common: Omit<Family, 'name' | 'part' | 'edgesMs' | 'reason'>,
  edgesMs: NonNullable<Family['edgesMs']>,
  reason: string,
): Family[] {
  return [
    { ...common, name: `${base}_bucket`, part: 'bucket', edgesMs, reason },
    { ...common, name: `${base}_count`, part: 'count', reason: `${reason}; le = +Inf` },
    { ...common, name: `${base}_sum`, part: 'sum', reason: `${reason}; hence the sums likewise` },
  ];
}

const server = { scopes: 'in-server', project: (l: Labels, pod: PodInfo) => projectServer(l, pod) } as const;
const routes = { scopes: 'out-service', project: parent } as const;
const backends = { scopes: 'out-service', project: backend } as const;
const BACKEND: Style = { layer: 'backend', legacy: false };
const ROUTE: Style = { layer: 'route', legacy: false };
const SERVER: Style = { layer: 'endpoint', legacy: false };

/** Every family that is reconciled: whom its series speak of, what they count, and when. */
export const FAMILIES: readonly Family[] = [
  {
    name: 'request_total',
    part: 'counter',
    measure: 'request',
    style: ENDPOINT,
    scopes: 'by-direction',
    project: byDirection,
    category: request,
    reason: REQUEST,
  },
  {
    name: 'response_total',
    part: 'counter',
    measure: 'response',
    style: ENDPOINT,
    scopes: 'by-direction',
    project: byDirection,
    category: responseCategory,
    reason: RESPONSE,
  },
  ...histogram(
    'response_latency_ms',
    { measure: 'latency', style: ENDPOINT, scopes: 'by-direction', project: byDirection, category: latencyCategory },
    { factor: 1, les: LATENCY_MS },
    LATENCY,
  ),
  {
    name: 'inbound_http_authz_allow_total',
    part: 'counter',
    measure: 'request',
    style: ENDPOINT,
    scopes: 'in-client',
    project: projectInbound,
    category: request,
    reason: REQUEST,
  },
  {
    name: 'inbound_http_requests_total',
    part: 'counter',
    measure: 'request',
    style: SERVER,
    ...server,
    category: request,
    reason: REQUEST,
  },
  {
    name: 'inbound_http_statuses_total',
    part: 'counter',
    measure: 'response',
    style: SERVER,
    ...server,
    category: serverStatus,
    reason: RESPONSE,
  },
  ...histogram(
    'inbound_http_request_duration_seconds',
    { measure: 'duration', style: SERVER, ...server, category: total },
    { factor: 1000, les: SEVEN },
    DURATION,
  ),
  ...histogram(
    'inbound_http_response_duration_seconds',
    { measure: 'duration', style: SERVER, ...server, category: total },
    { factor: 1000, les: FOUR },
    DURATION,
  ),
  {
    name: 'outbound_http_route_backend_requests_total',
    part: 'counter',
    measure: 'request',
    style: BACKEND,
    ...backends,
    category: request,
    reason: REQUEST,
  },
  {
    name: 'outbound_http_route_backend_response_statuses_total',
    part: 'counter',
    measure: 'response',
    style: BACKEND,
    ...backends,
    category: routeStatus,
    reason: RESPONSE,
  },
  ...histogram(
    'outbound_http_route_backend_response_duration_seconds',
    { measure: 'duration', style: BACKEND, ...backends, category: total },
    { factor: 1000, les: SEVEN },
    DURATION,
  ),
  {
    name: 'outbound_http_route_request_statuses_total',
    part: 'counter',
    measure: 'response',
    style: ROUTE,
    ...routes,
    category: routeStatus,
    reason: RESPONSE,
  },
  ...histogram(
    'outbound_http_route_request_duration_seconds',
    { measure: 'duration', style: ROUTE, ...routes, category: total },
    { factor: 1000, les: FOUR },
    DURATION,
  ),
];

export const FAMILY_BY_NAME: ReadonlyMap<string, Family> = new Map(FAMILIES.map((f) => [f.name, f]));

/** Which side of its proxy a series counts. */
export function directionOf(family: Family, labels: Labels): 'inbound' | 'outbound' {
  if (family.scopes === 'by-direction') return labels.direction === 'outbound' ? 'outbound' : 'inbound';
  return family.scopes.startsWith('in') ? 'inbound' : 'outbound';
}

/** Families without a truth to compare with, by prefix, and why. */
export const NOT_RECONCILED: readonly { prefix: string; reason: string }[] = [
  { prefix: 'tcp_', reason: 'bytes and connections: the services do not see the connections of the mesh' },
  { prefix: 'inbound_tcp_', reason: 'connections: the services do not see the connections of the mesh' },
  { prefix: 'outbound_tcp_', reason: 'connections: the services do not see the connections of the mesh' },
  { prefix: 'outbound_tls_', reason: 'connections: the services do not see the connections of the mesh' },
  {
    prefix: 'inbound_http_request_frame_size_bytes',
    reason: "how a body is cut into frames is the proxy's own affair",
  },
  {
    prefix: 'inbound_http_response_frame_size_bytes',
    reason: "how a body is cut into frames is the proxy's own affair",
  },
  {
    prefix: 'outbound_http_route_request_frame_size_bytes',
    reason: "how a body is cut into frames is the proxy's own affair",
  },
  {
    prefix: 'outbound_http_route_backend_response_frame_size_bytes',
    reason: "how a body is cut into frames is the proxy's own affair",
  },
  { prefix: 'outbound_http_balancer_', reason: 'state of the balancer: only the proxy knows it' },
  { prefix: 'outbound_http_errors_total', reason: 'errors within the proxy: their effect is compared as responses' },
  { prefix: 'inbound_http_errors_total', reason: 'errors within the proxy: their effect is compared as responses' },
  { prefix: 'inbound_http_authz_deny_total', reason: 'no scenario denies; a denial shows as a missing request' },
  { prefix: 'inbound_http_route_not_found_total', reason: 'no scenario has routes of policy' },
  { prefix: 'inbound_http_local_ratelimit_total', reason: 'no scenario limits rates' },
  { prefix: 'outbound_http_route_retry_', reason: 'no scenario has a retry policy' },
  { prefix: 'inbound_grpc_', reason: 'no scenario speaks gRPC' },
  { prefix: 'outbound_grpc_', reason: 'no scenario speaks gRPC' },
  { prefix: 'route_', reason: 'no scenario has a ServiceProfile' },
  { prefix: 'control_', reason: 'traffic to the control plane: not of the services' },
  { prefix: 'opentelemetry_', reason: 'tracing: not traffic' },
  { prefix: 'stack_', reason: 'internals of the proxy' },
  { prefix: 'tokio_rt_', reason: 'internals of the proxy' },
  { prefix: 'rustls_info', reason: 'a constant' },
  { prefix: 'proxy_build_info', reason: 'a constant' },
  { prefix: 'process_', reason: 'about the process; its start time is used to tell incarnations' },
];
