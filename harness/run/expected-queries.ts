import { describe, HarnessError } from '../core/errors.ts';
import type { TruthJournal } from '../ledger/types.ts';
import { PrometheusClient } from '../prometheus/client.ts';
import type { QueryResult, Reason, ScenarioResult, VerdictValue } from '../result/types.ts';
import type { QueryExpectation } from '../scenario/model.ts';
import { judgeQuery, type QueryAnswer, reasonOfQuery } from '../verdict/queries/judge.ts';
import { endOfTraffic } from '../verdict/queries/truth.ts';

export interface ExpectedQueries {
  queries: QueryResult[];
  /** One for each that misleads, or that can't be evaluated or judged. */
  reasons: Reason[];
}

/**
 * Asks the queries of `expect.queries` and judges their answers. To be called when the last scrape is stored; they are asked as
 * of the end of traffic: what someone would have seen who looked at that moment, from samples that are all there by now.
 * @throws HarnessError PROMETHEUS_UNREACHABLE
 */
export async function askExpectedQueries(
  prometheusUrl: string,
  expectations: readonly QueryExpectation[] | undefined,
  journals: readonly TruthJournal[],
  run: { originMs: number; trafficEndMs: number },
): Promise<ExpectedQueries> {
  const client = new PrometheusClient(prometheusUrl);
  const atMs = endOfTraffic(journals, run);
  const queries = await Promise.all(
    (expectations ?? []).map(async (expectation) =>
      judgeQuery(expectation, await answerOf(client, expectation.expr, atMs), journals, run),
    ),
  );
  return { queries, reasons: queries.flatMap((query) => reasonOfQuery(query) ?? []) };
}

/** Adds them to a result that is judged already: its verdict may get worse. */
export function addExpectedQueries(
  result: Pick<ScenarioResult, 'queries' | 'reasons' | 'verdict'>,
  expected: ExpectedQueries,
): void {
  result.queries.push(...expected.queries);
  result.reasons.push(...expected.reasons);
  const worst: VerdictValue[] = [result.verdict, ...expected.reasons.map((reason) => reason.verdict)];
  result.verdict = worst.includes('fail') ? 'fail' : worst.includes('inconclusive') ? 'inconclusive' : 'pass';
}

async function answerOf(client: PrometheusClient, expr: string, atMs: number): Promise<QueryAnswer> {
  let samples: { v: number }[];
  try {
    samples = await client.query(expr, atMs);
  } catch (error) {
    if (!(error instanceof HarnessError) || error.code !== 'PROMETHEUS_ERROR') throw error;
    return { value: null, why: describe(error), refused: true };
  }
  if (samples.length === 0) return { value: null, why: 'it yields no sample at all' };
  if (samples.length > 1) return { value: null, why: `it yields ${samples.length} samples where one is needed` };
  const { v } = samples[0]!;
  return Number.isFinite(v) ? { value: v } : { value: null, why: `it yields ${Number.isNaN(v) ? 'NaN' : v}` };
}
