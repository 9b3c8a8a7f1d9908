import type { AppliedChange } from '../../changes/index.ts';
import type { SchemaChange } from '../../result/upgrade/types.ts';
import { namesText, ofText } from './names.ts';
import { type Reasons, textOf } from './reasons.ts';
import { type Seen, type Side, type SideLabel, type SideVariant, throughout } from './side.ts';
import { classOf, isOccasional } from './vocabulary.ts';

/** One label of one family, before what is alike becomes one line. */
interface Found {
  kind: SchemaChange['kind'];
  what: 'label' | 'label-value';
  family: string;
  of: Record<string, string>;
  label: string;
  before: string;
  after: string;
  reason: AppliedChange | undefined;
  guess: string;
}

/** Labels that came or went, and values of theirs, of families that both sides have. */
export function labelChanges(before: Side, after: Side, reasons: Reasons): SchemaChange[] {
  const found: Found[] = [];
  for (const [family, left] of before.families) {
    for (const [key, variant] of left.variants) {
      const other = after.families.get(family)?.variants.get(key);
      if (!other) continue;
      const pair = { family, before: variant, after: other, sides: { before, after }, reasons };
      found.push(...comeAndGone(pair), ...otherValues(pair));
    }
  }
  return [...merge(found), ...removedValues(before, after, reasons)];
}

interface Pair {
  family: string;
  before: SideVariant;
  after: SideVariant;
  sides: { before: Side; after: Side };
  reasons: Reasons;
}

function comeAndGone({ family, before, after, sides, reasons }: Pair): Found[] {
  const of = before.of;
  const both = [
    {
      kind: 'gone' as const,
      here: before,
      there: after,
      seen: (one: Seen) => throughout(one, sides.before, sides.after),
    },
    {
      kind: 'new' as const,
      here: after,
      there: before,
      seen: (one: Seen) => throughout(one, sides.after, sides.before),
    },
  ];
  return both.flatMap(({ kind, here, there, seen }) =>
    [...here.labels].flatMap(([label, one]): Found[] => {
      if (there.labels.has(label) || reasons.meaning(family, label)) return [];
      const reason = reasons.label(family, of, label, kind);
      if (!reason && (seen(one.worlds) < (isOccasional(family) ? 2 : 1) || !one.everywhere)) return [];
      const cell = kind === 'gone' ? { before: label, after: '' } : { before: '', after: label };
      return [{ kind, what: 'label', family, of, label, ...cell, reason, guess: '' }];
    }),
  );
}

function otherValues(pair: Pair): Found[] {
  return [...pair.before.labels].flatMap(([label, left]): Found[] => {
    const right = pair.after.labels.get(label);
    if (!right) return [];
    return left.open || right.open ? emptiness(pair, label, left, right) : enumerated(pair, label, left, right);
  });
}

/** A label whose values are names: whether it has any. */
function emptiness(
  { family, before, sides, reasons }: Pair,
  label: string,
  left: SideLabel,
  right: SideLabel,
): Found[] {
  const filled = ({ values }: SideLabel) => [...values.keys()].some((value) => value !== '');
  if (filled(left) === filled(right)) return [];
  const seen = filled(left) ? 'emptied' : 'filled';
  const reason = reasons.values(family, label, seen);
  const [full, here, there] = filled(left) ? [left, sides.before, sides.after] : [right, sides.after, sides.before];
  const always = full.values.get('*');
  if (!reason && (!always || throughout(always, here, there) < 2)) return [];
  const cell = filled(left)
    ? { before: `${label} with values`, after: `${label} always empty` }
    : { before: `${label} always empty`, after: `${label} with values` };
  return [{ kind: 'changed', what: 'label-value', family, of: before.of, label, ...cell, reason, guess: '' }];
}

