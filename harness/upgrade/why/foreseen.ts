import type { AppliedChange } from '../../changes/index.ts';
import {
  childrenOf,
  type Expr,
  type Matcher,
  matches,
  type Selector,
  tryParse,
} from '../../prometheus/promql/index.ts';
import type { SchemaDifference } from '../../result/upgrade/types.ts';
import { isAbsent } from '../queries/parts.ts';
import { namesMatch } from '../schema/names.ts';
import { Reasons } from '../schema/reasons.ts';
import { groupingGone, ofAll, ofBoth } from './grouping.ts';
import { isAboutLoss, jobReasons, leReasons } from './selector-reasons.ts';
import { type Why, why, whysText, whyUnknown } from './words.ts';

/**
 * Why a query that no world had anything for will select nothing after the upgrade all the same: it can't do without a family,
 * a label, a value or a job that goes. Users' rules name workloads of their own, which no scenario has; what they ask of the mesh
 * is known nevertheless. Empty: nothing is known to speak against it, or it selected nothing before, either.
 */
export function foreseenReason(
  evaluated: string,
  { schema, changes }: { schema: SchemaDifference; changes: readonly AppliedChange[] },
): string {
  const tree = tryParse(evaluated);
  if (!tree) return '';
  const known = { reasons: new Reasons(changes), schema };
  return whysText(needed(tree, known).map((one) => ({ ...one, renamed: false })));
}

/** Of the selectors that it can't do without, and of the labels that it groups and joins them by; of `or` both sides have to fail. */
function needed(expr: Expr, known: Known): Why[] {
  if (expr.kind === 'selector') return gone(expr, known);
  if (isAbsent(expr)) return [];
  if (expr.kind === 'binary' && expr.op === 'or') return ofBoth(expr, (side) => needed(side, known));
  const named = groupingGone(expr, (family, label, selector) => labelGone(family, label, selector, known));
  const rest = expr.kind === 'binary' && expr.op === 'unless' ? [expr.left] : childrenOf(expr);
  return [...rest.flatMap((child) => needed(child, known)), ...named];
}

interface Known {
  reasons: Reasons;
  schema: SchemaDifference;
}

function gone(selector: Selector, known: Known): Why[] {
  return [
    ...ofAll(selector, (name) => familyGone(name, known)),
    ...selector.matchers.flatMap((matcher) => [
      ...ofAll(selector, (family) => matcherGone(family, matcher, selector, known)),
      ...jobGone(matcher, known),
      ...leReasons(matcher, selector, known),
    ]),
  ];
}

function familyGone(name: string, { reasons, schema }: Known): Why[] {
  // What the same step brings was not there before.
  if (reasons.family(name, 'new')) return [];
  const reason = reasons.family(name, 'gone');
  if (reason) return [why(reason)];
  const seen = schema.changes.some(
    ({ kind, what, subject }) => kind === 'gone' && what === 'family' && namesMatch(subject, name),
  );
  return seen ? [whyUnknown(`\`${name}\` is gone now, which no known change explains`)] : [];
}

function matcherGone(family: string, matcher: Matcher, selector: Selector, known: Known): Why[] {
  const { label, op, value } = matcher;
  // What the empty value satisfies asks for nothing.
  if (matches(matcher, '') !== false || known.reasons.label(family, {}, label, 'new')) return [];
  const whole = labelGone(family, label, selector, known);
  if (whole.length > 0 || known.reasons.label(family, {}, label, 'gone')) return whole;
  if (op !== '=' && op !== '=~') return [];
  const values = (op === '=' ? [value] : value.split('|')).map((one) =>
    known.reasons.value(family, label, one, 'gone'),
  );
  return values.every((one) => one !== undefined) ? values.map((one) => why(one)) : [];
}

/** A label that its series do not have any more, or only empty. What the same step brings was not there before. */
function labelGone(family: string, label: string, selector: Selector, { reasons }: Known): Why[] {
  if (reasons.label(family, {}, label, 'new')) return [];
  const removed = reasons.label(family, {}, label, 'gone');
  if (removed) return isOnly(selector, family, removed) ? [why(removed)] : [];
  const emptied = reasons.values(family, label, 'emptied');
  return emptied ? [why(emptied)] : [];
}

/** Whether all that it selects is of the direction that a change is about. */
function isOnly({ matchers }: Selector, family: string, { change: { subject } }: AppliedChange): boolean {
  const direction = 'direction' in subject ? subject.direction : undefined;
  if (direction === undefined || family.startsWith(`${direction}_`)) return true;
  const other = direction === 'inbound' ? 'outbound' : 'inbound';
  return matchers.some((one) => one.label === 'direction' && matches(one, other) === false);
}

function jobGone(matcher: Matcher, { reasons }: Known): Why[] {
  if (matcher.label !== 'job') return [];
  const lost = reasons
    .of('targets')
    .filter(
      ({ change, reversed }) => matcher.op === '=' && isAboutLoss(change.subject, matcher.value, reversed, 'gone'),
    )
    .map((one) => why(one));
  return [...jobReasons(matcher, 'gone', { reasons }), ...lost];
}
