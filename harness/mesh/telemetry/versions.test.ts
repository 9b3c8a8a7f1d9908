import { describe, expect, it } from 'vitest';
import { parsePage } from '../../core/page-parser.ts';
import { findProfile, PROFILES } from '../profiles/index.ts';
import { everything } from './testing/everything.ts';
import { compareSurfaces, type SurfaceDifference } from './testing/surface.ts';

/** Written out from the facts' table (section 9), not from the profiles. */
const both = (name: string) => [name.replace('*', 'http'), name.replace('*', 'grpc')];
const each = (names: string[], change: string[]) => Object.fromEntries(names.map((name) => [name, change]));
const BALANCER = [
  'endpoints',
  'p2c_endpoints',
  'p2c_updates',
  'queue_length',
  'queue_requests',
  'queue_latency_seconds',
  'queue_gate_open',
  'queue_gate_shut',
  'queue_gate_open_time_seconds',
  'queue_gate_shut_time_seconds',
  'queue_gate_timeout_seconds',
];
const balancer = (prefix: string) => BALANCER.map((name) => `${prefix}_balancer_${name}`);
const TCP = [
  'tcp_open_total',
  'tcp_open_connections',
  'tcp_read_bytes_total',
  'tcp_write_bytes_total',
  'tcp_close_total',
];
const REQUESTS = ['request_total', 'response_latency_ms', 'response_total'];
const RETRIES = ['limit_exceeded', 'overflow', 'requests', 'successes'];
const retries = RETRIES.flatMap((name) => both(`outbound_*_route_retry_${name}`));
const service = (scope: string) =>
  ['group', 'kind', 'namespace', 'name', 'port', 'section_name'].map((field) => `+${scope}_${field}`);

const NOTHING: SurfaceDifference = { older: [], newer: [], labels: {}, headers: [] };

const STEPS: [older: string, newer: string, Partial<SurfaceDifference>][] = [
  ['2.20', 'edge-26.8.3', {}],
  [
    '2.19',
    '2.20',
    {
      newer: [
        ...both('inbound_*_statuses'),
        ...both('inbound_*_response_duration_seconds'),
        ...both('inbound_*_request_duration_seconds'),
      ],
    },
  ],
  [
    '2.18',
    '2.19',
    {
      older: ['opencensus_span_export_streams', 'opencensus_span_export_requests', 'opencensus_span_exports'],
      newer: [
        'rustls_info',
        ...both('inbound_*_requests'),
        ...both('inbound_*_request_frame_size_bytes'),
        ...both('inbound_*_response_frame_size_bytes'),
        ...both('outbound_*_route_request_frame_size_bytes'),
      ],
      headers: [
        'control_identity_cert_expiration_timestamp_seconds',
        'control_identity_cert_refresh_timestamp_seconds',
      ],
    },
  ],
  [
    '2.17',
    '2.18',
    {
      newer: [
        'inbound_tcp_detect_http_duration_seconds',
        'inbound_tcp_detect_http_results',
        'inbound_tcp_transport_header_connections',
        'outbound_tcp_detect_http_duration_seconds',
        'outbound_tcp_detect_http_results',
        'outbound_tcp_protocol_connections',
        'control_dns_resolutions',
        'process_network_receive_bytes',
        'process_network_transmit_bytes',
      ],
      labels: each(
        [
          'inbound_http_authz_allow_total',
          'inbound_http_authz_deny_total',
          'inbound_http_route_not_found_total',
          'inbound_http_local_ratelimit_total',
          'inbound_http_errors_total',
          'inbound_tcp_authz_allow_total',
          'inbound_tcp_authz_deny_total',
          'inbound_tcp_authz_terminate_total',
          // That inbound authority is gone does not show here: outbound series have one still.
          ...REQUESTS,
          ...TCP,
        ],
        ['+srv_port'],
      ),
    },
  ],
  [
    '2.16',
    '2.17',
    {
      newer: [
        'inbound_http_local_ratelimit_total',
        'opentelemetry_span_export_streams',
        'opentelemetry_span_export_requests',
        'opentelemetry_span_exports',
        ...[
          'workers',
          'park',
          'noop',
          'steal',
          'steal_operations',
          'remote_schedule',
          'local_schedule',
          'overflow',
        ].map((name) => `tokio_rt_${name}`),
        ...['polls', 'busy_seconds', 'injection_queue_depth', 'local_queue_depth', 'budget_forced_yield'].map(
          (name) => `tokio_rt_${name}`,
        ),
        'tokio_rt_io_driver_ready',
        'process_clock_time_seconds',
        ...both('outbound_*_route_backend_response_frame_size_bytes'),
        'outbound_tcp_route_open',
        'outbound_tcp_route_close',
        'outbound_tcp_transfer_cost_bytes',
      ],
      labels: {
        ...each([...REQUESTS, ...TCP], ['+dst_zone_locality']),
        ...each(
          [
            ...both('outbound_*_route_request_duration_seconds'),
            ...both('outbound_*_route_request_statuses'),
            ...retries,
          ],
          ['+hostname'],
        ),
        ...each(balancer('outbound_tcp'), [...service('parent'), ...service('backend')]),
      },
    },
  ],
  [
    '2.15',
    '2.16',
    {
      older: [
        'identity_cert_expiration_timestamp_seconds',
        'identity_cert_refresh_timestamp_seconds',
        'identity_cert_refreshes',
      ],
      newer: [
        'control_identity_cert_expiration_timestamp_seconds',
        'control_identity_cert_refresh_timestamp_seconds',
        'control_identity_cert_refreshes',
        ...both('outbound_*_route_request_duration_seconds'),
        ...both('outbound_*_route_request_statuses'),
        ...both('outbound_*_route_backend_response_duration_seconds'),
        ...both('outbound_*_route_backend_response_statuses'),
        ...retries,
      ],
    },
  ],
  [
    '2.14',
    '2.15',
    {
      older: [
        // Their series have the same names in both: TYPE alone does not.
        ...both('outbound_*_route_backend_requests_total'),
        'process_uptime_seconds_total',
        'process_cpu_seconds_total',
        'identity_cert_refresh_count',
      ],
      newer: [
        ...both('outbound_*_route_backend_requests'),
        'process_uptime_seconds',
        'process_cpu_seconds',
        'process_threads',
        'identity_cert_refreshes',
        'identity_cert_refresh_timestamp_seconds',
        ...balancer('control_identity'),
        ...balancer('control_destination'),
        ...balancer('control_policy'),
        ...balancer('outbound_http').slice(1),
        ...balancer('outbound_tcp'),
      ],
      labels: each([...REQUESTS, ...TCP], ['+dst_zone']),
      headers: [
        'outbound_http_balancer_endpoints',
        'process_start_time_seconds',
        'process_virtual_memory_bytes',
        'process_resident_memory_bytes',
        'process_open_fds',
        'process_max_fds',
        'proxy_build_info',
      ],
    },
  ],
  [
    '2.12',
    '2.14',
    {
      newer: [...both('outbound_*_route_backend_requests_total'), 'outbound_http_balancer_endpoints'],
      labels: {
        ...each(['response_total', 'route_response_total', 'route_actual_response_total'], ['+grpc_status']),
        proxy_build_info: ['-git_branch', '-git_version', '-rust_version', '+version', '+date', '+vendor'],
      },
    },
  ],
];

