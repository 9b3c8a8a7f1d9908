import type { AppliedChange } from '../../changes/index.ts';
import type { Reasons } from './reasons.ts';
import type { Side, SideFamily } from './side.ts';

export interface Rename {
  from: string;
  to: string;
  /** Known: the changes that lead from one name to the other. */
  by: AppliedChange[];
  /** Guessed: what it goes by; empty for one that is known. */
  guess: string;
}

/** The name that a family is known to have after the step, with the changes that gave it; null: it keeps its own. */
export function knownName(name: string, reasons: Reasons): { name: string; by: AppliedChange[] } | null {
  let now = name;
  const by: AppliedChange[] = [];
  for (const reason of reasons.of('family')) {
    const { subject, rewrite } = reason.change;
    if (subject.change !== 'renamed' || rewrite?.kind !== 'rename-family') continue;
    const [from, to] = reason.reversed ? [rewrite.to, rewrite.from] : [rewrite.from, rewrite.to];
    if (now !== from) continue;
    now = to;
    by.push(reason);
  }
  return by.length > 0 ? { name: now, by } : null;
}

const ENOUGH = 0.7;

/**
 * Pairs of a family that is gone and one that is new which are most likely the same: each is the other's best match, by type,
 * unit, HELP, labels, number of series and the words of the name.
 */
export function guessRenames(before: Side, after: Side, gone: readonly string[], fresh: readonly string[]): Rename[] {
  const pairs = gone.flatMap((from) =>
    fresh.flatMap((to) => {
      const match = likeness(before.families.get(from)!, after.families.get(to)!);
      return match && match.score >= ENOUGH ? [{ from, to, ...match }] : [];
    }),
  );
  pairs.sort((a, b) => b.score - a.score);
  const best = (pair: (typeof pairs)[number]) =>
    pairs.every(
      (other) => other === pair || other.score < pair.score || (other.from !== pair.from && other.to !== pair.to),
    );
  return pairs.filter(best).map(({ from, to, guess }) => ({ from, to, by: [], guess }));
}

/** null: they can't be the same. */
function likeness(a: SideFamily, b: SideFamily): { score: number; guess: string } | null {
  if (a.type !== b.type || !a.shown.any || !b.shown.any) return null;
  const labels = overlap(labelsOf(a), labelsOf(b));
  const help = overlap(wordsOf(a.help), wordsOf(b.help));
  const words = overlap(a.name.split('_'), b.name.split('_'));
  const [few, many] = [seriesOf(a), seriesOf(b)].sort((x, y) => x - y) as [number, number];
  const series = many === 0 ? 0 : few / many;
  const unit = a.unit === b.unit || a.unit === '' || b.unit === '' ? 1 : 0;
  const buckets = (a.buckets ?? []).join() === (b.buckets ?? []).join() ? 1 : 0;
  const score = (2 * labels + 2 * help + 2 * words + series + unit + buckets) / 9;
  const goesBy = [
    a.type ? `both are ${a.type}s` : '',
    labels === 1 ? 'the labels are the same' : labels >= 0.5 ? 'most labels are the same' : '',
    help === 1 ? 'so is HELP' : help >= 0.5 ? 'HELP is alike' : '',
    words >= 0.5 ? 'the names share most words' : '',
  ].filter(Boolean);
  return { score, guess: goesBy.join(', ') };
}

/** Of what either has, what both have; of nothing everything. */
function overlap(a: Iterable<string>, b: Iterable<string>): number {
  const [left, right] = [new Set(a), new Set(b)];
  const all = new Set([...left, ...right]).size;
  return all === 0 ? 1 : [...left].filter((one) => right.has(one)).length / all;
}

const wordsOf = (text: string) => text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
const labelsOf = ({ variants }: SideFamily) => [...variants.values()].flatMap(({ labels }) => [...labels.keys()]);
const seriesOf = ({ variants }: SideFamily) => [...variants.values()].reduce((sum, { series }) => sum + series, 0);
