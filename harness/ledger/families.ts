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
