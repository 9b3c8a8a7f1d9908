import type { Answer } from '../../evidence/types.ts';
import type { MadeRequest } from '../../ledger/types.ts';
import { type Expr, nameOf, type Selector, selectorsOf, tryParse } from '../../prometheus/promql/index.ts';
import type { QueryResult } from '../../result/types.ts';
import type { QualifiedName } from '../../scenario/model.ts';
import { agrees } from '../queries/judge.ts';
import { endOfTraffic, requestsOf, type TruthWindow } from '../queries/truth.ts';
import type { Ask, RunFacts } from './types.ts';

/**
 * A query of the scenario that does not say what is true, as rules look at it. What explains one: a query's cause, when the
 * query with that mended says what is true; a proxy's, when the query says right what proxies count. A rule compares with
 * `agrees`, so that both mean the same by it.
 */
export interface FailedQuery {
  result: QueryResult;
  /** null: it is no PromQL that our reader knows. */
  tree: Expr | null;
  selectors: Selector[];
  /** Names of the families that it selects, histograms with their suffix; each once. */
  families: string[];
  source: QualifiedName | '*';
  destination: QualifiedName | '*';
  /** As of when it was asked, epoch ms: the end of its window. */
  atMs: number;
  window: TruthWindow;
  /** What its truth is made of: the requests of the flow that ended in the window. */
  requests: MadeRequest[];
  /** Never null: without a truth a query does not fail. */
  truth: number;
  /** null: no data. */
  value: number | null;
  /** Whether a value would have passed for the truth; `of` another truth than the query's own. */
  agrees(value: number | null, of?: number): boolean;
}

/** The queries that fail; none where nothing was run. */
export function failedQueries(run: RunFacts | null): FailedQuery[] {
  if (run === null) return [];
  const journals = run.input.truth;
  const atMs = endOfTraffic(journals, run.input.window);
  return run.queries.flatMap((result) => {
    const { truth, within = 0, overMs, flow = '' } = result;
    if (result.verdict !== 'fail' || truth === null || overMs === undefined) return [];
    const [source = '*', destination = '*'] = flow.split(' -> ');
    const window = { fromMs: atMs - overMs, untilMs: atMs };
    const tree = tryParse(result.expr);
    const selectors = tree ? selectorsOf(tree) : [];
    return [
      {
        result,
        tree,
        selectors,
        families: [...new Set(selectors.map(nameOf))],
        source,
        destination,
        atMs,
        window,
        requests: requestsOf({ source, destination }, journals, window),
        truth,
        value: result.value,
        agrees: (value: number | null, of = truth) => agrees(value, of, within),
      },
    ];
  });
}

/** What matches a label in a selector, e.g. its `direction`: the value of an equality; undefined where there is none. */
export function matched(selector: Selector, label: string): string | undefined {
  return selector.matchers.find((m) => m.label === label && m.op === '=')?.value;
}

/**
 * The one value of an expression as of when the query was asked. null: no data, or several samples; undefined: not known yet.
 * What could not be asked is no data.
 */
export function askValue(query: Pick<FailedQuery, 'atMs'>, expr: string, ask: Ask): number | null | undefined {
  const answer = ask({ ask: 'query', expr, atMs: query.atMs });
  return answer === undefined ? undefined : oneValue(answer);
}

function oneValue(answer: Answer): number | null {
  if (answer.to !== 'query' || answer.samples.length !== 1) return null;
  const { v } = answer.samples[0]!;
  return Number.isFinite(v) ? v : null;
}
