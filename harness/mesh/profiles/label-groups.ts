import type { FamilyKind, FamilyProfile } from './types.ts';

export const TARGET = ['target_addr', 'target_ip', 'target_port'] as const;
export const TLS = ['tls', 'client_id', 'server_id', 'no_tls_reason'] as const;
export const SRV = ['srv_group', 'srv_kind', 'srv_name', 'srv_port'] as const;
export const ROUTE = ['route_group', 'route_kind', 'route_name'] as const;
export const AUTHZ = ['authz_group', 'authz_kind', 'authz_name'] as const;
const service = (scope: string) =>
  ['group', 'kind', 'namespace', 'name', 'port', 'section_name'].map((field) => `${scope}_${field}`);
/** Of outbound registry families (facts 1.10). */
export const PARENT: readonly string[] = service('parent');
export const BACKEND: readonly string[] = service('backend');
export const OUTBOUND_ROUTE = ['route_group', 'route_kind', 'route_namespace', 'route_name'] as const;
/** Classification labels of responses, after status_code. */
export const CLASS = ['status_code', 'classification', 'grpc_status', 'error'] as const;

/** Milliseconds of the legacy histograms (facts 1.1). */
export const LATENCY_MS = [
  1, 2, 3, 4, 5, 10, 20, 30, 40, 50, 100, 200, 300, 400, 500, 1000, 2000, 3000, 4000, 5000, 10000, 20000, 30000, 40000,
  50000,
] as const;

/** A family of the legacy encoder. */
export function legacy(
  name: string,
  kind: FamilyKind,
  help: string,
  labels: readonly string[],
  headerWith: string | null = null,
): FamilyProfile {
  const buckets = kind === 'histogram' ? LATENCY_MS : null;
  return { name, encoder: 'legacy', kind, help, unit: null, labels, buckets, value: 'integer', headerWith };
}

export interface RegistryOptions {
  labels?: readonly string[];
  unit?: string;
  buckets?: readonly number[];
  float?: boolean;
}

/** A family of the prometheus-client registry; the name of one with a unit ends in that unit. */
export function registry(name: string, kind: FamilyKind, help: string, options: RegistryOptions = {}): FamilyProfile {
  return {
    name,
    encoder: 'registry',
    kind,
    help,
    unit: options.unit ?? null,
    labels: options.labels ?? [],
    buckets: options.buckets ?? null,
    value: options.float || kind === 'histogram' ? 'float' : 'integer',
    headerWith: null,
  };
}

/** The families of one balancer (facts 1.8, appendix A); `labels` follow `endpoint_state` and `op`. */
export function balancer(prefix: string, labels: readonly string[]): FamilyProfile[] {
  const seconds = { labels, unit: 'seconds', float: true };
  return [
    registry(`${prefix}_endpoints`, 'gauge', 'The number of endpoints currently in a HTTP request balancer.', {
      labels: ['endpoint_state', ...labels],
    }),
    registry(`${prefix}_p2c_endpoints`, 'gauge', 'The number of endpoints currently in the balancer.', { labels }),
    registry(
      `${prefix}_p2c_updates`,
      'counter',
      'The total number of service discovery updates received by a balancer.',
      { labels: ['op', ...labels] },
    ),
    registry(`${prefix}_queue_length`, 'gauge', 'The current count of requests waiting in the queue.', { labels }),
    registry(`${prefix}_queue_requests`, 'counter', 'The total number of requests that have entered the queue.', {
      labels,
    }),
    registry(
      `${prefix}_queue_latency_seconds`,
      'histogram',
      'The distribution of durations that requests have spent in the queue.',
      { labels, unit: 'seconds', buckets: [0.0005, 0.005, 0.05, 0.5, 1, 3] },
    ),
    registry(`${prefix}_queue_gate_open`, 'counter', 'The total number of gate state changes to open.', { labels }),
    registry(`${prefix}_queue_gate_shut`, 'counter', 'The total number of gate state changes from open to shut.', {
      labels,
    }),
    registry(`${prefix}_queue_gate_open_time_seconds`, 'gauge', 'The time at which the gate was opened.', seconds),
    registry(`${prefix}_queue_gate_shut_time_seconds`, 'gauge', 'The time at which the gate was shut.', seconds),
    registry(
      `${prefix}_queue_gate_timeout_seconds`,
      'gauge',
      'Indicates the request timeout after which the gate will shut and enter failfast.',
      seconds,
    ),
  ];
}
