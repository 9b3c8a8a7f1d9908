import { bare, childrenOf, type Expr, print, type Selector, selectorsOf } from '../../prometheus/promql/index.ts';
import type { QueryAnswer } from '../types.ts';
import { instantOf, isAbsent, isChoice, isComparison, isSetOperation, unfiltered } from './parts.ts';
import { type Group, groupsOf, type Kind, kindIn } from './series.ts';
import { areSignificant, compareValues, isSignificant } from './values-differ.ts';

/** The answers of worlds with their trees, which have the same shape: only values of variables differ. */
export interface World {
  answer: QueryAnswer;
  tree: Expr;
}

/** One place of the expression in each world. */
type Nodes = readonly Expr[];

export interface Sides {
  before: readonly World[];
  after: readonly World[];
}

/** What the values of a part are, in these worlds. */
export function kindAt({ before, after }: Sides, expr: Expr): Kind {
  const volumes = [...before, ...after].flatMap(({ answer }) => answer.volume ?? []);
  const [least, most] = [Math.min(...volumes), Math.max(...volumes)];
  const uneven = volumes.length === 0 || most === 0 ? 0 : least === 0 ? Number.POSITIVE_INFINITY : most / least - 1;
  return { ...kindIn(before[0]!.answer, expr), uneven };
}

/** Whether the expressions of both sides are built alike: a rewritten one may not be. */
function alike({ before, after }: Sides): boolean {
  const shape = (expr: Expr): string => `${expr.kind}(${childrenOf(expr).map(shape).join()})`;
  return shape(before[0]!.tree) === shape(after[0]!.tree);
}

type Series = QueryAnswer['series'];

/** What is known of one place of the expression in each world; null: it was not asked. */
function seriesAt(worlds: readonly World[], nodes: Nodes): Series[] | null {
  const found = worlds.map(({ answer, tree }, i) => {
    const node = nodes[i]!;
    const text = print(bare(node.kind === 'selector' ? instantOf(node) : node));
    if (print(bare(tree)) === text) return answer.series;
    return answer.parts.find((part) => part.expr === text && part.error === '')?.series ?? null;
  });
  return found.includes(null) ? null : (found as Series[]);
}

/** What the expression would have without what filters, in each world. */
export function unfilteredSeries(worlds: readonly World[]): Series[] {
  const nodes = worlds.map(({ tree }) => unfiltered(tree));
  return seriesAt(worlds, nodes) ?? worlds.map(() => []);
}

/** Whether something in it leaves series out, or says 0 or 1. */
export function filters({ tree }: World): boolean {
  return print(bare(unfiltered(tree))) !== print(bare(tree));
}

/** Whether what all of these worlds have is more than chance, when none of so many others has any of it. */
export function isSure(sides: Sides, side: 'before' | 'after', series: readonly Series[]): boolean {
  const worlds = sides[side];
  const otherWorlds = sides[side === 'before' ? 'after' : 'before'].length;
  const kind = kindAt(sides, worlds[0]!.tree);
  const groups = series.map((one) => groupsOf(one, kind));
  if (groups.some(({ size }) => size === 0)) return false;
  if (
    areSignificant(
      groups.flatMap((one) => [...one.values()]),
      kind,
      worlds.length,
      otherWorlds,
    )
  )
    return true;
  return [...groups[0]!.keys()].some((key) => {
    const everywhere = groups.flatMap((one) => one.get(key) ?? []);
    return everywhere.length === worlds.length && isSignificant(everywhere, kind, otherWorlds);
  });
}

export interface LostSelector {
  expr: string;
  before: number[];
  after: number[];
}

/**
 * Selectors that the expression can't do without and that had series in every world before and have none in any after: what makes
 * an alert dead. Where one side of `or` is lost and the other one is there, nothing is; `absent()` and the right side of `unless`
 * need nothing. What may as well not have been there before, few events by chance, is not lost.
 */
export function lostSelectors(sides: Sides): LostSelector[] {
  if (!alike(sides)) return [];
  const visit = (before: Nodes, after: Nodes): LostSelector[] => {
    const e = before[0]!;
    if (e.kind === 'selector') return lostSelector(sides, before as Selector[], after as Selector[]);
    if (isAbsent(e)) return [];
    const children = childrenOf(e);
    const lost = children.map((_, i) => visit(childAt(before, i), childAt(after, i)));
    if (isSetOperation(e) && e.op === 'unless') return lost[0]!;
    if (isSetOperation(e) && e.op === 'or') {
      const alive = children.some((_, i) => lost[i]!.length === 0 && selects(sides.after, childAt(after, i)));
      return alive ? [] : lost.flat();
    }
    return lost.flat();
  };
  return visit(
    sides.before.map(({ tree }) => tree),
    sides.after.map(({ tree }) => tree),
  );
}

