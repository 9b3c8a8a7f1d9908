import type {
  BoundResult,
  FlowResult,
  QuantileResult,
  QueryResult,
  ScenarioResult,
  SloResult,
  VerdictValue,
} from '../result/types.ts';
import { formatDuration, formatMs, formatNumber, formatPercent, formatSigned, plural } from './format.ts';

/** What was judged, one row each, in words that every format shares. */
export interface Row {
  kind: 'flow' | 'latency' | 'slo' | 'query';
  /** What it is about: `shop/web -> shop/pay 500 inbound`. */
  subject: string;
  truth: string;
  /** null where proxies are not asked. */
  proxy: string | null;
  prometheus: string;
  /** What else belongs to it: `bucket 41 ms to 51 ms`, `3 unobservable`. */
  remark: string;
  verdict: VerdictValue;
  /** One sentence for a row that is not a pass; empty for one that is. */
  message: string;
  /** Lines with the bounds that did not hold. */
  details: string[];
}

const ORDER: Record<VerdictValue, number> = { fail: 0, inconclusive: 1, pass: 2 };
const NO_DATA = 'no data';

/** Every row of a scenario, what is wrong first. */
export function rowsOf(scenario: ScenarioResult): Row[] {
  const rows = [
    ...scenario.flows.map(flowRow),
    ...scenario.quantiles.map(quantileRow),
    ...scenario.slo.map((slo) => sloRow(slo)),
    ...scenario.queries.flatMap((query) => (query.verdict ? queryRow(query, query.verdict) : [])),
  ];
  return rows.sort((a, b) => ORDER[a.verdict] - ORDER[b.verdict]);
}

/** Of what no route was declared for, inbound, outbound, opaque. */
const DEFAULT_ROUTES: ReadonlySet<string> = new Set(['', 'default', 'http', 'opaq']);

export function flowSubject(flow: FlowResult): string {
  const route = DEFAULT_ROUTES.has(flow.route) ? '' : ` route ${flow.route}`;
  return `${flow.source} -> ${flow.destination}${route} ${outcomeOf(flow)} ${flow.direction}`;
}

/** Status or quantity, with the protocol where it does not say so itself: HTTP is the usual one. */
function outcomeOf({ protocol, status }: FlowResult): string {
  const text = status || 'no status';
  return protocol === 'http' || text.startsWith(protocol) ? text : `${protocol} ${text}`;
}

/** By how much a count is outside of what could be observed; 0 when it is within, null without data. */
export function countDeviation(flow: FlowResult, ledger: 'proxy' | 'prometheus' = 'prometheus'): number | null {
  const seen = flow[ledger];
  if (seen === null) return null;
  if (seen > flow.truth) return seen - flow.truth;
  return Math.min(0, seen - (flow.truth - flow.unobservable));
}

/** `300 <= 297 <= 300 does not hold: 3 too few`. */
export function boundArithmetic(bound: BoundResult): string {
  const { worst } = bound;
  if (!worst) return 'nothing was compared';
  const low = worst.low === Number.NEGATIVE_INFINITY ? '' : `${formatNumber(worst.low, 3)} <= `;
  const high = worst.high === Number.POSITIVE_INFINITY ? '' : ` <= ${formatNumber(worst.high, 3)}`;
  const claim = `${low}${formatNumber(worst.value, 3)}${high}`;
  if (worst.value < worst.low) return `${claim} does not hold: ${formatNumber(worst.low - worst.value, 3)} too few`;
  if (worst.value > worst.high) return `${claim} does not hold: ${formatNumber(worst.value - worst.high, 3)} too many`;
  return `${claim} holds`;
}

/** A bound with its arithmetic, time and reason, in two lines. */
export function boundLines(bound: BoundResult): string[] {
  const at = bound.worst ? ` at ${timeOf(bound.worst.t)}` : '';
  const count =
    bound.violations > 0 ? `${formatNumber(bound.violations)} of ${formatNumber(bound.samples)} samples` : 'tightest';
  return [`${bound.family} (${bound.ledger})${at}: ${boundArithmetic(bound)} [${count}]`, `because ${bound.reason}`];
}

/** Bounds worth printing: the violated ones, worst first; else the tightest of each ledger. */
export function worstBounds(flow: FlowResult, limit = 3): BoundResult[] {
  const violated = flow.bounds.filter((b) => b.violations > 0).sort((a, b) => excess(b) - excess(a));
  return (violated.length > 0 ? violated : flow.bounds.filter((b) => b.worst)).slice(0, limit);
}

function excess({ worst }: BoundResult): number {
  return worst ? Math.max(worst.low - worst.value, worst.value - worst.high) : 0;
}

function flowRow(flow: FlowResult): Row {
  const subject = flowSubject(flow);
  const count = (value: number | null) => (value === null ? NO_DATA : formatNumber(value, 3));
  return {
    kind: 'flow',
    subject,
    truth: count(flow.truth),
    proxy: count(flow.proxy),
    prometheus: count(flow.prometheus),
    remark: flow.unobservable > 0 ? `${formatNumber(flow.unobservable)} unobservable` : '',
    verdict: flow.verdict,
    message: flow.verdict === 'pass' ? '' : flowMessage(flow, subject),
    details: flow.verdict === 'pass' ? [] : worstBounds(flow).flatMap(boundLines),
  };
}

