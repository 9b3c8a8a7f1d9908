import type { ComparisonRow } from '../../result/bench/types.ts';
import { exact, type Test, unknown } from './noise.ts';

/** A row before its level of confidence is known, which depends on how many there are. */
export interface Draft {
  /** What it is of: rows of a group stand together. */
  group: string;
  what: string;
  unit: string;
  a: number | null;
  b: number | null;
  /** Which is better. */
  better: 'lower' | 'higher' | 'neither';
  test: Test;
  /** What the record is for: it keeps its own 95 %. */
  headline?: boolean;
}

/** What all tests but the headlines' may be wrong in together, and each headline alone. */
const WRONG = 0.05;

/** Rows of drafts; those that no side has a number of are left out. */
export function rowsOf(drafts: readonly Draft[]): ComparisonRow[] {
  const kept = drafts
    .map((draft) => ({ ...draft, a: finite(draft.a), b: finite(draft.b) }))
    .filter(({ a, b }) => a !== null || b !== null);
  const shared = kept.filter((draft) => !draft.headline && draft.test.byChance && draft.a !== null && draft.b !== null);
  // Bonferroni: however many rows there are, one in twenty comparisons of equals calls some of them different.
  const level = 1 - WRONG / Math.max(1, shared.length);
  return kept.map((draft) => rowOf(draft, draft.headline ? 1 - WRONG : level));
}

/** What overflowed is no number that JSON has. */
const finite = (value: number | null) => (value !== null && Number.isFinite(value) ? value : null);

function rowOf({ group, what, unit, a, b, better, test }: Draft, level: number): ComparisonRow {
  const row = { what: group ? `${group}: ${what}` : what, unit, a, b };
  if (a === null || b === null) {
    const why = `only ${a === null ? 'B' : 'A'} has it`;
    return { ...row, change: null, noise: null, says: 'unknown', direction: 'neither', why };
  }
  const { says: judged, noise, why } = test.judge(level);
  // What is equal is within any noise.
  const says = a === b ? 'same' : judged;
  const size = Math.abs(a);
  return {
    ...row,
    change: a === 0 ? null : finite((b - a) / size),
    noise: noise === null || a === 0 ? null : finite(noise / size),
    says,
    direction:
      says !== 'differs' || better === 'neither' ? 'neither' : b < a === (better === 'lower') ? 'better' : 'worse',
    why,
  };
}

/** Words in the order from good to bad, as numbers: 0, 1, ... */
export function rank<W extends string>(words: readonly W[], word: W): number {
  return words.indexOf(word);
}

/** One of several words, of which the middle one says that it could not be decided. */
export function ofWords(a: number, b: number, undecided: string): Test {
  if (a === 1 || b === 1) return unknown(`${undecided} allows no judgement`);
  return exact(a, b, 'it is what it is');
}

/** The members of both lists by key, in the order of A, then what B alone has. */
export function matched<T>(a: readonly T[], b: readonly T[], key: (item: T) => string): [string, T[], T[]][] {
  const keys = [...new Set([...a, ...b].map(key))];
  return keys.map((k) => [k, a.filter((item) => key(item) === k), b.filter((item) => key(item) === k)]);
}
