import { escapeMarkdown, table as markdownTable } from '../markdown-text.ts';
import { createStyle } from '../style.ts';
import { type Cell, type Column, renderTable } from '../table.ts';
import type { TerminalOptions } from '../terminal.ts';
import { oneLine, wrap } from '../text.ts';

/** What a benchmark's report says, whatever it is printed as. Text comes from anywhere: each format escapes it. */
export type Block =
  | { kind: 'headline'; text: string; mood?: Mood }
  | { kind: 'title'; text: string }
  | { kind: 'text'; text: string; mood?: Mood }
  /** Points of a list. */
  | { kind: 'items'; items: string[] }
  | { kind: 'table'; columns: Column[]; rows: string[][] }
  /** To be pasted as it is. */
  | { kind: 'code'; language: string; text: string };

export type Mood = 'good' | 'bad' | 'open';

const PAINT = { good: 'green', bad: 'red', open: 'yellow' } as const;
const MARK = { good: '✅ ', bad: '❌ ', open: '⚠️ ' } as const;

/** The blocks as a terminal shows them, none wider than its width; code is never broken. */
export function blocksToTerminal(blocks: readonly Block[], { color, width: asked }: TerminalOptions): string {
  const style = createStyle(color);
  const width = Math.max(20, Math.floor(asked) || 80);
  const paint = (mood: Mood | undefined) => (mood ? style[PAINT[mood]] : (text: string) => text);
  let out = '';
  let afterTitle = false;
  for (const block of blocks) {
    const lines = linesOf(block);
    // What belongs under a title follows it at once.
    const follows = block.kind !== 'title' && block.kind !== 'headline';
    out += `${out === '' || (follows && afterTitle) ? '' : '\n'}${lines.join('\n')}\n`;
    afterTitle = block.kind === 'title';
  }
  return out;

  function linesOf(block: Block): string[] {
    switch (block.kind) {
      case 'headline':
        return wrap(block.text, width).map((line) => style.bold(paint(block.mood)(line)));
      case 'title':
        return wrap(block.text, width).map(style.bold);
      case 'text':
        return wrap(block.text, width).map(paint(block.mood));
      case 'items':
        return block.items.flatMap((item) =>
          wrap(item, width - 4).map((line, i) => `${i === 0 ? '  - ' : '    '}${line}`),
        );
      case 'table':
        return tableLines(block.columns, block.rows, width);
      case 'code':
        return block.text.trimEnd().split('\n');
    }
  }
}

function tableLines(columns: Column[], rows: string[][], width: number): string[] {
  const cells = rows.map((row) => row.map((text): Cell => ({ text })));
  const fitting = renderTable(columns, cells, width);
  if (fitting) return fitting;
  // Too narrow: a paragraph a row.
  return rows.flatMap((row) =>
    wrap(row.map((text, i) => `${columns[i]?.title.toLowerCase() ?? ''} ${text}`).join(', '), width),
  );
}

/** The blocks as Markdown: headings, tables, fenced code. */
export function blocksToMarkdown(blocks: readonly Block[]): string {
  return `${blocks.map(markdownOf).join('\n\n')}\n`;
}

function markdownOf(block: Block): string {
  switch (block.kind) {
    case 'headline':
      return `# ${block.mood ? MARK[block.mood] : ''}${escapeMarkdown(block.text)}`;
    case 'title':
      return `## ${escapeMarkdown(block.text)}`;
    case 'text':
      return `${block.mood ? MARK[block.mood] : ''}${escapeMarkdown(block.text)}`;
    case 'items':
      return block.items.map((item) => `- ${escapeMarkdown(item)}`).join('\n');
    case 'table':
      return markdownTable(
        block.columns.map(({ title }) => sentenceCase(title)),
        block.rows,
      ).join('\n');
    case 'code':
      return fenced(block.language, block.text.trimEnd());
  }
}

/** With a fence that is longer than any in the text. */
function fenced(language: string, text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${oneLine(language)}\n${text}\n${fence}`;
}

const ABBREVIATIONS = new Set(['CPU', 'WAL']);

/** Titles of columns are in capitals, as terminals show them: `NEEDED BY` as `Needed by`. */
export function sentenceCase(title: string): string {
  if (ABBREVIATIONS.has(title)) return title;
  return title.charAt(0).toUpperCase() + title.slice(1).toLowerCase();
}
