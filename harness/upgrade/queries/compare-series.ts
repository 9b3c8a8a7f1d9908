import type { Query, QueryAnswer } from '../types.ts';
import type { Comparison } from './compare.ts';
import { type Group, groupsOf, type Kind } from './series.ts';
import { areSignificant, compareValues, isSignificant, type ValueDifference } from './values-differ.ts';
import { labelsText, listed, number, seriesCounts } from './words.ts';

type Labels = Record<string, string>;
type Worlds = readonly ReadonlyMap<string, Group>[];

/** Answers that have series on both sides: first which series there are, then what they say. */
export function compareSeries(
  query: Pick<Query, 'kind'>,
  { before, after }: Record<'before' | 'after', readonly Pick<QueryAnswer, 'series'>[]>,
  kind: Kind,
): Comparison {
  const was = before.map(({ series }) => groupsOf(series, kind));
  const is = after.map(({ series }) => groupsOf(series, kind));
  const [lost, gained] = [onlyIn(was, is, kind), onlyIn(is, was, kind)];
  const sure = lost.sure.length > 0 || gained.sure.length > 0;
  if (sure || (lost.together && gained.together && haveOtherNames(lost, gained))) {
    return differentSeries(query, lost, gained);
  }
  const counts = compareCounts(was, is, kind);
  if (counts) return { outcome: 'different-values', notExercised: false, seen: counts, broken: true };
  const size = seriesCounts([...before, ...after].map(({ series }) => series.length));
  return compareAll(was, is, kind, size);
}

interface OneSided {
  /** By more than chance. */
  sure: Labels[];
  /** These, and those of so few events that they may be chance. */
  all: Labels[];
  /** All of them together are more than chance. */
  together: boolean;
}

/** Groups that every world of one side has and none of the other. */
function onlyIn(these: Worlds, others: Worlds, kind: Kind): OneSided {
  const everywhere = [...these[0]!.keys()].filter((key) => these.every((groups) => groups.has(key)));
  const missing = everywhere.filter((key) => others.every((groups) => !groups.has(key)));
  const sure = missing.filter((key) =>
    isSignificant(
      these.map((groups) => groups.get(key)!),
      // Of a family that both sides have, a series that has counted nothing says nothing.
      { ...kind, raw: false },
      others.length,
    ),
  );
  const labelsOf = (key: string) => these[0]!.get(key)!.labels;
  const groups = missing.flatMap((key) => these.map((one) => one.get(key)!));
  const together = areSignificant(groups, kind, these.length, others.length);
  return { sure: sure.map(labelsOf), all: missing.map(labelsOf), together };
}

function differentSeries({ kind }: Pick<Query, 'kind'>, before: OneSided, after: OneSided): Comparison {
  const different = (seen: string, broken: boolean): Comparison => ({
    outcome: 'different-labels',
    notExercised: false,
    seen,
    broken,
  });
  const { gone, added, unpaired } = namesThatDiffer(before.all, after.all);
  const without = (these: readonly Labels[]) => these.filter((labels) => unpaired.has(labels));
  const [lost, gained] = [without(before.sure), without(after.sure)];
  const named = (names: readonly string[], what: string) =>
    names.length === 0 ? [] : [`label${names.length > 1 ? 's' : ''} ${names.join(', ')} ${what}`];
  const said = [
    ...named(gone, 'gone'),
    ...named(added, 'new'),
    ...(lost.length > 0 ? [`${onlyText(lost, after.all)} only before`] : []),
    ...(gained.length > 0 ? [`${onlyText(gained, before.all)} only after`] : []),
  ];
  return different(said.join('; '), gone.length > 0 || lost.length > 0 || (kind === 'alert' && gained.length > 0));
}

function haveOtherNames(lost: OneSided, gained: OneSided): boolean {
  const { gone, added } = namesThatDiffer(lost.all, gained.all);
  return gone.length > 0 || added.length > 0;
}

/**
 * Names of labels that went or came: those by which series of one side differ from series of the other that have the same values
 * of all labels that both have. `unpaired` are those that have no such counterpart.
 */
function namesThatDiffer(
  lost: readonly Labels[],
  gained: readonly Labels[],
): { gone: string[]; added: string[]; unpaired: Set<Labels> } {
  const gone = new Set<string>();
  const added = new Set<string>();
  const unpaired = new Set<Labels>([...lost, ...gained]);
  for (const before of lost) {
    const near = gained.filter((after) => agree(before, after));
    near.sort((a, b) => distance(before, a).length - distance(before, b).length);
    const [after] = near;
    if (!after) continue;
    // Several may have become one, and one several.
    for (const one of [
      before,
      ...near.filter((other) => distance(before, other).length === distance(before, after).length),
    ]) {
      unpaired.delete(one);
    }
    for (const name of Object.keys(before)) if (!(name in after)) gone.add(name);
    for (const name of Object.keys(after)) if (!(name in before)) added.add(name);
  }
  return { gone: [...gone].sort(), added: [...added].sort(), unpaired };
}

