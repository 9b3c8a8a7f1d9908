import { bare, type Expr, nameOf, type Selector } from '../../prometheus/promql/index.ts';
import { isFilter, isScalar } from './parts.ts';

/**
 * What a value is made of, and so what may differ between two worlds of the same version.
 * - `fleeting`: a clock, an age, memory, CPU, sizes of the process: two worlds never have the same.
 * - `timed`: how long something took, as the proxies timed it on this machine at that moment.
 * - `counted`: events, and what is computed from their numbers.
 * - `state`: how many there are, whether something is there: the same wherever the same things run.
 */
export type Nature = 'fleeting' | 'timed' | 'counted' | 'state';

const WEIGHT: Nature[] = ['fleeting', 'timed', 'counted', 'state'];

const FLEETING =
  /_timestamp_seconds$|_time_seconds$|_ttl_seconds$|^process_|^go_|^tokio_rt_|^container_|^machine_|^node_|^scrape_|^stack_poll|^prometheus_|^promhttp_|uptime|_cpu_|_memory_|_start_time|_created$|_expir(?:y|ation)/;
const TIMED =
  /_(?:latency|duration)_?\w*(?:_bucket|_sum)$|_(?:latency|duration)_(?:ms|seconds)$|_seconds_(?:sum|bucket)$|_ms_(?:sum|bucket)$/;
/** Certificates are refreshed by the hour of the clock, whatever the traffic is. */
const STATES = /^up$|_info$|^kube_|^ALERTS|_workers$|_max_|_endpoints$|_cert_refresh(?:_count$|es)/;
const CLOCKS = new Set([
  'time',
  'timestamp',
  'hour',
  'minute',
  'day_of_week',
  'day_of_month',
  'day_of_year',
  'month',
  'year',
  'days_in_month',
]);
/** Functions of the number of series, whatever their values. */
const COUNTING = new Set(['count', 'group', 'count_values']);

/** @param recorded expressions of recording rules by the name that they record */
export function natureOf(expr: Expr, recorded: ReadonlyMap<string, Expr> = new Map(), depth = 0): Nature {
  const of = (inner: Expr) => natureOf(inner, recorded, depth);
  const e = bare(expr);
  switch (e.kind) {
    case 'number':
    case 'string':
      return 'state';
    case 'selector':
      return natureOfSelector(e, recorded, depth);
    case 'subquery':
    case 'unary':
      return of(e.expr);
    case 'aggregation':
      return COUNTING.has(e.op) ? 'state' : of(e.expr);
    case 'call':
      if (CLOCKS.has(e.func)) return 'fleeting';
      if (/^(?:absent|present|count)(?:_over_time)?$/.test(e.func)) return 'state';
      if (/^histogram_/.test(e.func)) return worst([...e.args.map(of), 'timed']);
      if (/^(?:rate|irate|increase|changes|resets)$/.test(e.func)) return worst([...e.args.map(of), 'counted']);
      return worst(e.args.map(of));
    case 'binary':
      if (isFilter(e) || e.op === 'unless' || e.op === 'and') return isScalar(e.left) ? of(e.right) : of(e.left);
      return worst([of(e.left), of(e.right)]);
  }
}

function natureOfSelector(selector: Selector, recorded: ReadonlyMap<string, Expr>, depth: number): Nature {
  const name = nameOf(selector);
  const rule = recorded.get(name);
  if (rule && depth < 8) return natureOf(rule, recorded, depth + 1);
  if (FLEETING.test(name)) return 'fleeting';
  if (TIMED.test(name)) return 'timed';
  return STATES.test(name) ? 'state' : 'counted';
}

function worst(natures: readonly Nature[]): Nature {
  return WEIGHT.find((nature) => natures.includes(nature)) ?? 'state';
}

/** Bytes come in pieces, not one by one: so many of them are taken for one event. */
export const BYTES_PER_EVENT = 1024;

export function countsBytes(name: string): boolean {
  return /_bytes(?:_total|_sum)?$/.test(name);
}
