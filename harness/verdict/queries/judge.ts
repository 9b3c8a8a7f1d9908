import type { TruthJournal } from '../../ledger/types.ts';
import type { QueryResult, Reason, VerdictValue } from '../../result/types.ts';
import type { QueryExpectation } from '../../scenario/model.ts';
import { fail, inconclusive, show } from '../reasons.ts';
import { requestsOf, truthOfMetric, windowOf } from './truth.ts';

/** What became of asking a query: one number, or why there is none; `refused`: Prometheus could not evaluate it. */
export type QueryAnswer = { value: number } | { value: null; why: string; refused?: true };

/** Stands in `tool` of the results of `expect.queries`. */
export const EXPECTED = 'expect.queries';

/** Holds an answer of Prometheus against the truth. No data is never a pass. */
export function judgeQuery(
  expectation: QueryExpectation,
  answer: QueryAnswer,
  journals: readonly TruthJournal[],
  run: { originMs: number; trafficEndMs: number },
): QueryResult {
  const { metric, expr, flow, source, destination, within } = expectation;
  const window = windowOf(expectation, journals, run);
  const truth = truthOfMetric(metric, requestsOf(expectation, journals, window), window);
  const common = { tool: EXPECTED, subject: flow, metric, expr, value: answer.value, truth };
  const verdict = verdictOf(answer, truth, within);
  return {
    ...common,
    why: whyOf(verdict, answer, truth, within),
    verdict,
    flow: `${source} -> ${destination}`,
    overMs: window.untilMs - window.fromMs,
    within,
  };
}

/** Whether a value says what is true, as far as the expectation asks. */
export function agrees(value: number | null, truth: number | null, within: number): boolean {
  if (value === null || truth === null) return false;
  // Sums of floats: a millionth of a millionth is no difference.
  return Math.abs(value - truth) <= (within + 1e-12) * Math.abs(truth);
}

/** What can't be evaluated says nothing, true or false. */
function verdictOf(answer: QueryAnswer, truth: number | null, within: number): VerdictValue {
  if (truth === null || isRefused(answer)) return 'inconclusive';
  return agrees(answer.value, truth, within) ? 'pass' : 'fail';
}

function isRefused(answer: QueryAnswer): boolean {
  return answer.value === null && answer.refused === true;
}

function whyOf(verdict: VerdictValue, answer: QueryAnswer, truth: number | null, within: number): string {
  if (verdict === 'pass') return '';
  if (truth === null) return 'no request ended on this flow in the window: there is no truth to compare with';
  if (answer.value === null) return answer.why;
  if (truth === 0) return `it says ${show(answer.value)} where nothing happened`;
  const off = Math.abs(answer.value - truth) / Math.abs(truth);
  return `it is off by ${percent(off)}, where ${percent(within)} are allowed`;
}

/** The reason of one that fails, or that can't be judged; undefined of one that passes. */
export function reasonOfQuery(result: QueryResult): Reason | undefined {
  if (result.verdict === undefined || result.verdict === 'pass') return undefined;
  const seconds = Number(((result.overMs ?? 0) / 1000).toFixed(3));
  const what = `${result.expr}, taken for ${NAMES[result.metric]} of ${result.subject} over the last ${seconds} s of traffic`;
  if (result.verdict === 'inconclusive') {
    // With a truth to compare with it is the query that says nothing.
    return result.truth === null
      ? inconclusive('QUERY_WITHOUT_TRUTH', `${what}: ${result.why}`)
      : inconclusive('QUERY_NOT_EVALUATED', `${what}, could not be evaluated: ${result.why}`);
  }
  const says = result.value === null ? 'shows no data' : `says ${withUnit(result.metric, result.value)}`;
  return fail(
    'QUERY_MISLEADS',
    `${what}, ${says}; the truth is ${withUnit(result.metric, result.truth!)}: ${result.why}`,
  );
}

const NAMES: Record<QueryResult['metric'], string> = {
  successRate: 'the success rate',
  rate: 'the request rate',
  requests: 'the number of requests',
  p50: 'the p50 latency',
  p90: 'the p90 latency',
  p95: 'the p95 latency',
  p99: 'the p99 latency',
};

/** A value for people. */
export function withUnit(metric: QueryResult['metric'], value: number): string {
  switch (metric) {
    case 'successRate':
      return percent(value);
    case 'rate':
      return `${show(rounded(value))}/s`;
    case 'requests':
      return show(rounded(value));
    default:
      return `${show(rounded(value))} ms`;
  }
}

function percent(ratio: number): string {
  return `${rounded(ratio * 100)}%`;
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
