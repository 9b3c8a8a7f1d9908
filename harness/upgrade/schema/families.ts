import type { AppliedChange } from '../../changes/index.ts';
import type { SchemaChange } from '../../result/upgrade/types.ts';
import { namesText } from './names.ts';
import { type Reasons, textOf } from './reasons.ts';
import { guessRenames, knownName, type Rename } from './renames.ts';
import { type Side, type SideFamily, throughout } from './side.ts';
import { isOccasional } from './vocabulary.ts';

/** Families that came, went or are called otherwise. */
export function familyChanges(before: Side, after: Side, reasons: Reasons): SchemaChange[] {
  const gone = absent(before, after, (name) => reasons.family(name, 'gone'));
  const fresh = absent(after, before, (name) => reasons.family(name, 'new'));
  const renames = [...knownRenames(before, after, reasons)];
  const left = (names: Found[], side: 'from' | 'to') =>
    names.filter(({ name }) => !renames.some((rename) => rename[side] === name));
  const unexplained = (names: Found[]) => names.filter(({ reason }) => !reason).map(({ name }) => name);
  renames.push(...guessRenames(before, after, unexplained(left(gone, 'from')), unexplained(left(fresh, 'to'))));
  return [
    ...grouped('gone', left(gone, 'from'), before),
    ...renames.map(renameChange),
    ...grouped('new', left(fresh, 'to'), after),
  ];
}

interface Found {
  name: string;
  reason: AppliedChange | undefined;
}

/** Families of `here` that `there` does not have, as far as that is no chance. */
function absent(here: Side, there: Side, reasonOf: (name: string) => AppliedChange | undefined): Found[] {
  return [...here.families.values()].flatMap((family): Found[] => {
    const { name } = family;
    if (there.families.has(name)) return [];
    const reason = reasonOf(name);
    return reason || !mayBeChance(family, here, there) ? [{ name, reason }] : [];
  });
}

/** Whether it may be there only by what happened in these worlds, or not be there only because nothing happened. */
function mayBeChance(family: SideFamily, here: Side, there: Side): boolean {
  if (!family.shown.any) return !there.printsEmpty;
  return throughout(family.shown, here, there) < (isOccasional(family.name) ? 2 : 1);
}

function knownRenames(before: Side, after: Side, reasons: Reasons): Rename[] {
  return [...before.families.keys()].flatMap((from): Rename[] => {
    const now = knownName(from, reasons);
    if (!now || after.families.has(from) || !after.families.has(now.name)) return [];
    return [{ from, to: now.name, by: now.by, guess: '' }];
  });
}

function renameChange({ from, to, by, guess }: Rename): SchemaChange {
  return {
    kind: 'renamed',
    what: 'family',
    subject: from,
    before: from,
    after: to,
    reason: guess || by.map(textOf).join('; then '),
    guessed: guess !== '',
  };
}

/** One line for each change that is known; of balancers, one for each of them. */
function grouped(kind: 'gone' | 'new', found: readonly Found[], side: Side): SchemaChange[] {
  const groups = new Map<string, Found[]>();
  for (const one of found) {
    const balancer = /^(.*_balancer)_/.exec(one.name)?.[1] ?? '';
    const key = one.reason ? `${one.reason.change.id}/${balancer}` : `?${balancer || beginningOf(one.name, found)}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()].map((group): SchemaChange => {
    const cell = cellOf(group.map(({ name }) => side.families.get(name)!));
    return {
      kind,
      what: 'family',
      subject: namesText(group.map(({ name }) => name)),
      before: kind === 'gone' ? cell : '',
      after: kind === 'new' ? cell : '',
      reason: textOf(group[0]!.reason),
      guessed: false,
    };
  });
}

/** The first two words of a name, where many share them; otherwise the name. */
function beginningOf(name: string, found: readonly Found[]): string {
  const beginning = `${name.split('_').slice(0, 2).join('_')}_`;
  const alike = found.filter((one) => !one.reason && one.name.startsWith(beginning));
  return alike.length > 3 ? beginning : name;
}

/** `counter`, `7 gauges, 3 counters, no series yet`. */
function cellOf(families: readonly SideFamily[]): string {
  const count = new Map<string, number>();
  for (const { type } of families) count.set(type || 'untyped', (count.get(type || 'untyped') ?? 0) + 1);
  const types =
    families.length === 1
      ? [...count.keys()]
      : [...count].sort().map(([type, n]) => `${n} ${type}${n === 1 || type === 'untyped' ? '' : 's'}`);
  return [...types, ...(families.every(({ shown }) => !shown.any) ? ['without series'] : [])].join(', ');
}
