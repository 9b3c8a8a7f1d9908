/** Proxy families that ledgers keep, in groups that are small enough to be read from Prometheus in one query each. */
export const LEDGER_FAMILY_GROUPS: readonly string[] = [
  'request_total|response_total|tcp_.*',
  'response_latency_ms_(?:bucket|sum|count)',
  'inbound_http_.*',
  'outbound_http_.*',
  '(?:inbound|outbound)_(?:tcp|grpc)_.*|route_.*',
];

const LEDGER_FAMILY = new RegExp(`^(?:${LEDGER_FAMILY_GROUPS.join('|')})$`);

/** Whether a ledger keeps samples of this name. */
export function isLedgerFamily(name: string): boolean {
  return LEDGER_FAMILY.test(name);
}

/** Set anew by each incarnation of a proxy. */
export const START_TIME = 'process_start_time_seconds';

/** Says which version of the proxy it is. */
export const BUILD_INFO = 'proxy_build_info';

/**
 * The version that labels of `proxy_build_info` tell, `2.366.0`. Proxies before v2.204 have no label `version`: their
 * `git_version` is the tag that they were built from, or but a commit; then the answer is empty.
 */
export function versionOf(labels: Readonly<Record<string, string>>): string | undefined {
  const told = labels.version ?? labels.git_version;
  const version = /(?:^|[^\d.])(\d+\.\d+\.\d+)(?!\d)/.exec(told?.replace(/^v/, '') ?? '')?.[1];
  return version ?? (labels.version === undefined && labels.rust_version !== undefined ? '' : undefined);
}
