import type { QueryResult, Result, ScenarioResult, VerdictValue } from '../result/types.ts';
import { type Deviation, goldenDeviations } from './deviation.ts';
import { queryError, queryValue } from './flows.ts';
import { formatNumber } from './format.ts';
import { createStyle, type Style } from './style.ts';
import { environmentLine, flowCount, ownError, summaryLine } from './summary.ts';
import { type Cell, type Column, renderTable } from './table.ts';
import { displayWidth, oneLine, truncate, wrap } from './text.ts';
import { troubleLines } from './trouble.ts';

export interface TerminalOptions {
  color: boolean;
  /** Columns; no line is wider. Below 20 it is taken as 20. */
  width: number;
}

const WORD: Record<VerdictValue, string> = { pass: 'pass', fail: 'FAIL', inconclusive: 'inconclusive' };
const MAX_QUERIES = 3;
const QUERY_LINES = 3;

/** The result as people read it: a table, what is wrong and what to do about it, and one last line with the verdict. */
export function renderTerminal(result: Result, { color, width: asked }: TerminalOptions): string {
  const style = createStyle(color);
  const width = Math.max(20, Math.floor(asked) || 80);
  const error = ownError(result);
  const blocks = [
    wrap(`meshproof: ${environmentLine(result)}`, width).map(style.dim),
    result.scenarios.length > 0 ? scenarioTable(result.scenarios, style, width) : [],
    ...result.scenarios.filter((s) => s.verdict !== 'pass' || s.error).map((s) => troubleLines(s, style, width)),
    queryLines(result.scenarios, style, width),
    error ? errorLines(error, style, width) : [],
    verdictLines(result, style, width),
  ];
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

const COLUMNS: Column[] = [
  { title: 'SCENARIO', flexible: true },
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
  const table = renderTable(COLUMNS, rows, width);
  if (table) return [style.bold(table[0]!), ...table.slice(1), '', ...legend];
  return [...rows.flatMap((row) => listItem(row, width)), ...legend];
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

/** What people's own queries would have shown: the ones furthest off. */
function queryLines(scenarios: ScenarioResult[], style: Style, width: number): string[] {
  const off = scenarios
    .flatMap((s) => s.queries.map((query) => ({ query, scenario: s.name, error: queryError(query) })))
    .filter(({ error }) => error > 0.001)
    .sort((a, b) => b.error - a.error)
    // One of each kind says more than the same thing three times.
    .filter(({ query }, i, all) => all.findIndex((other) => other.query.why === query.why) === i)
    .slice(0, MAX_QUERIES);
  if (off.length === 0) return [];
  return [
    ...wrap('For information: the queries furthest off the truth (all are in result.json)', width).map(style.bold),
    ...off.flatMap(({ query, scenario }) => {
      const lines = indented(queryText(query, scenario), width);
      if (lines.length <= QUERY_LINES) return lines;
      return [...lines.slice(0, QUERY_LINES - 1), truncate(`${lines[QUERY_LINES - 1]} …`, width)];
    }),
  ];
}

function queryText(query: QueryResult, scenario: string): string {
  const why = query.why ? `: ${query.why}` : '';
  const values = `${queryValue(query, query.value)}, truth ${queryValue(query, query.truth)}`;
  return `${scenario}, ${query.tool}, ${query.subject} ${query.metric}: ${values}${why}`;
}

function errorLines(error: NonNullable<Result['error']>, style: Style, width: number): string[] {
  const message = `error ${error.code}: ${error.message}`.split('\n').flatMap((line) => wrap(line, width));
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
