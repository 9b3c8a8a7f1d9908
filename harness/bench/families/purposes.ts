/** What families tell, by how their names begin; the first that fits counts. */
const PURPOSES: readonly [prefix: RegExp, tells: string][] = [
  [/^response_latency_ms$/, 'how long requests took, by endpoint and status'],
  [/^(?:request|response)_total$/, 'how many requests there were and how they ended, by endpoint'],
  [/^route_/, 'requests by the routes of ServiceProfiles'],
  [
    /^control_(?:request|response)/,
    'what proxies ask of the control plane: whether they get certificates, addresses and policies, and how fast',
  ],
  [/^(?:control_)?identity_cert_/, "when a proxy's certificate expires and was renewed"],
  [/^control_dns_/, 'how proxies resolve the control plane'],
  [/^control_\w+_balancer_/, 'how proxies balance over the control plane'],
  [/_balancer_endpoints$|_balancer_p2c_/, 'which endpoints a balancer has, and whether they are ready'],
  [/_balancer_queue_/, 'requests that wait for an endpoint, and failfast: nothing else shows it before requests fail'],
  [/_route_retry_/, 'retries by routes'],
  [/_frame_size_bytes$/, 'sizes of bodies'],
  [/^outbound_\w+_route_\w+_duration_seconds$/, 'how long requests and backends took, by route'],
  [
    /^outbound_\w+_route_/,
    'requests, statuses and errors by route and backend, those included that no response counts',
  ],
  [/^inbound_(?:http|grpc)_\w*duration_seconds$/, 'how long inbound requests took, by policy route'],
  [/^inbound_(?:http|grpc)_(?:requests|statuses)/, 'inbound requests and statuses by policy route'],
  [/_authz_/, 'what was allowed and denied by policies'],
  [/_ratelimit_|_errors_total$|_not_found_total$/, 'requests that proxies refused or failed themselves'],
  [/_detect_http_/, 'how protocol detection went'],
  [/^tcp_|_tcp_|_tls_/, 'connections and their bytes'],
  [/^stack_/, "the inner workings of the proxy's stacks"],
  [/^tokio_/, "the proxy's runtime"],
  [/^process_/, "the proxy's process: start, CPU, memory, files"],
  [/^opentelemetry_|^opencensus_/, 'the export of traces'],
  [/^proxy_build_info$|^rustls_info$/, 'which proxies run'],
];

/** What is told by no other family: `how long requests took, by endpoint and status`; empty: not known. */
export function purposeOf(family: string): string {
  return PURPOSES.find(([prefix]) => prefix.test(family))?.[1] ?? '';
}
