/** Families, and forms of families, that the newest proxy no longer has. */

import { BACKEND, balancer, legacy, OUTBOUND_ROUTE, PARENT, registry } from './label-groups.ts';
import type { FamilyProfile } from './types.ts';

/** Before v2.323. */
export const OPENCENSUS_FAMILIES: readonly FamilyProfile[] = [
  legacy('opencensus_span_export_streams', 'counter', 'Total count of opened span export streams', []),
  legacy('opencensus_span_export_requests', 'counter', 'Total count of span export request messages', []),
  legacy('opencensus_span_exports', 'counter', 'Total count of spans exported', []),
];

const REQUESTS = (protocol: 'grpc' | 'http') =>
  registry(`gateway_${protocol}_route_backend_requests`, 'counter', 'The total number of requests dispatched.', {
    labels: [...PARENT, ...OUTBOUND_ROUTE, ...BACKEND],
  });

/** v2.215 to v2.226: what a gateway sends on; all others print the headers alone. */
export const GATEWAY_FAMILIES: readonly FamilyProfile[] = [
  ...balancer('gateway_tcp_balancer', ['logical', 'concrete']),
  REQUESTS('http'),
  ...balancer('gateway_http_balancer', [...PARENT, ...BACKEND]),
  REQUESTS('grpc'),
];

/** What is counted under another name now. */
function formerly(countedAs: string, family: FamilyProfile): FamilyProfile {
  return { ...family, countedAs };
}

const BACKEND_REQUESTS = (protocol: 'grpc' | 'http', shown: string) =>
  formerly(
    `outbound_${protocol}_route_backend_requests`,
    legacy(
      `outbound_${protocol}_route_backend_requests_total`,
      'counter',
      `The total number of outbound requests dispatched to a ${shown} route backend`,
      [...PARENT, ...OUTBOUND_ROUTE, ...BACKEND],
    ),
  );

/** v2.196 to v2.214. */
export const LEGACY_OUTBOUND_FAMILIES: readonly FamilyProfile[] = [
  BACKEND_REQUESTS('http', 'HTTP'),
  BACKEND_REQUESTS('grpc', 'gRPC'),
  legacy('outbound_http_balancer_endpoints', 'gauge', 'The number of endpoints currently in a HTTP request balancer', [
    ...PARENT,
    ...BACKEND,
    'endpoint_state',
  ]),
];

/** Before v2.215: what failed was not counted. */
export const LEGACY_IDENTITY_FAMILIES: readonly FamilyProfile[] = [
  formerly(
    'control_identity_cert_expiration_timestamp_seconds',
    legacy(
      'identity_cert_expiration_timestamp_seconds',
      'gauge',
      "Time when the this proxy's current mTLS identity certificate will expire (in seconds since the UNIX epoch).",
      [],
    ),
  ),
  formerly(
    'control_identity_cert_refreshes',
    legacy(
      'identity_cert_refresh_count',
      'counter',
      "The total number of times this proxy's mTLS identity certificate has been refreshed by the Identity service.",
      [],
    ),
  ),
];

const seconds = (family: FamilyProfile): FamilyProfile => ({ ...family, value: 'float' });

/** Before v2.215; start and uptime stand before what the kernel tells. */
export const LEGACY_PROCESS_FAMILIES: readonly FamilyProfile[] = [
  legacy('process_start_time_seconds', 'gauge', 'Time that the process started (in seconds since the UNIX epoch)', []),
  formerly(
    'process_uptime_seconds',
    seconds(legacy('process_uptime_seconds_total', 'counter', 'Total time since the process started (in seconds)', [])),
  ),
  formerly(
    'process_cpu_seconds',
    seconds(legacy('process_cpu_seconds_total', 'counter', 'Total user and system CPU time spent in seconds.', [])),
  ),
  legacy('process_virtual_memory_bytes', 'gauge', 'Virtual memory size in bytes.', []),
  legacy('process_resident_memory_bytes', 'gauge', 'Resident memory size in bytes.', []),
  legacy('process_open_fds', 'gauge', 'Number of open file descriptors.', []),
  legacy('process_max_fds', 'gauge', 'Maximum number of open file descriptors.', []),
  legacy('proxy_build_info', 'gauge', 'Proxy build info', ['version', 'git_sha', 'profile', 'date', 'vendor']),
];
