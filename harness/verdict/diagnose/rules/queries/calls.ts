import {
  bare,
  type Call,
  type Duration,
  type Expr,
  numberOf,
  type Selector,
  transform,
} from '../../../../prometheus/promql/index.ts';

/** Functions of a range that need two samples of it at least, and take a fall for a reset of the counter. */
export const COUNTER_FUNCTIONS: ReadonlySet<string> = new Set(['rate', 'increase', 'irate']);

/** Functions of a range that yield nothing from a single sample. */
export const NEED_TWO_SAMPLES: ReadonlySet<string> = new Set([
  ...COUNTER_FUNCTIONS,
  'delta',
  'idelta',
  'deriv',
  'predict_linear',
]);

/** A function of what a selector selected over a while. */
export interface RangeCall {
  call: Call;
  selector: Selector & { range: Duration & { ms: number } };
}

/** The call as one of a selector's range; undefined where it is something else, or the range depends on the evaluation. */
export function rangeCall(expr: Expr, functions: ReadonlySet<string>): RangeCall | undefined {
  if (expr.kind !== 'call' || !functions.has(expr.func)) return undefined;
  const selector = expr.args.map(bare).find((arg): arg is Selector => arg.kind === 'selector');
  if (!selector?.range || selector.range.ms === null) return undefined;
  return { call: expr, selector: selector as RangeCall['selector'] };
}

/** The calls of a tree, as `rangeCall` knows them. */
export function rangeCalls(tree: Expr, functions: ReadonlySet<string>): RangeCall[] {
  const found: RangeCall[] = [];
  transform(tree, (expr) => {
    const call = rangeCall(expr, functions);
    if (call) found.push(call);
    return expr;
  });
  return found;
}

/**
 * The tree with other windows. Who divides an increase by the seconds of its window is given the new seconds, too.
 * @param windowMs the new window of a call; null: as it is
 */
export function withWindows(tree: Expr, windowMs: (call: RangeCall) => Duration | null): Expr {
  const changed = new Map<number, number>();
  return transform(tree, (expr) => {
    const known = rangeCall(expr, NEED_TWO_SAMPLES);
    const range = known && windowMs(known);
    if (known && range) {
      changed.set(known.selector.range.ms / 1000, (range.ms ?? 0) / 1000);
      const args = known.call.args.map((arg) => (bare(arg) === known.selector ? { ...known.selector, range } : arg));
      return { ...known.call, args };
    }
    const divides = expr.kind === 'binary' && (expr.op === '/' || expr.op === '*') ? bare(expr.right) : null;
    const seconds = divides?.kind === 'number' ? changed.get(divides.value) : undefined;
    return expr.kind === 'binary' && seconds !== undefined ? { ...expr, right: numberOf(seconds) } : expr;
  });
}