function flowMessage(flow: FlowResult, subject: string): string {
  const parts = (['proxy', 'prometheus'] as const).map((ledger) => {
    const name = ledger === 'proxy' ? 'the proxies' : 'Prometheus';
    const deviation = countDeviation(flow, ledger);
    if (deviation === null) return `${name}: no data`;
    const off = deviation === 0 ? 'agrees' : formatSigned(deviation, 3);
    return `${name}: ${formatNumber(flow[ledger]!, 3)} (${off})`;
  });
  const violated = flow.bounds.reduce((sum, b) => sum + b.violations, 0);
  const bounds = violated > 0 ? `; ${plural(violated, 'sample')} out of bounds` : '';
  return `${subject}: truth ${formatNumber(flow.truth)}, ${parts.join(', ')}${bounds}`;
}

function quantileRow(q: QuantileResult): Row {
  const subject = `${q.source} -> ${q.destination} p${formatNumber(q.quantile * 100, 2)} ${q.direction}`;
  const range =
    q.highMs === Number.POSITIVE_INFINITY
      ? `bucket from ${formatMs(q.lowMs)}`
      : `bucket ${formatMs(q.lowMs)} to ${formatMs(q.highMs)}`;
  const observed = q.observedMs === null ? NO_DATA : formatMs(q.observedMs);
  return {
    kind: 'latency',
    subject,
    truth: formatMs(q.truthMs),
    proxy: null,
    prometheus: observed,
    remark: range,
    verdict: q.verdict,
    message: q.verdict === 'pass' ? '' : `${subject}: truth ${formatMs(q.truthMs)}, Prometheus ${observed}, ${range}`,
    details: [],
  };
}

function sloRow(slo: SloResult): Row {
  const value = (v: number | null) => (v === null ? NO_DATA : sloValue(slo.condition, v));
  const subject = `${slo.flow}: ${slo.condition}`;
  return {
    kind: 'slo',
    subject,
    truth: value(slo.truth),
    proxy: null,
    prometheus: value(slo.observed),
    remark: '',
    verdict: slo.verdict,
    message: slo.verdict === 'pass' ? '' : `${subject}: truth ${value(slo.truth)}, Prometheus ${value(slo.observed)}`,
    details: [],
  };
}

/** A query of which the scenario says what it is taken for. */
function queryRow(query: QueryResult, verdict: VerdictValue): Row {
  const { metric, flow = query.subject, expr, within, overMs, why } = query;
  const subject = `${metric} of ${flow} by ${expr}`;
  const [shows, truth] = [queryValue(query, query.value), queryValue(query, query.truth)];
  const limits = [
    overMs === undefined ? '' : `of the last ${formatDuration(overMs)}`,
    within === undefined ? '' : `within ${formatPercent(within)}`,
  ];
  return {
    kind: 'query',
    subject,
    truth,
    proxy: null,
    prometheus: shows,
    remark: limits.filter(Boolean).join(', '),
    verdict,
    message: verdict === 'pass' ? '' : `${subject}: shows ${shows}, truth ${truth}${why ? `: ${why}` : ''}`,
    details: [],
  };
}

/** In the unit of the condition, which begins with the metric's name. */
function sloValue(condition: string, value: number): string {
  if (condition.startsWith('successRate')) return formatPercent(value, 3);
  if (/^p\d/.test(condition)) return formatMs(value);
  if (condition.startsWith('rate')) return `${formatNumber(value, 2)}/s`;
  return formatNumber(value, 3);
}

export function queryValue(query: QueryResult, value: number | null): string {
  if (value === null) return NO_DATA;
  if (query.metric === 'successRate') return formatPercent(value);
  if (query.metric === 'requests') return formatNumber(value, 1);
  return query.metric === 'rate' ? `${formatNumber(value, 2)}/s` : formatMs(value);
}

/** Those that are for information: the scenario expects nothing of them. */
export function informative({ queries }: ScenarioResult): QueryResult[] {
  return queries.filter(({ verdict }) => verdict === undefined);
}

/** How far a query is from the truth, relative to it; 0 when there is nothing to compare. */
export function queryError(query: QueryResult): number {
  if (query.truth === null) return query.value === null ? 0 : Number.POSITIVE_INFINITY;
  if (query.value === null) return Number.POSITIVE_INFINITY;
  if (query.value === query.truth) return 0;
  return Math.abs(query.value - query.truth) / Math.abs(query.truth || 1);
}

/** `03:04:05.678Z`; the number itself when it is no time. */
export function timeOf(epochMs: number): string {
  const date = new Date(epochMs);
  return Number.isNaN(date.getTime()) ? String(epochMs) : date.toISOString().slice(11);
}
