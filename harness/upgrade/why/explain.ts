import type { AppliedChange } from '../../changes/index.ts';
import { bare, type Expr, print, tryParse, walk } from '../../prometheus/promql/index.ts';
import type { QueryOutcome, SchemaDifference } from '../../result/upgrade/types.ts';
import { instantOf, unfiltered } from '../queries/parts.ts';
import { Reasons } from '../schema/reasons.ts';
import type { Query, QueryAnswer } from '../types.ts';
import { editsOf, rewritten } from './rewrite.ts';
import {
  directionOf,
  familiesOf,
  type Known,
  labelReasons,
  selectorReasons,
  targetReasons,
} from './selector-reasons.ts';
import { type AskedSelector, askedSelectors, isFilled, isLost, labelsOfAnswers } from './sides.ts';
import { plural, type Why, why, whysText, whyUnknown } from './words.ts';

/** What became of a query, with its answers in the worlds of each side. */
export interface Fared {
  /** With variables resolved. */
  evaluated: string;
  outcome: QueryOutcome;
  before: readonly QueryAnswer[];
  after: readonly QueryAnswer[];
}

export interface Explanation {
  reason: string;
  /** The expression for the version after; whether it says the same is for whoever asks it. null: nothing in it is known to be called otherwise. */
  rewrite: string | null;
}

/**
 * Why a query has another answer after an upgrade, in words that name the change, and how it is written then. Nothing is invented:
 * what nothing explains is said as it was seen.
 * @param changes those of the step (changesBetween)
 */
export function explainQuery(
  query: Pick<Query, 'expr'>,
  fared: Fared,
  { schema, changes }: { schema: SchemaDifference; changes: readonly AppliedChange[] },
): Explanation {
  const rewrite = rewriteOf(query.expr, fared.evaluated, editsOf(changes, schema.changes));
  const asked = askedSelectors(fared.evaluated, fared.before, fared.after);
  const called = functionReasons(fared.evaluated, changes);
  // A function's old name may be why it does not parse.
  if (!asked) return { reason: whysText(called) || errorText(fared), rewrite };
  const { tree, selectors } = asked;
  const known: Known = { reasons: new Reasons(changes), schema };
  const whys = [
    ...called,
    ...selectors.filter(isLost).flatMap((one) => selectorReasons(one, 'gone', known)),
    ...selectors.filter(isFilled).flatMap((one) => selectorReasons(one, 'new', known)),
    ...labelDifferences(selectors, fared, known),
  ];
  const more = whys.length > 0 ? whys : lessDirect(tree, selectors, fared, known);
  if (more.length > 0) return { reason: whysText(more), rewrite };
  return { reason: errorText(fared) || `no known change explains it: ${seenText(selectors)}`, rewrite };
}

function rewriteOf(expr: string, evaluated: string, edits: Parameters<typeof rewritten>[1]): string | null {
  const asked = rewritten(evaluated, edits);
  return asked !== null && tryParse(asked) ? rewritten(expr, edits) : null;
}

function errorText({ outcome, before, after }: Fared): string {
  const errorOf = (answers: readonly QueryAnswer[]) =>
    answers.find((answer) => answer.error !== '')?.error.split('\n')[0];
  const [was, is] = [errorOf(before), errorOf(after)];
  if (is) return `Prometheus says: ${is}`;
  return was && outcome === 'error' ? `only the Prometheus before refuses it: ${was}` : '';
}

/** Functions that are called otherwise. */
function functionReasons(evaluated: string, changes: readonly AppliedChange[]): Why[] {
  return changes
    .filter((one) => one.change.rewrite?.kind === 'rename-function' && rewritten(evaluated, editsOf([one])) !== null)
    .map((one) => ({ ...why(one), renamed: false }));
}

