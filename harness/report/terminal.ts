import type { QueryResult, Result, ScenarioResult, VerdictValue } from '../result/types.ts';
import { type Deviation, goldenDeviations } from './deviation.ts';
import { informative, queryError, queryValue } from './flows.ts';
import { formatNumber } from './format.ts';
import { createStyle, type Style } from './style.ts';
import { environmentLine, flowCount, ownError, summaryLine } from './summary.ts';
import { type Cell, type Column, renderTable } from './table.ts';
import { displayWidth, oneLine, truncate, wrap } from './text.ts';
import { troubleLine, troubleLines } from './trouble.ts';

export interface TerminalOptions {
  color: boolean;
  /** Columns; no line is wider. Below 20 it is taken as 20. */
  width: number;
  /** Where all of it can be read; named with what is wrong. */
  report?: string;
}

const WORD: Record<VerdictValue, string> = { pass: 'pass', fail: 'FAIL', inconclusive: 'inconclusive' };
const MAX_QUERIES = 3;
/** Of those that are not right, how many are told in full; the others get a line. */
const MAX_TOLD = 10;
/** Columns that a name gets, before columns of numbers go. */
const NAME_ROOM = 20;

/** The result as people read it: a table, what is wrong and what to do about it, and one last line with the verdict. */
export function renderTerminal(result: Result, { color, width: asked, report }: TerminalOptions): string {
  const style = createStyle(color);
  const width = Math.max(20, Math.floor(asked) || 80);
  const error = ownError(result);
  const blocks = [
    wrap(`meshproof: ${environmentLine(result)}`, width).map(style.dim),
    result.scenarios.length > 0 ? scenarioTable(result.scenarios, style, width) : [],
    ...troubleBlocks(result.scenarios, style, width, report),
    queryLines(result.scenarios, style, width),
    error ? errorLines(error, style, width) : [],
    verdictLines(result, style, width),
  ];
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function isTrouble({ verdict, error, diagnoses = [] }: ScenarioResult): boolean {
  return verdict !== 'pass' || error !== undefined || diagnoses.length > 0;
}

/** In full, and those that there are too many of in one line each. */
function troubleBlocks(scenarios: ScenarioResult[], style: Style, width: number, report?: string): string[][] {
  const troubles = scenarios.filter(isTrouble);
  // The worst are told in full, in the order of the suite.
  const told = new Set(troubles.toSorted((a, b) => URGENCY[a.verdict] - URGENCY[b.verdict]).slice(0, MAX_TOLD));
  return [
    ...troubles.filter((s) => told.has(s)).map((s) => troubleLines(s, style, width, report)),
    troubles.filter((s) => !told.has(s)).map((s) => troubleLine(s, style, width)),
  ];
}

const URGENCY: Record<VerdictValue, number> = { fail: 0, inconclusive: 1, pass: 2 };

const COLUMNS: Column[] = [
  { title: 'SCENARIO', flexible: true, cut: 'middle' },
  { title: 'VERDICT' },
  { title: 'REQUESTS', align: 'right' },
  { title: 'FLOWS', align: 'right' },
  { title: 'COUNT', align: 'right' },
  { title: 'SUCCESS', align: 'right' },
  { title: 'LATENCY', align: 'right' },
];

const LEGEND =
  'FLOWS that agree, of all. COUNT, SUCCESS, LATENCY: the furthest that Prometheus is off the truth; a quantile over ' +
  'buckets may be off by the width of its bucket, and "!" says that it is further off.';

function scenarioTable(scenarios: ScenarioResult[], style: Style, width: number): string[] {
  const rows = scenarios.map((s): Cell[] => {
    const golden = goldenDeviations(s);
    return [
      { text: s.name },
      { text: WORD[s.verdict], paint: (text) => style.verdict(s.verdict, text) },
      { text: formatNumber(s.traffic.requests) },
      { text: flowCount(s) },
      deviationCell(golden.count, style),
      deviationCell(golden.success, style),
      deviationCell(golden.latency, style),
    ];
  });
  const legend = wrap(LEGEND, width).map(style.dim);
  const table = fittingTable(rows, width);
  if (table) return [style.bold(table[0]!), ...table.slice(1), '', ...legend];
  return [...rows.flatMap((row) => listItem(row, width)), ...legend];
}

/** The table with as many of its columns as leave room for names; null where even the fewest do not. */
function fittingTable(rows: Cell[][], width: number): string[] | null {
  for (const dropped of [[], ['REQUESTS'], ['REQUESTS', 'FLOWS']]) {
    const kept = COLUMNS.map(({ title }, i) => ({ title, i })).filter(({ title }) => !dropped.includes(title));
    const table = renderTable(
      kept.map(({ i }) => COLUMNS[i]!),
      rows.map((row) => kept.map(({ i }) => row[i]!)),
      width,
      NAME_ROOM,
    );
    if (table) return table;
  }
  return null;
}

/** One scenario as a list, where a table does not fit. */
function listItem(row: Cell[], width: number): string[] {
  const [name, ...rest] = row;
  const fields = rest.map((cell, i) => {
    const text = truncate(`  ${COLUMNS[i + 1]!.title.toLowerCase()}: ${oneLine(cell.text)}`, width);
    return cell.paint ? cell.paint(text) : text;
  });
  return [truncate(oneLine(name!.text) || '(no name)', width), ...fields, ''];
}

function deviationCell({ state, text }: Deviation, style: Style): Cell {
  if (state === 'off') return { text, paint: style.red };
  return state === 'missing' ? { text, paint: style.yellow } : { text };
}

/** What people's own queries would have shown: the ones furthest off, a line each. Why is in the report. */
function queryLines(scenarios: ScenarioResult[], style: Style, width: number): string[] {
  const all = scenarios.flatMap((s) =>
    informative(s).map((query) => ({ query, scenario: s.name, error: queryError(query) })),
  );
  const off = all.filter(({ error }) => error > 0.001);
  const shown = off
    .toSorted((a, b) => b.error - a.error)
    // One of each kind says more than the same thing three times.
    .filter(({ query }, i, sorted) => sorted.findIndex((other) => other.query.why === query.why) === i)
    .slice(0, MAX_QUERIES);
  if (shown.length === 0) return [];
  const count = `${formatNumber(off.length)} of ${formatNumber(all.length)}`;
  return [
    ...wrap(`For information: common queries off the truth (${count}), furthest first:`, width).map(style.bold),
    ...shown.map(({ query, scenario }) => `  ${truncate(oneLine(queryText(query, scenario)), width - 2)}`),
  ];
}

function queryText(query: QueryResult, scenario: string): string {
  const values = `${queryValue(query, query.value)}, truth ${queryValue(query, query.truth)}`;
  return `${scenario}, ${query.tool}, ${query.subject} ${query.metric}: ${values}`;
}

function errorLines(error: NonNullable<Result['error']>, style: Style, width: number): string[] {
  // What stands at the margin is ours: a log that an error carries can't pretend to be a verdict.
  const [first = '', ...log] = `error ${error.code}: ${error.message}`.split('\n');
  const message = [...wrap(first, width), ...log.flatMap((line) => indented(line, width))];
  return [...message.map(style.red), ...indented(`hint: ${error.hint}`, width)];
}

function indented(text: string, width: number): string[] {
  return wrap(text, width - 4).map((line, i) => `${i === 0 ? '  ' : '    '}${line}`);
}

function verdictLines(result: Result, style: Style, width: number): string[] {
  const [first = '', ...rest] = wrap(`${WORD[result.verdict].toUpperCase()}: ${summaryLine(result)}`, width);
  const word = first.slice(0, WORD[result.verdict].length);
  // A narrow terminal may have cut the word.
  const painted = displayWidth(first) >= word.length ? first.replace(word, style.verdict(result.verdict, word)) : first;
  return [painted, ...rest];
}