const sorted = (difference: SurfaceDifference): SurfaceDifference => ({
  ...difference,
  older: difference.older.toSorted(),
  newer: difference.newer.toSorted(),
  headers: difference.headers.toSorted(),
});

describe('from one release to the next', () => {
  it('each step is here', () => {
    const steps = PROFILES.slice(1).map((older, i) => [older.linkerdVersion, PROFILES[i]!.linkerdVersion]);
    expect(STEPS.map(([older, newer]) => [older, newer])).toEqual(steps);
  });

  it.each(STEPS)('%s to %s: what is written here differs, and nothing else', (older, newer, expected) => {
    const [a, b] = [older, newer].map((version) => everything(findProfile(version)).render());
    expect(sorted(compareSurfaces(a!, b!))).toEqual(sorted({ ...NOTHING, ...expected }));
  });
});

describe.each(PROFILES)('the page of $linkerdVersion', (profile) => {
  const page = everything(profile).render();

  it('has a TYPE before the series of each family, and each series once', () => {
    const { families, samples } = parsePage(page);
    const seen = samples.map(({ name, labels }) => `${name}${JSON.stringify(Object.entries(labels).toSorted())}`);
    expect(new Set(seen).size).toBe(seen.length);
    expect(new Set(families.map(({ name }) => name)).size).toBe(families.length);
    expect(families.every(({ type }) => type !== 'unknown')).toBe(true);
  });

  it('ends in # EOF since there are two encoders', () => {
    expect(page.endsWith('\n# EOF\n')).toBe(profile.behaviour.registry);
    expect(page.split('# EOF').length).toBe(profile.behaviour.registry ? 2 : 1);
  });

  it('shows no value of a label that the profile does not know', () => {
    for (const family of profile.families) {
      for (const [label, values] of Object.entries(family.values ?? {})) {
        const shown = parsePage(page).samples.filter(({ name }) => name === family.name);
        expect(shown.length).toBeGreaterThan(0);
        for (const { labels } of shown) expect(values).toContain(labels[label]);
      }
    }
  });
});
