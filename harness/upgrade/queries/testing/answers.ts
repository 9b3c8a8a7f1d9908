import type { AnswerSeries, Query, QueryAnswer } from '../../types.ts';
import { compareAnswers } from '../compare.ts';

/** A query as reading it would make it. */
export function queryOf(expr: string, over: Partial<Query> = {}): Query {
  return { id: expr, place: 'rules.yaml:1', kind: 'expression', expr, records: '', labels: {}, variables: {}, ...over };
}

/** `deployment="web" 3`, or `3` without labels. */
export function series(...lines: (string | AnswerSeries)[]): AnswerSeries[] {
  return lines.map((line) => {
    if (typeof line !== 'string') return line;
    const [, text, value] = /^(?:\{?([^}]*?)\}?\s+)?(\S+)$/.exec(line)!;
    const labels = [...(text ?? '').matchAll(/(\w+)="([^"]*)"/g)].map((match) => [match[1]!, match[2]!]);
    return { labels: Object.fromEntries(labels), value: Number(value) };
  });
}

/** What a world said, with the parts that it has, by their expressions. */
export function answer(
  evaluated: string,
  said: AnswerSeries[],
  parts: Record<string, AnswerSeries[]> = {},
  error = '',
): QueryAnswer {
  return {
    evaluated,
    series: said,
    error,
    parts: Object.entries(parts).map(([expr, of]) => ({ expr, series: of, error: '' })),
  };
}

/** Of one world a side, or of more. */
export function compare(
  expr: string,
  before: QueryAnswer | QueryAnswer[],
  after: QueryAnswer | QueryAnswer[],
  kind: 'alert' | 'panel' = 'panel',
) {
  return compareAnswers(queryOf(expr, { kind }), [before].flat(), [after].flat());
}

/** What was counted: the deviation that goes with it. */
export const counted = (labels: Record<string, string>, value: number): AnswerSeries => ({
  labels,
  value,
  sigma: Math.sqrt(value),
});
export const said = (expr: string, ...lines: Parameters<typeof series>) => answer(expr, series(...lines));
