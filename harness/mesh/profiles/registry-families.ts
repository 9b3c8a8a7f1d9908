import { balancer, registry } from './label-groups.ts';
import { INBOUND_FAMILIES, OUTBOUND_FAMILIES } from './registry-traffic.ts';
import type { FamilyProfile } from './types.ts';

const seconds = { unit: 'seconds', float: true };

const INFO: FamilyProfile[] = [
  registry('proxy_build_info', 'gauge', 'Proxy build info.', {
    labels: ['date', 'git_sha', 'profile', 'vendor', 'version'],
  }),
  registry('rustls_info', 'gauge', 'Proxy TLS info.', {
    labels: ['tls_suites', 'tls_kx_groups', 'tls_rand', 'tls_key_provider', 'tls_fips'],
  }),
];

const TOKIO: FamilyProfile[] = [
  registry('tokio_rt_workers', 'gauge', 'The number of worker threads used by the runtime.'),
  registry('tokio_rt_park', 'counter', 'Total number of times worker threads parked.'),
  registry('tokio_rt_noop', 'counter', 'Number of times workers unparked but found no new work.'),
  registry('tokio_rt_steal', 'counter', 'Number of tasks stolen by workers from others.'),
  registry('tokio_rt_steal_operations', 'counter', 'Number of times workers stole tasks from other.'),
  registry('tokio_rt_remote_schedule', 'counter', 'Total number of remote schedule operations.'),
  registry('tokio_rt_local_schedule', 'counter', 'Total number of local schedule operations.'),
  registry('tokio_rt_overflow', 'counter', 'Total number of overflow operations.'),
  registry('tokio_rt_polls', 'counter', 'The number of tasks that have been polled across all worker threads.'),
  registry(
    'tokio_rt_busy_seconds',
    'counter',
    'Total duration of time when worker threads were busy processing tasks.',
    seconds,
  ),
  registry(
    'tokio_rt_injection_queue_depth',
    'gauge',
    "The number of tasks currently scheduled in the runtime's injection queue.",
  ),
  registry(
    'tokio_rt_local_queue_depth',
    'gauge',
    "The total number of tasks currently scheduled in workers' local queues.",
  ),
  registry(
    'tokio_rt_budget_forced_yield',
    'counter',
    'Number of times a worker thread was forced to yield due to budget exhaustion.',
  ),
  registry('tokio_rt_io_driver_ready', 'counter', 'Number of times the IO driver was woken up.'),
];

const CONTROL: FamilyProfile[] = [
  registry('control_dns_resolutions', 'counter', 'Counts the number of DNS records that have been resolved..', {
    labels: ['client', 'record_type', 'result'],
  }),
  registry(
    'control_identity_cert_expiration_timestamp_seconds',
    'gauge',
    "Time when this proxy's current mTLS identity certificate will expire (in seconds since the UNIX epoch).",
    seconds,
  ),
  registry(
    'control_identity_cert_refresh_timestamp_seconds',
    'gauge',
    "Time when this proxy's current mTLS identity certificate was last updated.",
    seconds,
  ),
  registry(
    'control_identity_cert_refreshes',
    'counter',
    "The total number of times this proxy's mTLS identity certificate has been refreshed by the Identity provider.",
    { labels: ['result'] },
  ),
  ...balancer('control_identity_balancer', ['addr']),
  ...balancer('control_destination_balancer', ['addr']),
  ...balancer('control_policy_balancer', ['addr']),
];

const PROCESS: FamilyProfile[] = [
  registry(
    'process_start_time_seconds',
    'gauge',
    'Time that the process started (in seconds since the UNIX epoch).',
    seconds,
  ),
  registry('process_clock_time_seconds', 'gauge', 'Current system time for this process.', seconds),
  registry('process_uptime_seconds', 'counter', 'Total time since the process started (in seconds)', seconds),
  registry('process_cpu_seconds', 'counter', 'Total user and system CPU time spent in seconds', seconds),
  registry('process_virtual_memory_bytes', 'gauge', 'Virtual memory size in bytes', { unit: 'bytes' }),
  registry('process_resident_memory_bytes', 'gauge', 'Resident memory size in bytes', { unit: 'bytes' }),
  registry('process_open_fds', 'gauge', 'Number of open file descriptors'),
  registry('process_max_fds', 'gauge', 'Maximum number of open file descriptors'),
  registry('process_network_receive_bytes', 'counter', 'Number of bytes received by the process over the network', {
    unit: 'bytes',
    float: true,
  }),
  registry('process_network_transmit_bytes', 'counter', 'Number of bytes sent by the process over the network', {
    unit: 'bytes',
    float: true,
  }),
  registry('process_threads', 'gauge', 'Number of OS threads in the process.'),
];

/** Second part of the page, in its order (facts 1.0). */
export const REGISTRY_FAMILIES: readonly FamilyProfile[] = [
  ...INFO,
  ...TOKIO,
  ...CONTROL,
  ...INBOUND_FAMILIES,
  ...OUTBOUND_FAMILIES,
  ...PROCESS,
];
