import { type Expr, PromqlError, parse } from '../../prometheus/promql/index.ts';
import type { InputProblem } from '../../result/upgrade/types.ts';
import type { Query, QueryInputs } from '../types.ts';
import { problem } from './problem.ts';
import { sampleText } from './resolve.ts';

/** What was read so far, with the ids that queries get. */
export class Found implements QueryInputs {
  readonly queries: Query[] = [];
  readonly problems: InputProblem[] = [];
  readonly #ids = new Map<string, number>();

  /** Adds a query; where its expression is no PromQL, that is a problem, too. */
  add(query: Omit<Query, 'id' | 'records' | 'labels' | 'variables'> & Partial<Query>): void {
    const nth = (this.#ids.get(query.place) ?? 0) + 1;
    this.#ids.set(query.place, nth);
    const id = nth === 1 ? query.place : `${query.place} #${nth}`;
    const whole: Query = { records: '', labels: {}, variables: {}, ...query, id };
    this.queries.push(whole);
    const error = syntaxError(whole);
    if (error) this.problems.push(problem(query.place, error.code, error.message, error.hint));
  }

  problem(...args: Parameters<typeof problem>): void {
    this.problems.push(problem(...args));
  }
}

/** Whether its variables can be resolved is seen when it is asked; here they have some value. */
function syntaxError(query: Query): { code: string; message: string; hint: string } | null {
  try {
    parse(sampleText(query));
    return null;
  } catch (error) {
    if (!(error instanceof PromqlError)) throw error;
    const { message, hint } = error;
    if (/\{\{/.test(query.expr)) {
      return {
        code: 'TEMPLATE_NOT_RENDERED',
        message: `the expression is a template: ${shortened(query.expr)}`,
        hint: 'render the chart (`helm template`) and give what comes out',
      };
    }
    return { code: 'PROMQL_SYNTAX', message: `the expression does not parse: ${message}`, hint };
  }
}

/** The tree of a text that Prometheus takes; null where our grammar does not. */
export function treeOf(expr: string): Expr | null {
  try {
    return parse(expr);
  } catch {
    return null;
  }
}

export function shortened(text: string, length = 80): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= length ? line : `${line.slice(0, length - 1)}…`;
}
