import type { SchemaChange } from '../../result/upgrade/types.ts';
import { namesText } from './names.ts';
import { type Reasons, textOf } from './reasons.ts';
import type { Side, SideFamily } from './side.ts';

/** Type, unit, HELP and buckets of families that both sides have. */
export function headerChanges(before: Side, after: Side, reasons: Reasons): SchemaChange[] {
  const pairs = [...before.families.values()].flatMap((left) => {
    const right = after.families.get(left.name);
    return right ? [{ left, right }] : [];
  });
  // Another encoder prints units, and its HELP texts are worded anew: that is one change of the page.
  const otherEncoder = before.end !== after.end;
  const worded = otherEncoder && reasons.byId('second-encoder') !== undefined;
  const looks: {
    what: SchemaChange['what'];
    of: (family: SideFamily) => string;
    same?: (a: string, b: string, name: string) => boolean;
  }[] = [
    { what: 'type', of: ({ type }) => type },
    { what: 'unit', of: ({ unit }) => unit, same: (a, b) => otherEncoder && (a === '' || b === '') },
    {
      what: 'help',
      of: ({ help }) => help,
      same: (a, b, name) => otherEncoder && (bare(a) === bare(b) || (worded && !reasons.help(name))),
    },
    { what: 'buckets', of: ({ buckets }) => (buckets ?? []).join(' '), same: (a, b) => a === '' || b === '' },
  ];
  return looks.flatMap(({ what, of, same }) => {
    const other = pairs.filter(({ left, right }) => of(left) !== of(right) && !same?.(of(left), of(right), left.name));
    return linesOf(
      what,
      other.map(({ left, right }) => ({ name: left.name, before: of(left), after: of(right) })),
      reasons,
    );
  });
}

const bare = (help: string) => help.replace(/\.+$/, '');

interface Other {
  name: string;
  before: string;
  after: string;
}

function linesOf(what: SchemaChange['what'], all: readonly Other[], reasons: Reasons): SchemaChange[] {
  const groups = new Map<string, Other[]>();
  for (const one of all) {
    const reason = what === 'help' ? reasons.help(one.name) : undefined;
    const key = reason ? reason.change.id : JSON.stringify([one.before, one.after]);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()].map((group): SchemaChange => {
    const alike = group.every(({ before, after }) => before === group[0]!.before && after === group[0]!.after);
    return {
      kind: 'changed',
      what,
      subject: namesText(group.map(({ name }) => name)),
      before: alike ? group[0]!.before : 'as it was',
      after: alike ? group[0]!.after : 'worded anew',
      reason: what === 'help' ? textOf(reasons.help(group[0]!.name)) : '',
      guessed: false,
    };
  });
}