/** The same on all labels that both have, most of them, and not the same names. */
function agree(a: Labels, b: Labels): boolean {
  const names = Object.keys(a);
  const common = names.filter((name) => name in b);
  if (common.length === names.length && common.length === Object.keys(b).length) return false;
  const most = Math.max(names.length, Object.keys(b).length);
  return 2 * common.length >= most - 1 && common.every((name) => a[name] === b[name]);
}

/** Series in few words: where they differ from all of the other side in one label, that one alone. */
function onlyText(these: readonly Labels[], others: readonly Labels[]): string {
  const differing = these.map((labels) => {
    const near = others.find((other) => distance(labels, other).length === 1);
    const names = near ? distance(labels, near) : Object.keys(labels);
    const told = names.filter((name) => name in labels);
    return labelsText(
      Object.fromEntries((told.length > 0 ? told : Object.keys(labels)).map((name) => [name, labels[name]!])),
    );
  });
  const texts = [...new Set(differing.map((text) => (text === '' ? 'the series without labels' : text)))];
  return `series ${listed(texts)}`.replace(/^series the series/, 'the series');
}

function distance(a: Labels, b: Labels): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((name) => a[name] !== b[name]);
}

/** Of what is a state every pod has one: more or fewer of them are a difference. */
function compareCounts(was: Worlds, is: Worlds, { nature }: Kind): string | null {
  if (nature !== 'state') return null;
  for (const key of was[0]!.keys()) {
    const sizes = (worlds: Worlds) => worlds.flatMap((groups) => groups.get(key)?.size ?? []);
    const [b, a] = [sizes(was), sizes(is)];
    if (a.length < is.length || b.length < was.length) continue;
    if (Math.min(...a) <= Math.max(...b) && Math.min(...b) <= Math.max(...a)) continue;
    const of = labelsText(was[0]!.get(key)!.labels);
    return `${of === '' ? '' : `${of}: `}${seriesCounts(b)} before, ${seriesCounts(a)} after`;
  }
  return null;
}

function compareAll(was: Worlds, is: Worlds, kind: Kind, size: string): Comparison {
  const keys = [...new Set([...was, ...is].flatMap((groups) => [...groups.keys()]))];
  const differences: { labels: Labels; difference: ValueDifference }[] = [];
  let chance = 0;
  let noisy: ValueDifference | null = null;
  let compared = 0;
  for (const key of keys) {
    const before = was.flatMap((groups) => groups.get(key) ?? []);
    const after = is.flatMap((groups) => groups.get(key) ?? []);
    if (before.length === 0 || after.length === 0) {
      chance++;
      continue;
    }
    compared++;
    const difference = compareValues({ before, after }, kind);
    if (difference.verdict === 'different') differences.push({ labels: (before[0] ?? after[0])!.labels, difference });
    else if (difference.verdict === 'noise' && (!noisy || apart(difference) > apart(noisy))) noisy = difference;
  }
  if (differences.length > 0) return differentValues(differences, compared);
  const same = (outcome: 'same' | 'same-within-noise', seen: string): Comparison => ({
    outcome,
    notExercised: false,
    seen,
    broken: false,
  });
  if (noisy) return same('same-within-noise', `${size}; ${noiseText(noisy, kind)}`);
  if (chance > 0) return same('same-within-noise', `${size}; some of them, of few events, on one side only`);
  return same('same', `${size}, the same values`);
}

function differentValues(differences: { labels: Labels; difference: ValueDifference }[], compared: number): Comparison {
  const worst = differences.reduce((a, b) => (apart(b.difference) > apart(a.difference) ? b : a));
  const of = labelsText(worst.labels);
  const { before, after, noise } = worst.difference;
  const noiseSaid = noise > 0 && Number.isFinite(noise) ? ` (noise up to ${number(noise)})` : '';
  const rest = differences.length > 1 ? `; ${differences.length} of ${compared} differ` : '';
  const seen = `${of === '' ? '' : `${of}: `}${number(before)} before, ${number(after)} after${noiseSaid}${rest}`;
  return { outcome: 'different-values', notExercised: false, seen, broken: true };
}

function noiseText({ before, after, noise }: ValueDifference, { nature }: Kind): string {
  if (nature === 'fleeting') return 'values that are never the same twice';
  const values = `${number(before)} before, ${number(after)} after`;
  if (nature === 'timed') return `${values}, less than two orders of magnitude apart`;
  return Number.isFinite(noise) ? `${values} (noise up to ${number(noise)})` : values;
}

/** Relative, so that values of different sizes can be told by it. */
function apart({ before, after }: ValueDifference): number {
  const size = Math.max(Math.abs(before), Math.abs(after));
  const by = Math.abs(before - after) / size;
  return Number.isNaN(by) ? 1 : by;
}
