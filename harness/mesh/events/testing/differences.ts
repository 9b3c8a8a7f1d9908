import { parsePage } from '../../../core/page-parser.ts';
import type { Counts, View } from './types.ts';

/** Labels that tell outcomes apart, in the order in which they are shown; the others say who and where. */
const SHOWN = [
  'peer',
  'protocol',
  'result',
  'session_protocol',
  'route_name',
  'rt_route',
  'backend_name',
  'srv_name',
  'parent_name',
  'authz_name',
  'ratelimit_scope',
  'status_code',
  'classification',
  'grpc_status',
  'http_status',
  'status',
  'skipped',
  'errno',
  'error',
];
/** Said only where it is not what every page has. */
const USUAL: Record<string, string> = {
  route_name: 'http default opaq',
  backend_name: 'web',
  srv_name: 'all-unauthenticated',
  parent_name: 'web nobody all-unauthenticated',
  authz_name: 'all-unauthenticated',
  peer: '',
};
/**
 * Resources, clocks and control clients are no events of traffic. A gate opens with each new pool, which there is whenever
 * a Service was idle for 5 s.
 */
const APART =
  /^(process|proxy|tokio|stack|control|rustls|opentelemetry)_|_frame_size_bytes|_p2c_|_queue_(latency|requests|length)|_gate_open_total|_transfer_cost_/;
const CONNECTIONS = /^tcp_|_tcp_(detect|protocol|transport|balancer|route|authz)_/;
/** Bodies of requests have their dates and addresses: bytes are of interest where the apps' own are all there is. */
const BYTES = /^tcp_(read|write)_bytes_total$/;
const GAUGE = /(_open_connections|_endpoints|_timestamp_seconds|_time_seconds|_gate_timeout_seconds)$/;

/** Which series of a page have grown since an earlier one, summed over the labels that are not shown. */
export function differences(before: string, after: string, view: View): Counts {
  const then = new Map(read(before).map(({ key, value }) => [key, value]));
  const counts: Counts = {};
  for (const { key, name, labels, value } of read(after)) {
    const by = value - (then.get(key) ?? 0);
    if (by === 0 || !concerns(name, labels, view)) continue;
    const shown = show(name, labels, view);
    counts[shown] = (counts[shown] ?? 0) + by;
  }
  return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => order(a, b)));
}

interface Sample {
  key: string;
  name: string;
  labels: Record<string, string>;
  value: number;
}

/** Counters, and of histograms how many samples they have. */
function read(page: string): Sample[] {
  return parsePage(page)
    .samples.filter(({ name }) => !/_(bucket|sum)$/.test(name) && !GAUGE.test(name))
    .map(({ name, labels, value }) => ({ key: `${name} ${JSON.stringify(labels)}`, name, labels, value }));
}

function concerns(name: string, labels: Record<string, string>, view: View): boolean {
  if (APART.test(name)) return false;
  const admin = labels.target_port === '4191' || labels.srv_port === '4191' || labels.route_name === 'probe';
  if (view === 'admin' || admin) return view === 'admin' && admin && !CONNECTIONS.test(name);
  if (BYTES.test(name)) return view === 'bytes';
  const isError = /_tcp_errors_total$/.test(name);
  return isError || CONNECTIONS.test(name) === (view !== 'requests');
}

function show(name: string, labels: Record<string, string>, view: View): string {
  const words = SHOWN.filter((label) => labels[label] !== undefined).filter((label) => {
    const usual = USUAL[label];
    if (label === 'peer') return true;
    if (view === 'admin' && /^(route|authz|srv|parent)_name$/.test(label)) return true;
    return usual === undefined || !usual.split(' ').includes(labels[label] as string);
  });
  const text = words.map((label) => `${label}="${labels[label]}"`).join(',');
  return `${name.replace(/_count$/, '')}${text === '' ? '' : `{${text}}`}`;
}

const FAMILIES = [
  'request_total',
  'response_total',
  'response_latency_ms',
  'route_',
  'outbound_http_errors',
  'outbound_tcp_errors',
  'outbound_',
  'inbound_http_authz',
  'inbound_tcp_authz',
  'inbound_',
  'tcp_',
];

/** What everybody looks at first stands first. */
function order(a: string, b: string): number {
  const rank = (key: string) => FAMILIES.findIndex((prefix) => key.startsWith(prefix));
  return rank(a) - rank(b) || (a < b ? -1 : 1);
}
