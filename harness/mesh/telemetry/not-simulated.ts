/**
 * What the simulated page has not got, or has got with values that are a model. Nothing that linkerd-viz's scrape jobs,
 * Linkerd's dashboards or its alerts read is here (facts, section 5). `family` ends in `*` for all that begin so.
 */
export interface Simulated {
  family: string;
  reason: string;
}

/** Families of the profiles that no event brings onto the page. */
export const NOT_SIMULATED: readonly Simulated[] = [
  {
    family: 'outbound_tls_*',
    reason: 'egress of TLS by its server name makes them; the simulated mesh has no egress networks',
  },
  {
    family: 'gateway_*',
    reason: 'what a gateway sends on makes them, in 2.15; the simulated mesh has no gateway',
  },
];

/** Families whose series are all there, but whose values follow a model instead of a measurement. */
export const MODELLED: readonly Simulated[] = [
  { family: 'tokio_rt_*', reason: 'there is no tokio runtime; values grow with uptime, CPU time and requests' },
  {
    family: 'stack_*',
    reason:
      'polls follow requests; how often a service is made or not ready depends on the task scheduler of the proxy',
  },
  {
    family: 'control_dns_resolutions',
    reason: 'names are not looked up; the clients count what lookups every 30 s would, and none fails',
  },
  {
    family: 'control_identity_balancer_queue_latency_seconds',
    reason: 'the simulated clients have no queue; each request counts with a typical time',
  },
  {
    family: 'control_destination_balancer_queue_latency_seconds',
    reason: 'the simulated clients have no queue; each request counts with a typical time',
  },
  {
    family: 'control_policy_balancer_queue_latency_seconds',
    reason: 'the simulated clients have no queue; each request counts with a typical time',
  },
  { family: 'control_identity_balancer_queue_length', reason: 'the simulated clients have no queue' },
  { family: 'control_destination_balancer_queue_length', reason: 'the simulated clients have no queue' },
  { family: 'control_policy_balancer_queue_length', reason: 'the simulated clients have no queue' },
  {
    family: 'outbound_http_balancer_queue_length',
    reason:
      'the data path reports a request when it leaves the queue, so the gauge stays at the zero it nearly always has',
  },
  { family: 'opentelemetry_span_*', reason: 'no trace collector is configured; the real ones stay at zero then too' },
  { family: 'opencensus_span_*', reason: 'as opentelemetry_span_*' },
];

/**
 * Families that count what really happens here, which is not what would happen with the real proxy (docs/verification.md
 * has the measurements). Telemetry is not to blame: the same events give the same values.
 */
export const OTHER_TRAFFIC: readonly Simulated[] = [
  {
    family: 'tcp_read_bytes_total',
    reason:
      'between sidecars headers are not compressed by a dynamic table, and requests to the app name their connection keep-alive',
  },
  { family: 'tcp_write_bytes_total', reason: 'as tcp_read_bytes_total' },
  { family: 'outbound_tcp_transfer_cost_bytes_total', reason: 'as tcp_read_bytes_total' },
  {
    family: 'outbound_http_errors_total',
    reason:
      'a request that meets a connection which its peer is closing goes over a new one; the real proxy answers some of them with 500, `unexpected`',
  },
  {
    family: 'inbound_tcp_errors_total',
    reason: 'a meshed connection that fails while it is being closed is not noticed (`i/o`, rare)',
  },
];

/** Whether the list has the family. */
export function lists(list: readonly Simulated[], family: string): boolean {
  return list.some((entry) =>
    entry.family.endsWith('*') ? family.startsWith(entry.family.slice(0, -1)) : family === entry.family,
  );
}
