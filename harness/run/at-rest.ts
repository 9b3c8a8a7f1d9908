import type { MetricLedger } from '../ledger/types.ts';

const ADMIN_PORT = '4191';
const BY_PEER = new Set([
  ...['request_total', 'response_total', 'tcp_open_total', 'tcp_close_total'],
  ...['tcp_read_bytes_total', 'tcp_write_bytes_total'],
]);
const BY_ROUTE = /^(?:outbound_(?:http|grpc|tcp)_route_|route_).*_total$/;

type Series = MetricLedger['series'][number];

/**
 * The counters that only a run's own traffic moves, as one text: the same twice in a row when the proxies have counted it all.
 * Left out is what never rests: probes, which come without TLS, and scrapes and readings of the proxies' own pages.
 */
export function countsAtRest(ledger: MetricLedger): string {
  return ledger.series
    .filter(isOfTraffic)
    .map((series) => series.samples.at(-1)?.v)
    .join();
}

function isOfTraffic({ name, labels }: Series): boolean {
  if (labels.target_port === ADMIN_PORT) return false;
  if (BY_PEER.has(name)) return labels.tls === 'true' || labels.direction === 'outbound';
  return BY_ROUTE.test(name) && labels.direction !== 'inbound';
}
