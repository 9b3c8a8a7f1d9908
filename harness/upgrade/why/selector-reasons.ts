import { type AppliedChange, familyNames } from '../../changes/index.ts';
import { type Matcher, matches, nameOf, print, type Selector } from '../../prometheus/promql/index.ts';
import type { SchemaDifference } from '../../result/upgrade/types.ts';
import { namesMatch } from '../schema/names.ts';
import type { Reasons } from '../schema/reasons.ts';
import { rewritten } from './rewrite.ts';
import type { AskedSelector } from './sides.ts';
import { type Why, why, whyUnknown } from './words.ts';

/** What is known of a step, and what was seen of it. */
export interface Known {
  reasons: Reasons;
  schema: SchemaDifference;
}

/** Why a selector selects nothing any more (`gone`), or something only now (`new`): nothing that is not known or seen. */
export function selectorReasons(asked: AskedSelector, sense: 'gone' | 'new', known: Known): Why[] {
  const { selector } = asked;
  const families = familiesOf(selector);
  return [
    ...familyReasons(families, sense, known),
    ...selector.matchers.flatMap((matcher) => matcherReasons(matcher, selector, families, sense, known)),
    ...targetReasons(asked, sense, known),
  ];
}

/** What the families of its series may be called: of a pattern of names its plain alternatives. */
export function familiesOf(selector: Selector): string[] {
  const name = nameOf(selector);
  if (name !== '') return familyNames(name);
  const pattern = selector.matchers.find(({ label, op }) => label === '__name__' && op === '=~')?.value ?? '';
  const names = pattern.replace(/^\((.*)\)$/, '$1').split('|');
  return [...new Set(names.filter((one) => /^[a-zA-Z_:][\w:]*$/.test(one)).flatMap(familyNames))];
}

function familyReasons(families: readonly string[], sense: 'gone' | 'new', { reasons, schema }: Known): Why[] {
  return families.flatMap((name): Why[] => {
    const reason = reasons.family(name, sense);
    if (reason) return [why(reason)];
    const guess = schema.changes.find(
      (one) => one.guessed && one.what === 'family' && (sense === 'gone' ? one.before : one.after) === name,
    );
    if (guess) {
      return [whyUnknown(`\`${guess.before}\` seems to be called \`${guess.after}\` now (a guess: ${guess.reason})`)];
    }
    const seen = schema.changes.find(
      (one) => one.kind === sense && one.what === 'family' && namesMatch(one.subject, name),
    );
    return seen
      ? [whyUnknown(`\`${name}\` is ${sense === 'gone' ? 'gone' : 'there'} now, which no known change explains`)]
      : [];
  });
}

function matcherReasons(
  matcher: Matcher,
  selector: Selector,
  families: readonly string[],
  sense: 'gone' | 'new',
  known: Known,
): Why[] {
  const { label } = matcher;
  // What the empty value satisfies asks for nothing.
  const asks = matches(matcher, '') === false;
  const found = families.flatMap((family) => [
    ...(asks ? labelReasons(family, label, directionOf(selector), sense, known) : []),
    ...valueReasons(family, matcher, sense, known),
  ]);
  return [...found, ...jobReasons(matcher, sense, known), ...leReasons(matcher, selector, known)];
}

export function directionOf({ matchers }: Selector): Record<string, string> {
  const direction = matchers.find(({ label, op }) => label === 'direction' && op === '=')?.value;
  return direction === undefined ? {} : { direction };
}

/** Of a label of a family that came or went, has no values any more, or means something else. */
export function labelReasons(
  family: string,
  label: string,
  of: Record<string, string>,
  sense: 'gone' | 'new',
  { reasons, schema }: Known,
): Why[] {
  const reason =
    reasons.label(family, of, label, sense) ?? reasons.values(family, label, sense === 'gone' ? 'emptied' : 'filled');
  if (reason) return [why(reason)];
  const seen = schema.changes.find((one) => {
    const cell = sense === 'gone' ? one.before : one.after;
    const labels = one.what === 'label' ? cell.split(', ') : [];
    return one.kind === sense && one.reason === '' && labels.includes(label) && namesMatch(one.subject, family);
  });
  return seen
    ? [
        whyUnknown(
          `\`${label}\` is ${sense === 'gone' ? 'no longer' : 'now'} on \`${family}\`, which no known change explains`,
        ),
      ]
    : [];
}

function valueReasons(family: string, matcher: Matcher, sense: 'gone' | 'new', { reasons, schema }: Known): Why[] {
  const { label, op, value } = matcher;
  const meaning = reasons.meaning(family, label);
  if (meaning) return [why(meaning)];
  if (op !== '=' && op !== '=~') return [];
  const values = op === '=' ? [value] : value.split('|');
  return values.flatMap((one): Why[] => {
    const reason = reasons.value(family, label, one, sense);
    if (reason) return [why(reason)];
    const cell = `${label}="${one}"`;
    const guess = schema.changes.find(
      (change) =>
        change.what === 'label-value' && change.guessed && (sense === 'gone' ? change.before : change.after) === cell,
    );
    return guess
      ? [whyUnknown(`\`${guess.before}\` seems to be \`${guess.after}\` now (a guess: ${guess.reason})`)]
      : [];
  });
}

/** Its job is called otherwise. */
export function jobReasons(matcher: Matcher, sense: 'gone' | 'new', { reasons }: Pick<Known, 'reasons'>): Why[] {
  if (matcher.label !== 'job') return [];
  return reasons.of('targets').flatMap((reason) => {
    const { about, job, to = '' } = reason.change.subject;
    if (about !== 'job-name') return [];
    const [was, is] = reason.reversed ? [to, job] : [job, to];
    const [here, there] = sense === 'gone' ? [was, is] : [is, was];
    return matches(matcher, here) && !matches(matcher, there) ? [why(reason)] : [];
  });
}

/** It names a bound as it is written no more. */
export function leReasons(matcher: Matcher, selector: Selector, { reasons }: Pick<Known, 'reasons'>): Why[] {
  const reason = reasons.byId('le-as-float');
  if (!reason || !['le', 'quantile'].includes(matcher.label)) return [];
  const text = print({ ...selector, matchers: [matcher] });
  return rewritten(text, [{ kind: 'le-float', back: reason.reversed }]) === null ? [] : [why(reason)];
}

/** Targets that its series come from are lost, or found again. */
export function targetReasons(
  { selector, jobs }: AskedSelector,
  sense: 'gone' | 'new',
  { reasons, schema }: Known,
): Why[] {
  const asked = selector.matchers.filter(({ label, op }) => label === 'job' && op === '=').map(({ value }) => value);
  const concerned = [...new Set([...jobs, ...asked])];
  const changes = schema.changes.filter(
    ({ what, kind, subject }) => what === 'targets' && kind === sense && concerned.includes(subject),
  );
  return changes.map(({ subject, before, after }) => {
    const known = reasons
      .of('targets')
      .find(({ change, reversed }) => isAboutLoss(change.subject, subject, reversed, sense));
    const text = `Prometheus scrapes ${before || after} (job ${subject}) ${sense === 'gone' ? 'no more' : 'now'}`;
    return known ? why(known, text) : whyUnknown(text);
  });
}

/** Whether a change is why targets of a job are lost, or found again. */
export function isAboutLoss(
  { job, also, about }: Extract<AppliedChange['change']['subject'], { kind: 'targets' }>,
  of: string,
  reversed: boolean,
  sense: 'gone' | 'new',
): boolean {
  if (job !== of && !also?.includes(of)) return false;
  return about === 'lost' ? reversed === (sense === 'new') : about === 'gained' && reversed === (sense === 'gone');
}
