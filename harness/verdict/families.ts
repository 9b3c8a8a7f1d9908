import type { PodInfo } from '../core/topology.ts';
import type { Category, Style } from './bounds.ts';
import {
  asGrpcName,
  asHttp,
  asOutcome,
  grpcRouteStatus,
  grpcServerStatus,
  latencyCategory,
  responseCategory,
  routeStatus,
  type StatusView,
  serverStatus,
} from './outcomes.ts';
import {
  isProfileFailure,
  type Labels,
  mayClassify,
  type Names,
  type Projected,
  projectEndpoint,
  projectInbound,
  projectProfile,
  projectRefused,
  projectRoute,
  projectServer,
} from './projection.ts';

import type { Refusal } from './truth.ts';

/** What a family's samples measure. */
export type Part = 'counter' | 'bucket' | 'count' | 'sum';

export interface Family {
  name: string;
  part: Part;
  measure: 'request' | 'response' | 'latency' | 'duration' | 'refusal' | 'retry' | 'retryable';
  /** Which of a route's counters of retries it is. */
  retry?: 'requests' | 'successes' | 'limit_exceeded' | 'overflow';
  /** Of requests that were not let in. */
  refusal?: Refusal;
  style: Style;
  /** Name of the scopes its series fall into. */
  scopes:
    | 'in-client'
    | 'in-server'
    | 'in-refused'
    | 'out-route'
    | 'out-backend'
    | 'out-retry'
    | 'out-actual'
    | 'by-direction';
  project: (labels: Labels, pod: PodInfo, names: Names) => Projected;
  /** How it names outcomes. */
  statuses: StatusView;
  /** Which requests have series of it, by the protocol that a Server or a route declares; absent: all. */
  of?: 'http' | 'grpc' | 'profile';
  /** What its labels say about the outcome; null: labels that no outcome can have. */
  category: (labels: Labels, names: Names) => Category | null;
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

const REQUEST =
  'the caller starts a request before the proxy counts it, the callee after: callee started by from <= value <= caller started by until';
const RESPONSE =
  'the callee completes before the proxy counts the response, the caller after: caller completed by from <= value <= callee completed by until';
const RETRY =
  "every attempt is in a callee's journal, every request in the caller's: attempts started by from - requests started by until <= value <= attempts by until + requests in flight - requests answered by from";
const RETRYABLE =
  "every failure of a retryable route is counted, retried or not, and the callees' journals have them all";
const REFUSED =
  'the caller starts a request before the proxy refuses it, and has the refusal after: refused to callers by from <= value <= started by until';
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

const server = { scopes: 'in-server', project: projectServer } as const;
const routes = { scopes: 'out-route', project: parent } as const;
const backends = { scopes: 'out-backend', project: backend } as const;
const BACKEND: Style = { layer: 'backend', legacy: false };
const ROUTE: Style = { layer: 'route', legacy: false };
/** Before limits of rates. */
const GATE: Style = { layer: 'gate', legacy: true };
const SERVER: Style = { layer: 'endpoint', legacy: false };

/** Whom the callee's proxy answers in the app's stead: its caller knows the status, nobody else has seen the request. */
function refused(name: string, refusal: Refusal): Family {
  return {
    name,
    part: 'counter',
    measure: 'refusal',
    refusal,
    style: GATE,
    scopes: 'in-refused',
    project: (labels, pod, names) => projectRefused(labels, pod, names, refusal),
    statuses: asOutcome,
    category: request,
    reason: REFUSED,
  };
}

/** inbound_http_* or inbound_grpc_*, by the Server's protocol. */
function serverFamilies(of: 'http' | 'grpc'): Family[] {
  const common = { style: SERVER, ...server, statuses: of === 'http' ? asHttp : asOutcome, of };
  const prefix = `inbound_${of}`;
  return [
    {
      ...common,
      name: `${prefix}_requests_total`,
      part: 'counter',
      measure: 'request',
      category: request,
      reason: REQUEST,
    },
    {
      ...common,
      name: `${prefix}_statuses_total`,
      part: 'counter',
      measure: 'response',
      category: of === 'http' ? serverStatus : grpcServerStatus,
      reason: RESPONSE,
    },
    ...histogram(
      `${prefix}_request_duration_seconds`,
      { ...common, measure: 'duration', category: total },
      { factor: 1000, les: SEVEN },
      DURATION,
    ),
    ...histogram(
      `${prefix}_response_duration_seconds`,
      { ...common, measure: 'duration', category: total },
      { factor: 1000, les: FOUR },
      DURATION,
    ),
  ];
}

/** outbound_http_route_* or outbound_grpc_route_*, by the kind of the route. */
function routeFamilies(of: 'http' | 'grpc'): Family[] {
  const common = { statuses: of === 'http' ? asHttp : asGrpcName, of };
  const category = of === 'http' ? routeStatus : grpcRouteStatus;
  const prefix = `outbound_${of}_route`;
  return [
    {
      ...common,
      name: `${prefix}_backend_requests_total`,
      part: 'counter',
      measure: 'request',
      style: BACKEND,
      ...backends,
      category: request,
      reason: REQUEST,
    },
    {
      ...common,
      name: `${prefix}_backend_response_statuses_total`,
      part: 'counter',
      measure: 'response',
      style: BACKEND,
      ...backends,
      category,
      reason: RESPONSE,
    },
    ...histogram(
      `${prefix}_backend_response_duration_seconds`,
      { ...common, measure: 'duration', style: BACKEND, ...backends, category: total },
      { factor: 1000, les: SEVEN },
      DURATION,
    ),
    {
      ...common,
      name: `${prefix}_request_statuses_total`,
      part: 'counter',
      measure: 'response',
      style: ROUTE,
      ...routes,
      category,
      reason: RESPONSE,
    },
    ...histogram(
      `${prefix}_request_duration_seconds`,
      { ...common, measure: 'duration', style: ROUTE, ...routes, category: total },
      { factor: 1000, les: FOUR },
      DURATION,
    ),
  ];
}

/** Only where a retry policy applied (telemetry facts, section 1.10). */
function retryFamilies(of: 'http' | 'grpc'): Family[] {
  return (['requests', 'successes', 'limit_exceeded'] as const).map((retry) => ({
    name: `outbound_${of}_route_retry_${retry}_total`,
    part: 'counter',
    measure: 'retry',
    retry,
    style: ROUTE,
    scopes: 'out-retry',
    project: (labels, _pod, names) => projectRoute(labels, names, 'parent', 'at'),
    statuses: asOutcome,
    of,
    category: request,
    reason: RETRY,
  }));
}

/** Of Services with a ServiceProfile: route_* once a request, route_actual_* each attempt (telemetry facts, section 1.2). */
function profileFamilies(): Family[] {
  const style: Style = { layer: 'backend', legacy: true };
  const project =
    (scope: 'rt' | 'at'): Family['project'] =>
    (labels, pod, names) =>
      projectProfile(labels, pod, names, scope);
  const effective = { style, scopes: 'out-route', project: project('rt'), statuses: asOutcome, of: 'profile' } as const;
  const actual = { style, scopes: 'out-actual', project: project('at'), statuses: asOutcome, of: 'profile' } as const;
  const requests = { part: 'counter', measure: 'request', category: request, reason: REQUEST } as const;
  const responses = { part: 'counter', measure: 'response', category: profileCategory, reason: RESPONSE } as const;
  return [
    { ...effective, ...requests, name: 'route_request_total' },
    { ...effective, ...responses, name: 'route_response_total' },
    ...histogram(
      'route_response_latency_ms',
      { ...effective, measure: 'latency', statuses: asHttp, category: latencyCategory },
      { factor: 1, les: LATENCY_MS },
      LATENCY,
    ),
    { ...actual, ...requests, name: 'route_actual_request_total' },
    { ...actual, ...responses, name: 'route_actual_response_total' },
    {
      ...actual,
      name: 'route_retryable_total',
      part: 'counter',
      measure: 'retryable',
      category: (labels) => (labels.skipped === undefined ? { kind: 'request' } : { kind: 'total' }),
      reason: RETRYABLE,
    },
  ];
}

/** response_total, whose classification follows the response classes of a ServiceProfile's routes, which no label names. */
function endpointCategory(labels: Labels, names: Names): Category | null {
  const known = responseCategory(labels);
  if (known || labels.grpc_status || labels.error || !labels.status_code) return known;
  const status = Number(labels.status_code);
  const failure = labels.classification === 'failure';
  return mayClassify(names, labels.authority, status, failure) ? { kind: 'ok', status } : null;
}

/** response_total's, but that the profile's response classes decide on failure. */
function profileCategory(labels: Labels, names: Names): Category | null {
  const status = Number(labels.status_code || Number.NaN);
  const told = isProfileFailure(names, labels.dst ?? '', labels.rt_route, status);
  if (told === null || labels.grpc_status || labels.error) return responseCategory(labels);
  return labels.classification === (told ? 'failure' : 'success') ? { kind: 'ok', status } : null;
}

/** Every family that is reconciled: whom its series speak of, what they count, and when. */
export const FAMILIES: readonly Family[] = [
  {
    name: 'request_total',
    part: 'counter',
    measure: 'request',
    style: ENDPOINT,
    scopes: 'by-direction',
    project: byDirection,
    statuses: asOutcome,
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
    statuses: asOutcome,
    category: endpointCategory,
    reason: RESPONSE,
  },
  ...histogram(
    'response_latency_ms',
    {
      measure: 'latency',
      style: ENDPOINT,
      scopes: 'by-direction',
      project: byDirection,
      statuses: asHttp,
      category: latencyCategory,
    },
    { factor: 1, les: LATENCY_MS },
    LATENCY,
  ),
  {
    name: 'inbound_http_authz_allow_total',
    part: 'counter',
    measure: 'request',
    style: GATE,
    scopes: 'in-client',
    project: projectInbound,
    statuses: asOutcome,
    category: request,
    reason: REQUEST,
  },
  refused('inbound_http_authz_deny_total', 'denied'),
  refused('inbound_http_route_not_found_total', 'no-route'),
  refused('inbound_http_local_ratelimit_total', 'limited'),
  ...serverFamilies('http'),
  ...serverFamilies('grpc'),
  ...routeFamilies('http'),
  ...routeFamilies('grpc'),
  ...retryFamilies('http'),
  ...retryFamilies('grpc'),
  ...profileFamilies(),
];

export const FAMILY_BY_NAME: ReadonlyMap<string, Family> = new Map(FAMILIES.map((f) => [f.name, f]));

const NO_EDGES: readonly number[] = [Number.NaN];
const ALL_EDGES = new WeakMap<Family, readonly number[]>();

/** The edges of a family's buckets, +Inf among them; NaN alone where it has none. */
export function lesOf(family: Family): readonly number[] {
  if (!family.edgesMs) return NO_EDGES;
  let les = ALL_EDGES.get(family);
  if (!les) {
    les = [...family.edgesMs.les, Number.POSITIVE_INFINITY];
    ALL_EDGES.set(family, les);
  }
  return les;
}

/** Which side of its proxy a series counts. */
export function directionOf(family: Family, labels: Labels): 'inbound' | 'outbound' {
  if (family.scopes === 'by-direction') return labels.direction === 'outbound' ? 'outbound' : 'inbound';
  return family.scopes.startsWith('in') ? 'inbound' : 'outbound';
}
