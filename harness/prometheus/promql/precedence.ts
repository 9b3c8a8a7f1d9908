import type { Binary, Expr } from './ast.ts';

/** How tightly operators bind (prometheus.io/docs: operators); greater is tighter. */
const BINDING: Record<string, number> = {
  or: 1,
  and: 2,
  unless: 2,
  '==': 3,
  '!=': 3,
  '<=': 3,
  '<': 3,
  '>=': 3,
  '>': 3,
  '</': 3,
  '>/': 3,
  '+': 4,
  '-': 4,
  '*': 5,
  '/': 5,
  '%': 5,
  atan2: 5,
  '^': 7,
};

/** A sign binds as tightly as a product. */
export const UNARY = 5;
/** Ranges, offsets and what can't be taken apart. */
export const POSTFIX = 8;

export function bindingOf(op: string): number {
  return BINDING[op]!;
}

/** What stands on either side of an operator binds at least as tightly as this, or stands in parentheses. */
export function sidesOf(op: string): { left: number; right: number } {
  const binding = bindingOf(op);
  // All are left-associative but for the power.
  return op === '^' ? { left: binding + 1, right: binding } : { left: binding, right: binding + 1 };
}

/** An expression as it is written: operands, with operators between them and signs before them. */
export type Item = { operand: Expr } | { sign: '-' | '+' } | { operator: Omit<Binary, 'kind' | 'left' | 'right'> };

/** Puts together what was written, by how tightly operators bind. */
export function assemble(items: readonly Item[]): Expr {
  let next = 0;
  const operand = (): Expr => {
    const item = items[next++]!;
    if ('sign' in item) return { kind: 'unary', op: item.sign, expr: climb(UNARY + 1) };
    return (item as { operand: Expr }).operand;
  };
  const climb = (atLeast: number): Expr => {
    let left = operand();
    for (let item = items[next]; item && 'operator' in item; item = items[next]) {
      const { operator } = item;
      if (bindingOf(operator.op) < atLeast) break;
      next++;
      left = { kind: 'binary', ...operator, left, right: climb(sidesOf(operator.op).right) };
    }
    return left;
  };
  return climb(0);
}
