import {
  type Aggregation,
  type Binary,
  bare,
  binary,
  type Expr,
  numberOf,
  print,
  type Selector,
  selectorsOf,
  transform,
  withoutLabel,
} from '../../../../prometheus/promql/index.ts';
import { asInstant, type QueryContext } from './context.ts';
import type { Mend, Way } from './mend.ts';

/** Labels that say how requests ended: a series of an outcome exists once there was one. */
export const OUTCOME: readonly string[] = [
  'classification',
  'status_code',
  'grpc_status',
  'error',
  'http_status',
  'status',
];
const ARITHMETIC: ReadonlySet<string> = new Set(['+', '-', '*', '/']);

/** A part of a calculation that matches no series, since what it counts has not happened: then the whole yields nothing. */
export const failureSeriesMissing: Mend = {
  cause: 'failure-series-missing',
  needs: ['whether each side of a division or difference yields anything'],
  ways(tree, context): Way[] {
    const missing = new Map<string, { operand: Aggregation; evidence: string[] }>();
    transform(tree, (expr) => {
      if (expr.kind !== 'binary' || !ARITHMETIC.has(expr.op)) return expr;
      for (const operand of [expr.left, expr.right]) {
        const found = missingOutcome(operand, context);
        if (found) missing.set(print(found.operand), found);
      }
      return expr;
    });
    if (missing.size === 0) return [];
    const evidence = [...missing.values()].flatMap((found) => found.evidence);
    const mended = transform(tree, (expr) => {
      if (expr.kind !== 'binary' || !ARITHMETIC.has(expr.op)) return expr;
      const fill = (side: Expr, other: Expr): Expr => {
        const found = missing.get(print(bare(side)));
        return found ? binary('or', bare(side), zeroFor(found.operand, other)) : side;
      };
      return { ...expr, left: fill(expr.left, expr.right), right: fill(expr.right, expr.left) } satisfies Binary;
    });
    return [{ tree: mended, evidence }];
  },
};

/** Where the groups are several, a zero for each: of those that the other side has. */
function zeroFor({ grouping }: Aggregation, other: Expr): Expr {
  if (grouping && (!grouping.by || grouping.labels.length > 0)) return binary('*', other, numberOf(0));
  return { kind: 'call', func: 'vector', args: [numberOf(0)] };
}

/** The operand when it yields nothing, though without what it asks of the outcome it would select something. */
function missingOutcome(side: Expr, context: QueryContext): { operand: Aggregation; evidence: string[] } | undefined {
  const operand = bare(side);
  if (operand.kind !== 'aggregation') return undefined;
  const selectors = selectorsOf(operand);
  const asking = selectors.filter((selector) => selector.matchers.some(asksOutcome));
  if (asking.length === 0 || context.vector(print(operand))?.length !== 0) return undefined;
  const evidence = asking.flatMap((selector) => {
    const without = OUTCOME.reduce(withoutLabel, selector);
    const all = context.valuesOf('job', without);
    const some = context.valuesOf('job', selector);
    if (all === undefined || some === undefined || all.length === 0 || some.length > 0) return [];
    const shown = selector.matchers.filter(asksOutcome).map(({ label, op, value }) => `${label}${op}"${value}"`);
    return [
      `${print(asInstant(selector))} selects no series, and without ${shown.join(', ')} it selects some: there was no such answer yet, so there is no such series`,
    ];
  });
  return evidence.length === asking.length ? { operand, evidence } : undefined;
}

function asksOutcome({ label }: Selector['matchers'][number]): boolean {
  return OUTCOME.includes(label);
}