function childAt(nodes: Nodes, i: number): Expr[] {
  return nodes.map((node) => childrenOf(node)[i]!);
}

/**
 * Whether every selector that a part needs selects something in some world. What has none, `vector(0)`, only stands in for what
 * is not there.
 */
function selects(worlds: readonly World[], nodes: Nodes): boolean {
  const e = nodes[0]!;
  if (e.kind === 'selector') return (seriesAt(worlds, nodes) ?? []).some((series) => series.length > 0);
  const sides = childrenOf(e).flatMap((child, i) => (selectorsOf(child).length > 0 ? [childAt(nodes, i)] : []));
  if (isSetOperation(e) && e.op === 'or') return sides.some((side) => selects(worlds, side));
  return sides.length > 0 && sides.every((side) => selects(worlds, side));
}

function lostSelector(sides: Sides, was: readonly Selector[], is: readonly Selector[]): LostSelector[] {
  const { before, after } = sides;
  const [had, has] = [seriesAt(before, was), seriesAt(after, is)];
  if (!had || !has) return [];
  if (had.some((series) => series.length === 0) || has.some((series) => series.length > 0)) return [];
  const kind = kindAt(sides, was[0]!);
  const all = { ...kind, additive: kind.nature === 'counted', anonymous: () => true };
  if (
    kind.nature === 'counted' &&
    !isSignificant(
      had.map((series) => totalOf(series, all)),
      all,
      after.length,
    )
  )
    return [];
  const expr = print(instantOf(was[0]!));
  return [{ expr, before: had.map(({ length }) => length), after: has.map(({ length }) => length) }];
}

/** All of a selector's series together. */
function totalOf(series: Series, kind: Parameters<typeof groupsOf>[1]): Group {
  const merged = series.map((one) => ({ ...one, labels: {} }));
  return [...groupsOf(merged, kind).values()][0]!;
}

/**
 * Whether what an expression lets through differs by chance alone: every vector that it compares has the same values on both
 * sides, within noise, so one of them just happens to lie on the other side of a threshold.
 */
export function flipsByChance({ before, after }: Sides): boolean {
  if (!alike({ before, after })) return false;
  let compared = false;
  const visit = (b: Nodes, a: Nodes): boolean => {
    const e = b[0]!;
    const children = childrenOf(e);
    const compares = isComparison(e) ? [0, 1] : isChoice(e) ? [children.length - 1] : [];
    for (const i of compares) {
      const verdict = sameOperand({ before, after }, childAt(b, i), childAt(a, i));
      if (verdict === 'different') return false;
      if (verdict === 'same') compared = true;
    }
    return children.every((_, i) => visit(childAt(b, i), childAt(a, i)));
  };
  const same = visit(
    before.map(({ tree }) => tree),
    after.map(({ tree }) => tree),
  );
  return same && compared;
}

function sameOperand({ before, after }: Sides, b: Nodes, a: Nodes): 'same' | 'different' | 'unknown' {
  const [had, has] = [seriesAt(before, b), seriesAt(after, a)];
  if (!had || !has) return 'unknown';
  const kind = kindAt({ before, after }, b[0]!);
  const [was, is] = [had.map((one) => groupsOf(one, kind)), has.map((one) => groupsOf(one, kind))];
  if ([...was, ...is].every(({ size }) => size === 0)) return 'unknown';
  for (const key of new Set([...was, ...is].flatMap((groups) => [...groups.keys()]))) {
    const pair = { before: was.flatMap((g) => g.get(key) ?? []), after: is.flatMap((g) => g.get(key) ?? []) };
    if (pair.before.length > 0 && pair.after.length > 0) {
      if (compareValues(pair, kind).verdict === 'different') return 'different';
      continue;
    }
    const [side, worlds, others] = pair.before.length > 0 ? [pair.before, was, is] : [pair.after, is, was];
    if (side.length === worlds.length && isSignificant(side, kind, others.length)) return 'different';
  }
  return 'same';
}
