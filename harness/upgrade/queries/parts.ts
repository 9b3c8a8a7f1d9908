import {
  type Aggregation,
  type Binary,
  bare,
  type Expr,
  NO_TIME,
  print,
  type Selector,
  walk,
} from '../../prometheus/promql/index.ts';

const COMPARISONS = new Set(['==', '!=', '>', '<', '>=', '<=']);
const ABSENT = new Set(['absent', 'absent_over_time']);

/** A comparison that leaves series out, rather than saying 0 or 1. */
export function isFilter(expr: Expr): expr is Binary & { bool: false } {
  return expr.kind === 'binary' && COMPARISONS.has(expr.op) && !expr.bool;
}

/** A comparison, also one that says 0 or 1. */
export function isComparison(expr: Expr): expr is Binary & { op: '==' | '!=' | '>' | '<' | '>=' | '<=' } {
  return expr.kind === 'binary' && COMPARISONS.has(expr.op);
}

/** Some of the series, by how large they are. */
export function isChoice(expr: Expr): expr is Aggregation & { op: 'topk' | 'bottomk' | 'limitk' | 'limit_ratio' } {
  return expr.kind === 'aggregation' && ['topk', 'bottomk', 'limitk', 'limit_ratio'].includes(expr.op);
}

export function isSetOperation(expr: Expr): expr is Binary & { op: 'and' | 'or' | 'unless' } {
  return expr.kind === 'binary' && ['and', 'or', 'unless'].includes(expr.op);
}

export function isAbsent(expr: Expr): boolean {
  return expr.kind === 'call' && ABSENT.has(expr.func);
}

/** One value rather than a vector: a literal, `time()`, `scalar(...)`, and what is computed from such. */
export function isScalar(expr: Expr): boolean {
  const e = bare(expr);
  if (e.kind === 'number') return true;
  if (e.kind === 'unary') return isScalar(e.expr);
  if (e.kind === 'binary') return isScalar(e.left) && isScalar(e.right);
  return e.kind === 'call' && ['time', 'scalar', 'pi'].includes(e.func);
}

/**
 * The same expression without what leaves series out: what it would say if everything it looks for were so. An alert whose
 * unfiltered expression yields nothing is dead, it can't ever fire; one of which only the filter lets nothing through is silent.
 * `absent()` needs nothing to be there: it becomes a constant. What `topk` chooses from is all there. A comparison of two vectors becomes their difference, so that what
 * does not match with anything on the other side is seen.
 */
export function unfiltered(expr: Expr): Expr {
  switch (expr.kind) {
    case 'binary': {
      const left = unfiltered(expr.left);
      const right = unfiltered(expr.right);
      if (isComparison(expr)) {
        if (isScalar(expr.right)) return left;
        return isScalar(expr.left) ? right : { ...expr, op: '-', bool: false, left, right };
      }
      return expr.op === 'unless' ? left : { ...expr, left, right };
    }
    case 'call':
      if (isAbsent(expr)) return { kind: 'call', func: 'vector', args: [{ kind: 'number', text: '1', value: 1 }] };
      return { ...expr, args: expr.args.map(unfiltered) };
    case 'aggregation':
      return isChoice(expr) ? unfiltered(expr.expr) : { ...expr, expr: unfiltered(expr.expr) };
    case 'paren':
    case 'unary':
      return { ...expr, expr: unfiltered(expr.expr) };
    // A subquery's filters choose samples; whether any is left is its own affair.
    default:
      return expr;
  }
}

/** A selector of an instant vector: what a range selector had last. */
export function instantOf(selector: Selector): Selector {
  return { ...selector, range: null, time: { ...NO_TIME, offset: selector.time.offset, at: selector.time.at } };
}

/**
 * The parts of an expression that tell a silent alert from a dead one: itself without filters, each of its selectors, the vectors
 * that are compared, both sides of `and`, `or` and `unless`, and what `absent()` asks for. Each once, as PromQL; the expression
 * itself is none.
 */
export function partsOf(expr: Expr): string[] {
  const parts = new Set<string>([print(bare(unfiltered(expr)))]);
  const add = (part: Expr) => {
    if (!isScalar(part)) parts.add(print(bare(part)));
  };
  for (const { expr: e } of walk(expr)) {
    if (e.kind === 'selector') add(instantOf(e));
    if (isComparison(e) || isSetOperation(e)) [e.left, e.right].forEach(add);
    if (isChoice(e)) add(e.expr);
    if (e.kind === 'call' && isAbsent(e) && e.func === 'absent') e.args.forEach(add);
  }
  parts.delete(print(bare(expr)));
  return [...parts];
}
