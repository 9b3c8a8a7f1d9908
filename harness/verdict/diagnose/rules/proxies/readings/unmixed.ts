import { nameOf, print, transform, withMatcher } from '../../../../../prometheus/promql/index.ts';
import { askValue, type FailedQuery } from '../../../failed-query.ts';
import type { Ask, DiagnosisInput } from '../../../types.ts';
import { adminPortOf, podViews } from '../view.ts';
import type { Counted } from './counted.ts';

/** The query without probes and scrapes. */
export interface Unmixed {
  /** null: no data. */
  value: number | null;
  expr: string;
}

/** Families with the port and the client of what they count. */
const LABELLED = /^(?:request_total|response_(?:total|latency_ms_\w+))$/;

/** What an inbound query says of meshed clients alone; undefined: there is no answer yet. null: it can't be told. */
export function withoutProbes(
  input: DiagnosisInput,
  query: FailedQuery,
  counted: Counted,
  ask: Ask,
): Unmixed | null | undefined {
  const { tree, selectors } = query;
  if (tree === null || counted.direction !== 'inbound') return null;
  if (!selectors.every((one) => LABELLED.test(nameOf(one)))) return null;
  const ports = [...new Set(podViews(input).map(adminPortOf))].sort();
  const mended = transform(tree, (expr) => {
    if (expr.kind !== 'selector') return expr;
    const meshed = withMatcher(expr, { label: 'tls', op: '=', value: 'true' });
    return withMatcher(meshed, { label: 'target_port', op: '!~', value: ports.join('|') });
  });
  const expr = print(mended);
  const value = askValue(query, expr, ask);
  return value === undefined ? undefined : { value, expr };
}
