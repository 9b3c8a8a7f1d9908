import type { FlowResult, QueryResult, Reason, ScenarioResult } from '../result/types.ts';
import { countDeviation, queryValue, rowsOf } from './flows.ts';
import { formatNumber, formatPercent } from './format.ts';

/** What is wrong, in words of whoever looks at dashboards: from what was judged, not from how. */

/** Reasons that speak of counters and their bounds: what they mean is told by the flows. */
const OF_COUNTS: ReadonlySet<string> = new Set([
  'UNEXPLAINED_SERIES',
  'UNMESHED_UNKNOWN',
  'NOT_EQUAL_AT_END',
  'LEDGERS_DIFFER',
  'COUNTER_FELL',
  'HISTOGRAM_INCONSISTENT',
  'LATENCIES_MISSING',
  'BOUND_VIOLATED',
]);

/** The first of those that make the verdict. */
export function mainReason({ reasons, verdict }: ScenarioResult): Reason | undefined {
  return reasons.find((reason) => reason.verdict === verdict) ?? reasons[0];
}

/** `Prometheus lacks 3 of 300 requests shop/web -> shop/pay, status 500 (1%)`. */
export function plainWhat(scenario: ScenarioResult, reason: Reason): string {
  if (reason.code.startsWith('QUERY_')) return queryText(scenario) ?? reason.message;
  if (!OF_COUNTS.has(reason.code)) return reason.message;
  const worst = worstCount(scenario);
  return worst ? countText(worst) : (readingText(reason.message) ?? latencyText(scenario) ?? reason.message);
}

/** Why, where no cause was found: on which side of the scrapes it is wrong. Empty where that can't be told. */
export function plainWhy(scenario: ScenarioResult): string {
  const reason = mainReason(scenario);
  const worst = reason && OF_COUNTS.has(reason.code) ? worstCount(scenario) : undefined;
  if (!worst) return '';
  const { flow, ledger } = worst;
  if (ledger === 'proxy') return `${NO_CAUSE}: Prometheus has it right, the pages of the proxies differ`;
  const proxies = countDeviation(flow, 'proxy');
  if (proxies === null) return `${NO_CAUSE}: the pages of the proxies were not read`;
  if (proxies === 0) return `${NO_CAUSE}: the proxies are right, a scrape or relabelling is not`;
  const same = flow.proxy === flow.prometheus ? 'the same' : number(flow.proxy!);
  return `${NO_CAUSE}: the proxies say ${same}, so a proxy counts wrong`;
}

const NO_CAUSE = 'no cause found';

interface WorstCount {
  flow: FlowResult;
  ledger: 'prometheus' | 'proxy';
  deviation: number | null;
}

/** The flow whose count is furthest off, by Prometheus before by the proxies; no data is all of it. */
function worstCount({ flows }: ScenarioResult): WorstCount | undefined {
  for (const ledger of ['prometheus', 'proxy'] as const) {
    const off = flows
      .filter(({ verdict }) => verdict !== 'pass')
      .map((flow) => ({ flow, ledger, deviation: countDeviation(flow, ledger) }))
      .filter(({ flow, deviation }) => (deviation === null ? flow.truth > 0 : deviation !== 0));
    const size = ({ flow, deviation }: WorstCount) => Math.abs(deviation ?? flow.truth);
    if (off.length > 0) return off.reduce((worst, one) => (size(one) > size(worst) ? one : worst));
  }
  return undefined;
}

function countText({ flow, ledger, deviation }: WorstCount): string {
  const [has, lacks] =
    ledger === 'prometheus' ? ['Prometheus has', 'Prometheus lacks'] : ['proxies have', 'proxies lack'];
  const what = `${unitOf(flow)} ${edgeOf(flow)}${statusOf(flow)}`;
  const truth = number(flow.truth);
  if (deviation === null) return `${has} none of ${truth} ${what}`;
  const off = number(Math.abs(deviation));
  const share = flow.truth > 0 ? ` (${formatPercent(Math.abs(deviation) / flow.truth)})` : '';
  if (deviation < 0) return `${lacks} ${off} of ${truth} ${what}${share}`;
  return `${has} ${off} ${what} too many: ${number(flow[ledger]!)}, the truth is ${truth}${share}`;
}

/** `latency shop/web -> shop/cart p99 inbound: Prometheus says 310 ms, the truth is 48.2 ms`. */
function latencyText(scenario: ScenarioResult): string | undefined {
  const row = rowsOf(scenario).find(({ kind, verdict }) => kind === 'latency' && verdict !== 'pass');
  return row && `latency ${row.subject}: Prometheus says ${row.prometheus}, the truth is ${row.truth}`;
}

/** `family by ledger, source -> destination (...), at place: 96 must be 0 at <time>, because ...`, as the judge writes it. */
const OF_A_READING = /^(\S+) by (\S+), (\S+) -> (\S+) \(.*: (\S+) must (?:be (\S+)|lie in \[(\S+), (\S+)\]) at \d{4}-/s;

/** Of what no flow is off at the end: the reading that can't be. */
function readingText(message: string): string | undefined {
  const found = OF_A_READING.exec(message);
  if (!found) return undefined;
  const [, family, ledger, source, destination, value, exact, low, high] = found;
  const who = ledger === 'prometheus' ? 'Prometheus' : 'a proxy';
  const limits = high === 'inf' ? `at least ${rounded(low)}` : `${rounded(low)} to ${rounded(high)}`;
  const truth = exact === undefined ? limits : rounded(exact);
  return `${who} says ${rounded(value)}, the truth is ${truth}: ${someone(source!)} -> ${someone(destination!)}, ${family}`;
}

const rounded = (text = '') => (Number.isFinite(Number(text)) ? number(Number(text)) : text);
/** Whom the series does not tell. */
const someone = (name: string) => (name === '-' || name === '?' ? 'unknown' : name);

function queryText(scenario: ScenarioResult): string | undefined {
  const query = scenario.queries.find(({ verdict }) => verdict === 'fail');
  if (!query || query.truth === null) return undefined;
  const flow = query.flow ?? query.subject;
  const says = `says ${queryValue(query, query.value)}; the ${METRIC[query.metric]} of ${flow} is ${queryValue(query, query.truth)}`;
  return query.expr.length <= LONGEST_QUERY ? `${query.expr} ${says}` : `a query ${says}`;
}

/** So that two lines of 80 columns have room for what it says. */
const LONGEST_QUERY = 72;
const METRIC: Record<QueryResult['metric'], string> = {
  successRate: 'success rate',
  rate: 'rate',
  requests: 'number of requests',
  p50: 'median latency',
  p90: 'p90 latency',
  p95: 'p95 latency',
  p99: 'p99 latency',
};

const number = (value: number) => formatNumber(value, 3);
const edgeOf = ({ source, destination }: FlowResult) => `${source} -> ${destination}`;
/** TCP has no status: in its place stands what is counted. */
const unitOf = ({ protocol, status }: FlowResult) => (protocol === 'tcp' && status ? status : 'requests');
/** The usual one goes without saying. */
const statusOf = ({ protocol, status }: FlowResult) =>
  protocol === 'tcp' || status === '' || status === '200' ? '' : `, status ${status}`;