/** Labels that the answers of one side alone have. */
function labelDifferences(selectors: readonly AskedSelector[], { outcome, before, after }: Fared, known: Known): Why[] {
  if (outcome !== 'different-labels') return [];
  const [was, is] = [labelsOfAnswers(before.map(shown)), labelsOfAnswers(after.map(shown))];
  const only = (a: typeof was, b: typeof was) => [...a.keys()].filter((label) => !b.has(label));
  const reasonOf = (label: string, sense: 'gone' | 'new') => {
    const found = selectors.flatMap(({ selector }) =>
      familiesOf(selector).flatMap((family) => labelReasons(family, label, directionOf(selector), sense, known)),
    );
    if (found.length > 0) return found;
    return [
      whyUnknown(
        `the label \`${label}\` is ${sense === 'gone' ? 'no longer' : 'now'} there, which no known change explains`,
      ),
    ];
  };
  const le = known.reasons.byId('le-as-float');
  const bounds = ['le', 'quantile'].some((label) =>
    [...(was.get(label) ?? [])].some((value) => !is.get(label)?.has(value)),
  );
  return [
    ...only(was, is).flatMap((label) => reasonOf(label, 'gone')),
    ...only(is, was).flatMap((label) => reasonOf(label, 'new')),
    ...(le && bounds ? [why(le)] : []),
  ];
}

/** Of a silent alert, what it filters. */
function shown(answer: QueryAnswer): QueryAnswer {
  const tree = answer.series.length > 0 ? null : tryParse(answer.evaluated);
  const text = tree && print(bare(unfiltered(tree)));
  return { ...answer, series: answer.parts.find(({ expr }) => expr === text)?.series ?? answer.series };
}

/** What may be behind it where each selector still selects something: labels of groups and joins, meanings, edges of ranges. */
function lessDirect(tree: Expr, selectors: readonly AskedSelector[], fared: Fared, known: Known): Why[] {
  if (fared.outcome === 'error') return [];
  const families = selectors.flatMap(({ selector }) => familiesOf(selector).map((name) => ({ name, selector })));
  const named = new Set(labelsNamed(tree));
  const labels = [...named].flatMap((label) =>
    families.flatMap(({ name, selector }) => [
      ...labelReasons(name, label, directionOf(selector), 'gone', known),
      ...labelReasons(name, label, directionOf(selector), 'new', known),
    ]),
  );
  const used = new Set([...named, ...selectors.flatMap(({ selector }) => selector.matchers.map(({ label }) => label))]);
  const meanings = known.reasons
    .of('meaning')
    .filter(({ change: { subject } }) => {
      const about = subject.labels === undefined || subject.labels.some((label) => used.has(label));
      return about && families.some(({ name }) => subject.family.test(name));
    })
    .map((one) => why(one));
  const targets = selectors.flatMap((one) => [
    ...targetReasons(one, 'gone', known),
    ...targetReasons(one, 'new', known),
  ]);
  const found = [...labels, ...targets, ...meanings];
  if (found.length > 0) return found;
  const edges = known.reasons.byId('left-open-ranges');
  return edges && hasRange(tree) && !selectors.some(isLost) ? [why(edges)] : [];
}

/** Labels by which it groups and matches. */
function labelsNamed(tree: Expr): string[] {
  return [...walk(tree)].flatMap(({ expr }) => {
    if (expr.kind === 'aggregation') return expr.grouping?.labels ?? [];
    if (expr.kind === 'binary') return [...(expr.matching?.labels ?? []), ...(expr.matching?.group?.include ?? [])];
    return [];
  });
}

const hasRange = (tree: Expr) =>
  [...walk(tree)].some(({ expr }) => expr.kind === 'subquery' || (expr.kind === 'selector' && expr.range !== null));

function seenText(selectors: readonly AskedSelector[]): string {
  const other = selectors.filter((one) => isLost(one) || isFilled(one));
  if (other.length === 0) return 'each of its selectors selects as it did';
  const count = (counts: readonly number[]) => {
    const [most] = counts.toSorted((a, b) => b - a);
    return most ? plural(most, 'series') : 'no series';
  };
  return other
    .map(
      ({ selector, before, after }) =>
        `${print(instantOf(selector))} has ${count(before)} before and ${count(after)} after`,
    )
    .join('; ');
}
