import { type Expr, nameOf, print, type Selector, walk } from '../../../../../prometheus/promql/index.ts';
import { type FailedQuery, matched } from '../../../failed-query.ts';
import type { Ask } from '../../../types.ts';

export type Direction = 'inbound' | 'outbound';

/** What the families that a query selects count, and where. */
export interface Counted {
  direction: Direction;
  /** When a request counts: as it goes out, or as its answer ends. */
  counts: 'requests' | 'responses';
  /** Each attempt of a request that is retried. */
  perAttempt: boolean;
  /** Counters as they are, without rate() or the like. */
  raw: boolean;
  /** Histograms whose time ends with the first byte of the body. */
  toFirstByte: boolean;
}

/** Once a request of the application, however often it was retried. */
const EFFECTIVE = /^(?:route_(?:request|response)|outbound_(?:http|grpc)_route_request)_/;
const REQUESTS = /(?:^|_)requests?_total$/;
const FIRST_BYTE = /^(?:route_)?response_latency_ms_/;
const OF_PROXIES = /^(?:request_total|response_(?:total|latency_ms_\w+)|route_\w+|(?:in|out)bound_(?:http|grpc)_\w+)$/;
const SEES_RESETS: ReadonlySet<string> = new Set(['rate', 'increase', 'irate', 'resets']);

/** undefined: it is not about requests, mixes what can't be told apart, or there is no answer yet. */
export function countedBy(query: FailedQuery, ask: Ask): Counted | undefined {
  const { selectors, tree } = query;
  if (tree === null || selectors.length === 0 || !selectors.every((one) => OF_PROXIES.test(nameOf(one))))
    return undefined;
  const directions = new Set(selectors.map((selector) => directionOf(selector) ?? askDirection(query, selector, ask)));
  const [direction] = directions;
  if (directions.size !== 1 || direction === undefined) return undefined;
  const names = selectors.map(nameOf);
  return {
    direction,
    counts: names.every((name) => REQUESTS.test(name)) ? 'requests' : 'responses',
    perAttempt: !names.some((name) => EFFECTIVE.test(name)),
    raw: !callsAny(tree, SEES_RESETS),
    toFirstByte: names.every((name) => FIRST_BYTE.test(name)),
  };
}

function callsAny(tree: Expr, functions: ReadonlySet<string>): boolean {
  return [...walk(tree)].some(({ expr }) => expr.kind === 'call' && functions.has(expr.func));
}

function directionOf(selector: Selector): Direction | undefined {
  const name = nameOf(selector);
  if (name.startsWith('inbound_')) return 'inbound';
  if (name.startsWith('outbound_')) return 'outbound';
  const direction = matched(selector, 'direction');
  return direction === 'inbound' || direction === 'outbound' ? direction : undefined;
}

/** Some labels (`dst_deployment`, `client_id`) exist in one direction only: what is selected tells. */
function askDirection({ atMs }: FailedQuery, selector: Selector, ask: Ask): Direction | undefined {
  const instant = print({ ...selector, range: null, time: { ...selector.time, edges: '' } });
  const answer = ask({ ask: 'query', expr: `group by (direction) (${instant})`, atMs });
  if (answer?.to !== 'query' || answer.samples.length !== 1) return undefined;
  const { direction } = answer.samples[0]!.labels;
  return direction === 'inbound' || direction === 'outbound' ? direction : undefined;
}
