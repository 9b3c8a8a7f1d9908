import type { Comparison, ComparisonRow } from '../../result/bench/types.ts';
import { plural } from '../format.ts';
import type { Column } from '../table.ts';
import { formatIn, formatNoise, formatRelative, inWords } from './compare-values.ts';
import type { Block } from './document.ts';

const KIND: Record<string, string> = {
  Result: 'runs',
  FaultsResult: 'matrices of faults',
  UpgradeResult: 'upgrades',
  CapacityResult: 'capacities',
  ScrapeResult: 'costs of scraping',
  MicroResult: 'micro-benchmarks',
};

const COLUMNS: Column[] = [
  { title: 'WHAT', flexible: true },
  { title: 'A', align: 'right' },
  { title: 'B', align: 'right' },
  { title: 'CHANGE', align: 'right' },
  { title: 'NOISE', align: 'right' },
  { title: 'SAYS' },
];

/** Beyond so many rows, those that are the same are left to the record; so are those that nothing is known of. */
const MAX_ROWS = 120;
/** Rows that a reason names. */
const MAX_NAMES = 3;

/** A comparison as people read it: what differs, what makes the two hard to compare, then every row. */
export function comparisonBlocks(comparison: Comparison): Block[] {
  const { rows, caveats } = comparison;
  const different = rows.filter(({ says }) => says === 'differs');
  const why = [...different, ...rows.filter(({ says, a, b }) => says === 'unknown' && a !== null && b !== null)];
  const shown = telling(rows);
  return [
    headline(comparison),
    { kind: 'items', items: [`A: ${comparison.a}`, `B: ${comparison.b}`] },
    ...titled('What makes them hard to compare', caveats),
    ...groups(shown).flatMap(([group, own]): Block[] => [
      ...(group ? [{ kind: 'title' as const, text: group }] : []),
      { kind: 'table', columns: COLUMNS, rows: own.map(([what, row]) => cells(what, row)) },
    ]),
    ...(shown.length < rows.length
      ? [{ kind: 'text' as const, text: `… and ${plural(rows.length - shown.length, 'row')}: --reporter json has all` }]
      : []),
    ...titled('Why', reasons(why)),
  ];
}

/** As many as can be read: what differs first of all, then what is unknown, then the rest; in their own order. */
function telling(rows: readonly ComparisonRow[]): ComparisonRow[] {
  const of = (says: ComparisonRow['says']) => rows.filter((row) => row.says === says);
  const kept = new Set([...of('differs'), ...of('unknown'), ...of('same')].slice(0, MAX_ROWS));
  return rows.filter((row) => kept.has(row));
}

function headline({ of, rows }: Comparison): Block {
  const count = (says: ComparisonRow['says']) => rows.filter((row) => row.says === says).length;
  const different = rows.filter(({ says }) => says === 'differs');
  const toward = (direction: ComparisonRow['direction']) =>
    different.filter((row) => row.direction === direction).length;
  const ways = (['worse', 'better'] as const).flatMap((way) =>
    toward(way) > 0 ? [`${toward(way)} for the ${way}`] : [],
  );
  const kind = KIND[of] ?? of;
  const counts = `${count('same')} within the noise, ${count('unknown')} unknown`;
  if (rows.length === 0)
    return { kind: 'headline', text: `Two ${kind}: nothing of them can be compared`, mood: 'open' };
  if (different.length === 0)
    return { kind: 'headline', text: `Two ${kind}: nothing differs beyond the noise; ${counts}` };
  const differ = `${plural(different.length, 'row')} ${different.length === 1 ? 'differs' : 'differ'} beyond the noise`;
  const text = `Two ${kind}: ${differ}${ways.length > 0 ? ` (${ways.join(', ')})` : ''}; ${counts}`;
  const mood = toward('worse') > 0 ? 'bad' : toward('better') > 0 ? 'good' : undefined;
  return { kind: 'headline', text, ...(mood && { mood }) };
}

function titled(text: string, items: string[]): Block[] {
  return items.length === 0
    ? []
    : [
        { kind: 'title', text },
        { kind: 'items', items },
      ];
}

/** Rows by what stands before the colon, in the order in which groups begin. */
function groups(rows: readonly ComparisonRow[]): [string, [string, ComparisonRow][]][] {
  const found = new Map<string, [string, ComparisonRow][]>();
  for (const row of rows) {
    const at = row.what.lastIndexOf(': ');
    const [group, what] = at < 0 ? ['', row.what] : [row.what.slice(0, at), row.what.slice(at + 2)];
    found.set(group, [...(found.get(group) ?? []), [what, row]]);
  }
  return [...found];
}

function cells(what: string, { unit, a, b, change, noise, says, direction }: ComparisonRow): string[] {
  const word = says === 'differs' && direction !== 'neither' ? direction : says;
  return [
    what,
    formatIn(unit, a),
    formatIn(unit, b),
    change === null || inWords(unit) ? '' : formatRelative(change),
    noise === null || inWords(unit) ? '' : formatNoise(noise),
    says === 'differs' ? word.toUpperCase() : word,
  ];
}

/** What differs and what is unknown, by the reason, so that one that many rows share is said once. */
function reasons(rows: readonly ComparisonRow[]): string[] {
  const found = new Map<string, string[]>();
  for (const { what, says, why } of rows) {
    const key = `${says} (${why})`;
    found.set(key, [...(found.get(key) ?? []), what]);
  }
  return [...found].map(([key, names]) => {
    const rest = names.length - MAX_NAMES;
    return `${key}: ${names.slice(0, MAX_NAMES).join('; ')}${rest > 0 ? `; and ${plural(rest, 'other')}` : ''}`;
  });
}
