import { displayWidth, oneLine, padEnd, padStart, truncate, truncateMiddle } from './text.ts';

export interface Column {
  title: string;
  align?: 'left' | 'right';
  /** Gets what the others leave, and is cut when that is not enough. One column has it. */
  flexible?: boolean;
  /** Where it is cut: names that begin alike are told apart by their ends. Default: the end. */
  cut?: 'end' | 'middle';
}

export interface Cell {
  text: string;
  /** Put around the padded text; must not change its width. */
  paint?: (text: string) => string;
}

const GAP = '  ';
const MIN_FLEXIBLE = 8;

/**
 * Lines of a table that fits `width` columns; null when it can't, and another layout is needed.
 * @param least columns that the flexible one gets at least, where it has use for them
 */
export function renderTable(
  columns: Column[],
  rows: Cell[][],
  width: number,
  least: number = MIN_FLEXIBLE,
): string[] | null {
  const clean = rows.map((row) => row.map((cell) => ({ ...cell, text: oneLine(cell.text) })));
  const widths = columns.map((column, i) =>
    Math.max(displayWidth(column.title), ...clean.map((row) => displayWidth(row[i]?.text ?? ''))),
  );
  const total = widths.reduce((sum, w) => sum + w, 0) + GAP.length * (columns.length - 1);
  const flexible = columns.findIndex((column) => column.flexible);
  if (total > width) {
    const left = (widths[flexible] ?? 0) - (total - width);
    if (flexible < 0 || left < Math.min(least, widths[flexible]!)) return null;
    widths[flexible] = left;
  }
  const line = (cells: Cell[]) =>
    columns
      .map((column, i) => {
        const { text = '', paint = (t: string) => t } = cells[i] ?? {};
        const cut = (column.cut === 'middle' ? truncateMiddle : truncate)(text, widths[i]!);
        const last = i === columns.length - 1 && column.align !== 'right';
        if (last) return paint(cut);
        return paint(column.align === 'right' ? padStart(cut, widths[i]!) : padEnd(cut, widths[i]!));
      })
      .join(GAP);
  return [line(columns.map((column) => ({ text: column.title }))), ...clean.map(line)];
}