/** A label whose values are words of the version. */
function enumerated(
  { family, before, sides, reasons }: Pair,
  label: string,
  left: SideLabel,
  right: SideLabel,
): Found[] {
  if (reasons.meaning(family, label)) return [];
  const of = before.of;
  const only = (a: SideLabel, b: SideLabel, here: Side, there: Side) =>
    [...a.values].flatMap(([value, seen]) =>
      b.values.has(value) ? [] : [{ value, worlds: throughout(seen, here, there) }],
    );
  const gone = only(left, right, sides.before, sides.after);
  const fresh = only(right, left, sides.after, sides.before);
  const certain = classOf(label) === 'fixed' && !isOccasional(family);
  const text = (value: string) => `${label}="${value}"`;
  // What depends on the traffic is told from chance only where one word stands for the other throughout.
  const [lost, found] = [gone, fresh].map((values) => values.filter(({ worlds }) => worlds >= 2)) as [Only, Only];
  if (!certain && lost.length === 1 && found.length === 1 && !reasons.value(family, label, lost[0]!.value, 'gone')) {
    const guess = 'the one is in every run before and in none after, the other the other way round';
    const cell = { before: text(lost[0]!.value), after: text(found[0]!.value) };
    return [{ kind: 'renamed', what: 'label-value', family, of, label, ...cell, reason: undefined, guess }];
  }
  const changes = (values: Only, kind: 'gone' | 'new') =>
    values.flatMap(({ value, worlds }): Found[] => {
      const reason = reasons.value(family, label, value, kind);
      if (!reason && !(certain && worlds > 0)) return [];
      const cell = kind === 'gone' ? { before: text(value), after: '' } : { before: '', after: text(value) };
      return [{ kind, what: 'label-value', family, of, label, ...cell, reason, guess: '' }];
    });
  return [...changes(gone, 'gone'), ...changes(fresh, 'new')];
}

type Only = { value: string; worlds: number }[];

/** Values that a family is known to have no more (or again): they are rare, few scenarios provoke them. */
function removedValues(before: Side, after: Side, reasons: Reasons): SchemaChange[] {
  return reasons.of('label-value').flatMap((reason): SchemaChange[] => {
    const { subject } = reason.change;
    if (subject.change === 'renamed') return [];
    const families = [...before.families.keys()].filter(
      (name) => after.families.has(name) && subject.family.test(name),
    );
    if (families.length === 0) return [];
    const gone = (subject.change === 'removed') !== reason.reversed;
    const value = `${subject.label}="${subject.value}"`;
    return [
      {
        kind: gone ? 'gone' : 'new',
        what: 'label-value',
        subject: namesText(families),
        before: gone ? value : '',
        after: gone ? '' : value,
        reason: textOf(reason),
        guessed: false,
      },
    ];
  });
}

/** What is alike in several families is one line, and so are several labels of the same families. */
function merge(found: readonly Found[]): SchemaChange[] {
  const own = found.filter(
    ({ reason, what }) => !(what === 'label-value' && reason?.change.subject.kind === 'label-value'),
  );
  const byLabel = groupBy(own, ({ kind, what, label, before, after, reason, guess }) =>
    JSON.stringify([kind, what, label, before, after, reason?.change.id, guess]),
  ).map((group) => ({ group, where: whereOf(group) }));
  return groupBy(byLabel, ({ group: [first], where }) =>
    JSON.stringify([where, first!.kind, first!.what, textOf(first!.reason), first!.guess]),
  ).map((lines): SchemaChange => {
    const firsts = lines.map(({ group }) => group[0]!);
    const { kind, what, reason, guess } = firsts[0]!;
    return {
      kind,
      what,
      subject: lines[0]!.where,
      before: firsts
        .map(({ before }) => before)
        .filter(Boolean)
        .join(', '),
      after: firsts
        .map(({ after }) => after)
        .filter(Boolean)
        .join(', '),
      reason: guess || textOf(reason),
      guessed: guess !== '',
    };
  });
}

/** The families, with the direction and peer that all of them have in common. */
function whereOf(group: readonly Found[]): string {
  const labelled = group.filter(({ of }) => Object.keys(of).length > 0);
  const [first] = labelled;
  const common = Object.entries(first?.of ?? {}).filter(([name, value]) =>
    labelled.every(({ of }) => of[name] === value),
  );
  // How many have it depends on what has happened yet.
  return (
    namesText(
      group.map(({ family }) => family),
      false,
    ) + ofText(Object.fromEntries(common))
  );
}

function groupBy<T>(all: readonly T[], key: (one: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const one of all) groups.set(key(one), [...(groups.get(key(one)) ?? []), one]);
  return [...groups.values()];
}
