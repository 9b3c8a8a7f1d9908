import { scoreLines, verdictLine } from '../report/faults/summary.ts';
import { formatDuration, plural } from '../report/format.ts';
import { createStyle, type Style } from '../report/style.ts';
import { environmentLine } from '../report/summary.ts';
import { type Cell, type Column, renderTable } from '../report/table.ts';
import { truncate, wrap } from '../report/text.ts';
import type { FaultsRecord, Outcome, WorldRecord } from './record.ts';

const MARK: Record<Outcome, string> = { right: 'right', wrong: 'WRONG', error: 'error' };

/** The score as people read it: world by world, what is wrong and why, and one last line with the verdict. */
export function renderFaultsTerminal(record: FaultsRecord, options: { color: boolean; width: number }): string {
  const style = createStyle(options.color);
  const width = Math.max(40, Math.floor(options.width) || 80);
  const shown = record.worlds.filter(({ kind, outcome }) => kind !== 'clean' || outcome !== 'right');
  const wrong = record.worlds.filter(({ outcome }) => outcome !== 'right');
  const blocks = [
    wrap(`meshproof faults: ${environmentLine(record)}, seed ${record.seed}`, width).map(style.dim),
    shown.length > 0 ? worldTable(shown, style, width) : [],
    ...wrong.map((world) => troubleLines(world, style, width)),
    scoreLines(record).flatMap((line) => wrap(line, width)),
    record.error ? wrap(`error ${record.error.code}: ${record.error.message}`, width).map(style.red) : [],
    wrap(verdictLine(record), width).map((line) => style.verdict(record.verdict, line)),
  ];
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

const COLUMNS: Column[] = [
  { title: 'RESULT' },
  { title: 'WORLD' },
  { title: 'DIAGNOSED', flexible: true },
  { title: 'AFTER', align: 'right' },
  { title: 'OF IT', align: 'right' },
];
const LEGEND =
  'Below each world what was injected. AFTER: from the fault to its diagnosis; OF IT: the diagnosing itself. A fault that was ' +
  'there before counts from the start of Prometheus.';
const MAX_NAME = 32;

function worldTable(worlds: WorldRecord[], style: Style, width: number): string[] {
  const rows = worlds.map((world): Cell[] => [
    { text: MARK[world.outcome], paint: painter(world.outcome, style) },
    { text: truncate(world.name, MAX_NAME) },
    { text: diagnosedText(world) },
    { text: timeText(world.faultToDiagnosisMs) },
    { text: timeText(world.diagnosingMs) },
  ]);
  const lines = renderTable(COLUMNS, rows, width) ?? plainRows(rows, width);
  const [head = '', ...body] = lines;
  const injected = (world: WorldRecord) => {
    const text = world.injected.join('; ');
    return text ? [style.dim(truncate(`        ${text}`, width))] : [];
  };
  return [
    style.bold(head),
    ...body.flatMap((line, i) => [line, ...injected(worlds[i]!)]),
    '',
    ...wrap(LEGEND, width).map(style.dim),
  ];
}

/** Where a table does not fit. */
function plainRows(rows: Cell[][], width: number): string[] {
  const line = (cells: string[]) => truncate(cells.join(' '), width);
  return [line(COLUMNS.map(({ title }) => title)), ...rows.map((row) => line(row.map(({ text }) => text)))];
}

function painter(outcome: Outcome, style: Style): (text: string) => string {
  return { right: style.green, wrong: style.red, error: style.yellow }[outcome];
}

function diagnosedText({ diagnosed, error }: WorldRecord): string {
  if (error) return error.code;
  return diagnosed.map(({ causes }) => causes.join(' or ')).join(', ') || 'nothing';
}

function timeText(ms: number | null): string {
  return ms === null ? '-' : formatDuration(ms);
}

function troubleLines(world: WorldRecord, style: Style, width: number): string[] {
  const list = (label: string, lines: string[]) => lines.flatMap((line, i) => field(i === 0 ? label : '', line, width));
  const named = (causes: string, pods: string[]) => `${causes}: ${pods.length > 0 ? pods.join(', ') : 'no pods'}`;
  const head = `${world.name}: ${world.outcome}${world.outcome === 'error' ? '' : `, ${plural(world.diagnosed.length, 'cause')} named`}`;
  return [
    ...wrap(head, width).map(style.bold),
    ...list('injected', world.injected),
    ...list(
      'expected',
      world.expected.map(({ cause, pods }) => named(cause, pods)),
    ),
    ...list(
      'named',
      world.diagnosed.map(({ causes, pods }) => named(causes.join(' or '), pods)),
    ),
    ...list('why', [world.why]),
    ...list('see', [`${world.name}/result.json beside faults.json`]),
  ];
}

const LABEL_WIDTH = 12;

function field(label: string, text: string, width: number): string[] {
  return wrap(text, width - LABEL_WIDTH).map((line, i) => `  ${(i === 0 ? label : '').padEnd(LABEL_WIDTH - 2)}${line}`);
}
