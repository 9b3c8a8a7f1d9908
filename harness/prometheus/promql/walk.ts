import type { Expr, Selector } from './ast.ts';

/** The expressions directly below one, as they are written from left to right. */
export function childrenOf(expr: Expr): Expr[] {
  switch (expr.kind) {
    case 'number':
    case 'string':
    case 'selector':
      return [];
    case 'call':
      return expr.args;
    case 'aggregation':
      return expr.param ? [expr.param, expr.expr] : [expr.expr];
    case 'binary':
      return [expr.left, expr.right];
    default:
      return [expr.expr];
  }
}

/** Every expression of a tree with those that stand around it, the nearest first. */
export function* walk(expr: Expr, around: readonly Expr[] = []): Generator<{ expr: Expr; around: readonly Expr[] }> {
  yield { expr, around };
  for (const child of childrenOf(expr)) yield* walk(child, [expr, ...around]);
}

export function selectorsOf(expr: Expr): Selector[] {
  return [...walk(expr)].flatMap(({ expr: e }) => (e.kind === 'selector' ? [e] : []));
}

/** A tree with each expression replaced by what `change` makes of it, from the leaves up. The given tree stays as it is. */
export function transform(expr: Expr, change: (expr: Expr) => Expr): Expr {
  return change(withChildren(expr, (child) => transform(child, change)));
}

function withChildren(expr: Expr, of: (child: Expr) => Expr): Expr {
  switch (expr.kind) {
    case 'number':
    case 'string':
    case 'selector':
      return expr;
    case 'call':
      return { ...expr, args: expr.args.map(of) };
    case 'aggregation':
      return { ...expr, param: expr.param && of(expr.param), expr: of(expr.expr) };
    case 'binary':
      return { ...expr, left: of(expr.left), right: of(expr.right) };
    default:
      return { ...expr, expr: of(expr.expr) };
  }
}
