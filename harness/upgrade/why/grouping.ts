import {
  type Binary,
  childrenOf,
  type Expr,
  nameOf,
  type Selector,
  selectorsOf,
} from '../../prometheus/promql/index.ts';
import { isAbsent, isChoice } from '../queries/parts.ts';
import { familiesOf } from './selector-reasons.ts';
import type { Why } from './words.ts';

/** Why a label of a family that a selector asks for is gone; empty: it is not. */
export type LabelGone = (family: string, label: string, selector: Selector) => Why[];

/**
 * Why what an expression itself groups or joins by is gone: `by`, `on`, `group_left` and `group_right` name labels that have to
 * be there, or all falls into one. `without` and `ignoring` name what is not wanted.
 */
export function groupingGone(expr: Expr, gone: LabelGone): Why[] {
  if (expr.kind === 'aggregation') {
    const labels = expr.grouping?.by ? expr.grouping.labels : [];
    return labels.flatMap((label) => carried(expr.expr, label, gone));
  }
  if (expr.kind !== 'binary' || expr.matching === null) return [];
  const { left, right, matching } = expr;
  const joined = matching.on ? matching.labels : [];
  const included = matching.group?.include ?? [];
  return [
    ...joined.flatMap((label) => [...carried(left, label, gone), ...carried(right, label, gone)]),
    ...included.flatMap((label) => carried(one(expr), label, gone)),
  ];
}

/** The side of which there is one for many of the other. */
const one = ({ matching, left, right }: Binary) => (matching?.group?.side === 'left' ? right : left);
const many = ({ matching, left, right }: Binary) => (matching?.group?.side === 'left' ? left : right);

/** Of the selectors from which a label comes through to what an expression says; of `or` it has to be gone on both sides. */
function carried(expr: Expr, label: string, gone: LabelGone): Why[] {
  const of = (child: Expr) => carried(child, label, gone);
  switch (expr.kind) {
    case 'selector':
      return ofAll(expr, (family) => gone(family, label, expr));
    case 'aggregation': {
      const { grouping } = expr;
      const keeps = grouping ? grouping.labels.includes(label) === grouping.by : isChoice(expr);
      return keeps ? of(expr.expr) : [];
    }
    case 'call':
      // `absent()` has labels of its own; the other two make this one.
      return isAbsent(expr) || makes(expr, label) ? [] : expr.args.flatMap(of);
    case 'binary':
      return carriedByBinary(expr, label, of);
    default:
      return childrenOf(expr).flatMap(of);
  }
}

function makes({ func, args }: Extract<Expr, { kind: 'call' }>, label: string): boolean {
  const made = args[1];
  return /^label_(?:replace|join)$/.test(func) && made?.kind === 'string' && made.value === label;
}

function carriedByBinary(expr: Binary, label: string, of: (side: Expr) => Why[]): Why[] {
  if (expr.op === 'or') return ofBoth(expr, of);
  if (expr.op === 'and' || expr.op === 'unless') return of(expr.left);
  const { matching, left, right } = expr;
  if (!matching) return [...of(left), ...of(right)];
  if (matching.group) return of(matching.group.include.includes(label) ? one(expr) : many(expr));
  return matching.labels.includes(label) === matching.on ? [...of(left), ...of(right)] : [];
}

/** Of a pattern of names each has to fail. */
export function ofAll(selector: Selector, of: (family: string) => Why[]): Why[] {
  const whys = familiesOf(selector).map(of);
  return nameOf(selector) !== '' || whys.every((some) => some.length > 0) ? whys.flat() : [];
}

/** Both sides have to fail; `or vector(0)` only hides it. */
export function ofBoth({ left, right }: Binary, of: (side: Expr) => Why[]): Why[] {
  const sides = [left, right].filter((side) => selectorsOf(side).length > 0).map(of);
  return sides.every((whys) => whys.length > 0) ? sides.flat() : [];
}
